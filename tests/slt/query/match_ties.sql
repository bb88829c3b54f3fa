-- modes: streaming
-- Rows of equal time keep the order in which they come; in Flink's batch mode they have none.
CREATE TABLE ticker (
  id INT, symbol STRING, price INT, tax DECIMAL(10, 2), tag STRING, ts TIMESTAMP(3), p AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '3' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/ticker.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT * FROM ticker MATCH_RECOGNIZE (PARTITION BY symbol ORDER BY ts MEASURES STRT.ts AS start_ts, LAST(DOWN.ts) AS bottom_ts, LAST(UP.ts) AS end_ts, UP.price AS p ONE ROW PER MATCH AFTER MATCH SKIP TO LAST UP PATTERN (STRT DOWN+ UP) DEFINE DOWN AS DOWN.price < LAST(DOWN.price, 1) OR LAST(DOWN.price, 1) IS NULL AND DOWN.price < STRT.price, UP AS UP.price > LAST(DOWN.price, 1)) AS m;
SELECT * FROM ticker MATCH_RECOGNIZE (PARTITION BY symbol ORDER BY ts MEASURES A.price AS a, B.price AS b, A.id AS ai, B.id AS bi ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A B) DEFINE B AS B.price > A.price) AS m;
SELECT * FROM ticker MATCH_RECOGNIZE (PARTITION BY symbol ORDER BY ts MEASURES SUM(price) AS s, FIRST(ts) AS f, LAST(ts) AS l, LAST(tag) AS t ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A{2} B) DEFINE A AS price > 3, B AS price IS NOT NULL) AS m;
SELECT * FROM ticker MATCH_RECOGNIZE (ORDER BY ts MEASURES A.symbol AS s1, B.symbol AS s2, A.id AS a, B.id AS b ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A B) DEFINE B AS B.symbol <> A.symbol) AS m;
SELECT * FROM ticker MATCH_RECOGNIZE (PARTITION BY symbol, tag ORDER BY ts MEASURES A.id AS a, B.id AS b ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A B) DEFINE A AS A.price > 2) AS m;
