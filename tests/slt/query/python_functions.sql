SET 'python.files' = '${DATA}/python_functions.py';
CREATE TABLE numbers (
  g STRING, i INT, b BIGINT, de DECIMAL(10, 2), d DOUBLE, t TINYINT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/numbers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE moments (
  k INT, n INT, at_time TIMESTAMP(3), WATERMARK FOR at_time AS at_time
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/moments.csv', 'format' = 'csv');
CREATE TEMPORARY FUNCTION py_add ${FUNCTION:Add AS 'python_functions.add' LANGUAGE PYTHON};
CREATE TEMPORARY FUNCTION py_words ${FUNCTION:Words AS 'python_functions.words' LANGUAGE PYTHON};
CREATE TEMPORARY FUNCTION py_count_up ${FUNCTION:CountUp AS 'python_functions.count_up' LANGUAGE PYTHON};
CREATE TEMPORARY FUNCTION py_average ${FUNCTION:WeightedAverage AS 'python_functions.weighted_average' LANGUAGE PYTHON};
SELECT i, t, py_add(CAST(i AS BIGINT), CAST(t AS BIGINT)) AS s FROM numbers;
SELECT g, i FROM numbers WHERE py_add(CAST(i AS BIGINT), 1) > 2;
SELECT g, word, size FROM (SELECT g, g || ' ' || CAST(i AS STRING) || ' x' AS s FROM numbers), LATERAL TABLE(py_words(s));
SELECT g, w, n FROM (SELECT g, g || ' ' || CAST(i AS STRING) AS s FROM numbers) LEFT JOIN LATERAL TABLE(py_words(s)) AS x(w, n) ON TRUE;
SELECT g, i, c FROM numbers CROSS JOIN LATERAL TABLE(py_count_up(CASE WHEN i < 4 THEN i END)) AS x(c) WHERE c < 2;
SELECT w, COUNT(*) AS n FROM (SELECT g || ' ' || g AS s FROM numbers), LATERAL TABLE(py_words(s)) AS x(w, n) GROUP BY w;
SELECT g, py_average(CAST(i AS BIGINT), CAST(2 AS BIGINT)) AS a, COUNT(*) AS n FROM numbers WHERE i < 100 GROUP BY g;
SELECT py_average(n, s) AS a FROM (SELECT g, COUNT(*) AS n, SUM(CAST(t AS BIGINT)) AS s FROM numbers GROUP BY g);
SELECT g, py_average(CAST(i AS BIGINT), CAST(1 AS BIGINT)) FILTER (WHERE i > 1) AS a FROM numbers WHERE i < 100 GROUP BY g;
SELECT py_average(CAST(i AS BIGINT), CAST(1 AS BIGINT)) AS a FROM numbers WHERE g = 'nothing';
SELECT k, window_start, py_average(CAST(n AS BIGINT), CAST(k AS BIGINT)) AS a
FROM TABLE(TUMBLE(TABLE moments, DESCRIPTOR(at_time), INTERVAL '10' SECOND)) GROUP BY k, window_start, window_end;
SELECT window_start, py_average(CAST(n AS BIGINT), CAST(k AS BIGINT)) AS a
FROM TABLE(HOP(TABLE moments, DESCRIPTOR(at_time), INTERVAL '5' SECOND, INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
SELECT k, n, py_average(CAST(n AS BIGINT), CAST(k AS BIGINT)) OVER (PARTITION BY k ORDER BY at_time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS a FROM moments;
