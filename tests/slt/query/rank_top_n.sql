CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE customers (
  name STRING, country STRING, age INT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/customers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT id, product, price, r FROM (SELECT id, product, price, RANK() OVER (PARTITION BY product ORDER BY price DESC) AS r FROM orders) WHERE r <= 2;
SELECT id, product, price FROM (SELECT id, product, price, DENSE_RANK() OVER (PARTITION BY product ORDER BY price DESC) AS r FROM orders) WHERE r <= 2;
SELECT id, qty, r FROM (SELECT id, qty, RANK() OVER (ORDER BY qty) AS r FROM orders) WHERE r = 1;
SELECT id, qty, r FROM (SELECT id, qty, RANK() OVER (ORDER BY qty) AS r FROM orders) WHERE r <= 3;
SELECT product, n, r FROM (SELECT product, n, RANK() OVER (ORDER BY n DESC) AS r FROM (SELECT product, COUNT(*) AS n FROM orders GROUP BY product)) WHERE r <= 2;
SELECT id, qty, r FROM (SELECT id, qty, DENSE_RANK() OVER (PARTITION BY customer ORDER BY qty, price) AS r FROM orders) WHERE r <= 1;
