CREATE TABLE payments (
  id INT, currency STRING, amount INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '3' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/payments.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE history (
  currency STRING, rate DECIMAL(10, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '3' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/rates.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE VIEW versions AS SELECT currency, rate, ts FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY currency ORDER BY ts DESC) AS n FROM history) WHERE n = 1;
SELECT p.id, p.currency, p.amount * r.rate AS paid, r.ts FROM payments AS p JOIN versions FOR SYSTEM_TIME AS OF p.ts AS r ON p.currency = r.currency;
SELECT p.id, r.currency, r.rate, p.ts FROM payments AS p LEFT JOIN versions FOR SYSTEM_TIME AS OF p.ts AS r ON p.currency = r.currency;
SELECT p.id, r.rate FROM payments AS p LEFT JOIN versions FOR SYSTEM_TIME AS OF p.ts AS r ON p.currency = r.currency AND r.rate > 1.15;
SELECT p.id, r.rate FROM payments AS p JOIN versions FOR SYSTEM_TIME AS OF p.ts AS r ON p.currency = r.currency WHERE r.rate > 1.15 AND p.amount > 10;
SELECT p.id, r.rate FROM payments AS p LEFT JOIN versions FOR SYSTEM_TIME AS OF p.ts AS r ON p.currency = r.currency AND p.amount > 50;
CREATE VIEW paid AS SELECT p.ts, p.amount * r.rate AS paid FROM payments AS p JOIN versions FOR SYSTEM_TIME AS OF p.ts AS r ON p.currency = r.currency;
SELECT window_start, COUNT(*) AS n, SUM(paid) AS s FROM TABLE(TUMBLE(TABLE paid, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
SELECT p.currency, COUNT(*) AS n, MAX(r.rate) AS top FROM payments AS p LEFT JOIN versions FOR SYSTEM_TIME AS OF p.ts AS r ON p.currency = r.currency GROUP BY p.currency;
SELECT p.id, r.rate FROM payments AS p JOIN history FOR SYSTEM_TIME AS OF p.ts AS r ON p.currency = r.currency;
SELECT p.id, r.rate FROM payments AS p JOIN versions FOR SYSTEM_TIME AS OF p.ts AS r ON p.amount = r.rate;
SELECT p.id, r.rate FROM payments AS p RIGHT JOIN versions FOR SYSTEM_TIME AS OF p.ts AS r ON p.currency = r.currency;
SELECT p.id, r.rate FROM payments AS p JOIN versions FOR SYSTEM_TIME AS OF p.amount AS r ON p.currency = r.currency;
