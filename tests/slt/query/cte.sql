CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
WITH big AS (SELECT id, customer, qty FROM orders WHERE qty >= 2), paid AS (SELECT customer, COUNT(*) AS n FROM big GROUP BY customer)
SELECT * FROM paid WHERE n > 1;
WITH a AS (SELECT 1 AS x) SELECT x + 1 AS y FROM a;
