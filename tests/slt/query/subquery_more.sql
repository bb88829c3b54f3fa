CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE customers (
  name STRING, country STRING, age INT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/customers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE n (id INT, tags ARRAY<STRING>, nums ARRAY<INT>)
WITH ('connector' = 'filesystem', 'path' = '${DATA}/nested.json', 'format' = 'json');
SELECT id FROM orders o WHERE qty IN (SELECT c.age - o.id FROM customers c);
SELECT id, (SELECT MAX(c.age + o.qty) FROM customers c WHERE c.name = o.customer) AS m FROM orders o WHERE id < 12;
SELECT id FROM n WHERE EXISTS (SELECT 1 FROM UNNEST(n.tags) AS t(x) WHERE x = 'c');
SELECT id, (SELECT SUM(x) FROM UNNEST(n.nums) AS t(x)) AS s FROM n;
SELECT customer, ARRAY_AGG(product) AS a, COLLECT(qty) AS m FROM orders WHERE id < 9 GROUP BY customer;
SELECT o.id, c.age FROM orders o LEFT JOIN customers c ON o.customer = c.name WHERE c.age > 25;
SELECT o.id, c.name FROM orders o FULL JOIN customers c ON o.customer = c.name WHERE o.qty > 3;
SELECT customer, VAR_SAMP(qty) AS v, STDDEV_SAMP(price) AS s FROM orders GROUP BY customer;
