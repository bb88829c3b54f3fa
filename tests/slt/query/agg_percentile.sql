CREATE TABLE numbers (
  g STRING, i INT, b BIGINT, de DECIMAL(10, 2), d DOUBLE, t TINYINT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/numbers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT g, PERCENTILE(i, 0.5) AS a, PERCENTILE(d, 0.3) AS b, PERCENTILE(de, 1) AS c, PERCENTILE(t, 0) AS e FROM numbers GROUP BY g;
SELECT PERCENTILE(i, ARRAY[0.25, 0.5, 1.0]) AS a, PERCENTILE(b, 0.1) AS b FROM numbers WHERE i < 1000;
SELECT g, PERCENTILE(i, 0.5, t) AS a, PERCENTILE(de, ARRAY[0.1, 0.9], t) AS b FROM numbers WHERE t IS NOT NULL GROUP BY g;
SELECT PERCENTILE(n, 0.5) AS a, PERCENTILE(m, ARRAY[0.0, 0.75]) AS b FROM (SELECT g, COUNT(*) AS n, MAX(de) AS m FROM numbers GROUP BY g);
SELECT PERCENTILE(i, 0.5) AS a, PERCENTILE(i, ARRAY[0.5]) AS b FROM numbers WHERE g = 'nothing';
SELECT PERCENTILE(i, 2) AS a FROM numbers;
SELECT PERCENTILE(g, 0.5) AS a FROM numbers;
SELECT g, PERCENTILE(i, 0.5) FILTER (WHERE i > 0) AS a, PERCENTILE(DISTINCT i, 0.5) AS b FROM numbers GROUP BY g;
SELECT PERCENTILE(i, d) AS a FROM numbers WHERE d >= 0 AND d <= 1;
