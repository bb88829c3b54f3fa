CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT id, customer, price FROM (
  SELECT id, customer, price, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY price DESC, id) AS rn FROM orders) AS t
WHERE rn <= 2;
SELECT id, qty, rn FROM (SELECT id, qty, ROW_NUMBER() OVER (ORDER BY qty DESC, id) AS rn FROM orders) AS t WHERE rn <= 5;
SELECT customer, id, rn FROM (
  SELECT customer, id, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY id DESC) AS rn FROM orders) AS t WHERE rn <= 3;
SELECT id, customer FROM (
  SELECT id, customer, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY price, id) AS rn FROM orders) AS t WHERE rn = 1;
