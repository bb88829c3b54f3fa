CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT customer, status, COUNT(*) AS n, MAX(qty) AS m FROM orders GROUP BY GROUPING SETS ((customer, status), (customer));
SELECT customer, status, COUNT(*) AS n FROM orders GROUP BY GROUPING SETS ((customer, status), (status), (customer));
SELECT customer, status, product, SUM(qty) AS n FROM orders GROUP BY customer, GROUPING SETS ((status, product), (product));
SELECT customer, qty + 1 AS q, COUNT(*) AS n, GROUPING(customer) AS g, GROUPING(qty + 1) AS h FROM orders GROUP BY GROUPING SETS ((customer, qty + 1), (qty + 1));
SELECT customer, status, MAX(product) AS m FROM orders GROUP BY ROLLUP (customer, status), customer;
SELECT customer, status, MIN(price) AS m FROM orders GROUP BY GROUPING SETS ((customer, status), (customer), ()) HAVING COUNT(*) > 2;
