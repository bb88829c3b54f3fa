-- Options that a connector does not have fail when the table is used, not when it is created.
CREATE TABLE p (a INT) WITH ('connector' = 'print', 'print-identifer' = 'x');
INSERT INTO p VALUES (1);
CREATE TABLE g (n INT) WITH ('connector' = 'datagen', 'number-of-rows' = '1', 'fields.n.knd' = 'sequence');
SELECT * FROM g;
CREATE TABLE f (id INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '${DATA}/comments.csv', 'format' = 'csv', 'csv.allow-comments' = 'true');
SELECT * FROM f;
SELECT * FROM f /*+ OPTIONS('csv.null-literal' = 'b') */;
CREATE TABLE k (id INT) WITH ('connector' = 'kafkaa');
SELECT * FROM k;
SELECT LISTAGG(s, '; ') AS l FROM f;
