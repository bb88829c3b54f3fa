-- modes: streaming
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE VIEW sessions AS SELECT * FROM TABLE(SESSION(TABLE orders PARTITION BY customer, DESCRIPTOR(ts), INTERVAL '3' SECOND));
SELECT a.id AS x, b.id AS y, a.window_start, a.window_end FROM sessions AS a JOIN sessions AS b ON a.window_start = b.window_start AND a.window_end = b.window_end AND a.customer = b.customer AND a.id < b.id;
SELECT a.id, b.n FROM sessions AS a JOIN (SELECT customer, window_start, window_end, COUNT(*) AS n FROM sessions GROUP BY customer, window_start, window_end) AS b ON a.window_start = b.window_start AND a.window_end = b.window_end AND a.customer = b.customer;
CREATE VIEW largest AS SELECT a.id FROM sessions AS a WHERE NOT EXISTS (SELECT 1 FROM sessions AS b WHERE a.window_start = b.window_start AND a.window_end = b.window_end AND b.qty > a.qty);
SELECT a.id AS x, b.id AS y FROM sessions AS a JOIN sessions AS b ON a.customer = b.customer AND a.window_time BETWEEN b.window_time - INTERVAL '4' SECOND AND b.window_time AND a.id <> b.id;
SELECT customer, window_start, window_end, COUNT(*) AS n FROM sessions WHERE window_end > TIMESTAMP '2024-03-01 10:00:20' GROUP BY customer, window_start, window_end;
SELECT window_start, window_end, MAX(n) AS n FROM (SELECT customer, window_start, window_end, COUNT(*) AS n FROM sessions GROUP BY customer, window_start, window_end) GROUP BY window_start, window_end;
SELECT window_start, window_end, COUNT(*) AS n FROM TABLE(SESSION(TABLE orders, DESCRIPTOR(ts), INTERVAL '3' SECOND)) WHERE qty > 1 GROUP BY window_start, window_end;
SELECT id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY qty DESC, id) AS n FROM sessions) WHERE n <= 2;
SELECT a.id AS x, b.id AS y FROM sessions AS a LEFT JOIN sessions AS b ON a.window_start = b.window_start AND a.window_end = b.window_end AND a.customer = b.customer AND a.id < b.id;
