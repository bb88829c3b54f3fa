CREATE TABLE big (
  id INT, k STRING, v INT, amount DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/big.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT k, COUNT(*) AS n, SUM(v) AS s, AVG(amount) AS a, MIN(v) AS lo, MAX(v) AS hi, COUNT(DISTINCT status) AS d FROM big GROUP BY k;
SELECT status, COUNT(DISTINCT k) AS d, SUM(amount) AS s FROM big GROUP BY status;
SELECT COUNT(*) AS n, COUNT(DISTINCT v) AS d, SUM(amount) AS s FROM big;
SELECT n, COUNT(*) AS c FROM (SELECT k, COUNT(*) AS n FROM big GROUP BY k) AS t GROUP BY n;
