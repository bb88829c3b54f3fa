CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT price, COUNT(*) AS n FROM orders GROUP BY price;
SELECT ts, COUNT(*) AS n FROM orders GROUP BY ts;
SELECT CAST(ts AS DATE) AS d, CAST(ts AS TIME(0)) AS t, COUNT(*) AS n FROM orders WHERE id < 12 GROUP BY CAST(ts AS DATE), CAST(ts AS TIME(0));
SELECT qty > 1 AS many, product, COUNT(*) AS n FROM orders GROUP BY qty > 1, product;
SELECT ARRAY[qty, product] AS a, COUNT(*) AS n FROM orders GROUP BY ARRAY[qty, product];
SELECT CAST(qty AS DOUBLE) * 0 AS z, COUNT(*) AS n FROM orders GROUP BY CAST(qty AS DOUBLE) * 0;
