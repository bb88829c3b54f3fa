-- modes: batch
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE words (
  id INT, w STRING
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/words.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE numbers (
  g STRING, i INT, b BIGINT, de DECIMAL(10, 2), d DOUBLE, t TINYINT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/numbers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT id, customer, price FROM orders ORDER BY customer, price, id;
SELECT id, price FROM orders ORDER BY price DESC, id;
SELECT id, w FROM words ORDER BY w, id;
SELECT id, w FROM words ORDER BY w DESC, id DESC;
SELECT id, w FROM words ORDER BY w ASC NULLS LAST, id;
SELECT id, w FROM words ORDER BY w DESC NULLS FIRST, id;
SELECT id FROM words ORDER BY CHAR_LENGTH(w), id;
SELECT id AS x FROM words ORDER BY x DESC;
SELECT id, w FROM words ORDER BY 2, 1;
SELECT d, i FROM numbers ORDER BY d, i;
