package forebay.compat;

import static forebay.compat.JavaClient.equal;
import static forebay.compat.JavaClient.idAndName;
import static forebay.compat.JavaClient.logSchema;
import static forebay.compat.JavaClient.read;
import static forebay.compat.JavaClient.readAll;
import static forebay.compat.JavaClient.row;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.fluss.client.lookup.Lookuper;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.writer.AppendWriter;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableChange;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.predicate.Predicate;
import org.apache.fluss.predicate.PredicateBuilder;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.TimestampNtz;
import org.apache.fluss.types.DataTypes;

/** Batches with statistics, which a server skips by a filter, and logs that are not in Arrow. */
final class LogLayouts {
  private final JavaClient client;

  LogLayouts(JavaClient client) {
    this.client = client;
  }

  Map<String, JavaClient.Case> cases() {
    Map<String, JavaClient.Case> cases = new LinkedHashMap<>();
    cases.put("filter by statistics", this::filter);
    cases.put("filters of all types", this::filterTypes);
    cases.put("indexed log", () -> rowLog("INDEXED"));
    cases.put("compacted log", () -> rowLog("COMPACTED"));
    cases.put("compacted changelog", this::compactedChangelog);
    return cases;
  }

  /** Batches whose ids do not overlap: those from 0, 100 and 200 on. */
  private static void writeRanges(Table table) throws Exception {
    AppendWriter writer = table.newAppend().createWriter();
    for (int begin = 0; begin <= 200; begin += 100) {
      for (int i = begin; i < begin + 10; i++) {
        writer.append(row(i, "row " + i, i / 4.0));
      }
      writer.flush();
    }
  }

  private static List<String> ids(int begin) {
    List<String> ids = new ArrayList<>();
    for (int i = begin; i < begin + 10; i++) {
      ids.add("" + i);
    }
    return ids;
  }

  private static LogScanner scanner(Table table, Predicate filter) throws Exception {
    LogScanner scanner = table.newScan().filter(filter).createLogScanner();
    scanner.subscribeFromBeginning(0);
    return scanner;
  }

  private static List<String> readIds(LogScanner scanner, int count) {
    return read(scanner, count, record -> "" + record.getRow().getInt(0));
  }

  private void filter() throws Exception {
    TablePath path =
        client.create(
            "filtered", logSchema(), Collections.singletonMap("table.statistics.columns", "*"), 1);
    try (Table table = client.connection.getTable(path)) {
      writeRanges(table);
      AppendWriter writer = table.newAppend().createWriter();
      PredicateBuilder builder = new PredicateBuilder(table.getTableInfo().getRowType());
      equal(30, readAll(table, null, 30, record -> "").size(), "without a filter");
      try (LogScanner last = scanner(table, builder.greaterOrEqual(0, 205))) {
        // Rows of a batch come all or not at all.
        List<String> rows = readIds(last, 5);
        equal(true, ids(200).containsAll(rows), "only batches that may match: " + rows);
        equal(true, rows.containsAll(ids(200).subList(5, 10)), "all that match: " + rows);
      }
      try (LogScanner first = scanner(table, builder.lessThan(0, 100))) {
        equal(ids(0), readIds(first, 10), "the first batches");
        writer.append(row(150, "no", 0.0)).get();
        writer.append(row(5, "yes", 0.0)).get();
        equal(Arrays.asList("5"), readIds(first, 1), "what comes later");
      }
      try (LogScanner none = scanner(table, builder.equal(1, BinaryString.fromString("zzz")))) {
        writer.append(row(7, "zzz", 0.0)).get();
        equal(Arrays.asList("7"), readIds(none, 1), "nothing of what was there");
      }
      try (LogScanner projected =
          table
              .newScan()
              .filter(builder.lessThan(0, 5))
              .project(new int[] {1})
              .createLogScanner()) {
        projected.subscribeFromBeginning(0);
        List<String> names = read(projected, 5, record -> "" + record.getRow().getString(0));
        equal("row 0", names.get(0), "with a projection");
        equal(false, names.contains("row 100"), "projected and filtered");
      }
      client
          .admin
          .alterTable(
              path,
              Arrays.asList(
                  TableChange.addColumn(
                      "extra", DataTypes.INT(), null, TableChange.ColumnPosition.last())),
              false)
          .get();
    }
    try (Table table = client.connection.getTable(path)) {
      table.newAppend().createWriter().append(row(1000, "new", 0.0, 1)).get();
      PredicateBuilder builder = new PredicateBuilder(table.getTableInfo().getRowType());
      try (LogScanner late = scanner(table, builder.greaterThan(0, 900))) {
        equal(Arrays.asList("1000"), readIds(late, 1), "across schemas");
      }
    }
    if (client.sqlPort != 0) {
      client.sql("INSERT INTO " + path + " VALUES (3, 'by SQL', CAST(0 AS DOUBLE), 2)");
      equal(
          "[[35,1000]]",
          client.query("SELECT COUNT(*), MAX(id) FROM " + path),
          "SQL reads batches with statistics");
    }
  }

  private void filterTypes() throws Exception {
    Schema schema =
        Schema.newBuilder()
            .column("id", DataTypes.INT())
            .column("d", DataTypes.DECIMAL(10, 2))
            .column("big", DataTypes.DECIMAL(30, 2))
            .column("ts", DataTypes.TIMESTAMP(3))
            .column("day", DataTypes.DATE())
            .column("flag", DataTypes.BOOLEAN())
            .column("f", DataTypes.FLOAT())
            .column("nothing", DataTypes.BIGINT())
            .build();
    TablePath path =
        client.create(
            "filtered_types", schema, Collections.singletonMap("table.statistics.columns", "*"), 1);
    try (Table table = client.connection.getTable(path)) {
      AppendWriter writer = table.newAppend().createWriter();
      for (int i = 0; i < 4; i++) {
        writer
            .append(
                row(
                    i,
                    Decimal.fromUnscaledLong(i * 100L, 10, 2),
                    Decimal.fromBigDecimal(new java.math.BigDecimal(i + "00000000000000.00"), 30, 2),
                    TimestampNtz.fromMillis(i * 1000L),
                    i,
                    i == 3,
                    i / 2f,
                    i == 2 ? 2L : null))
            .get();
        writer.flush();
      }
      PredicateBuilder is = new PredicateBuilder(table.getTableInfo().getRowType());
      Map<String, Predicate> filters = new LinkedHashMap<>();
      filters.put("3", is.equal(5, true));
      filters.put("2", is.isNotNull(7));
      filters.put("1", is.equal(1, Decimal.fromUnscaledLong(100, 10, 2)));
      filters.put("0", is.lessThan(2, Decimal.fromBigDecimal(new java.math.BigDecimal("7.5"), 30, 2)));
      filters.put("3 ", is.greaterThan(3, TimestampNtz.fromMillis(2500)));
      filters.put("2 ", is.between(4, 2, 2));
      filters.put("1 ", PredicateBuilder.and(is.greaterThan(6, 0.2f), is.lessThan(6, 0.7f)));
      filters.put("0 ", is.in(0, Arrays.asList(0, 77)));
      // Up to 20 values the client sends as an OR in an OR in an OR.
      List<Object> many = new ArrayList<>(Arrays.asList((Object) 3));
      for (int i = 101; i < 120; i++) {
        many.add(i);
      }
      filters.put("3  ", is.in(0, many));
      for (Map.Entry<String, Predicate> entry : filters.entrySet()) {
        try (LogScanner scanner = scanner(table, entry.getValue())) {
          equal(
              Arrays.asList(entry.getKey().trim()),
              readIds(scanner, 1),
              entry.getValue().toString());
        }
      }
    }
  }

  private void rowLog(String format) throws Exception {
    TablePath path =
        client.create(
            "log_" + format.toLowerCase(),
            logSchema(),
            Collections.singletonMap("table.log.format", format),
            1);
    try (Table table = client.connection.getTable(path)) {
      AppendWriter writer = table.newAppend().createWriter();
      for (int i = 0; i < 10; i++) {
        writer.append(row(i, i == 3 ? null : "row " + i, i / 4.0));
      }
      writer.flush();
      List<String> expected = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        expected.add(i + (i == 3 ? " -" : " row " + i));
      }
      equal(
          expected, readAll(table, null, 10, record -> idAndName(record.getRow())), "all columns");
      equal(
          Arrays.asList("0.0", "0.25"),
          readAll(table, new int[] {2}, 10, record -> "" + record.getRow().getDouble(0))
              .subList(0, 2),
          "one column, chosen by the client");
      if (client.sqlPort != 0) {
        client.sql("INSERT INTO " + path + " VALUES (10, 'by SQL', CAST(2.5 AS DOUBLE))");
        equal(
            "[[11,55,13.75]]",
            client.query("SELECT COUNT(*), SUM(id), SUM(score) FROM " + path),
            "SQL");
        expected.add("10 by SQL");
        equal(
            expected,
            readAll(table, null, 11, record -> idAndName(record.getRow())),
            "what SQL wrote");
      }
    }
  }

  private void compactedChangelog() throws Exception {
    TablePath path =
        client.create(
            "compacted_changelog",
            JavaClient.keyedSchema(),
            Collections.singletonMap("table.log.format", "COMPACTED"),
            1);
    try (Table table = client.connection.getTable(path)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      writer.upsert(row(1, "one", 10L)).get();
      writer.upsert(row(1, "uno", 11L)).get();
      writer.delete(row(1, null, null)).get();
      writer.upsert(row(2, "two", 20L)).get();
      equal(
          Arrays.asList("+I 1 one", "-U 1 one", "+U 1 uno", "-D 1 uno", "+I 2 two"),
          readAll(
              table,
              null,
              5,
              record -> record.getChangeType().shortString() + " " + idAndName(record.getRow())),
          "changelog");
      Lookuper lookuper = table.newLookup().createLookuper();
      equal("2 two 20", client.lookup(lookuper, 2), "lookup");
    }
  }
}
