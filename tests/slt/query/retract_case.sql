CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT CASE WHEN n > 8 THEN 'heavy' WHEN n > 4 THEN 'some' ELSE 'few' END AS size, COUNT(*) AS c, SUM(n) AS s FROM (SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer) AS g GROUP BY CASE WHEN n > 8 THEN 'heavy' WHEN n > 4 THEN 'some' ELSE 'few' END;
