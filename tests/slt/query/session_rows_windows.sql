-- modes: streaming
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE VIEW sessions AS SELECT * FROM TABLE(SESSION(TABLE orders PARTITION BY customer, DESCRIPTOR(ts), INTERVAL '3' SECOND));
CREATE VIEW ended AS SELECT id, customer, qty AS q, window_time AS wt FROM sessions;
SELECT customer, window_start, window_end, SUM(q) AS q FROM TABLE(SESSION(TABLE ended PARTITION BY customer, DESCRIPTOR(wt), INTERVAL '10' SECOND)) GROUP BY customer, window_start, window_end;
SELECT * FROM TABLE(SESSION(TABLE ended PARTITION BY customer, DESCRIPTOR(wt), INTERVAL '10' SECOND));
SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE ended, DESCRIPTOR(wt), INTERVAL '20' SECOND)) GROUP BY window_start, window_end;
SELECT id, customer FROM sessions UNION ALL SELECT id, status FROM TABLE(SESSION(TABLE orders PARTITION BY status, DESCRIPTOR(ts), INTERVAL '1' SECOND));
SELECT * FROM sessions MATCH_RECOGNIZE (PARTITION BY customer ORDER BY window_time MEASURES A.id AS a, B.id AS b AFTER MATCH SKIP PAST LAST ROW PATTERN (A B) DEFINE B AS B.qty > A.qty);
CREATE VIEW clocked AS SELECT *, PROCTIME() AS pt FROM orders;
SELECT id, customer FROM TABLE(SESSION(TABLE clocked PARTITION BY customer, DESCRIPTOR(pt), INTERVAL '1' SECOND)) WHERE id < 0;
