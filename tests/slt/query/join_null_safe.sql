CREATE TABLE customers (
  name STRING, country STRING, age INT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/customers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT a.name, b.country FROM customers a JOIN customers b ON a.country = b.country;
SELECT a.name, b.country FROM customers a JOIN customers b ON a.country IS NOT DISTINCT FROM b.country;
