CREATE TABLE numbers (
  g STRING, i INT, b BIGINT, de DECIMAL(10, 2), d DOUBLE, t TINYINT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/numbers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT g, COLLECT(t) AS a FROM numbers GROUP BY g;
SELECT g, ARRAY_AGG(i) AS a FROM numbers GROUP BY g;
SELECT g, CARDINALITY(COLLECT(DISTINCT t)) AS a, CARDINALITY(ARRAY_AGG(DISTINCT t)) AS b FROM numbers GROUP BY g;
SELECT COUNT(*) AS n, APPROX_COUNT_DISTINCT(i) AS a FROM numbers;
