-- modes: streaming
-- parallelism: 1
-- Rows behind the watermark are dropped; the watermark moves after every row.
CREATE TABLE late (
  id INT, g STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/late.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT window_start, window_end, g, COUNT(*) AS n FROM TABLE(SESSION(TABLE late PARTITION BY g, DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY window_start, window_end, g;
