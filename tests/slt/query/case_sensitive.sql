CREATE TABLE s (a INT, A INT, `a b` STRING, `select` INT) WITH ('connector' = 'filesystem', 'path' = '${DATA}/case.csv', 'format' = 'csv');
SELECT a, A, `a b`, `select` FROM s;
SELECT a + A AS `sum of both` FROM s;
SELECT upper(`a b`), Upper(`a b`) FROM s;
SELECT `A` FROM s WHERE `a` = 1;
