CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE customers (
  name STRING, country STRING, age INT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/customers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT id FROM orders WHERE customer NOT IN (SELECT name FROM customers WHERE name IS NOT NULL);
SELECT id FROM orders WHERE customer NOT IN (SELECT name FROM customers);
SELECT id FROM orders WHERE customer NOT IN (SELECT name FROM customers WHERE age > 1000);
SELECT id FROM orders WHERE id NOT IN (SELECT age FROM customers WHERE age IS NOT NULL);
SELECT id FROM orders WHERE id IN (SELECT age FROM customers) AND qty > 1;
SELECT id FROM orders WHERE customer IN (SELECT name FROM customers) AND product IN (SELECT age FROM customers);
SELECT id FROM orders o WHERE customer IN (SELECT name FROM customers c WHERE c.age > o.id);
SELECT id FROM orders o WHERE qty IN (SELECT c.age - 28 FROM customers c WHERE c.name = o.customer);
SELECT id FROM orders WHERE (customer, qty) IN (SELECT name, age - 28 FROM customers);
SELECT customer, COUNT(*) AS n FROM orders WHERE customer IN (SELECT name FROM customers WHERE country IS NOT NULL) GROUP BY customer;
SELECT id, customer IN (SELECT name FROM customers) AS known FROM orders;
SELECT id FROM orders WHERE customer IN (SELECT name FROM customers) OR qty > 3;
SELECT id FROM orders WHERE NOT (customer IN (SELECT name FROM customers WHERE name IS NOT NULL));
SELECT product, COUNT(*) AS n FROM orders GROUP BY product HAVING product IN (SELECT qty FROM orders);
SELECT id FROM orders WHERE customer IN (SELECT customer FROM orders GROUP BY customer HAVING COUNT(*) > 5);
SELECT id FROM orders WHERE customer NOT IN (SELECT customer FROM orders WHERE customer IS NOT NULL GROUP BY customer HAVING COUNT(*) > 5);
SELECT id FROM orders WHERE customer IN (SELECT name, age FROM customers);
SELECT id FROM orders WHERE ts IN (SELECT age FROM customers);
SELECT id FROM orders WHERE qty > ANY (SELECT age FROM customers);
SELECT id FROM orders WHERE qty = SOME (SELECT product FROM orders WHERE product < 3);
SELECT id FROM orders WHERE qty < ALL (SELECT age FROM customers WHERE age IS NOT NULL);
