CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
-- a comment; with a semicolon
select Id from orders where id = 1; -- keywords in any case, names not
SeLeCt id /* inside a comment */ from orders where id = 2;
select id from orders where customer = '--x';
