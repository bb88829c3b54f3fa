CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT id + customer FROM orders;
SELECT * FROM orders WHERE id;
SELECT * FROM orders WHERE customer = 1;
SELECT SUM(customer) FROM orders;
SELECT AVG(ts) FROM orders;
SELECT CASE WHEN id THEN 1 END FROM orders;
SELECT UPPER(id) FROM orders;
SELECT id FROM orders UNION ALL SELECT id, customer FROM orders;
SELECT * FROM orders o JOIN orders p ON o.id = p.customer;
SELECT COUNT(qty, id, price) FILTER (WHERE id) FROM orders;
SELECT 1 / 0 FROM orders;
SELECT CAST(customer AS INT) FROM orders;
