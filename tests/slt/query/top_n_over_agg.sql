CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT customer, n, rn FROM (
  SELECT customer, n, ROW_NUMBER() OVER (ORDER BY n DESC, customer) AS rn
  FROM (SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer) AS c) AS t
WHERE rn <= 2;
SELECT customer, product, total FROM (
  SELECT customer, product, total, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY total DESC, product) AS rn
  FROM (SELECT customer, product, SUM(qty) AS total FROM orders GROUP BY customer, product) AS c) AS t
WHERE rn <= 1;
