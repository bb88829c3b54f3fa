CREATE TABLE payments (
  id INT, currency STRING, amount INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '30' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/payments.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE rates (
  currency STRING, rate DECIMAL(10, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '30' SECOND, PRIMARY KEY (currency) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/rates_keyed.csv', 'format' = 'csv', 'csv.null-literal' = '');
SELECT p.id, r.rate, r.ts FROM payments AS p JOIN rates FOR SYSTEM_TIME AS OF p.ts AS r ON p.currency = r.currency WHERE p.id < 10;
SELECT p.id, r.currency, r.rate FROM payments AS p LEFT JOIN rates FOR SYSTEM_TIME AS OF p.ts AS r ON r.currency = p.currency AND r.rate IS NOT NULL;
SELECT p.id, r.rate FROM payments AS p JOIN rates FOR SYSTEM_TIME AS OF p.ts AS r ON UPPER(p.currency) = r.currency;
SELECT p.id, r.rate FROM payments AS p JOIN rates FOR SYSTEM_TIME AS OF p.ts AS r ON TRUE;
