-- modes: streaming
CREATE TABLE d (id INT, name STRING, weight DECIMAL(10, 2)) WITH ('connector' = 'filesystem', 'path' = '${DATA}/maxwell.json', 'format' = 'maxwell-json');
SELECT * FROM d;
SELECT COUNT(*), SUM(weight), MAX(name) FROM d;
