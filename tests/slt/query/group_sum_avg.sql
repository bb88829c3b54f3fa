CREATE TABLE numbers (
  g STRING, i INT, b BIGINT, de DECIMAL(10, 2), d DOUBLE, t TINYINT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/numbers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT g, SUM(i) AS s FROM numbers GROUP BY g;
SELECT g, SUM(b) AS s FROM numbers GROUP BY g;
SELECT g, SUM(de) AS s FROM numbers GROUP BY g;
SELECT g, SUM(t) AS s FROM numbers GROUP BY g;
SELECT g, AVG(i) AS a, AVG(b) AS b, AVG(t) AS c FROM numbers WHERE i < 100 GROUP BY g;
SELECT g, AVG(de) AS a FROM numbers GROUP BY g;
SELECT g, SUM(d) AS s, AVG(d) AS a FROM numbers GROUP BY g;
SELECT SUM(i), SUM(de), AVG(de) FROM numbers WHERE i < 100;
