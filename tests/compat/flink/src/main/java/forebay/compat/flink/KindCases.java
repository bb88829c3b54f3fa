package forebay.compat.flink;

import static forebay.compat.flink.Flink.equal;
import static forebay.compat.flink.Flink.list;

import java.util.Map;

/** Kinds of tables: partitioned ones, ones with a merge engine, and ones whose columns change. */
final class KindCases {
  private KindCases() {}

  static void add(Map<String, FlinkClient.Case> cases) {
    cases.put("partitioned log", KindCases::partitionedLog);
    cases.put("partitioned rows", KindCases::partitionedRows);
    cases.put("first row", KindCases::firstRow);
    cases.put("versioned rows", KindCases::versioned);
    cases.put("aggregated rows", KindCases::aggregated);
    cases.put("added column", KindCases::addedColumn);
  }

  private static void partitionedLog(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE log_by_day (id INT, dt STRING) PARTITIONED BY (dt) WITH ('bucket.num' = '2')");
    flink.run(flink.batch, "ALTER TABLE log_by_day ADD PARTITION (dt = '20240501')");
    flink.run(flink.batch, "ALTER TABLE log_by_day ADD PARTITION (dt = '20240502')");
    equal(
        list("+I[dt=20240501]", "+I[dt=20240502]"),
        flink.sorted(flink.batch, "SHOW PARTITIONS log_by_day", 10),
        "partitions");
    flink.run(
        flink.batch,
        "INSERT INTO log_by_day VALUES (1, '20240501'), (2, '20240502'), (3, '20240501')");
    equal(
        list("+I[1, 20240501]", "+I[2, 20240502]", "+I[3, 20240501]"),
        flink.sorted(flink.streaming, "SELECT * FROM log_by_day", 3),
        "all partitions");
    equal(
        list("+I[1]", "+I[3]"),
        flink.sorted(flink.streaming, "SELECT id FROM log_by_day WHERE dt = '20240501'", 2),
        "one partition");
    flink.run(flink.batch, "ALTER TABLE log_by_day DROP PARTITION (dt = '20240501')");
    equal(
        list("+I[dt=20240502]"),
        flink.rows(flink.batch, "SHOW PARTITIONS log_by_day", 10),
        "after a drop");
  }

  private static void partitionedRows(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE rows_by_day (id INT NOT NULL, dt STRING NOT NULL, v STRING,"
            + " PRIMARY KEY (id, dt) NOT ENFORCED) PARTITIONED BY (dt)"
            + " WITH ('bucket.num' = '1')");
    // A partition that a row needs is made with it.
    flink.run(
        flink.batch,
        "INSERT INTO rows_by_day VALUES (1, '20240501', 'a'), (1, '20240502', 'b'), (2, '20240502', 'c')");
    equal(
        list("+I[dt=20240501]", "+I[dt=20240502]"),
        flink.sorted(flink.batch, "SHOW PARTITIONS rows_by_day", 10),
        "partitions");
    equal(
        list("+I[1, 20240502, b]"),
        flink.rows(flink.batch, "SELECT * FROM rows_by_day WHERE id = 1 AND dt = '20240502'", 10),
        "by the key");
    flink.run(flink.batch, "CREATE TABLE asked (k INT, d STRING)");
    flink.run(flink.batch, "INSERT INTO asked VALUES (1, '20240501'), (2, '20240502'), (2, '20240501')");
    equal(
        list("+I[1, a]", "+I[2, c]"),
        flink.sorted(
            flink.streaming,
            "SELECT a.k, r.v FROM (SELECT *, PROCTIME() AS p FROM asked) AS a"
                + " JOIN rows_by_day FOR SYSTEM_TIME AS OF a.p AS r ON a.k = r.id AND a.d = r.dt",
            2),
        "joined");
  }

  private static void firstRow(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE firsts (id INT NOT NULL, v STRING, PRIMARY KEY (id) NOT ENFORCED)"
            + " WITH ('table.merge-engine' = 'first_row')");
    flink.run(flink.batch, "INSERT INTO firsts VALUES (1, 'a'), (2, 'b')");
    flink.run(flink.batch, "INSERT INTO firsts VALUES (1, 'aa'), (3, 'c')");
    equal(
        list("+I[1, a]", "+I[2, b]", "+I[3, c]"),
        flink.sorted(flink.streaming, "SELECT * FROM firsts", 3),
        "the first of each");
  }

  private static void versioned(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE versions (id INT NOT NULL, v STRING, n BIGINT, PRIMARY KEY (id) NOT ENFORCED)"
            + " WITH ('table.merge-engine' = 'versioned', 'table.merge-engine.versioned.ver-column' = 'n')");
    flink.run(flink.batch, "INSERT INTO versions VALUES (1, 'new', 5)");
    flink.run(flink.batch, "INSERT INTO versions VALUES (1, 'old', 4), (2, 'x', 1)");
    equal(
        list("+I[1, new, 5]", "+I[2, x, 1]"),
        flink.sorted(flink.batch, "SELECT * FROM versions LIMIT 10", 10),
        "the newest of each");
  }

  private static void aggregated(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE sums (k INT NOT NULL, total BIGINT, largest INT, names STRING,"
            + " PRIMARY KEY (k) NOT ENFORCED) WITH ('table.merge-engine' = 'aggregation',"
            + " 'fields.total.agg' = 'sum', 'fields.largest.agg' = 'max',"
            + " 'fields.names.agg' = 'listagg')");
    flink.run(flink.batch, "INSERT INTO sums VALUES (1, 10, 3, 'a'), (2, 1, 1, 'x')");
    flink.run(flink.batch, "INSERT INTO sums VALUES (1, 5, 2, 'b')");
    equal(
        list("+I[1, 15, 3, a,b]", "+I[2, 1, 1, x]"),
        flink.sorted(flink.batch, "SELECT * FROM sums LIMIT 10", 10),
        "sums");
  }

  private static void addedColumn(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE grows (id INT NOT NULL, v STRING, PRIMARY KEY (id) NOT ENFORCED)"
            + " WITH ('bucket.num' = '1')");
    flink.run(flink.batch, "INSERT INTO grows VALUES (1, 'a')");
    flink.run(flink.batch, "ALTER TABLE grows ADD (w BIGINT)");
    flink.run(flink.batch, "INSERT INTO grows VALUES (2, 'b', 20)");
    equal(
        list("+I[1, a, null]", "+I[2, b, 20]"),
        flink.sorted(flink.batch, "SELECT * FROM grows LIMIT 10", 10),
        "with the new column");
    equal(
        list("+I[1, a, null]", "+I[2, b, 20]"),
        flink.rows(flink.streaming, "SELECT * FROM grows", 2),
        "old and new rows as changes");
  }
}
