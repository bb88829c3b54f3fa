CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE customers (
  name STRING, country STRING, age INT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/customers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT customer, STDDEV(qty) AS s, VARIANCE(qty) AS v FROM orders GROUP BY customer;
SELECT TUMBLE_START(ts, INTERVAL '1' MINUTE) AS s, TUMBLE_END(ts, INTERVAL '1' MINUTE) AS e, TUMBLE_ROWTIME(ts, INTERVAL '1' MINUTE) AS r, COUNT(*) AS n FROM orders GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE);
SELECT customer, HOP_START(ts, INTERVAL '1' MINUTE, INTERVAL '2' MINUTE) AS s, HOP_END(ts, INTERVAL '1' MINUTE, INTERVAL '2' MINUTE) AS e, HOP_ROWTIME(ts, INTERVAL '1' MINUTE, INTERVAL '2' MINUTE) AS r, SUM(qty) AS n FROM orders GROUP BY HOP(ts, INTERVAL '1' MINUTE, INTERVAL '2' MINUTE), customer;
SELECT customer, SESSION_START(ts, INTERVAL '10' SECOND) AS s, SESSION_END(ts, INTERVAL '10' SECOND) AS e, SESSION_ROWTIME(ts, INTERVAL '10' SECOND) AS r, SUM(qty) AS n FROM orders GROUP BY SESSION(ts, INTERVAL '10' SECOND), customer;
SELECT o.id, name, country FROM orders AS o NATURAL JOIN (SELECT name, country, name AS customer FROM customers) AS c;
SELECT * FROM (SELECT id, customer FROM orders WHERE id < 9) AS o NATURAL LEFT JOIN (SELECT country, name AS customer FROM customers) AS c;
SELECT customer, GROUP_ID() AS g, COUNT(*) AS n FROM orders GROUP BY customer;
SELECT DISTINCT x FROM orders CROSS JOIN UNNEST(ARRAY[qty, product]) AS u(x) WHERE x IN (SELECT age - 28 FROM customers);
