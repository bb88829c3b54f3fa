CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE customers (
  name STRING, country STRING, age INT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/customers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT id FROM orders WHERE price > (SELECT AVG(price) FROM orders);
SELECT id, (SELECT MAX(age) FROM customers) AS oldest FROM orders WHERE id < 6;
SELECT id, (SELECT age FROM customers WHERE age > 6000) AS nobody FROM orders WHERE id < 4;
SELECT id, qty - (SELECT MIN(qty) FROM orders) AS more FROM orders WHERE id < 8;
SELECT id, (SELECT COUNT(*) FROM customers c WHERE c.name = o.customer) AS n FROM orders o;
SELECT id, (SELECT MAX(c.age) FROM customers c WHERE c.name = o.customer) AS age FROM orders o;
SELECT id FROM orders o WHERE price > (SELECT AVG(p.price) FROM orders p WHERE p.product = o.product);
SELECT id FROM orders o WHERE qty = (SELECT COUNT(*) FROM customers c WHERE c.name = o.customer);
SELECT id, (SELECT SUM(p.qty) FROM orders p WHERE p.customer = o.customer AND p.product = o.product) AS s FROM orders o WHERE id < 12;
SELECT id, (SELECT c.country FROM customers c WHERE c.name = o.customer) AS country FROM orders o WHERE id < 12;
SELECT id, (SELECT COUNT(*) + 1 FROM customers c WHERE c.name = o.customer) AS n FROM orders o WHERE id < 12;
SELECT id, CASE WHEN qty > (SELECT AVG(qty) FROM orders) THEN 'big' ELSE 'small' END AS size FROM orders WHERE id < 12;
SELECT customer, SUM(qty) AS s FROM orders GROUP BY customer HAVING SUM(qty) > (SELECT AVG(qty) FROM orders);
SELECT (SELECT COUNT(*) FROM orders) AS o, (SELECT COUNT(*) FROM customers) AS c;
SELECT id FROM orders WHERE id = (SELECT age FROM customers);
SELECT id FROM orders WHERE id = (SELECT age, name FROM customers);
SELECT id, (SELECT COUNT(*) FROM customers c WHERE c.age > o.id) AS n FROM orders o WHERE id < 6;
SELECT customer, (SELECT COUNT(*) FROM customers c WHERE c.name = o.customer) AS known, COUNT(*) AS n FROM orders o GROUP BY customer;
SELECT id, (SELECT MAX(c.age) FROM customers c WHERE c.name = o.customer) + (SELECT MIN(qty) FROM orders) AS x FROM orders o WHERE id < 9;
