-- modes: streaming
CREATE TABLE o (id INT, k INT) ${TABLE:o};
CREATE TABLE p (k INT, name STRING) ${TABLE:p};
INSERT INTO o VALUES (1, 1), (2, 2), (3, CAST(NULL AS INT)), (4, 1);
INSERT INTO p VALUES (1, 'a'), (2, 'b'), (9, CAST(NULL AS STRING));
SELECT /*+ MULTI_JOIN(o, p) */ o.id, p.name FROM o JOIN p ON o.k = p.k;
