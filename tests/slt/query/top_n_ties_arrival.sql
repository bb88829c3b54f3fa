-- modes: streaming
-- Of equal rows those that arrived first stay.
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT id, customer, qty FROM (
  SELECT id, customer, qty, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY qty) AS rn FROM orders) AS t
WHERE rn <= 2;
