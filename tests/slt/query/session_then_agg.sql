-- modes: streaming
-- Flink 2.3 knows session windows in streaming mode only.
CREATE TABLE clicks (
  u STRING, page STRING, ms INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/clicks.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT u, COUNT(*) AS sessions, MAX(n) AS longest FROM (
  SELECT u, window_start, COUNT(*) AS n FROM TABLE(SESSION(TABLE clicks PARTITION BY u, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY u, window_start, window_end) AS s GROUP BY u;
