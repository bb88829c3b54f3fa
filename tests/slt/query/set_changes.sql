CREATE TABLE events (id INT, k INT, v INT, s STRING, m DECIMAL(10, 2)) WITH ('connector' = 'filesystem', 'path' = '${DATA}/random_events.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE names (k INT, s STRING, v INT) WITH ('connector' = 'filesystem', 'path' = '${DATA}/random_names.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE VIEW newest AS SELECT id, k, v, s, m FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY id DESC) AS rn FROM events) AS t WHERE rn <= 2;
CREATE VIEW sums AS SELECT k, COUNT(*) AS n FROM events GROUP BY k;
SELECT k FROM events INTERSECT SELECT k FROM names;
SELECT k FROM events EXCEPT SELECT k FROM names;
SELECT v, s FROM newest INTERSECT SELECT v, s FROM events WHERE k > 2;
SELECT k, s FROM newest EXCEPT SELECT k, s FROM names;
SELECT k, n FROM sums INTERSECT SELECT k, v FROM names;
SELECT k, n FROM sums EXCEPT SELECT k, v FROM names;
SELECT k FROM sums INTERSECT SELECT v FROM names;
SELECT k, n FROM sums INTERSECT SELECT k, COUNT(*) FROM events WHERE v > 0 OR v IS NULL GROUP BY k;
SELECT k, n FROM sums EXCEPT SELECT k, COUNT(*) FROM events WHERE v > 0 GROUP BY k;
SELECT DISTINCT k FROM events INTERSECT SELECT k FROM names INTERSECT SELECT v FROM names;
SELECT s, COUNT(*) AS n FROM (SELECT k, s FROM newest EXCEPT SELECT k, s FROM names) AS t GROUP BY s;
SELECT k FROM sums EXCEPT SELECT k FROM names WHERE v > v;
