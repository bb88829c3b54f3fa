-- modes: streaming
SET 'table.local-time-zone' = 'America/New_York';
CREATE TABLE events (id INT, k STRING, ms BIGINT, v INT, ts AS TO_TIMESTAMP_LTZ(ms, 3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/events', 'format' = 'json');
INSERT INTO events (id, k, ms, v) VALUES (1, 'a', 1709999999000, 1), (2, 'b', 1710054000000, 2), (3, 'a', 1710054059999, 3), (4, 'a', 1710057600000, 4), (5, 'b', 1710061200000, 5), (6, 'a', 1710140400000, 6), (7, 'b', 1730610000000, 7), (8, 'a', 1730613600000, 8), (9, 'b', 1730617200000, 9), (10, 'a', 1730700000000, 10);
SELECT TUMBLE_START(ts, INTERVAL '1' DAY) AS s, TUMBLE_END(ts, INTERVAL '1' DAY) AS e, TUMBLE_ROWTIME(ts, INTERVAL '1' DAY) AS r, COUNT(*) AS n FROM events GROUP BY TUMBLE(ts, INTERVAL '1' DAY);
SELECT id, k, SUM(v) OVER (PARTITION BY k ORDER BY ts RANGE BETWEEN INTERVAL '1' DAY PRECEDING AND CURRENT ROW) AS s FROM events;
