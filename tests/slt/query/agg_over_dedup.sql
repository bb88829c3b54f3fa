CREATE TABLE updates (
  k STRING, v INT, s STRING, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/updates.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT s, COUNT(*) AS n, SUM(v) AS total FROM (
  SELECT k, v, s, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS rn FROM updates) AS t WHERE rn = 1 GROUP BY s;
