CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT customer, SUM(price) AS s, COUNT(*) AS n FROM (
  SELECT customer, price, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY price DESC, id) AS rn FROM orders) AS t
WHERE rn <= 2 GROUP BY customer;
SELECT MAX(qty) AS m, MIN(qty) AS l FROM (
  SELECT qty, ROW_NUMBER() OVER (PARTITION BY product ORDER BY id DESC) AS rn FROM orders) AS t WHERE rn = 1;
