CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer;
SELECT customer, COUNT(qty) AS n FROM orders GROUP BY customer;
SELECT COUNT(*), COUNT(customer), COUNT(1) FROM orders;
SELECT customer, status, COUNT(*) AS n FROM orders GROUP BY customer, status;
SELECT status, COUNT(*) FROM orders GROUP BY status;
