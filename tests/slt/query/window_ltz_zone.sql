-- In zones west of UTC, where Flink 2.3 keeps all windows.
CREATE TABLE bids (
  id INT, item STRING, price INT, t TIMESTAMP(3), ts AS CAST(t AS TIMESTAMP_LTZ(3)), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/bids.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE asks (
  id INT, item STRING, price INT, t TIMESTAMP(3), ts AS CAST(t AS TIMESTAMP_LTZ(3)), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/asks.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SET 'table.local-time-zone' = 'America/New_York';
SELECT window_start, window_end, window_time, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, window_time;
SELECT b.id, a.id AS ask, b.window_start, b.window_time FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) b JOIN TABLE(TUMBLE(TABLE asks, DESCRIPTOR(ts), INTERVAL '10' SECOND)) a ON b.item = a.item AND b.window_start = a.window_start AND b.window_end = a.window_end;
SELECT b.id, a.id AS ask, b.window_end FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) b LEFT JOIN TABLE(TUMBLE(TABLE asks, DESCRIPTOR(ts), INTERVAL '10' SECOND)) a ON b.item = a.item AND b.window_start = a.window_start AND b.window_end = a.window_end;
SELECT window_start, window_end, id, price, n FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY price DESC, id) AS n FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND))) WHERE n <= 2;
SELECT window_start, item, id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, item ORDER BY ts DESC) AS n FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND))) WHERE n = 1;
SELECT b.id, a.id AS ask FROM bids b LEFT JOIN asks a ON b.item = a.item AND b.ts BETWEEN a.ts - INTERVAL '3' SECOND AND a.ts;
SELECT TUMBLE_START(ts, INTERVAL '10' SECOND) AS s, TUMBLE_ROWTIME(ts, INTERVAL '10' SECOND) AS r, COUNT(*) AS n FROM bids GROUP BY TUMBLE(ts, INTERVAL '10' SECOND);
