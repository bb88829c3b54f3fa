CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT customer, status, COUNT(*) AS n FROM orders GROUP BY ROLLUP (customer, status);
SELECT customer, status, COUNT(*) AS n FROM orders GROUP BY GROUPING SETS ((customer), (status), ());
