CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT id, rn FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id DESC) AS rn FROM orders) AS t WHERE rn BETWEEN 2 AND 4;
SELECT id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY product ORDER BY id DESC) AS rn FROM orders) AS t WHERE rn = 2;
