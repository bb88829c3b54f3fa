CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE VIEW paid AS SELECT customer, price, ts FROM orders WHERE status = 'paid';
SELECT window_start, window_end, customer, SUM(price) AS s FROM TABLE(TUMBLE(TABLE paid, DESCRIPTOR(ts), INTERVAL '15' SECOND)) GROUP BY window_start, window_end, customer;
SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE((SELECT ts FROM orders WHERE qty > 1), DESCRIPTOR(ts), INTERVAL '15' SECOND)) GROUP BY window_start, window_end;
