CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT x, window_start, COUNT(*) AS c FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' HOUR)) CROSS JOIN UNNEST(ARRAY[product, qty]) AS u(x) GROUP BY x, window_start, window_end;
SELECT id, x, n FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY x ORDER BY id) AS n FROM (SELECT id, x FROM orders CROSS JOIN UNNEST(ARRAY[product, qty]) AS u(x))) WHERE n <= 2;
SELECT TUMBLE_START(ts, INTERVAL '1' HOUR) AS s, x, COUNT(*) AS c FROM (SELECT ts, x FROM orders CROSS JOIN UNNEST(ARRAY[product, qty]) AS u(x)) GROUP BY TUMBLE(ts, INTERVAL '1' HOUR), x;
SELECT o.id, u.x FROM orders AS o CROSS JOIN UNNEST(ARRAY[o.product]) AS u(x) JOIN orders AS p ON p.id = u.x;
