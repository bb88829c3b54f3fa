CREATE TABLE c (a INT, b STRING) WITH ('connector' = 'filesystem', 'path' = '${DATA}/semicolon.csv', 'format' = 'csv', 'csv.field-delimiter' = ';', 'csv.ignore-parse-errors' = 'true', 'csv.allow-comments' = 'true');
SELECT * FROM c;
CREATE TABLE d (a INT, b STRING) WITH ('connector' = 'filesystem', 'path' = '${DATA}/semicolon.csv', 'format' = 'csv', 'csv.field-delimiter' = ';');
SELECT * FROM d;
