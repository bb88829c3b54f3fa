package forebay.compat;

import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.client.lookup.Lookuper;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.batch.BatchScanner;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.writer.AppendWriter;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.DatabaseDescriptor;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableBucket;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TableInfo;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.row.TimestampLtz;
import org.apache.fluss.row.TimestampNtz;
import org.apache.fluss.security.acl.AclBindingFilter;
import org.apache.fluss.types.DataTypes;
import org.apache.fluss.utils.CloseableIterator;

/**
 * Uses a server through the released Java client and compares with results that are written down
 * here. Arguments: the bootstrap server, and the HTTP port of a Forebay server, whose SQL then works
 * on the same tables; without it any Fluss server will do.
 */
public final class JavaClient {
  static final String DATABASE = "compat_java";
  static final Duration POLL = Duration.ofMillis(200);
  private static final long DEADLINE_MS = 20_000;

  final Connection connection;
  final Admin admin;
  final int sqlPort;
  private final String bootstrap;
  private int passed;

  private JavaClient(String bootstrap, int sqlPort) {
    this.bootstrap = bootstrap;
    this.connection = connect(bootstrap);
    this.admin = connection.getAdmin();
    this.sqlPort = sqlPort;
  }

  interface Case {
    void run() throws Exception;
  }

  public static void main(String[] arguments) throws Exception {
    int sqlPort = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 0;
    JavaClient client = new JavaClient(arguments[0], sqlPort);
    boolean ok = client.runAll();
    client.connection.close();
    System.out.println(client.passed + " passed");
    System.exit(ok ? 0 : 1);
  }

  static Connection connect(String bootstrap) {
    Configuration configuration = configuration(bootstrap);
    Login.configure(configuration);
    return ConnectionFactory.createConnection(configuration);
  }

  static Configuration configuration(String bootstrap) {
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", bootstrap);
    // Small, so that batches go out at once.
    configuration.setString("client.writer.batch-timeout", "1ms");
    configuration.setString("client.lookup.batch-timeout", "1ms");
    return configuration;
  }

  private boolean runAll() throws Exception {
    admin.dropDatabase(DATABASE, true, true).get();
    boolean ok = true;
    ok &= runCase("login", () -> Login.refused(bootstrap));
    ok &= runCase("admin", this::admin);
    ok &= runCase("log", this::log);
    ok &= runCase("types", this::types);
    ok &= runCase("empty and full buckets", this::buckets);
    ok &= runCase("compression", this::compression);
    ok &= runCase("long poll", this::longPoll);
    ok &= runCase("offsets", this::offsets);
    ok &= runCase("primary key", this::primaryKey);
    ok &= runCase("partial update", this::partialUpdate);
    ok &= runCase("prefix lookup", this::prefixLookup);
    ok &= runCase("limit scan", this::limitScan);
    ok &= runCase("key types and buckets", this::keyTypes);
    ok &= runCase("delete behavior", this::deleteBehavior);
    ok &= runCase("many rows", this::manyRows);
    Map<String, Case> more = new LinkedHashMap<>();
    more.putAll(new SchemaEvolution(this).cases());
    more.putAll(new LogLayouts(this).cases());
    for (Map.Entry<String, Case> added : more.entrySet()) {
      ok &= runCase(added.getKey(), added.getValue());
    }
    for (Map.Entry<String, Case> added : new RowChanges(this).cases().entrySet()) {
      ok &= runCase(added.getKey(), added.getValue());
    }
    for (Map.Entry<String, Case> added : new Partitions(this).cases().entrySet()) {
      ok &= runCase(added.getKey(), added.getValue());
    }
    if (sqlPort != 0) {
      ok &= runCase("sql reads and writes the same log", this::sqlLog);
      ok &= runCase("sql reads and writes the same rows", this::sqlRows);
      ok &= runCase("two clients and sql at once", this::atOnce);
    }
    admin.dropDatabase(DATABASE, true, true).get();
    return ok;
  }

  private boolean runCase(String name, Case test) {
    String wanted = System.getenv("COMPAT_CASES");
    if (wanted != null && !Arrays.asList(wanted.split(",")).contains(name)) {
      return true;
    }
    String leftOut = System.getenv("COMPAT_LEFT_OUT");
    if (leftOut != null && Arrays.asList(leftOut.split(",")).contains(name)) {
      return true;
    }
    long begin = System.currentTimeMillis();
    try {
      test.run();
      passed++;
      System.out.printf("ok      %s (%d ms)%n", name, System.currentTimeMillis() - begin);
      return true;
    } catch (Throwable error) {
      System.out.printf("FAILED  %s: %s%n", name, error);
      error.printStackTrace(System.out);
      return false;
    }
  }

  static void equal(Object expected, Object actual, String what) {
    if (!expected.equals(actual)) {
      throw new AssertionError(what + ": expected " + expected + ", got " + actual);
    }
  }

  static String failure(Case test) throws Exception {
    try {
      test.run();
    } catch (ExecutionException error) {
      return error.getCause().getClass().getSimpleName();
    } catch (RuntimeException error) {
      return error.getClass().getSimpleName();
    }
    throw new AssertionError("no error");
  }

  TablePath create(String name, Schema schema, int buckets, String... bucketKeys)
      throws Exception {
    return create(name, schema, Collections.emptyMap(), buckets, bucketKeys);
  }

  TablePath create(
      String name,
      Schema schema,
      Map<String, String> properties,
      int buckets,
      String... bucketKeys)
      throws Exception {
    admin.createDatabase(DATABASE, DatabaseDescriptor.EMPTY, true).get();
    TablePath path = TablePath.of(DATABASE, name);
    admin
        .createTable(
            path,
            TableDescriptor.builder()
                .schema(schema)
                .properties(properties)
                .distributedBy(buckets, bucketKeys)
                .build(),
            false)
        .get();
    return path;
  }

  static Schema logSchema() {
    return Schema.newBuilder()
        .column("id", DataTypes.INT())
        .column("name", DataTypes.STRING())
        .column("score", DataTypes.DOUBLE())
        .build();
  }

  static Schema keyedSchema() {
    return Schema.newBuilder()
        .column("id", DataTypes.INT().copy(false))
        .column("name", DataTypes.STRING())
        .column("score", DataTypes.BIGINT())
        .primaryKey("id")
        .build();
  }

  static GenericRow row(Object... fields) {
    Object[] internal = new Object[fields.length];
    for (int i = 0; i < fields.length; i++) {
      internal[i] =
          fields[i] instanceof String ? BinaryString.fromString((String) fields[i]) : fields[i];
    }
    return GenericRow.of(internal);
  }

  /** Reads until `count` records have come, and says what each is by `text`. */
  static List<String> read(
      LogScanner scanner, int count, Function<ScanRecord, String> text) {
    List<String> records = new ArrayList<>();
    long deadline = System.currentTimeMillis() + DEADLINE_MS;
    while (records.size() < count && System.currentTimeMillis() < deadline) {
      for (ScanRecord record : scanner.poll(POLL)) {
        records.add(text.apply(record));
      }
    }
    return records;
  }

  static List<String> readAll(
      Table table, int[] projection, int count, Function<ScanRecord, String> text)
      throws Exception {
    try (LogScanner scanner =
        projection == null
            ? table.newScan().createLogScanner()
            : table.newScan().project(projection).createLogScanner()) {
      for (int bucket = 0; bucket < table.getTableInfo().getNumBuckets(); bucket++) {
        scanner.subscribeFromBeginning(bucket);
      }
      return read(scanner, count, text);
    }
  }

  static String idAndName(InternalRow row) {
    return row.getInt(0) + (row.isNullAt(1) ? " -" : " " + row.getString(1));
  }

  private void admin() throws Exception {
    admin
        .createDatabase(
            DATABASE, DatabaseDescriptor.builder().comment("of the Java client").build(), false)
        .get();
    equal(true, admin.databaseExists(DATABASE).get(), "database exists");
    equal(true, admin.listDatabases().get().contains(DATABASE), "listed");
    equal(
        "of the Java client",
        admin.getDatabaseInfo(DATABASE).get().getDatabaseDescriptor().getComment().get(),
        "comment");
    equal(
        "DatabaseAlreadyExistException",
        failure(() -> admin.createDatabase(DATABASE, DatabaseDescriptor.EMPTY, false).get()),
        "twice");
    admin.createDatabase(DATABASE, DatabaseDescriptor.EMPTY, true).get();
    equal(
        "DatabaseNotExistException",
        failure(() -> admin.getDatabaseInfo("compat_none").get()),
        "missing");
    TablePath path = create("admin", keyedSchema(), 3);
    TableInfo info = admin.getTableInfo(path).get();
    equal(3, info.getNumBuckets(), "buckets");
    equal(Arrays.asList("id"), info.getPrimaryKeys(), "primary key");
    equal(Arrays.asList("id"), info.getBucketKeys(), "bucket key");
    equal(keyedSchema().getRowType(), info.getRowType(), "row type");
    equal(1, admin.getTableSchema(path).get().getSchemaId(), "schema id");
    equal(Arrays.asList("admin"), admin.listTables(DATABASE).get(), "tables");
    equal(true, admin.tableExists(path).get(), "table exists");
    equal(
        "TableAlreadyExistException",
        failure(() -> create("admin", keyedSchema(), 3)),
        "table twice");
    equal(
        "DatabaseNotEmptyException",
        failure(() -> admin.dropDatabase(DATABASE, false, false).get()),
        "not empty");
    equal(
        "InvalidConfigException",
        failure(
            () ->
                create("bad", logSchema(), Collections.singletonMap("table.no-such", "1"), 1)),
        "unknown option");
    admin.dropTable(path, false).get();
    equal(false, admin.tableExists(path).get(), "dropped");
    equal(
        "TableNotExistException", failure(() -> admin.dropTable(path, false).get()), "no table");
    admin.dropTable(path, true).get();
    equal(2, admin.getServerNodes().get().size(), "server nodes");
    List<AclBindingFilter> anyRight = Collections.singletonList(AclBindingFilter.ANY);
    equal(
        "SecurityDisabledException",
        failure(() -> admin.listAcls(AclBindingFilter.ANY).get()),
        "rights of a server without an authorizer");
    equal(
        "SecurityDisabledException", failure(() -> admin.dropAcls(anyRight).all().get()), "drop");
  }

  private void log() throws Exception {
    TablePath path = create("log", logSchema(), 1);
    try (Table table = connection.getTable(path)) {
      AppendWriter writer = table.newAppend().createWriter();
      for (int i = 0; i < 10; i++) {
        writer.append(row(i, i == 3 ? null : "row " + i, i / 4.0)).get();
      }
      writer.flush();
      List<String> expected = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        expected.add(i + "|" + (i == 3 ? null : "row " + i) + "|" + i / 4.0 + "@" + i);
      }
      equal(
          expected,
          readAll(
              table,
              null,
              10,
              record ->
                  record.getRow().getInt(0)
                      + "|"
                      + (record.getRow().isNullAt(1) ? null : record.getRow().getString(1))
                      + "|"
                      + record.getRow().getDouble(2)
                      + "@"
                      + record.logOffset()),
          "all columns");
      equal(
          Arrays.asList("0.0", "0.25", "0.5", "0.75", "1.0", "1.25", "1.5", "1.75", "2.0", "2.25"),
          readAll(table, new int[] {2}, 10, record -> "" + record.getRow().getDouble(0)),
          "one column");
      equal(
          Arrays.asList("row 0/0", "row 1/1", "row 2/2"),
          readAll(
                  table,
                  new int[] {0, 1},
                  10,
                  record ->
                      (record.getRow().isNullAt(1) ? "" : record.getRow().getString(1).toString())
                          + "/"
                          + record.getRow().getInt(0))
              .subList(0, 3),
          "two columns");
      try (LogScanner scanner = table.newScan().createLogScanner()) {
        scanner.subscribe(0, 7);
        equal(
            Arrays.asList("7", "8", "9"),
            read(scanner, 3, record -> "" + record.getRow().getInt(0)),
            "from offset 7");
      }
    }
  }

  private void types() throws Exception {
    Schema schema =
        Schema.newBuilder()
            .column("flag", DataTypes.BOOLEAN())
            .column("tiny", DataTypes.TINYINT())
            .column("small", DataTypes.SMALLINT())
            .column("number", DataTypes.INT())
            .column("big", DataTypes.BIGINT())
            .column("real4", DataTypes.FLOAT())
            .column("real8", DataTypes.DOUBLE())
            .column("price", DataTypes.DECIMAL(10, 2))
            .column("huge", DataTypes.DECIMAL(30, 4))
            .column("name", DataTypes.STRING())
            .column("code", DataTypes.CHAR(3))
            .column("payload", DataTypes.BYTES())
            .column("fixed", DataTypes.BINARY(2))
            .column("born", DataTypes.DATE())
            .column("at_time", DataTypes.TIME())
            .column("ts3", DataTypes.TIMESTAMP(3))
            .column("ts9", DataTypes.TIMESTAMP(9))
            .column("ltz6", DataTypes.TIMESTAMP_LTZ(6))
            .build();
    TablePath path = create("types", schema, 1);
    GenericRow full =
        row(
            true,
            (byte) -128,
            (short) 32767,
            -5,
            Long.MIN_VALUE,
            1.5f,
            -0.1,
            Decimal.fromBigDecimal(new BigDecimal("12345678.90"), 10, 2),
            Decimal.fromBigDecimal(new BigDecimal("-12345678901234567890.1234"), 30, 4),
            "Zoë 你好, longer than sixteen bytes",
            "abc",
            new byte[] {0, -1, 16},
            new byte[] {7, 8},
            -1,
            86_398_000,
            TimestampNtz.fromMillis(-1),
            TimestampNtz.fromMillis(1_000, 123_456),
            TimestampLtz.fromEpochMillis(1_700_000_000_123L, 456_000));
    try (Table table = connection.getTable(path)) {
      AppendWriter writer = table.newAppend().createWriter();
      writer.append(full).get();
      writer.append(new GenericRow(18)).get();
      Function<ScanRecord, String> text =
          record -> {
            InternalRow read = record.getRow();
            StringBuilder out = new StringBuilder();
            for (int i = 0; i < 18; i++) {
              Object field =
                  InternalRow.createFieldGetter(schema.getRowType().getTypeAt(i), i)
                      .getFieldOrNull(read);
              out.append(field instanceof byte[] ? Arrays.toString((byte[]) field) : field);
              out.append('|');
            }
            return out.toString();
          };
      equal(
          Arrays.asList(
              "true|-128|32767|-5|-9223372036854775808|1.5|-0.1|12345678.90|"
                  + "-12345678901234567890.1234|Zoë 你好, longer than sixteen bytes|abc|"
                  + "[0, -1, 16]|[7, 8]|-1|86398000|1969-12-31T23:59:59.999|"
                  + "1970-01-01T00:00:01.000123456|2023-11-14T22:13:20.123456Z|",
              "null|".repeat(18)),
          readAll(table, null, 2, text),
          "every type");
    }
  }

  private void buckets() throws Exception {
    TablePath path = create("buckets", logSchema(), 4, "id");
    try (Table table = connection.getTable(path)) {
      AppendWriter writer = table.newAppend().createWriter();
      for (int i = 0; i < 6; i++) {
        writer.append(row(42, "same bucket " + i, 0.0));
      }
      writer.flush();
      equal(6, readAll(table, null, 6, record -> "x").size(), "one bucket of four has rows");
      for (int i = 0; i < 100; i++) {
        writer.append(row(i, "spread", 0.0));
      }
      writer.flush();
      List<String> all = readAll(table, null, 106, record -> "" + record.getRow().getInt(0));
      equal(106, all.size(), "all buckets");
    }
  }

  private void compression() throws Exception {
    for (String codec : new String[] {"NONE", "LZ4_FRAME", "ZSTD"}) {
      TablePath path =
          create(
              "compression_" + codec.toLowerCase(),
              logSchema(),
              Collections.singletonMap("table.log.arrow.compression.type", codec),
              1);
      try (Table table = connection.getTable(path)) {
        AppendWriter writer = table.newAppend().createWriter();
        for (int i = 0; i < 1000; i++) {
          writer.append(row(i, "the same text again and again", 1.0));
        }
        writer.flush();
        List<String> ids = readAll(table, null, 1000, record -> "" + record.getRow().getInt(0));
        equal(1000, ids.size(), codec);
        equal("999", ids.get(999), codec + " last");
        List<String> names =
            readAll(table, new int[] {1}, 1000, record -> record.getRow().getString(0).toString());
        equal("the same text again and again", names.get(500), codec + " projected");
      }
    }
  }

  private void longPoll() throws Exception {
    TablePath path = create("long_poll", logSchema(), 2);
    try (Table table = connection.getTable(path);
        LogScanner scanner = table.newScan().createLogScanner()) {
      scanner.subscribeFromBeginning(0);
      scanner.subscribeFromBeginning(1);
      equal(true, scanner.poll(Duration.ofMillis(300)).isEmpty(), "nothing yet");
      AppendWriter writer = table.newAppend().createWriter();
      for (int i = 0; i < 5; i++) {
        writer.append(row(i, "x", 0.0)).get();
        equal(
            Arrays.asList("" + i),
            read(scanner, 1, record -> "" + record.getRow().getInt(0)),
            "woken");
      }
    }
  }

  private void offsets() throws Exception {
    TablePath path = create("offsets", logSchema(), 2);
    List<Integer> both = Arrays.asList(0, 1);
    try (Table table = connection.getTable(path)) {
      equal(0L, admin.listOffsets(path, both, new OffsetSpec.LatestSpec()).all().get().get(0), "0");
      long before = System.currentTimeMillis();
      AppendWriter writer = table.newAppend().createWriter();
      for (int i = 0; i < 10; i++) {
        writer.append(row(i, "x", 0.0)).get();
      }
      long total = 0;
      for (long offset :
          admin.listOffsets(path, both, new OffsetSpec.LatestSpec()).all().get().values()) {
        total += offset;
      }
      equal(10L, total, "latest");
      equal(
          0L,
          admin.listOffsets(path, both, new OffsetSpec.EarliestSpec()).all().get().get(1),
          "earliest");
      equal(
          0L,
          admin
              .listOffsets(path, both, new OffsetSpec.TimestampSpec(before - 1000))
              .all()
              .get()
              .get(0),
          "by time");
    }
  }

  String lookup(Lookuper lookuper, Object... key) throws Exception {
    InternalRow found = lookuper.lookup(row(key)).get(10, TimeUnit.SECONDS).getSingletonRow();
    return found == null ? "none" : idAndName(found) + " " + found.getLong(2);
  }

  private void primaryKey() throws Exception {
    TablePath path = create("primary_key", keyedSchema(), 2);
    try (Table table = connection.getTable(path)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      writer.upsert(row(1, "one", 10L)).get();
      writer.upsert(row(2, "two", 20L)).get();
      writer.upsert(row(1, "uno", 11L)).get();
      writer.upsert(row(3, null, 30L)).get();
      writer.delete(row(2, null, null)).get();
      writer.delete(row(9, null, null)).get();
      Lookuper lookuper = table.newLookup().createLookuper();
      equal("1 uno 11", lookup(lookuper, 1), "updated");
      equal("none", lookup(lookuper, 2), "deleted");
      equal("3 - 30", lookup(lookuper, 3), "a NULL");
      equal("none", lookup(lookuper, 4), "never there");
      List<String> changes =
          readAll(
              table,
              null,
              6,
              record -> record.getChangeType().shortString() + " " + idAndName(record.getRow()));
      Collections.sort(changes);
      List<String> expected =
          new ArrayList<>(
              Arrays.asList("+I 1 one", "+I 2 two", "-U 1 one", "+U 1 uno", "+I 3 -", "-D 2 two"));
      Collections.sort(expected);
      equal(expected, changes, "changelog");
      equal(
          2, admin.getLatestKvSnapshots(path).get().getBucketIds().size(), "buckets of snapshots");
    }
  }

  private void partialUpdate() throws Exception {
    TablePath path = create("partial", keyedSchema(), 1);
    try (Table table = connection.getTable(path)) {
      UpsertWriter names = table.newUpsert().partialUpdate("id", "name").createWriter();
      UpsertWriter scores = table.newUpsert().partialUpdate("id", "score").createWriter();
      names.upsert(row(1, "one", null)).get();
      Lookuper lookuper = table.newLookup().createLookuper();
      equal(true, lookuper.lookup(row(1)).get().getSingletonRow().isNullAt(2), "score NULL");
      scores.upsert(row(1, null, 5L)).get();
      equal("1 one 5", lookup(lookuper, 1), "both");
      names.upsert(row(1, "uno", null)).get();
      equal("1 uno 5", lookup(lookuper, 1), "score stays");
      names.delete(row(1, null, null)).get();
      equal("1 - 5", lookup(lookuper, 1), "name gone");
      scores.delete(row(1, null, null)).get();
      equal("none", lookup(lookuper, 1), "row gone");
    }
  }

  private void prefixLookup() throws Exception {
    Schema schema =
        Schema.newBuilder()
            .column("shop", DataTypes.STRING().copy(false))
            .column("day", DataTypes.INT().copy(false))
            .column("order_id", DataTypes.BIGINT().copy(false))
            .column("amount", DataTypes.DOUBLE())
            .primaryKey("shop", "day", "order_id")
            .build();
    TablePath path = create("prefix", schema, 3, "shop", "day");
    try (Table table = connection.getTable(path)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      for (long order = 0; order < 5; order++) {
        writer.upsert(row("a", 1, order, 1.0 * order));
        writer.upsert(row("a", 2, order, 2.0 * order));
        writer.upsert(row("ab", 1, order, 3.0 * order));
      }
      writer.flush();
      Lookuper lookuper = table.newLookup().lookupBy("shop", "day").createLookuper();
      List<String> found = new ArrayList<>();
      for (InternalRow row : lookuper.lookup(row("a", 2)).get().getRowList()) {
        found.add(row.getString(0) + " " + row.getInt(1) + " " + row.getLong(2));
      }
      equal(Arrays.asList("a 2 0", "a 2 1", "a 2 2", "a 2 3", "a 2 4"), found, "rows of a prefix");
      equal(0, lookuper.lookup(row("b", 2)).get().getRowList().size(), "no such prefix");
    }
  }

  private List<String> scan(Table table, int limit) throws Exception {
    TableBucket bucket = new TableBucket(table.getTableInfo().getTableId(), 0);
    List<String> rows = new ArrayList<>();
    try (BatchScanner scanner = table.newScan().limit(limit).createBatchScanner(bucket)) {
      for (CloseableIterator<InternalRow> batch = scanner.pollBatch(Duration.ofSeconds(5));
          batch != null;
          batch = scanner.pollBatch(Duration.ofSeconds(5))) {
        while (batch.hasNext()) {
          rows.add(idAndName(batch.next()));
        }
        batch.close();
      }
    }
    return rows;
  }

  private void limitScan() throws Exception {
    try (Table table = connection.getTable(create("limit_rows", keyedSchema(), 1))) {
      equal(0, scan(table, 5).size(), "an empty table");
      UpsertWriter writer = table.newUpsert().createWriter();
      for (int i = 0; i < 20; i++) {
        writer.upsert(row(i, "n" + i, 0L));
      }
      writer.flush();
      equal(5, scan(table, 5).size(), "five of twenty");
      List<String> all = scan(table, 100);
      Collections.sort(all);
      equal(20, all.size(), "all");
      equal("0 n0", all.get(0), "first");
    }
    try (Table table = connection.getTable(create("limit_log", logSchema(), 1))) {
      AppendWriter writer = table.newAppend().createWriter();
      for (int i = 0; i < 20; i++) {
        writer.append(row(i, "n" + i, 0.0)).get();
      }
      equal(
          Arrays.asList("17 n17", "18 n18", "19 n19"), scan(table, 3), "the newest of a log");
    }
  }

  private static Schema keyTypesSchema() {
    return Schema.newBuilder()
        .column("a", DataTypes.INT().copy(false))
        .column("b", DataTypes.STRING().copy(false))
        .column("c", DataTypes.BIGINT().copy(false))
        .column("d", DataTypes.TIMESTAMP(3).copy(false))
        .column("e", DataTypes.DECIMAL(12, 3).copy(false))
        .column("v", DataTypes.INT())
        .primaryKey("a", "b", "c", "d", "e")
        .build();
  }

  private static GenericRow keyTypesRow(int i) {
    return row(
        i * 7919 - 500,
        "key " + "x".repeat(i % 20),
        (long) i * 1_000_003L - 10_000_000L,
        TimestampNtz.fromMillis(i * 86_400_123L - 5_000_000_000L),
        Decimal.fromBigDecimal(new BigDecimal(i).movePointLeft(3), 12, 3),
        i);
  }

  private void keyTypes() throws Exception {
    TablePath path = create("key_types", keyTypesSchema(), 5);
    try (Table table = connection.getTable(path)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      for (int i = 0; i < 200; i++) {
        writer.upsert(keyTypesRow(i));
      }
      writer.flush();
      Lookuper lookuper = table.newLookup().createLookuper();
      for (int i = 0; i < 200; i++) {
        GenericRow full = keyTypesRow(i);
        InternalRow found =
            lookuper
                .lookup(
                    GenericRow.of(
                        full.getField(0),
                        full.getField(1),
                        full.getField(2),
                        full.getField(3),
                        full.getField(4)))
                .get()
                .getSingletonRow();
        equal(i, found.getInt(5), "row " + i);
      }
      if (sqlPort != 0) {
        // Forebay's own key and bucket of the row are the client's.
        equal("[[\"123\"]]", query("SELECT CAST(v AS STRING) FROM " + path + " WHERE v = 123"), "");
        sql("INSERT INTO " + path + " SELECT a, b, c, d, e, v + 1000 FROM " + path);
        for (int i = 0; i < 200; i++) {
          GenericRow full = keyTypesRow(i);
          InternalRow found =
              lookuper
                  .lookup(
                      GenericRow.of(
                          full.getField(0),
                          full.getField(1),
                          full.getField(2),
                          full.getField(3),
                          full.getField(4)))
                  .get()
                  .getSingletonRow();
          equal(i + 1000, found.getInt(5), "row written by SQL " + i);
        }
        equal("[[200]]", query("SELECT COUNT(*) FROM " + path), "no row twice");
      }
    }
  }

  private void deleteBehavior() throws Exception {
    TablePath ignore =
        create(
            "delete_ignore",
            keyedSchema(),
            Collections.singletonMap("table.delete.behavior", "IGNORE"),
            1);
    try (Table table = connection.getTable(ignore)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      writer.upsert(row(1, "one", 1L)).get();
      writer.delete(row(1, null, null)).get();
      equal("1 one 1", lookup(table.newLookup().createLookuper(), 1), "ignored");
    }
    TablePath disable =
        create(
            "delete_disable",
            keyedSchema(),
            Collections.singletonMap("table.delete.behavior", "DISABLE"),
            1);
    try (Table table = connection.getTable(disable)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      writer.upsert(row(1, "one", 1L)).get();
      equal(
          "DeletionDisabledException",
          failure(() -> writer.delete(row(1, null, null)).get()),
          "disabled");
    }
  }

  private void manyRows() throws Exception {
    int count = 50_000;
    try (Table table = connection.getTable(create("many_log", logSchema(), 3))) {
      AppendWriter writer = table.newAppend().createWriter();
      long sum = 0;
      for (int i = 0; i < count; i++) {
        writer.append(row(i, "text " + i, i * 0.5));
        sum += i;
      }
      writer.flush();
      long read = 0;
      for (String id :
          readAll(table, new int[] {0}, count, record -> "" + record.getRow().getInt(0))) {
        read += Long.parseLong(id);
      }
      equal(sum, read, "sum of ids");
    }
    try (Table table = connection.getTable(create("many_rows", keyedSchema(), 3))) {
      UpsertWriter writer = table.newUpsert().createWriter();
      for (int i = 0; i < count; i++) {
        writer.upsert(row(i % 10_000, "text " + i, (long) i));
      }
      writer.flush();
      Lookuper lookuper = table.newLookup().createLookuper();
      for (int i = 0; i < 10_000; i += 997) {
        equal(i + " text " + (40_000 + i) + " " + (40_000L + i), lookup(lookuper, i), "row " + i);
      }
    }
  }

  // ---- Forebay's SQL over the same tables --------------------------------------------------

  String sql(String statement) throws Exception {
    String script = "SET 'execution.runtime-mode' = 'batch';\nSET 'table.dml-sync' = 'true';\n";
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + sqlPort + "/api/v1/sql"))
                    .POST(HttpRequest.BodyPublishers.ofString(script + statement + ";"))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200 || answer.body().contains("\"error\"")) {
      throw new AssertionError(statement + ": " + answer.body());
    }
    return answer.body();
  }

  /** The rows of the last statement, as JSON. */
  String query(String select) throws Exception {
    String body = sql(select);
    int begin = body.lastIndexOf("\"rows\":") + 7;
    int end = begin;
    int depth = 0;
    do {
      char c = body.charAt(end++);
      depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    } while (depth > 0);
    return body.substring(begin, end);
  }

  private void sqlLog() throws Exception {
    TablePath path = create("sql_log", logSchema(), 1);
    try (Table table = connection.getTable(path)) {
      table.newAppend().createWriter().append(row(1, "by Java", 0.5)).get();
      sql("INSERT INTO " + path + " VALUES (2, 'by SQL', CAST(1.5 AS DOUBLE))");
      equal(
          "[[1,\"by Java\",0.5],[2,\"by SQL\",1.5]]",
          query("SELECT * FROM " + path + " ORDER BY id"),
          "SQL sees both");
      equal(
          Arrays.asList("1 by Java", "2 by SQL"),
          readAll(table, null, 2, record -> idAndName(record.getRow())),
          "Java sees both");
      equal(
          Arrays.asList("by Java", "by SQL"),
          readAll(table, new int[] {1}, 2, record -> record.getRow().getString(0).toString()),
          "projected");
    }
    sql("CREATE TABLE " + DATABASE + ".made_by_sql (k INT NOT NULL, v STRING, w DECIMAL(20, 2),"
        + " PRIMARY KEY (k) NOT ENFORCED) WITH ('bucket.num' = '2')");
    TablePath made = TablePath.of(DATABASE, "made_by_sql");
    equal(Arrays.asList("k"), admin.getTableInfo(made).get().getPrimaryKeys(), "made by SQL");
    sql("INSERT INTO " + made + " VALUES (7, 'seven', 7.25)");
    try (Table table = connection.getTable(made)) {
      InternalRow found =
          table.newLookup().createLookuper().lookup(row(7)).get().getSingletonRow();
      equal("7 seven 7.25", idAndName(found) + " " + found.getDecimal(2, 20, 2), "found");
    }
  }

  private void sqlRows() throws Exception {
    TablePath path = create("sql_rows", keyedSchema(), 4);
    try (Table table = connection.getTable(path)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      for (int i = 0; i < 50; i++) {
        writer.upsert(row(i, "java", (long) i));
      }
      writer.flush();
      sql("INSERT INTO " + path + " SELECT id, 'sql', score + 1000 FROM " + path
          + " WHERE MOD(id, 2) = 0");
      equal("[[50,25]]", query("SELECT COUNT(*), SUM(CASE WHEN name = 'sql' THEN 1 ELSE 0 END) FROM "
          + path), "SQL");
      Lookuper lookuper = table.newLookup().createLookuper();
      equal("4 sql 1004", lookup(lookuper, 4), "written by SQL");
      equal("5 java 5", lookup(lookuper, 5), "written by Java");
      writer.upsert(row(4, "java again", 4L)).get();
      equal("[[\"java again\"]]", query("SELECT name FROM " + path + " WHERE id = 4"), "again");
    }
  }

  private void atOnce() throws Exception {
    TablePath path = create("at_once", logSchema(), 3);
    int each = 2_000;
    List<Thread> threads = new ArrayList<>();
    List<Throwable> errors = Collections.synchronizedList(new ArrayList<>());
    for (int w = 0; w < 2; w++) {
      int first = w * each;
      Thread thread =
          new Thread(
              () -> {
                try (Connection own = connect(bootstrap);
                    Table table = own.getTable(path)) {
                  AppendWriter writer = table.newAppend().createWriter();
                  for (int i = 0; i < each; i++) {
                    writer.append(row(first + i, "x", 1.0));
                    if (i % 100 == 0) {
                      writer.flush();
                    }
                  }
                  writer.flush();
                } catch (Throwable error) {
                  errors.add(error);
                }
              });
      thread.start();
      threads.add(thread);
    }
    long last = 0;
    while (threads.stream().anyMatch(Thread::isAlive)) {
      String counted = query("SELECT COUNT(*) FROM " + path);
      long now = Long.parseLong(counted.substring(2, counted.length() - 2));
      if (now < last) {
        throw new AssertionError("rows vanish: " + last + " then " + now);
      }
      last = now;
    }
    equal(Collections.emptyList(), errors, "writers");
    equal(
        "[[" + 2 * each + "," + 2 * each + "]]",
        query("SELECT COUNT(*), COUNT(DISTINCT id) FROM " + path),
        "all there, none twice");
    try (Table table = connection.getTable(path)) {
      equal(2 * each, readAll(table, new int[] {0}, 2 * each, record -> "").size(), "by Java");
    }
  }
}
