-- modes: streaming
-- parallelism: 1
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE VIEW tumbled AS SELECT * FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '10' SECOND));
CREATE VIEW joined AS SELECT a.id, a.customer, a.qty, a.ts, a.window_time AS wt, b.ts AS bts FROM tumbled AS a JOIN tumbled AS b ON a.window_start = b.window_start AND a.window_end = b.window_end AND a.id = b.id;
SELECT id, SUM(qty) OVER (PARTITION BY customer ORDER BY ts) AS s FROM joined;
CREATE VIEW ranked AS SELECT id, customer, qty, ts, window_time AS wt FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY qty DESC, id) AS n FROM tumbled) WHERE n < 4;
SELECT id, SUM(qty) OVER (PARTITION BY customer ORDER BY ts) AS s FROM ranked;
