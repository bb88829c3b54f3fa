CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT id FROM orders ORDER BY id LIMIT 3;
SELECT id FROM orders ORDER BY id DESC LIMIT 3 OFFSET 2;
SELECT id FROM orders ORDER BY id FETCH FIRST 2 ROWS ONLY;
SELECT id FROM orders ORDER BY id LIMIT 0;
SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer ORDER BY n DESC, customer LIMIT 2;
