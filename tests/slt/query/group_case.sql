CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT customer, SUM(CASE WHEN status = 'paid' THEN 1 ELSE 0 END) AS paid FROM orders GROUP BY customer;
SELECT customer, SUM(IF(qty > 1, price, 0)) AS s FROM orders GROUP BY customer;
SELECT CASE WHEN qty > 2 THEN 'many' ELSE 'few' END AS size, COUNT(*) AS n FROM orders GROUP BY CASE WHEN qty > 2 THEN 'many' ELSE 'few' END;
SELECT customer, SUM(qty * price) AS revenue, SUM(qty) * 2 + 1 AS x FROM orders GROUP BY customer;
