CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE products (
  id INT, name STRING, kind STRING, price DECIMAL(6, 2)
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/products.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE customers (
  name STRING, country STRING, age INT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/customers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT * FROM (SELECT id, customer FROM orders) AS o JOIN (SELECT id, name FROM products) AS p USING (id);
SELECT o.id, c.country, p.name FROM orders o JOIN customers c ON o.customer = c.name JOIN products p ON o.product = p.id;
