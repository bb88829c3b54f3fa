CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT id, 0.908 * price AS euro, product FROM orders;
SELECT id, price FROM orders WHERE MOD(id, 5) = 0;
SELECT customer, MAX(price) AS best FROM (SELECT customer, product, MAX(price) AS price FROM orders GROUP BY customer, product) AS q GROUP BY customer;
SELECT customer, DATE_FORMAT(ts, 'yyyy-MM-dd') AS dt, COUNT(*) AS n, MIN(price) AS lo, MAX(price) AS hi, AVG(price) AS mean, SUM(price) AS total FROM orders GROUP BY customer, DATE_FORMAT(ts, 'yyyy-MM-dd');
SELECT id, REGEXP_EXTRACT(status, '(p|c)(.*)', 2) AS rest, CASE WHEN LOWER(customer) = 'alice' THEN '0' ELSE customer END AS c FROM orders;
