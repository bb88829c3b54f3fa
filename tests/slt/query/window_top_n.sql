CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT window_start, customer, n, rn FROM (
  SELECT window_start, window_end, customer, n, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY n DESC, customer) AS rn FROM (
    SELECT window_start, window_end, customer, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '30' SECOND)) GROUP BY window_start, window_end, customer) AS w) AS t
WHERE rn <= 2;
