-- modes: batch
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT id, RANK() OVER (PARTITION BY customer ORDER BY qty) AS r, DENSE_RANK() OVER (PARTITION BY customer ORDER BY qty) AS d FROM orders;
SELECT id, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY id) AS a, ROW_NUMBER() OVER (ORDER BY id DESC) AS b FROM orders;
SELECT id, PERCENT_RANK() OVER (ORDER BY qty, id) AS p, CUME_DIST() OVER (PARTITION BY customer ORDER BY qty) AS c, NTILE(3) OVER (ORDER BY id) AS t FROM orders;
SELECT id, LAG(qty) OVER (PARTITION BY customer ORDER BY id) AS a, LAG(qty, 2) OVER (PARTITION BY customer ORDER BY id) AS b, LEAD(qty, 1, -1) OVER (PARTITION BY customer ORDER BY id) AS c FROM orders;
SELECT id, SUM(qty) OVER (PARTITION BY customer) AS total, AVG(price) OVER () AS mean, COUNT(*) OVER () AS n FROM orders;
SELECT id, SUM(qty) OVER (PARTITION BY customer ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS around, SUM(qty) OVER (ORDER BY id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS rest FROM orders;
SELECT id, SUM(qty) OVER (PARTITION BY customer ORDER BY price) AS by_price, MAX(price) OVER (PARTITION BY product ORDER BY qty RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS near FROM orders;
SELECT customer, SUM(qty) AS q, SUM(SUM(qty)) OVER (ORDER BY customer) AS so_far FROM orders GROUP BY customer;
SELECT id, FIRST_VALUE(status) OVER (PARTITION BY customer ORDER BY id) AS f, LAST_VALUE(qty) OVER (PARTITION BY customer ORDER BY id) AS l FROM orders;
SELECT id, RANK() OVER (PARTITION BY customer) AS r FROM orders;
SELECT id, NO_SUCH(qty) OVER (ORDER BY id) AS r FROM orders;
SELECT id, SUM(SUM(qty) OVER (ORDER BY id)) OVER (ORDER BY id) AS r FROM orders;
