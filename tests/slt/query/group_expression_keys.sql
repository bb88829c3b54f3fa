CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT MOD(id, 3) AS m, COUNT(*) AS n FROM orders GROUP BY MOD(id, 3);
SELECT UPPER(customer) AS c, FLOOR(ts TO MINUTE) AS minute_of, COUNT(*) AS n FROM orders GROUP BY UPPER(customer), FLOOR(ts TO MINUTE);
SELECT DATE_FORMAT(ts, 'HH:mm') AS m, SUM(price) AS s FROM orders GROUP BY DATE_FORMAT(ts, 'HH:mm');
