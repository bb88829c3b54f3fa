-- modes: streaming
-- Flink 2.3 knows session windows in streaming mode only.
CREATE TABLE clicks (
  u STRING, page STRING, ms INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/clicks.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT window_start, window_end, u, COUNT(*) AS n FROM TABLE(SESSION(TABLE clicks PARTITION BY u, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, u;
SELECT u, window_start, window_end, SUM(ms) AS total, COUNT(DISTINCT page) AS pages, MIN(ms) AS lo, MAX(page) AS last_page, AVG(ms) AS a
FROM TABLE(SESSION(TABLE clicks PARTITION BY u, DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY u, window_start, window_end;
SELECT window_start, window_end, COUNT(*) AS n FROM TABLE(SESSION(TABLE clicks, DESCRIPTOR(ts), INTERVAL '11' SECOND)) GROUP BY window_start, window_end;
