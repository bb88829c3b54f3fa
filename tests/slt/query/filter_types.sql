CREATE TABLE numbers (
  g STRING, i INT, b BIGINT, de DECIMAL(10, 2), d DOUBLE, t TINYINT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/numbers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT g, d FROM numbers WHERE d > 1;
SELECT g, de FROM numbers WHERE de < 2;
SELECT g, b FROM numbers WHERE b = 10;
SELECT g, t FROM numbers WHERE t = 1;
SELECT * FROM numbers WHERE i = b;
