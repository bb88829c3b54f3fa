-- modes: streaming
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT window_start FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(id), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
SELECT window_start FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(nope), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
SELECT window_start FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' MONTH)) GROUP BY window_start, window_end;
SELECT window_start FROM TABLE(HOP(TABLE orders, DESCRIPTOR(ts), INTERVAL '3' SECOND)) GROUP BY window_start, window_end;
SELECT window_start, COUNT(*) FROM TABLE(CUMULATE(TABLE orders, DESCRIPTOR(ts), INTERVAL '7' SECOND, INTERVAL '20' SECOND)) GROUP BY window_start, window_end;
