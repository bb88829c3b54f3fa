CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE customers (
  name STRING, country STRING, age INT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/customers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT c.name, c.country, a.n FROM (SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer) AS a JOIN customers c ON a.customer = c.name;
SELECT a.customer, a.n, b.s FROM (SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer) AS a JOIN (SELECT customer, SUM(qty) AS s FROM orders GROUP BY customer) AS b ON a.customer = b.customer;
