CREATE TABLE numbers (
  g STRING, i INT, b BIGINT, de DECIMAL(10, 2), d DOUBLE, t TINYINT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/numbers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT g, JSON_OBJECTAGG(KEY CAST(t AS STRING) VALUE t) AS a FROM numbers WHERE t IS NOT NULL GROUP BY g;
SELECT g, JSON_ARRAYAGG(i) AS a, JSON_ARRAYAGG(i NULL ON NULL) AS b FROM numbers GROUP BY g;
SELECT JSON_OBJECTAGG(KEY g VALUE n ABSENT ON NULL) AS a FROM (SELECT g, MAX(t) AS n FROM numbers WHERE g IS NOT NULL GROUP BY g);
