CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT customer, TUMBLE_START(ts, INTERVAL '30' SECOND) AS s, TUMBLE_END(ts, INTERVAL '30' SECOND) AS e, COUNT(*) AS n FROM orders GROUP BY customer, TUMBLE(ts, INTERVAL '30' SECOND);
