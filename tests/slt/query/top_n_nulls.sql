CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE words (
  id INT, w STRING
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/words.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT id, price FROM (SELECT id, price, ROW_NUMBER() OVER (ORDER BY price, id) AS rn FROM orders) AS t WHERE rn <= 6;
SELECT id, price FROM (SELECT id, price, ROW_NUMBER() OVER (ORDER BY price DESC NULLS FIRST, id) AS rn FROM orders) AS t WHERE rn <= 6;
SELECT id, w FROM (SELECT id, w, ROW_NUMBER() OVER (ORDER BY w, id) AS rn FROM words) AS t WHERE rn <= 5;
SELECT id, w FROM (SELECT id, w, ROW_NUMBER() OVER (ORDER BY w DESC, id) AS rn FROM words) AS t WHERE rn <= 5;
