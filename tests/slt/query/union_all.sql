CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE numbers (
  g STRING, i INT, b BIGINT, de DECIMAL(10, 2), d DOUBLE, t TINYINT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/numbers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT id, 'low' AS c FROM orders WHERE id < 4 UNION ALL SELECT id, 'high' FROM orders WHERE id > 37;
SELECT i FROM numbers UNION ALL SELECT b FROM numbers;
SELECT de FROM numbers UNION ALL SELECT i FROM numbers;
SELECT COUNT(*) AS n FROM (SELECT id FROM orders UNION ALL SELECT id FROM orders) AS u;
SELECT 'a' AS s UNION ALL SELECT 'abc';
SELECT id FROM orders UNION ALL SELECT customer FROM orders;
SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer UNION ALL SELECT 'total', COUNT(*) FROM orders;
