-- modes: streaming
CREATE TABLE t (id INT NOT NULL, name STRING, PRIMARY KEY (id) NOT ENFORCED) ${MUTABLE:t};
INSERT INTO t VALUES (1, 'a'), (2, 'b');
UPDATE t SET name = 'x';
DELETE FROM t;
TRUNCATE TABLE t;
