CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT c, total FROM (SELECT customer AS c, SUM(qty) AS total FROM orders GROUP BY customer) AS s WHERE total > 3;
SELECT x * 2 AS y FROM (SELECT id + 1 AS x FROM (SELECT id FROM orders WHERE id < 5) AS a) AS b;
