CREATE TABLE numbers (
  g STRING, i INT, b BIGINT, de DECIMAL(10, 2), d DOUBLE, t TINYINT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/numbers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT g, STDDEV_SAMP(i) AS a, VAR_SAMP(i) AS b, STDDEV(i) AS c, VARIANCE(i) AS e, STDDEV_POP(i) AS f, VAR_POP(i) AS h FROM numbers WHERE i BETWEEN -1000 AND 1000 GROUP BY g;
SELECT g, VAR_SAMP(d) AS a, STDDEV_SAMP(d) AS b FROM numbers WHERE d < 100 GROUP BY g;
SELECT g, VAR_POP(de) AS a, STDDEV_SAMP(de) AS b, AVG(de) AS c FROM numbers WHERE de BETWEEN -1000 AND 1000 GROUP BY g;
