CREATE TABLE numbers (
  g STRING, i INT, b BIGINT, de DECIMAL(10, 2), d DOUBLE, t TINYINT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/numbers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT g, STDDEV_POP(d) AS a, VAR_POP(d) AS b FROM numbers WHERE d < 100 GROUP BY g;
