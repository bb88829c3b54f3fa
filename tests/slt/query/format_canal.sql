-- modes: streaming
CREATE TABLE d (id INT, name STRING, weight DECIMAL(10, 2)) WITH ('connector' = 'filesystem', 'path' = '${DATA}/canal.json', 'format' = 'canal-json');
SELECT * FROM d;
SELECT COUNT(*), SUM(weight), MAX(name) FROM d;
CREATE TABLE f (id INT, name STRING, weight DECIMAL(10, 2)) WITH ('connector' = 'filesystem', 'path' = '${DATA}/canal.json', 'format' = 'canal-json', 'canal-json.database.include' = 'sh.*', 'canal-json.table.include' = '^products[0-9]$');
SELECT * FROM f;
