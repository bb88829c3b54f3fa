-- modes: batch
CREATE TABLE texts (id INT, s STRING, u STRING) ${TABLE:texts};
INSERT INTO texts VALUES (1, '😀', '｡'), (2, 'a', 'b'), (3, 'é', 'z'), (4, '', '日');
SELECT id, s < u AS l, s >= u AS g FROM (SELECT DISTINCT id, s, u FROM texts);
SELECT id, MIN(s) < MIN(u) AS l FROM texts GROUP BY id;
SELECT v FROM (SELECT s AS v FROM texts UNION ALL SELECT u AS v FROM texts) ORDER BY v LIMIT 10;
