CREATE TABLE products (
  id INT, name STRING, kind STRING, price DECIMAL(6, 2)
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/products.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE customers (
  name STRING, country STRING, age INT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/customers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT p.id, c.age FROM products p JOIN customers c ON p.id < c.age;
