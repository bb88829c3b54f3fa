-- modes: batch
CREATE TABLE o (id INT, k INT) ${TABLE:o};
CREATE TABLE p (k INT, name STRING) ${TABLE:p};
INSERT INTO o VALUES (1, 1), (2, 2), (3, CAST(NULL AS INT)), (4, 1);
INSERT INTO p VALUES (1, 'a'), (2, 'b'), (9, CAST(NULL AS STRING));
SELECT /*+ STATE_TTL('o' = '1d', 'p' = '6h') */ o.id, p.name FROM o JOIN p ON o.k = p.k;
SELECT /*+ STATE_TTL('o' = '2 days') */ k, COUNT(*) AS n FROM o GROUP BY k;
SELECT /*+ BROADCAST(p) */ o.id, p.name FROM o LEFT JOIN p ON o.k = p.k;
SELECT /*+ SHUFFLE_HASH(o) */ o.id, p.name FROM o JOIN p ON o.k = p.k;
SELECT /*+ SHUFFLE_MERGE(o, p) */ o.id, p.name FROM o JOIN p ON o.k = p.k;
SELECT /*+ NEST_LOOP(p) */ o.id, p.name FROM o JOIN p ON o.k = p.k;
SELECT n FROM (SELECT /*+ STATE_TTL('o' = '1h') */ k, COUNT(*) AS n FROM o GROUP BY k) AS x;
SELECT /*+ STATE_TTL('nope' = '1d') */ o.id FROM o JOIN p ON o.k = p.k;
SELECT /*+ STATE_TTL('o' = 'soon') */ o.id FROM o JOIN p ON o.k = p.k;
SELECT /*+ BROADCAST(nope) */ o.id FROM o JOIN p ON o.k = p.k;
SELECT /*+ UNKNOWN_HINT(p) */ o.id FROM o JOIN p ON o.k = p.k;
CREATE TABLE g (n BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '2', 'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '9');
SELECT n FROM g /*+ OPTIONS('fields.n.end' = '2') */;
SELECT a.n FROM g /*+ OPTIONS('fields.n.end' = '2') */ AS a JOIN g /*+ OPTIONS('fields.n.start' = '2') */ AS b ON a.n = b.n;
