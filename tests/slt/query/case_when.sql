CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT id, CASE WHEN qty IS NULL THEN 'none' WHEN qty > 2 THEN 'many' ELSE 'few' END AS size FROM orders;
SELECT id, IF(status = 'paid', price, 0) AS paid, COALESCE(customer, 'anonymous') AS who FROM orders;
