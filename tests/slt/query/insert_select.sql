-- modes: batch
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE totals (customer STRING, n BIGINT, amount DECIMAL(20, 2)) ${TABLE:totals};
INSERT INTO totals SELECT customer, COUNT(*), SUM(price * qty) FROM orders GROUP BY customer;
SELECT * FROM totals ORDER BY customer;
CREATE TABLE copies (id INT, t TIMESTAMP(3), who STRING) ${TABLE:copies};
INSERT INTO copies (id, who, t) SELECT id, customer, ts FROM orders WHERE id <= 3;
INSERT INTO copies (id) SELECT id FROM orders WHERE id = 40;
SELECT * FROM copies ORDER BY id;
