-- modes: streaming
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT SESSION_START(ts, INTERVAL '6' SECOND) AS s, customer, COUNT(*) AS n FROM orders GROUP BY customer, SESSION(ts, INTERVAL '6' SECOND);
