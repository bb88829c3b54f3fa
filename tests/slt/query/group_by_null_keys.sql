CREATE TABLE numbers (
  g STRING, i INT, b BIGINT, de DECIMAL(10, 2), d DOUBLE, t TINYINT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/numbers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT g, t, COUNT(*) AS n FROM numbers GROUP BY g, t;
SELECT i, COUNT(*) AS n FROM numbers GROUP BY i;
SELECT d, COUNT(*) AS n FROM numbers GROUP BY d;
SELECT de, COUNT(*) AS n FROM numbers GROUP BY de;
