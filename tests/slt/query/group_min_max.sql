CREATE TABLE numbers (
  g STRING, i INT, b BIGINT, de DECIMAL(10, 2), d DOUBLE, t TINYINT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/numbers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT g, MIN(i) AS lo, MAX(i) AS hi FROM numbers GROUP BY g;
SELECT g, MIN(de), MAX(de), MIN(d), MAX(d), MIN(b), MAX(b) FROM numbers GROUP BY g;
SELECT customer, MIN(status) AS s, MAX(ts) AS t, MIN(ts) AS f FROM orders GROUP BY customer;
SELECT MIN(customer), MAX(customer) FROM orders;
