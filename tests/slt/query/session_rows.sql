-- modes: streaming
-- parallelism: 1
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE hurried (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT id, customer, ts, window_start, window_end, window_time FROM TABLE(SESSION(TABLE orders PARTITION BY customer, DESCRIPTOR(ts), INTERVAL '3' SECOND));
SELECT * FROM TABLE(SESSION(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' SECOND));
SELECT id, customer, window_start, window_end FROM TABLE(SESSION(TABLE orders PARTITION BY (customer, product), DESCRIPTOR(ts), INTERVAL '10' SECOND));
SELECT * FROM TABLE(SESSION(DATA => TABLE orders PARTITION BY status, TIMECOL => DESCRIPTOR(ts), GAP => INTERVAL '2' SECOND)) WHERE status <> 'new' AND qty > 1;
SELECT id, customer, window_start, window_end FROM TABLE(SESSION(TABLE hurried PARTITION BY customer, DESCRIPTOR(ts), INTERVAL '3' SECOND));
SELECT id, window_start, window_end FROM TABLE(SESSION(TABLE hurried, DESCRIPTOR(ts), INTERVAL '1' SECOND));
CREATE VIEW sessions AS SELECT * FROM TABLE(SESSION(TABLE orders PARTITION BY customer, DESCRIPTOR(ts), INTERVAL '3' SECOND));
SELECT UPPER(customer) AS c, qty * 2 AS q, window_start FROM sessions WHERE qty > 2 AND window_end > TIMESTAMP '2024-03-01 10:00:20';
SELECT customer, SUM(qty) AS q FROM sessions GROUP BY customer;
SELECT status, window_start, window_end, COUNT(*) AS n FROM sessions GROUP BY status, window_start, window_end;
SELECT window_start, window_end, COUNT(*) AS n FROM sessions GROUP BY window_start, window_end;
SELECT customer, status, window_start, window_end, COUNT(*) AS n, SUM(qty) AS q FROM sessions GROUP BY customer, status, window_start, window_end;
SELECT customer, window_start, window_end, COUNT(*) AS n FROM sessions WHERE qty > 1 GROUP BY customer, window_start, window_end;
SELECT id, customer, window_start, s FROM (SELECT *, SUM(qty) OVER (PARTITION BY customer ORDER BY window_time) AS s FROM sessions);
SELECT id, customer, window_start, n FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, customer ORDER BY qty DESC, id) AS n FROM sessions) WHERE n <= 2;
SELECT id, customer, window_start FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, customer ORDER BY ts DESC) AS n FROM sessions) WHERE n = 1;
SELECT id, customer FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY qty DESC, id) AS n FROM sessions) WHERE n <= 2;
