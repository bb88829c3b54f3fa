CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer HAVING COUNT(*) > 5;
SELECT customer FROM orders GROUP BY customer HAVING SUM(qty) > 10;
SELECT COUNT(*) AS n FROM orders HAVING COUNT(*) > 100;
