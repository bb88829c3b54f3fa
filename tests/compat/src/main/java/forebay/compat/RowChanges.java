package forebay.compat;

import static forebay.compat.JavaClient.equal;
import static forebay.compat.JavaClient.failure;
import static forebay.compat.JavaClient.readAll;
import static forebay.compat.JavaClient.row;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.fluss.client.lookup.Lookuper;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.batch.BatchScanner;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.metadata.AggFunctions;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableBucket;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.GenericArray;
import org.apache.fluss.row.GenericMap;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.row.TimestampNtz;
import org.apache.fluss.rpc.protocol.MergeMode;
import org.apache.fluss.types.DataType;
import org.apache.fluss.types.DataTypes;
import org.apache.fluss.utils.CloseableIterator;
import org.roaringbitmap.RoaringBitmap;
import org.roaringbitmap.longlong.Roaring64Bitmap;

/** How rows of primary-key tables change: merge engines, partial updates, deletes, images. */
final class RowChanges {
  private static final DataType KEY = DataTypes.INT().copy(false);

  private final JavaClient client;

  RowChanges(JavaClient client) {
    this.client = client;
  }

  Map<String, JavaClient.Case> cases() {
    Map<String, JavaClient.Case> cases = new LinkedHashMap<>();
    cases.put("merge engine first_row", this::firstRow);
    cases.put("merge engine versioned", this::versioned);
    cases.put("merge engine aggregation", this::aggregation);
    cases.put("aggregated bitmaps", this::bitmaps);
    cases.put("partial aggregation", this::partialAggregation);
    cases.put("merge engines and deletes", this::engineDeletes);
    cases.put("overwrite mode", this::overwrite);
    cases.put("tables that contradict themselves", this::refused);
    cases.put("changelog image WAL", this::walImage);
    cases.put("partial deletes", this::partialDeletes);
    cases.put("auto-increment", this::autoIncrement);
    cases.put("lookup that inserts", this::lookupInserts);
    cases.put("nested types in rows", this::nested);
    cases.put("indexed rows", this::indexed);
    if (client.sqlPort != 0) {
      cases.put("merge engines by sql", this::sql);
    }
    return cases;
  }

  private static Map<String, String> properties(String... pairs) {
    Map<String, String> properties = new HashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      properties.put(pairs[i], pairs[i + 1]);
    }
    return properties;
  }

  private static Schema.Builder keyed() {
    return Schema.newBuilder().column("id", KEY);
  }

  /** Columns behind the first, which is an INT. */
  private static String text(InternalRow row, DataType... types) {
    StringBuilder text = new StringBuilder().append(row.getInt(0));
    for (int i = 0; i < types.length; i++) {
      Object cell = InternalRow.createFieldGetter(types[i], i + 1).getFieldOrNull(row);
      text.append('|').append(cell);
    }
    return text.toString();
  }

  private static List<String> changelog(Table table, int count, DataType... types)
      throws Exception {
    return readAll(table, null, count, record -> change(record, types));
  }

  private static String change(ScanRecord record, DataType... types) {
    return record.getChangeType().shortString() + " " + text(record.getRow(), types);
  }

  private static String lookup(Table table, int id, DataType... types) throws Exception {
    Lookuper lookuper = table.newLookup().createLookuper();
    InternalRow found = lookuper.lookup(row(id)).get().getSingletonRow();
    return found == null ? "none" : text(found, types);
  }

  private static void put(UpsertWriter writer, Object... cells) throws Exception {
    writer.upsert(row(cells)).get();
  }

  private void firstRow() throws Exception {
    Schema schema = keyed().column("name", DataTypes.STRING()).primaryKey("id").build();
    TablePath path =
        client.create("first_row", schema, properties("table.merge-engine", "first_row"), 1);
    equal(
        "IGNORE",
        client
            .admin
            .getTableInfo(path)
            .get()
            .getTableConfig()
            .getDeleteBehavior()
            .get()
            .name(),
        "deletes of a new table");
    try (Table table = client.connection.getTable(path)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      put(writer, 1, "a");
      put(writer, 1, "b");
      put(writer, 2, "c");
      writer.delete(row(1, null)).get();
      put(writer, 2, "d");
      put(writer, 3, null);
      equal(
          Arrays.asList("+I 1|a", "+I 2|c", "+I 3|null"),
          changelog(table, 3, DataTypes.STRING()),
          "changelog");
      equal("1|a", lookup(table, 1, DataTypes.STRING()), "first");
      String failed =
          failure(
              () -> {
                UpsertWriter partial = table.newUpsert().partialUpdate("id", "name").createWriter();
                put(partial, 1, "x");
              });
      equal(true, failed.endsWith("Exception"), "partial update");
      equal("1|a", lookup(table, 1, DataTypes.STRING()), "still first");
    }
  }

  private void versioned() throws Exception {
    for (DataType type :
        new DataType[] {DataTypes.INT(), DataTypes.BIGINT(), DataTypes.TIMESTAMP(3)}) {
      Schema schema =
          keyed().column("v", type).column("name", DataTypes.STRING()).primaryKey("id").build();
      String name = "versioned_" + type.getTypeRoot().name().toLowerCase();
      TablePath path =
          client.create(
              name,
              schema,
              properties(
                  "table.merge-engine",
                  "versioned",
                  "table.merge-engine.versioned.ver-column",
                  "v"),
              1);
      try (Table table = client.connection.getTable(path)) {
        UpsertWriter writer = table.newUpsert().createWriter();
        put(writer, 1, version(type, 5), "five");
        put(writer, 1, version(type, 4), "older");
        put(writer, 1, null, "none");
        put(writer, 1, version(type, 5), "five again");
        put(writer, 1, version(type, 9), "nine");
        put(writer, 2, null, "no version");
        put(writer, 2, version(type, -7), "any");
        writer.delete(row(1, null, null)).get();
        equal(
            Arrays.asList(
                "+I five", "-U five", "+U five again", "-U five again", "+U nine",
                "+I no version", "-U no version", "+U any"),
            readAll(
                table,
                null,
                8,
                record ->
                    record.getChangeType().shortString() + " " + record.getRow().getString(2)),
            "changelog by " + type);
      }
    }
  }

  private static Object version(DataType type, long number) {
    if (type.equals(DataTypes.INT())) {
      return (int) number;
    }
    return type.equals(DataTypes.BIGINT()) ? (Object) number : TimestampNtz.fromMillis(number);
  }

  private void aggregation() throws Exception {
    DataType decimal = DataTypes.DECIMAL(20, 2);
    DataType[] types = {
      DataTypes.BIGINT(), DataTypes.TINYINT(), DataTypes.INT(), DataTypes.DOUBLE(), decimal,
      DataTypes.STRING(), DataTypes.STRING(), DataTypes.STRING(), DataTypes.STRING(),
      DataTypes.BOOLEAN(), DataTypes.BOOLEAN()
    };
    Schema schema =
        keyed()
            .column("total", types[0], AggFunctions.SUM())
            .column("wraps", types[1], AggFunctions.PRODUCT())
            .column("most", types[2], AggFunctions.MAX())
            .column("least", types[3], AggFunctions.MIN())
            .column("price", types[4], AggFunctions.PRODUCT())
            .column("last", types[5], AggFunctions.LAST_VALUE())
            .column("plain", types[6])
            .column("first", types[7], AggFunctions.FIRST_VALUE_IGNORE_NULLS())
            .column("list", types[8], AggFunctions.LISTAGG("; "))
            .column("every", types[9], AggFunctions.BOOL_AND())
            .column("any", types[10], AggFunctions.BOOL_OR())
            .primaryKey("id")
            .build();
    TablePath path =
        client.create("aggregation", schema, properties("table.merge-engine", "aggregation"), 1);
    equal(schema, client.admin.getTableSchema(path).get().getSchema(), "schema with functions");
    try (Table table = client.connection.getTable(path)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      Decimal price = Decimal.fromBigDecimal(new BigDecimal("1.50"), 20, 2);
      put(writer, 1, 10L, (byte) 100, 3, 1.5, price, "a", "b", null, "x", true, false);
      put(writer, 1, -4L, (byte) 3, 2, Double.NaN, price, null, null, "f", "y", false, true);
      put(writer, 1, null, null, 9, -1.0, null, "c", "d", "g", null, true, null);
      String expected = "1|6|44|9|-1.0|2.25|c|d|f|x; y|false|true";
      equal(expected, lookup(table, 1, types), "row");
      List<String> changes = changelog(table, 5, types);
      equal("+I 1|10|100|3|1.5|1.50|a|b|null|x|true|false", changes.get(0), "inserted");
      equal("-U 1|6|44|3|1.5|2.25|null|b|f|x; y|false|true", changes.get(3), "replaced");
      equal("+U " + expected, changes.get(4), "updated");
    }
  }

  private static byte[] bytes(RoaringBitmap bitmap) {
    bitmap.runOptimize();
    ByteBuffer buffer = ByteBuffer.allocate(bitmap.serializedSizeInBytes());
    bitmap.serialize(buffer);
    return buffer.array();
  }

  private static byte[] bytes(Roaring64Bitmap bitmap) throws Exception {
    bitmap.runOptimize();
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    bitmap.serialize(new DataOutputStream(stream));
    return stream.toByteArray();
  }

  private void bitmaps() throws Exception {
    Schema schema =
        keyed()
            .column("narrow", DataTypes.BYTES(), AggFunctions.RBM32())
            .column("wide", DataTypes.BYTES(), AggFunctions.RBM64())
            .primaryKey("id")
            .build();
    TablePath path =
        client.create("bitmaps", schema, properties("table.merge-engine", "aggregation"), 1);
    java.util.Random random = new java.util.Random(3);
    RoaringBitmap narrow = new RoaringBitmap();
    Roaring64Bitmap wide = new Roaring64Bitmap();
    try (Table table = client.connection.getTable(path)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      for (int round = 0; round < 12; round++) {
        RoaringBitmap a = new RoaringBitmap();
        Roaring64Bitmap b = new Roaring64Bitmap();
        for (int i = 0; i < 1 + 3000 * (round % 4); i++) {
          a.add(random.nextInt() >>> random.nextInt(20));
          b.addLong(random.nextLong() >>> random.nextInt(60));
        }
        a.add(1000L * round, 1000L * round + 20_000);
        b.addRange(70_000L * round, 70_000L * round + 80_000);
        narrow.or(a);
        wide.or(b);
        put(writer, 1, bytes(a), bytes(b));
      }
      InternalRow found =
          table.newLookup().createLookuper().lookup(row(1)).get().getSingletonRow();
      RoaringBitmap foundNarrow = new RoaringBitmap();
      foundNarrow.deserialize(ByteBuffer.wrap(found.getBytes(1)));
      Roaring64Bitmap foundWide = new Roaring64Bitmap();
      foundWide.deserialize(ByteBuffer.wrap(found.getBytes(2)));
      equal(narrow, foundNarrow, "32 bits");
      equal(wide.getLongCardinality(), foundWide.getLongCardinality(), "count of 64 bits");
      equal(wide, foundWide, "64 bits");
    }
  }

  private void partialAggregation() throws Exception {
    DataType number = DataTypes.BIGINT();
    Schema schema =
        keyed()
            .column("a", number, AggFunctions.SUM())
            .column("b", number, AggFunctions.SUM())
            .primaryKey("id")
            .build();
    TablePath path =
        client.create(
            "partial_aggregation",
            schema,
            properties("table.merge-engine", "aggregation", "table.delete.behavior", "allow"),
            1);
    try (Table table = client.connection.getTable(path)) {
      UpsertWriter a = table.newUpsert().partialUpdate("id", "a").createWriter();
      UpsertWriter b = table.newUpsert().partialUpdate("id", "b").createWriter();
      put(a, 1, 1L, null);
      put(b, 1, null, 5L);
      put(a, 1, 2L, null);
      put(b, 1, null, 5L);
      equal("1|3|10", lookup(table, 1, number, number), "sums");
      b.delete(row(1, null, null)).get();
      equal("1|3|null", lookup(table, 1, number, number), "one is deleted");
      a.delete(row(1, null, null)).get();
      equal("none", lookup(table, 1, number, number), "nothing is left");
    }
  }

  private void engineDeletes() throws Exception {
    Schema schema =
        keyed().column("n", DataTypes.BIGINT(), AggFunctions.SUM()).primaryKey("id").build();
    TablePath path =
        client.create(
            "aggregation_deletes",
            schema,
            properties("table.merge-engine", "aggregation", "table.delete.behavior", "ALLOW"),
            1);
    try (Table table = client.connection.getTable(path)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      put(writer, 1, 2L);
      put(writer, 1, 3L);
      writer.delete(row(1, null)).get();
      put(writer, 1, 4L);
      equal(
          Arrays.asList("+I 1|2", "-U 1|2", "+U 1|5", "-D 1|5", "+I 1|4"),
          changelog(table, 5, DataTypes.BIGINT()),
          "changelog");
    }
    Schema plain = keyed().column("v", DataTypes.INT()).primaryKey("id").build();
    TablePath disabled =
        client.create(
            "first_row_disabled",
            plain,
            properties("table.merge-engine", "first_row", "table.delete.behavior", "disable"),
            1);
    try (Table table = client.connection.getTable(disabled)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      put(writer, 1, 1);
      equal(
          "DeletionDisabledException",
          failure(() -> writer.delete(row(1, null)).get()),
          "a delete that is disabled");
    }
  }

  private void overwrite() throws Exception {
    Schema schema =
        keyed().column("n", DataTypes.BIGINT(), AggFunctions.SUM()).primaryKey("id").build();
    TablePath path =
        client.create("overwrite", schema, properties("table.merge-engine", "aggregation"), 1);
    try (Table table = client.connection.getTable(path)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      put(writer, 1, 2L);
      put(writer, 1, 3L);
      UpsertWriter undo = table.newUpsert().mergeMode(MergeMode.OVERWRITE).createWriter();
      put(undo, 1, 2L);
      equal("1|2", lookup(table, 1, DataTypes.BIGINT()), "taken back");
      undo.delete(row(1, null)).get();
      equal("none", lookup(table, 1, DataTypes.BIGINT()), "deleted, though deletes are ignored");
    }
  }

  private void refused() throws Exception {
    Schema plain = keyed().column("v", DataTypes.STRING()).primaryKey("id").build();
    Schema summed =
        keyed().column("v", DataTypes.INT(), AggFunctions.SUM()).primaryKey("id").build();
    Schema wrong =
        keyed().column("v", DataTypes.STRING(), AggFunctions.SUM()).primaryKey("id").build();
    Schema log = Schema.newBuilder().column("v", DataTypes.INT()).build();
    String engine = "table.merge-engine";
    String version = "table.merge-engine.versioned.ver-column";
    Object[][] cases = {
      {plain, properties(engine, "versioned")},
      {plain, properties(engine, "versioned", version, "none")},
      {plain, properties(engine, "versioned", version, "v")},
      {plain, properties(engine, "first_row", "table.delete.behavior", "allow")},
      {summed, properties(engine, "aggregation", "table.changelog.image", "WAL")},
      {wrong, properties(engine, "aggregation")},
      {log, properties(engine, "first_row")},
      {log, properties("table.delete.behavior", "ignore")},
    };
    for (Object[] each : cases) {
      @SuppressWarnings("unchecked")
      Map<String, String> properties = (Map<String, String>) each[1];
      equal(
          "InvalidConfigException",
          failure(() -> client.create("refused", (Schema) each[0], properties, 1)),
          properties.toString());
    }
    if (client.sqlPort != 0) {
      // Fluss's server 0.9.1 takes the first and knows no name for what is wrong with the second.
      equal(
          "InvalidConfigException",
          failure(() -> client.create("refused", summed, properties(), 1)),
          "a function without a merge engine");
      equal(
          "InvalidConfigException",
          failure(() -> client.create("refused", plain, properties(engine, "no_such_engine"), 1)),
          "no such merge engine");
    }
  }

  private void walImage() throws Exception {
    DataType[] types = {DataTypes.STRING(), DataTypes.INT()};
    Schema schema =
        keyed().column("a", types[0]).column("b", types[1]).primaryKey("id").build();
    TablePath path =
        client.create("wal_image", schema, properties("table.changelog.image", "WAL"), 1);
    try (Table table = client.connection.getTable(path)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      put(writer, 1, "a", 1);
      put(writer, 1, "b", 2);
      writer.delete(row(9, null, null)).get();
      writer.delete(row(1, null, null)).get();
      UpsertWriter partial = table.newUpsert().partialUpdate("id", "b").createWriter();
      put(partial, 2, null, 7);
      put(partial, 2, null, 8);
      equal(
          Arrays.asList(
              "+U 1|a|1", "+U 1|b|2", "-D 1|b|2", "+I 2|null|7", "+U 2|null|8"),
          changelog(table, 5, types),
          "changelog");
      equal("2|null|8", lookup(table, 2, types), "row");
    }
  }

  private void partialDeletes() throws Exception {
    DataType[] types = {DataTypes.STRING(), DataTypes.INT()};
    Schema schema =
        keyed().column("a", types[0]).column("b", types[1]).primaryKey("id").build();
    TablePath path = client.create("partial_deletes", schema, 1);
    try (Table table = client.connection.getTable(path)) {
      UpsertWriter a = table.newUpsert().partialUpdate("id", "a").createWriter();
      UpsertWriter b = table.newUpsert().partialUpdate("id", "b").createWriter();
      put(a, 1, "x", null);
      put(b, 1, null, 7);
      a.delete(row(1, null, null)).get();
      equal("1|null|7", lookup(table, 1, types), "half of a row");
      b.delete(row(1, null, null)).get();
      equal("none", lookup(table, 1, types), "no row");
      equal(
          Arrays.asList(
              "+I 1|x|null", "-U 1|x|null", "+U 1|x|7", "-U 1|x|7", "+U 1|null|7",
              "-D 1|null|7"),
          changelog(table, 6, types),
          "changelog");
    }
    Schema notNull =
        keyed()
            .column("a", types[0])
            .column("b", DataTypes.INT().copy(false))
            .primaryKey("id")
            .build();
    TablePath other = client.create("no_partial_update", notNull, 1);
    try (Table table = client.connection.getTable(other)) {
      String failed =
          failure(
              () -> put(table.newUpsert().partialUpdate("id", "a").createWriter(), 1, "x", null));
      equal(true, failed.endsWith("Exception"), "a column that is NOT NULL");
    }
  }

  private TablePath numbered(String name, String cacheSize) throws Exception {
    Schema schema =
        keyed()
            .column("name", DataTypes.STRING())
            .column("number", DataTypes.BIGINT())
            .primaryKey("id")
            .enableAutoIncrement("number")
            .build();
    return client.create(
        name, schema, properties("table.auto-increment.cache-size", cacheSize), 1);
  }

  private void autoIncrement() throws Exception {
    DataType[] types = {DataTypes.STRING(), DataTypes.BIGINT()};
    TablePath path = numbered("auto_increment", "3");
    equal(
        Arrays.asList("number"),
        client.admin.getTableSchema(path).get().getSchema().getAutoIncrementColumnNames(),
        "column");
    try (Table table = client.connection.getTable(path)) {
      UpsertWriter writer = table.newUpsert().partialUpdate("id", "name").createWriter();
      for (int i = 0; i < 8; i++) {
        put(writer, 100 + i, "n" + i, null);
      }
      put(writer, 103, "again", null);
      equal("103|again|4", lookup(table, 103, types), "an update keeps the number");
      equal("107|n7|8", lookup(table, 107, types), "the last number");
      equal("+I 100|n0|1", changelog(table, 10, types).get(0), "changelog");
      String failed = failure(() -> put(table.newUpsert().createWriter(), 1, "x", 5L));
      equal(true, failed.endsWith("Exception"), "numbers are the server's");
    }
  }

  private void lookupInserts() throws Exception {
    DataType[] types = {DataTypes.STRING(), DataTypes.BIGINT()};
    TablePath path = numbered("lookup_inserts", "100");
    try (Table table = client.connection.getTable(path)) {
      Lookuper inserting = table.newLookup().enableInsertIfNotExists().createLookuper();
      InternalRow first = inserting.lookup(row(7)).get().getSingletonRow();
      equal("7|null|1", text(first, types), "inserted");
      equal(
          "7|null|1",
          text(inserting.lookup(row(7)).get().getSingletonRow(), types),
          "found");
      equal(
          "8|null|2",
          text(inserting.lookup(row(8)).get().getSingletonRow(), types),
          "the next");
      equal("none", lookup(table, 9, types), "a plain lookup inserts nothing");
      equal(
          Arrays.asList("+I 7|null|1", "+I 8|null|2"), changelog(table, 2, types), "changelog");
    }
  }

  private void nested() throws Exception {
    DataType list = DataTypes.ARRAY(DataTypes.INT());
    DataType dict = DataTypes.MAP(DataTypes.STRING().copy(false), DataTypes.BIGINT());
    DataType pair =
        DataTypes.ROW(
            DataTypes.FIELD("x", DataTypes.INT()), DataTypes.FIELD("y", DataTypes.STRING()));
    Schema schema =
        keyed().column("list", list).column("dict", dict).column("pair", pair).primaryKey("id")
            .build();
    TablePath path = client.create("nested_rows", schema, 1);
    try (Table table = client.connection.getTable(path)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      GenericArray numbers = new GenericArray(new Object[] {1, null, 3});
      GenericMap map =
          new GenericMap(Collections.singletonMap(BinaryString.fromString("a long key"), 5L));
      GenericRow inner = GenericRow.of(2, BinaryString.fromString("z"));
      put(writer, 1, numbers, map, inner);
      put(writer, 2, null, null, null);
      InternalRow found =
          table.newLookup().createLookuper().lookup(row(1)).get().getSingletonRow();
      equal(3, found.getArray(1).size(), "elements");
      equal(true, found.getArray(1).isNullAt(1), "a NULL element");
      equal(3, found.getArray(1).getInt(2), "an element");
      equal("a long key", found.getMap(2).keyArray().getString(0).toString(), "a key");
      equal(5L, found.getMap(2).valueArray().getLong(0), "a value");
      equal(2, found.getRow(3, 2).getInt(0), "a field");
      equal("z", found.getRow(3, 2).getString(1).toString(), "another");
      equal(
          Arrays.asList("+I 1 3 z", "+I 2 -"),
          readAll(
              table,
              null,
              2,
              record -> {
                InternalRow row = record.getRow();
                String rest =
                    row.isNullAt(1)
                        ? "-"
                        : row.getArray(1).getInt(2) + " " + row.getRow(3, 2).getString(1);
                return record.getChangeType().shortString() + " " + row.getInt(0) + " " + rest;
              }),
          "changelog");
    }
  }

  private void indexed() throws Exception {
    DataType[] types = {DataTypes.STRING(), DataTypes.BIGINT(), DataTypes.STRING()};
    Schema schema =
        keyed()
            .column("a", types[0])
            .column("b", types[1])
            .column("c", types[2])
            .primaryKey("id")
            .build();
    TablePath path =
        client.create("indexed_rows", schema, properties("table.kv.format", "INDEXED"), 1);
    try (Table table = client.connection.getTable(path)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      put(writer, 1, "text", 5L, null);
      put(writer, 2, null, null, "more text");
      UpsertWriter partial = table.newUpsert().partialUpdate("id", "c").createWriter();
      put(partial, 1, null, null, "c");
      equal("1|text|5|c", lookup(table, 1, types), "merged");
      equal("2|null|null|more text", lookup(table, 2, types), "row");
      int rows = 0;
      try (BatchScanner scanner =
          table
              .newScan()
              .limit(10)
              .createBatchScanner(
                  new TableBucket(client.admin.getTableInfo(path).get().getTableId(), 0))) {
        CloseableIterator<InternalRow> batch = scanner.pollBatch(JavaClient.POLL);
        while (batch != null) {
          while (batch.hasNext()) {
            InternalRow row = batch.next();
            equal(row.getInt(0) == 1 ? "c" : "more text", row.getString(3).toString(), "scanned");
            rows++;
          }
          batch = scanner.pollBatch(JavaClient.POLL);
        }
      }
      equal(2, rows, "rows");
    }
  }

  private void sql() throws Exception {
    String name = JavaClient.DATABASE + ".engine_by_sql";
    client.sql(
        "CREATE TABLE "
            + name
            + " (id INT NOT NULL, n BIGINT, tags STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ("
            + "'table.merge-engine' = 'aggregation', 'fields.n.agg' = 'sum',"
            + " 'fields.tags.agg' = 'listagg', 'fields.tags.listagg.delimiter' = '/')");
    TablePath path = TablePath.of(JavaClient.DATABASE, "engine_by_sql");
    Schema schema = client.admin.getTableSchema(path).get().getSchema();
    equal(AggFunctions.SUM(), schema.getAggFunction("n").get(), "function");
    equal(AggFunctions.LISTAGG("/"), schema.getAggFunction("tags").get(), "with its delimiter");
    client.sql("INSERT INTO " + name + " VALUES (1, 2, 'a'), (1, 3, 'b')");
    try (Table table = client.connection.getTable(path)) {
      put(table.newUpsert().createWriter(), 1, 10L, "c");
      equal("1|15|a/b/c", lookup(table, 1, DataTypes.BIGINT(), DataTypes.STRING()), "merged");
    }
    client.sql("INSERT INTO " + name + " (id, n) VALUES (1, 5)");
    String answer = client.sql("SELECT n, tags FROM " + name);
    equal(true, answer.contains("20") && answer.contains("a/b/c"), "one column: " + answer);
  }
}
