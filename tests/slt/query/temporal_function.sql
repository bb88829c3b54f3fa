-- modes: streaming
CREATE TABLE payments (
  id INT, currency STRING, amount INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '3' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/payments_in_order.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE history (
  currency STRING, rate DECIMAL(10, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '3' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/rates_in_order.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TEMPORARY FUNCTION rates ${TEMPORAL:history ts currency};
SELECT p.id, p.currency, p.amount * r.rate AS paid, r.ts FROM payments AS p, LATERAL TABLE(rates(p.ts)) AS r WHERE p.currency = r.currency;
SELECT p.id, r.rate FROM payments AS p, LATERAL TABLE(rates(p.ts)) AS r WHERE r.currency = p.currency AND r.rate > 1.05 AND p.amount > 10;
SELECT r.currency, COUNT(*) AS n, SUM(p.amount * r.rate) AS s FROM payments AS p, LATERAL TABLE(rates(p.ts)) AS r WHERE p.currency = r.currency GROUP BY r.currency;
SELECT p.id, r.rate FROM payments AS p, LATERAL TABLE(rates(p.ts)) AS r;
SELECT p.id, r.rate FROM payments AS p, LATERAL TABLE(rates(p.ts)) AS r WHERE p.amount = r.rate;
SELECT p.id, r.rate FROM payments AS p, LATERAL TABLE(rates(p.ts)) AS r WHERE p.currency = r.currency OR p.id = 1;
CREATE VIEW paid AS SELECT p.ts, p.amount * r.rate AS paid FROM payments AS p, LATERAL TABLE(rates(p.ts)) AS r WHERE p.currency = r.currency;
SELECT window_start, COUNT(*) AS n, SUM(paid) AS s FROM TABLE(TUMBLE(TABLE paid, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
SELECT p.id, r.rate FROM payments AS p, LATERAL TABLE(rates(p.amount)) AS r WHERE p.currency = r.currency;
SELECT p.id, r.rate FROM payments AS p, LATERAL TABLE(rates(p.ts, 1)) AS r WHERE p.currency = r.currency;
CREATE TABLE moments (id INT, currency STRING, pt AS PROCTIME()) WITH ('connector' = 'filesystem', 'path' = '${DATA}/payments_in_order.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL', 'csv.ignore-parse-errors' = 'true');
CREATE TABLE versions (currency STRING, rate DECIMAL(10, 2), x STRING, pt AS PROCTIME()) WITH ('connector' = 'filesystem', 'path' = '${DATA}/rates_in_order.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TEMPORARY FUNCTION now_rates ${TEMPORAL:versions pt currency};
SELECT DISTINCT p.currency, r.rate > 0 AS positive FROM payments AS p, LATERAL TABLE(now_rates(p.ts)) AS r WHERE p.currency = r.currency;
SELECT p.id, r.rate FROM moments AS p, LATERAL TABLE(now_rates(p.pt)) AS r WHERE p.currency = r.currency AND r.rate > 100;
