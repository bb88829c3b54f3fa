-- modes: streaming
-- parallelism: 1
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE clicks (
  u STRING, page STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/clicks.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE customers (name STRING, country STRING, age INT) WITH ('connector' = 'filesystem', 'path' = '${DATA}/customers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE products (id INT, name STRING, kind STRING, price DECIMAL(10, 2)) WITH ('connector' = 'filesystem', 'path' = '${DATA}/products.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE VIEW enriched AS SELECT o.*, c.country, COALESCE(o.price, p.price, 0) * IFNULL(o.qty, 1) AS amount FROM orders AS o LEFT JOIN customers AS c ON o.customer = c.name LEFT JOIN products AS p ON o.product = p.id AND p.kind IS NOT NULL;
CREATE VIEW per_country AS SELECT country, status, COUNT(*) AS n, SUM(amount) AS amount, COUNT(DISTINCT customer) AS customers FROM enriched GROUP BY country, status;
SELECT id, customer, qty, SUM(qty) OVER w AS s, MAX(price) OVER w AS m, COUNT(*) OVER w AS c, FIRST_VALUE(status) OVER w AS f, LAST_VALUE(id) OVER w AS l FROM orders WINDOW w AS (PARTITION BY customer ORDER BY ts RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW);
SELECT id, customer, STDDEV_POP(qty) OVER w AS s, LISTAGG(status) OVER w AS l, COUNT(DISTINCT status) OVER w AS c FROM orders WINDOW w AS (PARTITION BY customer ORDER BY ts ROWS BETWEEN 3 PRECEDING AND CURRENT ROW);
SELECT u, COUNT(*) AS n, SUM(s) AS s FROM (SELECT u, window_start, SUM(n) AS s FROM TABLE(SESSION(TABLE clicks PARTITION BY u, DESCRIPTOR(ts), INTERVAL '30' SECOND)) GROUP BY u, window_start, window_end) GROUP BY u;
SELECT COUNT(DISTINCT customer, status) AS n FROM orders;
SELECT id, customer, STDDEV_POP(qty) OVER w AS a, STDDEV(qty) OVER w AS b, VAR_POP(price) OVER w AS c, VARIANCE(qty) OVER w AS d FROM orders WINDOW w AS (PARTITION BY customer ORDER BY ts ROWS BETWEEN 3 PRECEDING AND CURRENT ROW);
CREATE VIEW tumbled AS SELECT * FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '10' SECOND));
CREATE VIEW hopped AS SELECT * FROM TABLE(HOP(TABLE orders, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND));
CREATE VIEW sessions AS SELECT * FROM TABLE(SESSION(TABLE orders PARTITION BY customer, DESCRIPTOR(ts), INTERVAL '3' SECOND));
SELECT id, SUM(qty) OVER (PARTITION BY customer ORDER BY ts) AS s FROM tumbled;
SELECT id, window_time, SUM(qty) OVER (PARTITION BY customer ORDER BY window_time) AS s FROM tumbled;
SELECT id, window_start, SUM(qty) OVER (PARTITION BY customer ORDER BY ts) AS s FROM hopped;
SELECT TUMBLE_START(ts, INTERVAL '20' SECOND) AS w, COUNT(*) AS n FROM hopped GROUP BY TUMBLE(ts, INTERVAL '20' SECOND);
SELECT a.id, b.id, a.window_start FROM tumbled AS a JOIN orders AS b ON a.customer = b.customer AND a.ts BETWEEN b.ts - INTERVAL '1' SECOND AND b.ts;
SELECT id, window_start, SUM(qty) OVER (PARTITION BY customer ORDER BY ts) AS s FROM sessions;
SELECT id, window_start, SUM(qty) OVER (PARTITION BY customer ORDER BY window_time) AS s FROM sessions;
SELECT * FROM tumbled MATCH_RECOGNIZE (PARTITION BY customer ORDER BY ts MEASURES A.id AS a, B.id AS b AFTER MATCH SKIP PAST LAST ROW PATTERN (A B) DEFINE B AS B.qty > A.qty);
SELECT id, customer, window_start FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY ts DESC) AS n FROM hopped) WHERE n = 1;
CREATE VIEW joined AS SELECT a.id, a.customer, a.qty, a.ts, a.window_time AS wt, b.ts AS bts FROM tumbled AS a JOIN tumbled AS b ON a.window_start = b.window_start AND a.window_end = b.window_end AND a.id = b.id;
SELECT id, SUM(qty) OVER (PARTITION BY customer ORDER BY wt) AS s FROM joined;
SELECT TUMBLE_START(wt, INTERVAL '20' SECOND) AS w, COUNT(*) AS n FROM joined GROUP BY TUMBLE(wt, INTERVAL '20' SECOND);
CREATE VIEW ranked AS SELECT id, customer, qty, ts, window_time AS wt FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY qty DESC, id) AS n FROM tumbled) WHERE n < 4;
SELECT id, SUM(qty) OVER (PARTITION BY customer ORDER BY wt) AS s FROM ranked;
CREATE TABLE letters (
  id INT, g STRING, a INT, b INT, c INT, d INT, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '3' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/letters.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE VIEW matches_of AS SELECT g, rt, x FROM letters MATCH_RECOGNIZE (PARTITION BY g ORDER BY ts, id MEASURES MATCH_ROWTIME() AS rt, SUM(v) AS x AFTER MATCH SKIP PAST LAST ROW PATTERN (A B C) DEFINE A AS A.a = 1, C AS C.c = 1);
SELECT m.g, m.x, l.id FROM matches_of AS m JOIN letters AS l ON m.g = l.g AND l.ts BETWEEN m.rt - INTERVAL '1' SECOND AND m.rt AND l.d = 1;
