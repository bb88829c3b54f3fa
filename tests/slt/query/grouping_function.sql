CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE customers (
  name STRING, country STRING, age INT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/customers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT customer, product, GROUPING(customer) AS a, GROUPING(product) AS b, COUNT(*) AS n FROM orders GROUP BY ROLLUP (customer, product);
SELECT customer, product, GROUPING(customer, product) AS g, SUM(qty) AS n FROM orders GROUP BY CUBE (customer, product);
SELECT customer, product, GROUPING_ID(customer, product) AS g, GROUPING_ID(product, customer) AS h, COUNT(*) AS n FROM orders GROUP BY GROUPING SETS ((customer), (product), ());
SELECT customer, GROUPING(customer) AS g, COUNT(*) AS n FROM orders GROUP BY customer;
SELECT customer, GROUP_ID() AS g, COUNT(*) AS n FROM orders GROUP BY GROUPING SETS ((customer), ());
SELECT customer, COUNT(*) AS n FROM orders GROUP BY ROLLUP (customer) HAVING GROUPING(customer) = 1;
SELECT CASE WHEN GROUPING(customer) = 1 THEN 'all' ELSE customer END AS c, COUNT(*) AS n FROM orders GROUP BY ROLLUP (customer);
SELECT customer, GROUPING(product) AS g, COUNT(*) AS n FROM orders GROUP BY ROLLUP (customer);
SELECT GROUPING(customer) AS g FROM orders;
