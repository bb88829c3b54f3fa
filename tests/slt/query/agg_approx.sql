-- modes: batch
CREATE TABLE numbers (
  g STRING, i INT, b BIGINT, de DECIMAL(10, 2), d DOUBLE, t TINYINT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/numbers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT g, APPROX_COUNT_DISTINCT(i) AS a, APPROX_COUNT_DISTINCT(d) AS b, APPROX_COUNT_DISTINCT(de) AS c FROM numbers GROUP BY g;
SELECT APPROX_COUNT_DISTINCT(g) AS a, APPROX_COUNT_DISTINCT(b) AS b FROM numbers;
SELECT APPROX_COUNT_DISTINCT(i) AS a FROM numbers WHERE g = 'nothing';
