CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE numbers (
  g STRING, i INT, b BIGINT, de DECIMAL(10, 2), d DOUBLE, t TINYINT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/numbers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT customer, COUNT(DISTINCT product) AS n FROM orders GROUP BY customer;
SELECT COUNT(DISTINCT customer) AS n FROM orders;
SELECT customer, SUM(DISTINCT qty) AS s, AVG(DISTINCT qty) AS a, COUNT(*) AS n FROM orders GROUP BY customer;
SELECT g, COUNT(DISTINCT i) AS a, COUNT(DISTINCT d) AS b FROM numbers GROUP BY g;
SELECT customer, COUNT(DISTINCT product) AS p, COUNT(DISTINCT status) AS s FROM orders GROUP BY customer;
