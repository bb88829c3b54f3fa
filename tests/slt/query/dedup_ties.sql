-- modes: streaming
-- Of rows with equal times the first that arrives is first and the last is last.
CREATE TABLE updates (
  k STRING, v INT, s STRING, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/updates_ties.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT k, v, s FROM (SELECT k, v, s, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts) AS rn FROM updates) AS t WHERE rn = 1;
SELECT k, v, s FROM (SELECT k, v, s, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS rn FROM updates) AS t WHERE rn = 1;
