-- modes: batch
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE a (id INT) ${TABLE:a};
CREATE TABLE b (customer STRING, n BIGINT) ${TABLE:b};
EXECUTE STATEMENT SET BEGIN
  INSERT INTO a SELECT id FROM orders WHERE qty > 2;
  INSERT INTO b SELECT customer, COUNT(*) FROM orders GROUP BY customer;
END;
SELECT * FROM a ORDER BY id;
SELECT * FROM b ORDER BY customer;
