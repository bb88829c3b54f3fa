-- modes: batch
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE products (
  id INT, name STRING, kind STRING, price DECIMAL(6, 2)
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/products.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SHOW TABLES;
CREATE VIEW v AS SELECT id FROM orders;
SHOW TABLES;
SHOW VIEWS;
DROP TABLE products;
SHOW TABLES;
DROP TABLE IF EXISTS products;
DROP TABLE products;
CREATE DATABASE shop;
SHOW DATABASES;
USE shop;
SHOW TABLES;
SELECT id FROM orders;
