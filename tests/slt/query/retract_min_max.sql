CREATE TABLE updates (
  k STRING, v INT, s STRING, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/updates.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT MIN(v) AS lo, MAX(v) AS hi, MAX(s) AS ms, COUNT(v) AS n FROM (SELECT k, v, s FROM (SELECT k, v, s, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS rn FROM updates) AS t WHERE rn = 1) AS l;
SELECT s, MIN(k) AS first_key, MAX(v) AS hi, COUNT(*) AS n FROM (SELECT k, v, s FROM (SELECT k, v, s, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS rn FROM updates) AS t WHERE rn = 1) AS l GROUP BY s;
SELECT s, AVG(v) AS a, SUM(v) AS t FROM (SELECT k, v, s FROM (SELECT k, v, s, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS rn FROM updates) AS t WHERE rn = 1) AS l GROUP BY s HAVING COUNT(*) >= 1;
