package forebay.compat.flink;

import static forebay.compat.flink.Flink.equal;
import static forebay.compat.flink.Flink.list;

import java.util.Map;

/** Primary-key tables: reading with their changes, lookups, and changes by statements. */
final class RowCases {
  private RowCases() {}

  static void add(Map<String, FlinkClient.Case> cases) {
    cases.put("rows and their changes", RowCases::rows);
    cases.put("batch reads of rows", RowCases::batchReads);
    cases.put("partial insert", RowCases::partialInsert);
    cases.put("delete and update", RowCases::deleteAndUpdate);
    cases.put("lookup join", RowCases::lookupJoin);
    cases.put("prefix lookup join", RowCases::prefixLookupJoin);
    cases.put("changelog table", RowCases::changelogTable);
    cases.put("sql and flink on the same rows", RowCases::sqlRows);
  }

  private static void rows(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE pk (id INT NOT NULL, name STRING, score BIGINT,"
            + " PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '1')");
    flink.run(flink.batch, "INSERT INTO pk VALUES (1, 'one', 10), (2, 'two', 20)");
    try (Flink.Rows rows = new Flink.Rows(flink.streaming.executeSql("SELECT * FROM pk"))) {
      equal(list("+I[1, one, 10]", "+I[2, two, 20]"), rows.next(2), "the table's rows");
      flink.run(flink.batch, "INSERT INTO pk VALUES (1, 'uno', 11)");
      equal(list("-U[1, one, 10]", "+U[1, uno, 11]"), rows.next(2), "an update");
      flink.run(flink.batch, "DELETE FROM pk WHERE id = 2");
      equal(list("-D[2, two, 20]"), rows.next(1), "a delete");
    }
    // Only from now on.
    String latest = "SELECT id FROM pk /*+ OPTIONS('scan.startup.mode' = 'latest') */";
    try (Flink.Rows rows = new Flink.Rows(flink.streaming.executeSql(latest))) {
      Thread.sleep(3000);
      flink.run(flink.batch, "INSERT INTO pk VALUES (3, 'three', 30)");
      equal(list("+I[3]"), rows.next(1), "the latest");
    }
  }

  private static void batchReads(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE batch_rows (id INT NOT NULL, name STRING,"
            + " PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '2')");
    flink.run(
        flink.batch, "INSERT INTO batch_rows VALUES (1, 'one'), (2, 'two'), (3, 'three'), (1, 'uno')");
    equal(
        list("+I[1, uno]"),
        flink.rows(flink.batch, "SELECT * FROM batch_rows WHERE id = 1", 10),
        "by the key");
    equal(
        list(), flink.rows(flink.batch, "SELECT * FROM batch_rows WHERE id = 9", 10), "no such key");
    equal(
        list("+I[1, uno]", "+I[2, two]", "+I[3, three]"),
        flink.sorted(flink.batch, "SELECT * FROM batch_rows LIMIT 10", 10),
        "with a limit");
    equal(2, flink.rows(flink.batch, "SELECT name FROM batch_rows LIMIT 2", 10).size(), "limit 2");
  }

  private static void partialInsert(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE partial (id INT NOT NULL, a STRING, b BIGINT, PRIMARY KEY (id) NOT ENFORCED)");
    flink.run(flink.batch, "INSERT INTO partial (id, a) VALUES (1, 'one')");
    flink.run(flink.batch, "INSERT INTO partial (id, b) VALUES (1, 5)");
    equal(
        list("+I[1, one, 5]"),
        flink.rows(flink.batch, "SELECT * FROM partial WHERE id = 1", 10),
        "both");
  }

  private static void deleteAndUpdate(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE changed (id INT NOT NULL, v STRING, PRIMARY KEY (id) NOT ENFORCED)");
    flink.run(flink.batch, "INSERT INTO changed VALUES (1, 'a'), (2, 'b'), (3, 'c')");
    flink.run(flink.batch, "UPDATE changed SET v = 'bb' WHERE id = 2");
    flink.run(flink.batch, "DELETE FROM changed WHERE id = 3");
    equal(
        list("+I[1, a]", "+I[2, bb]"),
        flink.sorted(flink.batch, "SELECT * FROM changed LIMIT 10", 10),
        "what is left");
  }

  private static void lookupJoin(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE dimension (id INT NOT NULL, name STRING, PRIMARY KEY (id) NOT ENFORCED)"
            + " WITH ('bucket.num' = '3')");
    flink.run(
        flink.batch, "INSERT INTO dimension VALUES (1, 'one'), (2, 'two'), (3, 'three')");
    flink.run(flink.batch, "CREATE TABLE facts (n INT, k INT)");
    flink.run(flink.batch, "INSERT INTO facts VALUES (10, 1), (11, 3), (12, 9), (13, 1)");
    String join =
        " FROM (SELECT *, PROCTIME() AS p FROM facts) AS f %s JOIN dimension%s"
            + " FOR SYSTEM_TIME AS OF f.p AS d ON f.k = d.id";
    equal(
        list("+I[10, one]", "+I[11, three]", "+I[13, one]"),
        flink.sorted(flink.streaming, "SELECT f.n, d.name" + String.format(join, "", ""), 3),
        "joined");
    equal(
        list("+I[10, one]", "+I[11, three]", "+I[12, null]", "+I[13, one]"),
        flink.sorted(flink.streaming, "SELECT f.n, d.name" + String.format(join, "LEFT", ""), 4),
        "left joined");
    equal(
        list("+I[10, one]", "+I[11, three]", "+I[13, one]"),
        flink.sorted(
            flink.streaming,
            "SELECT f.n, d.name"
                + String.format(join, "", " /*+ OPTIONS('lookup.async' = 'false') */"),
            3),
        "one after the other");
  }

  private static void prefixLookupJoin(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE orders (shop STRING NOT NULL, nr INT NOT NULL, amount BIGINT,"
            + " PRIMARY KEY (shop, nr) NOT ENFORCED)"
            + " WITH ('bucket.num' = '3', 'bucket.key' = 'shop')");
    flink.run(
        flink.batch,
        "INSERT INTO orders VALUES ('a', 1, 10), ('a', 2, 20), ('b', 1, 30), ('ab', 1, 40)");
    flink.run(flink.batch, "CREATE TABLE shops (shop STRING)");
    flink.run(flink.batch, "INSERT INTO shops VALUES ('a'), ('c'), ('ab')");
    equal(
        list("+I[a, 1, 10]", "+I[a, 2, 20]", "+I[ab, 1, 40]"),
        flink.sorted(
            flink.streaming,
            "SELECT s.shop, o.nr, o.amount FROM (SELECT *, PROCTIME() AS p FROM shops) AS s"
                + " JOIN orders FOR SYSTEM_TIME AS OF s.p AS o ON s.shop = o.shop",
            3),
        "all orders of a shop");
  }

  private static void changelogTable(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE audited (id INT NOT NULL, v STRING, PRIMARY KEY (id) NOT ENFORCED)");
    flink.run(flink.batch, "INSERT INTO audited VALUES (1, 'a')");
    flink.run(flink.batch, "INSERT INTO audited VALUES (1, 'b')");
    flink.run(flink.batch, "DELETE FROM audited WHERE id = 1");
    equal(
        list(
            "+I[insert, 0, 1, a]",
            "+I[update_before, 1, 1, a]",
            "+I[update_after, 2, 1, b]",
            "+I[delete, 3, 1, b]"),
        flink.rows(
            flink.streaming, "SELECT _change_type, _log_offset, id, v FROM audited$changelog", 4),
        "changes as rows");
  }

  private static void sqlRows(Flink flink) throws Exception {
    flink.needSql();
    flink.sql(
        "CREATE TABLE rows_by_sql (k BIGINT NOT NULL, v STRING, w DECIMAL(20, 2),"
            + " PRIMARY KEY (k) NOT ENFORCED) WITH ('bucket.num' = '3')");
    flink.sql("INSERT INTO rows_by_sql VALUES (1, 'SQL', 1.5), (2, 'SQL', 2.5), (3, 'SQL', 3.5)");
    flink.run(flink.batch, "INSERT INTO rows_by_sql VALUES (2, 'Flink', 20.25), (4, 'Flink', 4)");
    equal(
        "[[1,\"SQL\"],[2,\"Flink\"],[3,\"SQL\"],[4,\"Flink\"]]",
        flink.sql("SELECT k, v FROM rows_by_sql ORDER BY k"),
        "SQL reads both, none twice");
    equal(
        list("+I[2, Flink, 20.25]"),
        flink.rows(flink.batch, "SELECT * FROM rows_by_sql WHERE k = 2", 10),
        "Flink finds its row");
    equal(
        list("+I[3, SQL, 3.50]"),
        flink.rows(flink.batch, "SELECT * FROM rows_by_sql WHERE k = 3", 10),
        "Flink finds the row of SQL");
  }
}
