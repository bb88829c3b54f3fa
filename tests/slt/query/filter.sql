CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT id FROM orders WHERE qty > 1;
SELECT id FROM orders WHERE customer = 'alice' AND price > 9.99;
SELECT id FROM orders WHERE customer IS NULL OR status IS NULL;
SELECT id FROM orders WHERE NOT (qty > 1);
SELECT id FROM orders WHERE customer <> 'alice';
SELECT id FROM orders WHERE customer NOT IN ('alice', 'bob');
SELECT id FROM orders WHERE product IN (1, 3) AND qty BETWEEN 1 AND 3;
SELECT id FROM orders WHERE customer LIKE '%a%';
SELECT id FROM orders WHERE ts >= TIMESTAMP '2024-03-01 10:00:30';
SELECT id FROM orders WHERE FALSE;
SELECT id FROM orders WHERE TRUE;
SELECT id FROM orders WHERE CAST(NULL AS BOOLEAN);
SELECT id FROM orders WHERE MOD(id, 7) = 0;
