CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE numbers (
  g STRING, i INT, b BIGINT, de DECIMAL(10, 2), d DOUBLE, t TINYINT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/numbers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT DISTINCT customer FROM orders;
SELECT DISTINCT customer, status FROM orders;
SELECT DISTINCT qty > 1 AS many FROM orders;
SELECT DISTINCT d FROM numbers;
SELECT COUNT(*) FROM (SELECT DISTINCT product FROM orders) AS p;
