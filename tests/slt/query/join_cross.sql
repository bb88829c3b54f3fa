CREATE TABLE products (
  id INT, name STRING, kind STRING, price DECIMAL(6, 2)
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/products.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE customers (
  name STRING, country STRING, age INT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/customers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT p.name, c.name FROM products p CROSS JOIN customers c WHERE p.id = 1;
