-- modes: streaming
-- parallelism: 1
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE VIEW sessions AS SELECT * FROM TABLE(SESSION(TABLE orders PARTITION BY customer, DESCRIPTOR(ts), INTERVAL '3' SECOND));
CREATE VIEW counted AS SELECT customer, ts, COUNT(*) AS n FROM orders GROUP BY customer, ts;
SELECT * FROM TABLE(SESSION(TABLE counted PARTITION BY customer, DESCRIPTOR(ts), INTERVAL '3' SECOND));
CREATE VIEW newest AS SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY ts DESC) AS n FROM orders) WHERE n = 1;
SELECT id, customer, window_start, window_end FROM TABLE(SESSION(TABLE newest PARTITION BY customer, DESCRIPTOR(ts), INTERVAL '3' SECOND));
SELECT customer, window_start, window_end, COUNT(*) AS n FROM TABLE(SESSION(TABLE newest PARTITION BY customer, DESCRIPTOR(ts), INTERVAL '3' SECOND)) GROUP BY customer, window_start, window_end;
SELECT id FROM TABLE(SESSION(TABLE orders PARTITION BY customer, DESCRIPTOR(ts), INTERVAL '0' SECOND));
SELECT customer, COUNT(*) AS n, MAX(window_start) AS w FROM (SELECT * FROM TABLE(SESSION(TABLE newest PARTITION BY customer, DESCRIPTOR(ts), INTERVAL '3' SECOND))) GROUP BY customer;
SELECT id, SUM(qty) OVER (PARTITION BY customer ORDER BY window_time) AS s FROM (SELECT * FROM TABLE(SESSION(TABLE newest PARTITION BY customer, DESCRIPTOR(ts), INTERVAL '3' SECOND)));
