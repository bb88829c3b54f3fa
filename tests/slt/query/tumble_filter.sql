CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT window_start, customer, SUM(qty) AS s FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '30' SECOND)) WHERE status = 'paid' AND qty > 0 GROUP BY window_start, window_end, customer;
SELECT window_start, SUM(qty) AS s FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '30' SECOND)) GROUP BY window_start, window_end HAVING SUM(qty) > 5;
