CREATE TABLE numbers (
  g STRING, i INT, b BIGINT, de DECIMAL(10, 2), d DOUBLE, t TINYINT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/numbers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT g, x FROM (SELECT g, ARRAY[MIN(i), MAX(i)] AS a FROM numbers GROUP BY g) CROSS JOIN UNNEST(a) AS u(x);
SELECT x, COUNT(*) AS c FROM (SELECT g, ARRAY[MIN(i), MAX(i)] AS a FROM numbers GROUP BY g) CROSS JOIN UNNEST(a) AS u(x) GROUP BY x;
SELECT g, x FROM (SELECT g, ARRAY_AGG(i) AS a FROM numbers GROUP BY g) CROSS JOIN UNNEST(a) AS u(x);
SELECT x, COUNT(*) AS c FROM (SELECT g, ARRAY_AGG(i) AS a FROM numbers GROUP BY g) CROSS JOIN UNNEST(a) AS u(x) GROUP BY x;
SELECT g, x FROM (SELECT g, COLLECT(t) AS a FROM numbers GROUP BY g) CROSS JOIN UNNEST(a) AS u(x);
SELECT g, x, o FROM (SELECT g, ARRAY_AGG(b) AS a FROM numbers GROUP BY g) LEFT JOIN UNNEST(a) WITH ORDINALITY AS u(x, o) ON TRUE WHERE g = 'a';
SELECT g, k, v FROM (SELECT g, MAP['lo', MIN(i), 'hi', MAX(i)] AS a FROM numbers GROUP BY g) CROSS JOIN UNNEST(a) AS u(k, v);
