CREATE TABLE words (
  id INT, w STRING
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/words.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT w, COUNT(*) AS n, MAX(id) AS last_id FROM words GROUP BY w HAVING COUNT(*) > 1 OR w IS NULL;
SELECT CHAR_LENGTH(w) AS len, COUNT(*) AS n FROM words WHERE w IS NOT NULL GROUP BY CHAR_LENGTH(w);
