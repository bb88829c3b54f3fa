package forebay.compat.flink;

import static forebay.compat.flink.Flink.equal;
import static forebay.compat.flink.Flink.list;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.api.TableResult;

/** Tables that the server tiers by itself: the lake and the log as one, read by the connector. */
final class LakeCases {
  private static final int TIERED_MS_MAX = 30_000;

  private LakeCases() {}

  static void add(Map<String, FlinkClient.Case> cases) {
    cases.put("lake union read in batch", LakeCases::unionBatch);
    cases.put("lake union read in a stream", LakeCases::unionStream);
    cases.put("lake union read by a bucket key", LakeCases::bucketKey);
    cases.put("lake union read of partitions", LakeCases::partitions);
    cases.put("lake union read of rows", LakeCases::unionRows);
    cases.put("lake union read of partitioned rows", LakeCases::partitionedRows);
    cases.put("lake of rows by key", LakeCases::rowsByKey);
    cases.put("lake keys of every type", LakeCases::keyTypes);
    cases.put("lake alone", LakeCases::lakeAlone);
  }

  private static void create(Flink flink, String table, String freshness) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE " + table + " (id INT, name STRING, price DECIMAL(10, 2), moment TIMESTAMP(3))"
            + " WITH ('bucket.num' = '3', 'table.datalake.enabled' = 'true',"
            + " 'table.datalake.freshness' = '" + freshness + "')");
  }

  private static void insert(Flink flink, String table, int from, int to) throws Exception {
    List<String> values = new ArrayList<>();
    for (int id = from; id <= to; id++) {
      values.add("(" + id + ", 'name " + id + "', " + id + ".25, TIMESTAMP '2024-01-02 03:04:05.006')");
    }
    flink.run(flink.batch, "INSERT INTO " + table + " VALUES " + String.join(", ", values));
  }

  private static List<String> expected(int from, int to) {
    List<String> rows = new ArrayList<>();
    for (int id = from; id <= to; id++) {
      rows.add("+I[" + id + ", name " + id + ", " + id + ".25, 2024-01-02T03:04:05.006]");
    }
    Collections.sort(rows);
    return rows;
  }

  /** Waits until SQL finds so many rows in the lake part alone. */
  private static void waitForLake(Flink flink, String table, int rows) throws Exception {
    String wanted = "[[" + rows + "]]";
    long end = System.currentTimeMillis() + TIERED_MS_MAX;
    String found = "";
    while (System.currentTimeMillis() < end) {
      try {
        found = flink.sql("SELECT COUNT(*) FROM " + table + "$lake");
      } catch (AssertionError notYet) {
        found = notYet.getMessage();
      }
      if (found.equals(wanted)) {
        return;
      }
      Thread.sleep(100);
    }
    throw new AssertionError("the lake has " + found + " of " + wanted);
  }

  private static void unionBatch(Flink flink) throws Exception {
    flink.needSql();
    create(flink, "lake_batch", "500ms");
    insert(flink, "lake_batch", 1, 20);
    waitForLake(flink, "lake_batch", 20);
    // From now on rows stay in the log.
    flink.sql("ALTER TABLE lake_batch SET ('table.datalake.freshness' = '1 h')");
    insert(flink, "lake_batch", 21, 25);
    equal(
        expected(1, 25),
        flink.sorted(flink.batch, "SELECT * FROM lake_batch", 1000),
        "the lake and the log");
    equal(
        list("+I[25, 331.25]"),
        flink.rows(flink.batch, "SELECT COUNT(*), SUM(price) FROM lake_batch", 10),
        "aggregated");
    equal(
        list("+I[name 3]"),
        flink.rows(flink.batch, "SELECT name FROM lake_batch WHERE id = 3", 10),
        "a row of the lake");
  }

  private static void unionStream(Flink flink) throws Exception {
    flink.needSql();
    create(flink, "lake_stream", "500ms");
    insert(flink, "lake_stream", 1, 10);
    waitForLake(flink, "lake_stream", 10);
    TableResult result = flink.streaming.executeSql("SELECT * FROM lake_stream");
    try (Flink.Rows rows = new Flink.Rows(result)) {
      List<String> first = rows.next(10);
      Collections.sort(first);
      equal(expected(1, 10), first, "what is in the lake");
      insert(flink, "lake_stream", 11, 12);
      List<String> later = rows.next(2);
      Collections.sort(later);
      equal(expected(11, 12), later, "what comes later");
    }
  }

  private static final String TIERED =
      "'table.datalake.enabled' = 'true', 'table.datalake.freshness' = '500ms'";

  /** Buckets are the lake's partitions then. */
  private static void bucketKey(Flink flink) throws Exception {
    flink.needSql();
    flink.run(
        flink.batch,
        "CREATE TABLE lake_keyed (id INT, name STRING) WITH ('bucket.num' = '3', 'bucket.key' = 'name', "
            + TIERED + ")");
    List<String> values = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    for (int id = 1; id <= 30; id++) {
      values.add("(" + id + ", 'name " + id + "')");
      expected.add("+I[" + id + ", name " + id + "]");
    }
    flink.run(flink.batch, "INSERT INTO lake_keyed VALUES " + String.join(", ", values.subList(0, 15)));
    flink.sql("INSERT INTO lake_keyed VALUES " + String.join(", ", values.subList(15, 25)));
    waitForLake(flink, "lake_keyed", 25);
    flink.sql("ALTER TABLE lake_keyed SET ('table.datalake.freshness' = '1 h')");
    flink.run(flink.batch, "INSERT INTO lake_keyed VALUES " + String.join(", ", values.subList(25, 30)));
    Collections.sort(expected);
    equal(expected, flink.sorted(flink.batch, "SELECT * FROM lake_keyed", 1000), "the lake and the log");
    equal(
        list("+I[7]"),
        flink.rows(flink.batch, "SELECT id FROM lake_keyed WHERE name = 'name 7'", 10),
        "by the bucket key, in the lake");
  }

  private static void partitions(Flink flink) throws Exception {
    flink.needSql();
    flink.run(
        flink.batch,
        "CREATE TABLE lake_parts (id INT, dt STRING) PARTITIONED BY (dt) WITH ('bucket.num' = '2', "
            + TIERED + ")");
    flink.run(flink.batch, "INSERT INTO lake_parts VALUES (1, 'mon'), (2, 'tue'), (3, 'tue')");
    waitForLake(flink, "lake_parts", 3);
    flink.sql("ALTER TABLE lake_parts SET ('table.datalake.freshness' = '1 h')");
    flink.run(flink.batch, "INSERT INTO lake_parts VALUES (4, 'tue'), (5, 'wed')");
    flink.run(flink.batch, "ALTER TABLE lake_parts ADD PARTITION (dt = 'thu')");
    equal(
        list("+I[1, mon]", "+I[2, tue]", "+I[3, tue]", "+I[4, tue]", "+I[5, wed]"),
        flink.sorted(flink.batch, "SELECT * FROM lake_parts", 1000),
        "partitions in both, in the log alone, and one without rows");
    equal(
        list("+I[2]", "+I[3]", "+I[4]"),
        flink.sorted(flink.batch, "SELECT id FROM lake_parts WHERE dt = 'tue'", 1000),
        "one partition");
  }

  /** In a stream alone: the connector does not merge Iceberg's rows with changes in batch mode. */
  private static void unionRows(Flink flink) throws Exception {
    flink.needSql();
    flink.run(
        flink.batch,
        "CREATE TABLE lake_union_rows (id INT NOT NULL, v STRING, PRIMARY KEY (id) NOT ENFORCED)"
            + " WITH ('bucket.num' = '3', " + TIERED + ")");
    flink.run(flink.batch, "INSERT INTO lake_union_rows VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')");
    waitForLake(flink, "lake_union_rows", 4);
    flink.sql("INSERT INTO lake_union_rows VALUES (2, 'B')");
    flink.sql("INSERT INTO lake_union_rows VALUES (5, 'e')");
    waitForLake(flink, "lake_union_rows", 5);
    flink.run(flink.batch, "DELETE FROM lake_union_rows WHERE id = 3");
    waitForLake(flink, "lake_union_rows", 4);
    flink.sql("ALTER TABLE lake_union_rows SET ('table.datalake.freshness' = '1 h')");
    flink.run(flink.batch, "INSERT INTO lake_union_rows VALUES (4, 'D')");
    TableResult result = flink.streaming.executeSql("SELECT * FROM lake_union_rows");
    try (Flink.Rows rows = new Flink.Rows(result)) {
      List<String> first = rows.next(6);
      Collections.sort(first);
      equal(
          list("+I[1, a]", "+I[2, B]", "+I[4, d]", "+I[5, e]", "+U[4, D]", "-U[4, d]"),
          first,
          "the lake's rows, and the change that came later");
      flink.run(flink.batch, "DELETE FROM lake_union_rows WHERE id = 1");
      equal(list("-D[1, a]"), rows.next(1), "what comes later");
    }
  }

  private static void partitionedRows(Flink flink) throws Exception {
    flink.needSql();
    flink.run(
        flink.batch,
        "CREATE TABLE lake_part_rows (id BIGINT NOT NULL, dt STRING NOT NULL, v STRING,"
            + " PRIMARY KEY (id, dt) NOT ENFORCED) PARTITIONED BY (dt) WITH ('bucket.num' = '2', "
            + TIERED + ")");
    flink.run(
        flink.batch,
        "INSERT INTO lake_part_rows VALUES (1, 'mon', 'a'), (2, 'mon', 'b'), (1, 'tue', 'c')");
    waitForLake(flink, "lake_part_rows", 3);
    flink.sql("ALTER TABLE lake_part_rows SET ('table.datalake.freshness' = '1 h')");
    flink.run(flink.batch, "INSERT INTO lake_part_rows VALUES (1, 'mon', 'A'), (9, 'wed', 'z')");
    TableResult result = flink.streaming.executeSql("SELECT * FROM lake_part_rows");
    try (Flink.Rows rows = new Flink.Rows(result)) {
      List<String> found = rows.next(6);
      Collections.sort(found);
      equal(
          list(
              "+I[1, mon, a]", "+I[1, tue, c]", "+I[2, mon, b]", "+I[9, wed, z]",
              "+U[1, mon, A]", "-U[1, mon, a]"),
          found,
          "the lake's rows, the changes, and a partition that is in the log alone");
    }
  }

  /** The connector reads these from storage, which has all of their rows. */
  private static void rowsByKey(Flink flink) throws Exception {
    flink.needSql();
    flink.run(
        flink.batch,
        "CREATE TABLE lake_rows (id INT NOT NULL, v STRING, PRIMARY KEY (id) NOT ENFORCED)"
            + " WITH ('bucket.num' = '2', 'table.datalake.enabled' = 'true',"
            + " 'table.datalake.freshness' = '500ms')");
    flink.run(flink.batch, "INSERT INTO lake_rows VALUES (1, 'a'), (2, 'b')");
    waitForLake(flink, "lake_rows", 2);
    flink.run(flink.batch, "INSERT INTO lake_rows VALUES (2, 'c'), (3, 'd')");
    equal(
        list("+I[2, c]"),
        flink.rows(flink.batch, "SELECT * FROM lake_rows WHERE id = 2", 10),
        "a row by its key");
    equal(
        "[[1,\"a\"],[2,\"c\"],[3,\"d\"]]",
        flink.sql("SELECT * FROM lake_rows ORDER BY id"),
        "SQL reads all");
  }

  /** Flink's writers, lookups and the server's SQL agree on the keys and the buckets of rows. */
  private static void keyTypes(Flink flink) throws Exception {
    flink.needSql();
    String[][] types = {
      {"INT", "-7", "2147483647"},
      {"BIGINT", "CAST(-9000000000 AS BIGINT)", "CAST(5 AS BIGINT)"},
      {"STRING", "'é'", "'a longer key than others'"},
      {"DECIMAL(10, 2)", "CAST(-1.25 AS DECIMAL(10, 2))", "CAST(12345678.90 AS DECIMAL(10, 2))"},
      {"DECIMAL(30, 3)", "CAST(-1.250 AS DECIMAL(30, 3))", "CAST('123456789012345678901234567.125' AS DECIMAL(30, 3))"},
      {"DATE", "DATE '1969-12-31'", "DATE '2024-02-29'"},
      {"TIME", "TIME '00:00:01'", "TIME '23:59:59'"},
      {"TIMESTAMP(3)", "TIMESTAMP '1960-01-01 00:00:00.001'", "TIMESTAMP '2024-05-06 07:08:09.123'"},
      {"TIMESTAMP(6)", "TIMESTAMP '1960-01-01 00:00:00.000001'", "TIMESTAMP '2024-05-06 07:08:09.123456'"},
    };
    for (int i = 0; i < types.length; i++) {
      String table = "lake_keys_" + i;
      flink.run(
          flink.batch,
          "CREATE TABLE " + table + " (k " + types[i][0] + " NOT NULL, v STRING, PRIMARY KEY (k) NOT ENFORCED)"
              + " WITH ('bucket.num' = '7', " + TIERED + ")");
      flink.run(
          flink.batch,
          "INSERT INTO " + table + " VALUES (" + types[i][1] + ", 'a'), (" + types[i][2] + ", 'b')");
      flink.sql("INSERT INTO " + table + " VALUES (" + types[i][2] + ", 'c')");
      equal("[[\"a\"],[\"c\"]]", flink.sql("SELECT v FROM " + table + " ORDER BY v"), types[i][0]);
      // With a time in a condition the connector fails before it asks.
      if (!types[i][0].startsWith("TIME")) {
        equal(
            list("+I[a]"),
            flink.rows(flink.batch, "SELECT v FROM " + table + " WHERE k = " + types[i][1], 10),
            types[i][0] + " by its key");
      }
      waitForLake(flink, table, 2);
    }
  }

  /** By Iceberg's own connector for Flink, which the released ones of Fluss hand over to. */
  private static void lakeAlone(Flink flink) throws Exception {
    flink.needSql();
    needIceberg();
    flink.run(
        flink.batch,
        "CREATE TABLE lake_alone (id INT NOT NULL, v STRING, PRIMARY KEY (id) NOT ENFORCED)"
            + " WITH ('bucket.num' = '3', " + TIERED + ")");
    flink.run(flink.batch, "INSERT INTO lake_alone VALUES (1, 'a'), (2, 'b'), (3, 'c')");
    waitForLake(flink, "lake_alone", 3);
    flink.run(flink.batch, "INSERT INTO lake_alone VALUES (2, 'B')");
    flink.run(flink.batch, "DELETE FROM lake_alone WHERE id = 1");
    waitForLake(flink, "lake_alone", 2);
    equal(
        list("+I[2, B]", "+I[3, c]"),
        flink.sorted(flink.batch, "SELECT id, v FROM lake_alone$lake", 10),
        "rows less those that were replaced");
    equal(
        list("+I[B]"),
        flink.rows(flink.batch, "SELECT v FROM lake_alone$lake WHERE id = 2", 10),
        "by the key");
  }

  private static void needIceberg() {
    try {
      Class.forName("org.apache.iceberg.flink.FlinkCatalogFactory");
    } catch (ClassNotFoundException missing) {
      throw new Skipped("Iceberg has no connector for this Flink");
    }
  }
}
