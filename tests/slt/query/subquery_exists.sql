CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE customers (
  name STRING, country STRING, age INT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/customers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM customers WHERE age > 60);
SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM customers WHERE age > 6000);
SELECT id FROM orders WHERE NOT EXISTS (SELECT * FROM customers WHERE age > 6000);
SELECT id FROM orders o WHERE EXISTS (SELECT * FROM customers c WHERE c.name = o.customer AND c.age > o.qty * 10);
SELECT id FROM orders o WHERE NOT EXISTS (SELECT * FROM customers c WHERE c.name = o.customer AND c.age > o.qty * 10);
SELECT id FROM orders o WHERE EXISTS (SELECT * FROM customers c WHERE c.age > o.id) AND NOT EXISTS (SELECT * FROM customers c WHERE c.name = o.customer);
SELECT id FROM orders o WHERE EXISTS (SELECT 1 FROM orders p WHERE p.product = o.product AND p.id < o.id AND p.price > o.price);
SELECT id FROM orders o WHERE EXISTS (SELECT c.country, COUNT(*) FROM customers c WHERE c.name = o.customer GROUP BY c.country);
SELECT id FROM orders o WHERE EXISTS (SELECT 1 FROM customers c WHERE c.name = o.customer) OR qty = 1;
SELECT id, EXISTS (SELECT 1 FROM customers c WHERE c.name = o.customer) AS known FROM orders o;
SELECT customer, COUNT(*) AS n FROM orders o WHERE NOT EXISTS (SELECT 1 FROM customers c WHERE c.name = o.customer) GROUP BY customer;
SELECT name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer = c.name AND EXISTS (SELECT 1 FROM orders p WHERE p.product = o.qty AND p.customer = o.customer));
SELECT name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer = c.name AND o.product IN (SELECT p.qty FROM orders p WHERE p.price > 5));
SELECT id FROM orders o WHERE EXISTS (SELECT 1 FROM customers c WHERE c.nope = o.customer);
SELECT c.name FROM customers c JOIN orders o ON c.name = o.customer WHERE EXISTS (SELECT 1 FROM orders p WHERE p.id = o.id + 1 AND p.customer = c.name);
