CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT customer, COUNT(*) FILTER (WHERE status = 'paid') AS paid, COUNT(*) AS n FROM orders GROUP BY customer;
SELECT customer, SUM(qty) FILTER (WHERE qty > 1) AS s FROM orders GROUP BY customer;
SELECT COUNT(DISTINCT product) FILTER (WHERE status = 'paid') AS a, COUNT(DISTINCT product) AS b FROM orders;
SELECT customer, MAX(price) FILTER (WHERE status IS NOT NULL) AS m FROM orders GROUP BY customer;
