package forebay.compat.flink;

import static forebay.compat.flink.Flink.equal;
import static forebay.compat.flink.Flink.list;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.table.api.TableResult;

/** Databases and tables by Flink's DDL, and log tables. */
final class TableCases {
  private TableCases() {}

  static void add(Map<String, FlinkClient.Case> cases) {
    cases.put("catalog", TableCases::catalog);
    cases.put("ddl", TableCases::ddl);
    cases.put("log", TableCases::log);
    cases.put("log start modes", TableCases::startModes);
    cases.put("log filter and projection", TableCases::filter);
    cases.put("types", TableCases::types);
    cases.put("nested types", TableCases::nestedTypes);
    cases.put("sql and flink on one log", TableCases::sqlLog);
  }

  private static void catalog(Flink flink) throws Exception {
    flink.run(flink.batch, "CREATE DATABASE compat_flink_2");
    List<String> databases = flink.rows(flink.batch, "SHOW DATABASES", 1000);
    equal(true, databases.contains("+I[compat_flink_2]"), "the new database");
    equal(true, databases.contains("+I[compat_flink]"), "the other database");
    flink.run(flink.batch, "CREATE TABLE compat_flink_2.t (a INT)");
    equal(list("+I[t]"), flink.rows(flink.batch, "SHOW TABLES IN compat_flink_2", 10), "tables");
    try {
      flink.run(flink.batch, "DROP DATABASE compat_flink_2 RESTRICT");
      throw new AssertionError("a database with a table was dropped");
    } catch (org.apache.flink.table.api.ValidationException expected) {
      // It has a table.
    }
    flink.run(flink.batch, "DROP TABLE compat_flink_2.t");
    flink.run(flink.batch, "DROP DATABASE compat_flink_2 RESTRICT");
    equal(
        false,
        flink.rows(flink.batch, "SHOW DATABASES", 1000).contains("+I[compat_flink_2]"),
        "dropped");
  }

  private static void ddl(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE ddl (a INT NOT NULL, b DECIMAL(10, 2), c STRING, t TIMESTAMP(3),"
            + " PRIMARY KEY (a) NOT ENFORCED)"
            + " WITH ('bucket.num' = '3', 'bucket.key' = 'a', 'table.log.ttl' = '2 d')");
    equal(
        list(
            "+I[a, INT, false, PRI(a), null, null]",
            "+I[b, DECIMAL(10, 2), true, null, null, null]",
            "+I[c, STRING, true, null, null, null]",
            "+I[t, TIMESTAMP(3), true, null, null, null]"),
        flink.rows(flink.batch, "DESCRIBE ddl", 10),
        "described");
    String created = flink.rows(flink.batch, "SHOW CREATE TABLE ddl", 1).get(0);
    for (String part : list("'bucket.num' = '3'", "'bucket.key' = 'a'", "PRIMARY KEY (`a`)")) {
      equal(true, created.contains(part), part + " in " + created);
    }
    flink.run(flink.batch, "CREATE TABLE IF NOT EXISTS ddl (x INT)");
    try {
      flink.run(flink.batch, "CREATE TABLE ddl (x INT)");
      throw new AssertionError("a table was created twice");
    } catch (org.apache.flink.table.api.ValidationException expected) {
      // It exists.
    }
    flink.run(flink.batch, "DROP TABLE ddl");
    equal(
        false, flink.rows(flink.batch, "SHOW TABLES", 100).contains("+I[ddl]"), "dropped");
  }

  private static void log(Flink flink) throws Exception {
    flink.run(flink.batch, "CREATE TABLE log (id INT, name STRING, score DOUBLE)");
    flink.run(flink.batch, "INSERT INTO log VALUES (1, 'one', 0.5), (2, CAST(NULL AS STRING), 1.5)");
    // A query that runs sees what is inserted later.
    TableResult result = flink.streaming.executeSql("SELECT * FROM log");
    try (Flink.Rows rows = new Flink.Rows(result)) {
      equal(list("+I[1, one, 0.5]", "+I[2, null, 1.5]"), rows.next(2), "the first rows");
      flink.run(flink.streaming, "INSERT INTO log VALUES (3, 'three', 2.5)");
      equal(list("+I[3, three, 2.5]"), rows.next(1), "a later row");
    }
    equal(3, flink.rows(flink.batch, "SELECT * FROM log LIMIT 10", 10).size(), "a limit query");
    equal(2, flink.rows(flink.batch, "SELECT id FROM log LIMIT 2", 10).size(), "two of three");
    equal(list("+I[3]"), flink.rows(flink.batch, "SELECT COUNT(*) FROM log", 10), "count");
  }

  private static void startModes(Flink flink) throws Exception {
    flink.run(flink.batch, "CREATE TABLE modes (id INT) WITH ('bucket.num' = '2')");
    flink.run(flink.batch, "INSERT INTO modes VALUES (1), (2), (3), (4)");
    equal(
        list("+I[1]", "+I[2]", "+I[3]", "+I[4]"),
        flink.sorted(
            flink.streaming,
            "SELECT * FROM modes /*+ OPTIONS('scan.startup.mode' = 'earliest') */",
            4),
        "from the earliest");
    long now = System.currentTimeMillis();
    Thread.sleep(20);
    flink.run(flink.batch, "INSERT INTO modes VALUES (5), (6)");
    equal(
        list("+I[5]", "+I[6]"),
        flink.sorted(
            flink.streaming,
            "SELECT * FROM modes /*+ OPTIONS('scan.startup.mode' = 'timestamp',"
                + " 'scan.startup.timestamp' = '" + (now + 1) + "') */",
            2),
        "by time");
  }

  private static void filter(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE filtered (id INT, a STRING, b BIGINT, c DOUBLE) WITH ('bucket.num' = '2')");
    flink.run(
        flink.batch,
        "INSERT INTO filtered SELECT id, 'text ' || CAST(id AS STRING), id * 10, id / 2.0"
            + " FROM (VALUES (1), (2), (3), (4), (5), (6)) AS v (id)");
    equal(
        list("+I[50, 5]", "+I[60, 6]"),
        flink.sorted(flink.streaming, "SELECT b, id FROM filtered WHERE b > 40", 2),
        "two columns in another order");
    equal(
        list("+I[text 3]"),
        flink.rows(flink.streaming, "SELECT a FROM filtered WHERE c = 1.5", 1),
        "a column that is not shown");
  }

  private static void types(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE types (b BOOLEAN, i1 TINYINT, i2 SMALLINT, i4 INT, i8 BIGINT, f4 FLOAT,"
            + " f8 DOUBLE, d DECIMAL(10, 2), dd DECIMAL(30, 4), s STRING, c CHAR(3), y BYTES,"
            + " da DATE, ti TIME, ts TIMESTAMP(6), lt TIMESTAMP_LTZ(3))");
    flink.run(
        flink.batch,
        "INSERT INTO types VALUES (TRUE, CAST(-128 AS TINYINT), CAST(32767 AS SMALLINT), -5,"
            + " 9223372036854775807, CAST(1.5 AS FLOAT), -0.1, 12345678.90,"
            + " CAST('-12345678901234567890.1234' AS DECIMAL(30, 4)), 'Zoë 你好', 'abc', x'00ff10', DATE '1969-12-31',"
            + " TIME '23:59:58', TIMESTAMP '2024-05-06 07:08:09.123456',"
            + " CAST(TIMESTAMP '2023-11-14 22:13:20.123' AS TIMESTAMP_LTZ(3)))");
    String nulls =
        Stream.of(
                "BOOLEAN TINYINT SMALLINT INT BIGINT FLOAT DOUBLE DECIMAL(10,2) DECIMAL(30,4)"
                    + " STRING CHAR(3) BYTES DATE TIME TIMESTAMP(6) TIMESTAMP_LTZ(3)")
            .flatMap(types -> Stream.of(types.split(" ")))
            .map(type -> "CAST(NULL AS " + type + ")")
            .collect(Collectors.joining(", "));
    flink.run(flink.batch, "INSERT INTO types VALUES (" + nulls + ")");
    equal(
        list(
            "+I[true, -128, 32767, -5, 9223372036854775807, 1.5, -0.1, 12345678.90,"
                + " -12345678901234567890.1234, Zoë 你好, abc, [0, -1, 16], 1969-12-31, 23:59:58,"
                + " 2024-05-06T07:08:09.123456, 2023-11-14T22:13:20.123Z]",
            "+I[" + "null, ".repeat(15) + "null]"),
        flink.rows(flink.streaming, "SELECT * FROM types", 2),
        "every type");
  }

  private static void nestedTypes(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE nested (id INT, a ARRAY<STRING>, m MAP<STRING, INT>, r ROW<x INT, y STRING>)");
    flink.run(
        flink.batch,
        "INSERT INTO nested VALUES (1, ARRAY['p', 'q'], MAP['k', 7], ROW(5, 'five'))");
    equal(
        list("+I[1, [p, q], {k=7}, +I[5, five]]"),
        flink.rows(flink.streaming, "SELECT * FROM nested", 1),
        "nested");
  }

  private static void sqlLog(Flink flink) throws Exception {
    flink.needSql();
    flink.sql("CREATE TABLE made_by_sql (id INT, name STRING) WITH ('bucket.num' = '2')");
    flink.sql("INSERT INTO made_by_sql VALUES (1, 'by SQL')");
    flink.run(flink.batch, "INSERT INTO made_by_sql VALUES (2, 'by Flink')");
    equal(
        list("+I[1, by SQL]", "+I[2, by Flink]"),
        flink.sorted(flink.streaming, "SELECT * FROM made_by_sql", 2),
        "Flink reads both");
    equal(
        "[[1,\"by SQL\"],[2,\"by Flink\"]]",
        flink.sql("SELECT * FROM made_by_sql ORDER BY id"),
        "SQL reads both");
  }
}
