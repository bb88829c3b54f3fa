-- modes: streaming
CREATE TABLE big (
  id INT, k STRING, v INT, amount DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/big.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT window_start, window_end, COUNT(*) AS n FROM TABLE(SESSION(TABLE big, DESCRIPTOR(ts), INTERVAL '8' SECOND)) GROUP BY window_start, window_end;
SELECT k, COUNT(*) AS sessions, MAX(n) AS longest FROM (SELECT k, COUNT(*) AS n FROM TABLE(SESSION(TABLE big PARTITION BY k, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY k, window_start, window_end) AS s GROUP BY k;
