CREATE TABLE updates (
  k STRING, v INT, s STRING, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/updates.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT COUNT(DISTINCT s) AS d, COUNT(DISTINCT v) AS e FROM (SELECT k, v, s FROM (SELECT k, v, s, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS rn FROM updates) AS t WHERE rn = 1) AS l;
SELECT DISTINCT s FROM (SELECT k, v, s FROM (SELECT k, v, s, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS rn FROM updates) AS t WHERE rn = 1) AS l;
SELECT s, COUNT(DISTINCT v) FILTER (WHERE v > 1) AS d FROM (SELECT k, v, s FROM (SELECT k, v, s, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS rn FROM updates) AS t WHERE rn = 1) AS l GROUP BY s;
