-- modes: batch
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE k (a INT, b STRING) ${TABLE:k};
INSERT INTO k SELECT id FROM orders;
INSERT INTO k (a, nope) SELECT id, customer FROM orders;
INSERT INTO k (a, a) SELECT id, id FROM orders;
INSERT INTO nowhere SELECT id FROM orders;
INSERT INTO k SELECT customer, id FROM orders;
INSERT INTO k VALUES (1);
SELECT * FROM k;
CREATE TABLE short (a CHAR(4)) ${TABLE:short};
INSERT INTO short SELECT customer FROM orders;
CREATE TABLE small (a TINYINT) ${TABLE:small};
INSERT INTO small SELECT id FROM orders;
CREATE TABLE flag (a BOOLEAN) ${TABLE:flag};
INSERT INTO flag SELECT id FROM orders;
CREATE TABLE days (a DATE) ${TABLE:days};
INSERT INTO days SELECT ts FROM orders;
SELECT * FROM days;
