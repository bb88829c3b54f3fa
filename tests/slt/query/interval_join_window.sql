CREATE TABLE bids (
  id INT, item STRING, price INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/bids.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE asks (
  id INT, item STRING, price INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/asks.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE VIEW matched AS SELECT b.id, a.id AS ask, b.item, b.ts, a.price FROM bids b JOIN asks a ON b.item = a.item AND b.ts BETWEEN a.ts - INTERVAL '3' SECOND AND a.ts + INTERVAL '2' SECOND;
CREATE VIEW matched_by_where AS SELECT b.id, a.id AS ask, b.item, a.ts, a.price FROM bids b, asks a WHERE b.item = a.item AND b.ts BETWEEN a.ts - INTERVAL '3' SECOND AND a.ts + INTERVAL '2' SECOND;
CREATE VIEW all_bids AS SELECT b.id, b.ts, a.price FROM bids b LEFT JOIN asks a ON b.item = a.item AND b.ts BETWEEN a.ts - INTERVAL '3' SECOND AND a.ts + INTERVAL '2' SECOND;
SELECT window_start, window_end, COUNT(*) AS n, SUM(price) AS s FROM TABLE(TUMBLE(TABLE matched, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
SELECT window_start, window_end, item, MIN(id) AS lo FROM TABLE(TUMBLE(TABLE matched_by_where, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, item;
SELECT window_start, COUNT(*) AS n, COUNT(price) AS p FROM TABLE(TUMBLE(TABLE all_bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
SELECT m.id, m.ask, b.id AS later FROM matched m JOIN bids b ON m.item = b.item AND b.ts > m.ts AND b.ts <= m.ts + INTERVAL '8' SECOND;
SELECT id, ask, ts FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY id ORDER BY ts) AS n FROM matched) WHERE n = 1;
