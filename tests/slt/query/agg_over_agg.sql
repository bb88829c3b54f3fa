CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT n, COUNT(*) AS customers FROM (SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer) AS c GROUP BY n;
SELECT SUM(n) AS s, AVG(n) AS a, COUNT(*) AS c FROM (SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer) AS c;
SELECT MAX(total) AS hi, MIN(total) AS lo FROM (SELECT customer, SUM(qty) AS total FROM orders GROUP BY customer) AS c;
SELECT COUNT(DISTINCT n) AS d FROM (SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer) AS c;
SELECT n, MAX(customer) AS m, COUNT(*) FILTER (WHERE customer IS NOT NULL) AS f FROM (SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer) AS c GROUP BY n;
SELECT status, SUM(s) AS s, AVG(s) AS a FROM (SELECT status, customer, SUM(price) AS s FROM orders GROUP BY status, customer) AS x GROUP BY status;
