-- modes: streaming
CREATE TABLE late (
  id INT, g STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/late.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT id, CURRENT_WATERMARK(ts) AS w FROM late;
SELECT id, PROCTIME() IS NOT NULL AS p FROM late;
SELECT id FROM late WHERE CURRENT_WATERMARK(ts) IS NULL OR ts > CURRENT_WATERMARK(ts);
