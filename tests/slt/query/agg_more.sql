CREATE TABLE numbers (
  g STRING, i INT, b BIGINT, de DECIMAL(10, 2), d DOUBLE, t TINYINT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/numbers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT g, $SUM0(i) AS a FROM numbers GROUP BY g;
SELECT g, SUM0(i) AS a FROM numbers GROUP BY g;
SELECT g, `$SUM0`(i) AS a, `$SUM0`(de) AS b, `$SUM0`(d) AS c, `$SUM0`(b) AS e FROM numbers GROUP BY g;
SELECT `$SUM0`(i) AS a FROM numbers WHERE g = 'nothing';
SELECT SINGLE_VALUE(i) AS a FROM numbers WHERE g = 'd';
SELECT SINGLE_VALUE(i) AS a FROM numbers;
SELECT g, SINGLE_VALUE(n) AS a FROM (SELECT g, COUNT(*) AS n FROM numbers GROUP BY g) GROUP BY g;
