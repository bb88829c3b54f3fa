package forebay.compat;

import static forebay.compat.JavaClient.equal;
import static forebay.compat.JavaClient.failure;
import static forebay.compat.JavaClient.keyedSchema;
import static forebay.compat.JavaClient.logSchema;
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
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.batch.BatchScanner;
import org.apache.fluss.client.table.writer.AppendWriter;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.config.cluster.AlterConfig;
import org.apache.fluss.config.cluster.AlterConfigOpType;
import org.apache.fluss.metadata.AggFunction;
import org.apache.fluss.metadata.AggFunctions;
import org.apache.fluss.metadata.DatabaseChange;
import org.apache.fluss.metadata.DatabaseDescriptor;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableChange;
import org.apache.fluss.metadata.TableInfo;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.types.DataType;
import org.apache.fluss.types.DataTypes;
import org.apache.fluss.utils.CloseableIterator;

/** Tables and databases that are altered, while writers and readers of before are still there. */
final class SchemaEvolution {
  private final JavaClient client;

  SchemaEvolution(JavaClient client) {
    this.client = client;
  }

  Map<String, JavaClient.Case> cases() {
    Map<String, JavaClient.Case> cases = new LinkedHashMap<>();
    cases.put("alter table options", this::options);
    cases.put("alter database", this::database);
    cases.put("add column to a log", this::log);
    cases.put("project an added column", this::projection);
    cases.put("add column to rows", this::rows);
    cases.put("time of the last change", this::modifiedTime);
    if (client.sqlPort != 0) {
      // Fluss's server knows it since 1.0 only.
      cases.put("add column with an aggregation", this::aggregation);
      cases.put("add column by sql", this::sql);
    }
    return cases;
  }

  private void alter(TablePath path, TableChange... changes) throws Exception {
    client.admin.alterTable(path, Arrays.asList(changes), false).get();
  }

  private static TableChange add(String name, DataType type) {
    return TableChange.addColumn(name, type, "added", TableChange.ColumnPosition.last());
  }

  private void options() throws Exception {
    TablePath path = client.create("alter_options", logSchema(), 1);
    alter(path, TableChange.set("table.log.ttl", "2 h"), TableChange.set("mine", "x"));
    TableInfo info = client.admin.getTableInfo(path).get();
    equal(7_200_000L, info.getTableConfig().getLogTTLMs(), "ttl");
    equal("x", info.getCustomProperties().toMap().get("mine"), "custom");
    alter(path, TableChange.reset("table.log.ttl"), TableChange.reset("mine"));
    info = client.admin.getTableInfo(path).get();
    equal(7 * 24 * 3_600_000L, info.getTableConfig().getLogTTLMs(), "ttl again");
    equal(false, info.getCustomProperties().toMap().containsKey("mine"), "no custom");
    equal(
        "InvalidAlterTableException",
        failure(() -> alter(path, TableChange.set("table.log.format", "INDEXED"))),
        "an option that stays");
    TablePath none = TablePath.of(JavaClient.DATABASE, "none");
    equal(
        "TableNotExistException",
        failure(() -> alter(none, TableChange.set("mine", "x"))),
        "no table");
    client.admin.alterTable(none, Arrays.asList(TableChange.set("mine", "x")), true).get();
    equal(
        "ConfigException",
        failure(
            () ->
                client
                    .admin
                    .alterClusterConfigs(
                        Collections.singletonList(
                            new AlterConfig("no.such.option", "1", AlterConfigOpType.SET)))
                    .get()),
        "an option of the cluster");
  }

  private void database() throws Exception {
    String name = JavaClient.DATABASE;
    client.admin.createDatabase(name, DatabaseDescriptor.EMPTY, true).get();
    client
        .admin
        .alterDatabase(
            name,
            Arrays.asList(
                DatabaseChange.set("owner", "me"), DatabaseChange.updateComment("altered")),
            false)
        .get();
    DatabaseDescriptor altered = client.admin.getDatabaseInfo(name).get().getDatabaseDescriptor();
    equal("altered", altered.getComment().get(), "comment");
    equal("me", altered.getCustomProperties().get("owner"), "property");
    client
        .admin
        .alterDatabase(name, Arrays.asList(DatabaseChange.reset("owner")), false)
        .get();
    altered = client.admin.getDatabaseInfo(name).get().getDatabaseDescriptor();
    equal(false, altered.getCustomProperties().containsKey("owner"), "no property");
    equal("altered", altered.getComment().get(), "comment stays");
    equal(
        "DatabaseNotExistException",
        failure(
            () ->
                client
                    .admin
                    .alterDatabase("compat_none", Arrays.asList(DatabaseChange.reset("a")), false)
                    .get()),
        "no database");
  }

  private static String wide(InternalRow row) {
    StringBuilder text = new StringBuilder();
    text.append(row.getInt(0)).append(' ').append(row.isNullAt(1) ? "-" : row.getString(1));
    for (int i = 3; i < row.getFieldCount(); i++) {
      text.append(' ').append(row.isNullAt(i) ? "NULL" : "" + row.getInt(i));
    }
    return text.toString();
  }

  private void log() throws Exception {
    TablePath path = client.create("evolving_log", logSchema(), 1);
    try (Table old = client.connection.getTable(path)) {
      AppendWriter oldWriter = old.newAppend().createWriter();
      oldWriter.append(row(1, "a", 0.5)).get();
      alter(path, add("extra", DataTypes.INT()));
      equal(2, client.admin.getTableSchema(path).get().getSchemaId(), "schema id");
      equal(3, client.admin.getTableSchema(path, 1).get().getSchema().getColumns().size(), "first");
      equal(
          "added",
          client.admin.getTableSchema(path, 2).get().getSchema().getColumns().get(3).getComment()
              .get(),
          "comment of the column");
      equal("SchemaNotExistException", failure(() -> client.admin.getTableSchema(path, 3).get()),
          "no schema");
      equal(
          "InvalidAlterTableException",
          failure(() -> alter(path, add("extra", DataTypes.INT()))),
          "twice");
      oldWriter.append(row(2, "b", 1.5)).get();
      try (Table table = client.connection.getTable(path)) {
        table.newAppend().createWriter().append(row(3, "c", 2.5, 30)).get();
        equal(
            Arrays.asList("1 a NULL", "2 b NULL", "3 c 30"),
            readAll(table, null, 3, record -> wide(record.getRow())),
            "all columns");
        equal(
            Arrays.asList("a", "b", "c"),
            readAll(table, new int[] {1}, 3, record -> "" + record.getRow().getString(0)),
            "an old column alone");
      }
      equal(
          Arrays.asList("1 a", "2 b", "3 c"),
          readAll(old, null, 3, record -> JavaClient.idAndName(record.getRow())),
          "a reader of before");
    }
  }

  /** A Fluss server refuses this, as long as there are batches without the column. */
  private void projection() throws Exception {
    TablePath path = client.create("evolving_projection", logSchema(), 1);
    try (Table old = client.connection.getTable(path)) {
      old.newAppend().createWriter().append(row(1, "a", 0.5)).get();
      alter(path, add("extra", DataTypes.INT()));
    }
    try (Table table = client.connection.getTable(path)) {
      table.newAppend().createWriter().append(row(2, "b", 2.5, 20)).get();
      equal(
          Arrays.asList("NULL 1", "20 2"),
          readAll(
              table,
              new int[] {3, 0},
              2,
              record ->
                  (record.getRow().isNullAt(0) ? "NULL" : "" + record.getRow().getInt(0))
                      + " "
                      + record.getRow().getInt(1)),
          "the new column and an old one");
    }
  }

  private static String change(ScanRecord record) {
    return record.getChangeType().shortString() + " " + wide(record.getRow());
  }

  private void rows() throws Exception {
    TablePath path = client.create("evolving_rows", keyedSchema(), 1);
    try (Table old = client.connection.getTable(path)) {
      UpsertWriter oldWriter = old.newUpsert().createWriter();
      oldWriter.upsert(row(1, "one", 10L)).get();
      oldWriter.upsert(row(2, "two", 20L)).get();
      Lookuper oldLookuper = old.newLookup().createLookuper();
      alter(path, add("extra", DataTypes.INT()), add("more", DataTypes.INT()));
      try (Table table = client.connection.getTable(path)) {
        UpsertWriter writer = table.newUpsert().createWriter();
        Lookuper lookuper = table.newLookup().createLookuper();
        equal("1 one NULL NULL", wide(found(lookuper, 1)), "stored before");
        writer.upsert(row(2, "two", 20L, 22, null)).get();
        writer.upsert(row(3, "three", 30L, 33, 333)).get();
        equal("3 three 33 333", wide(found(lookuper, 3)), "stored after");
        equal("3 three 30", client.lookup(oldLookuper, 3), "looked up by a client of before");
        UpsertWriter extras = table.newUpsert().partialUpdate("id", "extra").createWriter();
        extras.upsert(row(1, null, null, 11, null)).get();
        equal("1 one 11 NULL", wide(found(lookuper, 1)), "a part of a row of before");
        oldWriter.upsert(row(4, "four", 40L)).get();
        equal("4 four NULL NULL", wide(found(lookuper, 4)), "written by a client of before");
        equal(
            Arrays.asList(
                "+I 1 one NULL NULL",
                "+I 2 two NULL NULL",
                "-U 2 two NULL NULL",
                "+U 2 two 22 NULL",
                "+I 3 three 33 333",
                "-U 1 one NULL NULL",
                "+U 1 one 11 NULL",
                "+I 4 four NULL NULL"),
            readAll(table, null, 8, SchemaEvolution::change),
            "changelog");
        equal(
            Arrays.asList("1 one 11 NULL", "2 two 22 NULL", "3 three 33 333", "4 four NULL NULL"),
            limitScan(table),
            "limit scan");
      }
    }
  }

  private void aggregation() throws Exception {
    Schema schema =
        Schema.newBuilder()
            .column("id", DataTypes.INT())
            .column("n", DataTypes.BIGINT(), AggFunctions.SUM())
            .primaryKey("id")
            .build();
    TablePath path =
        client.create(
            "evolving_aggregation",
            schema,
            Collections.singletonMap("table.merge-engine", "aggregation"),
            1);
    try (Table old = client.connection.getTable(path)) {
      UpsertWriter writer = old.newUpsert().createWriter();
      writer.upsert(row(1, 2L)).get();
      writer.upsert(row(1, 3L)).get();
    }
    alter(path, addAggregated("most", AggFunctions.MAX()), addAggregated("all", LISTED));
    try (Table table = client.connection.getTable(path)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      for (int value : new int[] {7, 9, 8}) {
        writer.upsert(row(1, 1L, "" + value, "" + value)).get();
      }
      InternalRow found = found(table.newLookup().createLookuper(), 1);
      equal(8L, found.getLong(1), "sum");
      equal("9", found.getString(2).toString(), "most");
      equal("7-9-8", found.getString(3).toString(), "list");
    }
    equal(
        "InvalidTableException",
        failure(() -> alter(path, addAggregated("bad", AggFunctions.BOOL_AND()))),
        "a function of other types");
    TablePath plain = client.create("evolving_no_aggregation", keyedSchema(), 1);
    equal(
        "InvalidTableException",
        failure(() -> alter(plain, addAggregated("most", AggFunctions.MAX()))),
        "no merge engine");
  }

  private static final AggFunction LISTED = AggFunctions.LISTAGG("-");

  private static TableChange addAggregated(String name, AggFunction function) {
    return TableChange.addColumn(
        name, DataTypes.STRING(), null, TableChange.ColumnPosition.last(), function);
  }

  private void modifiedTime() throws Exception {
    TablePath path = client.create("modified_time", logSchema(), 1);
    TableInfo created = client.admin.getTableInfo(path).get();
    equal(created.getCreatedTime(), created.getModifiedTime(), "a new table");
    while (System.currentTimeMillis() <= created.getCreatedTime()) {
      Thread.onSpinWait();
    }
    alter(path, TableChange.set("mine", "x"));
    TableInfo altered = client.admin.getTableInfo(path).get();
    equal(created.getCreatedTime(), altered.getCreatedTime(), "created");
    equal(true, altered.getModifiedTime() > created.getModifiedTime(), "other options");
    alter(path, add("extra", DataTypes.INT()));
    TableInfo wider = client.admin.getTableInfo(path).get();
    equal(altered.getModifiedTime(), wider.getModifiedTime(), "other columns");
  }

  private static InternalRow found(Lookuper lookuper, int key) throws Exception {
    return lookuper.lookup(row(key)).get().getSingletonRow();
  }

  private static List<String> limitScan(Table table) throws Exception {
    List<String> rows = new ArrayList<>();
    try (BatchScanner scanner =
        table
            .newScan()
            .limit(10)
            .createBatchScanner(
                new org.apache.fluss.metadata.TableBucket(table.getTableInfo().getTableId(), 0))) {
      CloseableIterator<InternalRow> batch = scanner.pollBatch(java.time.Duration.ofSeconds(5));
      while (batch.hasNext()) {
        rows.add(wide(batch.next()));
      }
    }
    Collections.sort(rows);
    return rows;
  }

  private void sql() throws Exception {
    TablePath path = client.create("evolving_sql", keyedSchema(), 2);
    try (Table old = client.connection.getTable(path)) {
      UpsertWriter oldWriter = old.newUpsert().createWriter();
      oldWriter.upsert(row(1, "one", 10L)).get();
      client.sql("ALTER TABLE " + path + " ADD (extra INT COMMENT 'by SQL')");
      client.sql("INSERT INTO " + path + " VALUES (2, 'two', 20, 22)");
      oldWriter.upsert(row(3, "three", 30L)).get();
      equal(
          "[[1,null],[2,22],[3,null]]",
          client.query("SELECT id, extra FROM " + path + " ORDER BY id"),
          "SQL");
      try (Table table = client.connection.getTable(path)) {
        equal("2 two 22", wide(found(table.newLookup().createLookuper(), 2)), "Java");
      }
      alter(path, add("more", DataTypes.INT()));
      equal(
          "[[1,null],[2,null],[3,null]]",
          client.query("SELECT id, more FROM " + path + " ORDER BY id"),
          "a column that Java added");
    }
  }
}
