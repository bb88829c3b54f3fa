CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT o.* FROM orders o WHERE id = 1;
SELECT *, id AS again FROM orders WHERE id = 1;
SELECT DISTINCT * FROM (SELECT customer, status FROM orders) AS t;
SELECT COUNT(*) FROM orders;
SELECT `id` FROM `orders` WHERE `orders`.`id` = 2;
SELECT id FROM default_catalog.default_database.orders WHERE id = 3;
