package forebay.compat;

import static forebay.compat.JavaClient.equal;
import static forebay.compat.JavaClient.keyedSchema;
import static forebay.compat.JavaClient.logSchema;
import static forebay.compat.JavaClient.row;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.client.lookup.Lookuper;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.batch.BatchScanner;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.config.cluster.AlterConfig;
import org.apache.fluss.config.cluster.AlterConfigOpType;
import org.apache.fluss.exception.AuthorizationException;
import org.apache.fluss.metadata.DatabaseChange;
import org.apache.fluss.metadata.DatabaseDescriptor;
import org.apache.fluss.metadata.PartitionSpec;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableBucket;
import org.apache.fluss.metadata.TableChange;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.security.acl.OperationType;
import org.apache.fluss.security.acl.Resource;
import org.apache.fluss.types.DataTypes;

/** What the guest of AccessRights tries to do, each with the one right that it needs. */
final class Deeds implements AutoCloseable {
  static final String DATABASE = "compat_rights";
  static final TablePath LOG = TablePath.of(DATABASE, "log");
  private static final TablePath ROWS = TablePath.of(DATABASE, "rows");
  private static final TablePath SHOPS = TablePath.of(DATABASE, "shops");
  private static final TablePath DAYS = TablePath.of(DATABASE, "days");
  private static final TablePath ALTERED = TablePath.of(DATABASE, "altered");
  private static final TablePath MADE = TablePath.of(DATABASE, "made");
  private static final TablePath GONE = TablePath.of(DATABASE, "gone");
  private static final String MADE_DATABASE = "compat_rights_made";
  private static final String GONE_DATABASE = "compat_rights_gone";
  private static final PartitionSpec DAY =
      new PartitionSpec(Collections.singletonMap("day", "monday"));
  private static final Duration POLL = Duration.ofMillis(100);
  private static final int POLLS_MAX = 100;

  /** One of them, which can be tried again and again. */
  static final class Deed {
    final String name;
    final OperationType needs;
    final Resource resource;
    /** By the super user, before each attempt. */
    final JavaClient.Case prepare;

    final JavaClient.Case attempt;

    Deed(
        String name,
        OperationType needs,
        Resource resource,
        JavaClient.Case prepare,
        JavaClient.Case attempt) {
      this.name = name;
      this.needs = needs;
      this.resource = resource;
      this.prepare = prepare;
      this.attempt = attempt;
    }
  }

  final Deed append;
  final Deed scan;
  final Deed describe;
  final Deed createTable;
  final Deed createDatabase;
  private final Admin root;
  private final Admin guest;
  private final Connection connection;
  private final List<Deed> all = new ArrayList<>();
  private int columns;

  /** Makes tables for them. */
  Deeds(AccessRights rights) throws Exception {
    root = rights.root;
    guest = rights.guest;
    connection = rights.guestConnection;
    close();
    root.createDatabase(DATABASE, DatabaseDescriptor.EMPTY, false).get();
    create(LOG, logSchema());
    append(rights.rootConnection);
    create(ROWS, keyedSchema());
    upsert(rights.rootConnection);
    create(ALTERED, logSchema());
    Schema shops =
        Schema.newBuilder()
            .column("shop", DataTypes.STRING().copy(false))
            .column("item", DataTypes.INT().copy(false))
            .primaryKey("shop", "item")
            .build();
    create(SHOPS, TableDescriptor.builder().schema(shops).distributedBy(1, "shop"));
    Schema days =
        Schema.newBuilder().column("day", DataTypes.STRING()).column("n", DataTypes.INT()).build();
    create(DAYS, TableDescriptor.builder().schema(days).partitionedBy("day").distributedBy(1));
    createDatabase =
        cluster(
            OperationType.CREATE,
            "create a database",
            () -> root.dropDatabase(MADE_DATABASE, true, true).get(),
            () -> guest.createDatabase(MADE_DATABASE, DatabaseDescriptor.EMPTY, false).get());
    createTable =
        add(
            "create a table",
            OperationType.CREATE,
            Resource.database(DATABASE),
            () -> root.dropTable(MADE, true).get(),
            () -> guest.createTable(MADE, descriptor(logSchema()).build(), false).get());
    append = table("append", OperationType.WRITE, LOG, () -> append(connection));
    scan = table("scan a log", OperationType.READ, LOG, this::scan);
    describe =
        table(
            "describe a table",
            OperationType.DESCRIBE,
            LOG,
            () -> equal(logSchema().getRowType(), guest.getTableInfo(LOG).get().getRowType(), ""));
    addDatabases();
    addDescriptions();
    addChanges();
    addRows();
  }

  List<Deed> all() {
    return all;
  }

  @Override
  public void close() throws Exception {
    for (String database : Arrays.asList(DATABASE, MADE_DATABASE, GONE_DATABASE)) {
      root.dropDatabase(database, true, true).get();
    }
  }

  private Deed add(
      String name,
      OperationType needs,
      Resource resource,
      JavaClient.Case prepare,
      JavaClient.Case attempt) {
    Deed deed = new Deed(name, needs, resource, prepare, attempt);
    all.add(deed);
    return deed;
  }

  private Deed cluster(
      OperationType needs, String name, JavaClient.Case prepare, JavaClient.Case attempt) {
    return add(name, needs, Resource.cluster(), prepare, attempt);
  }

  private Deed table(String name, OperationType needs, TablePath table, JavaClient.Case attempt) {
    return add(name, needs, Resource.table(table), () -> {}, attempt);
  }

  private void addDatabases() {
    cluster(
        OperationType.DESCRIBE,
        "read the cluster's configuration",
        () -> {},
        () -> guest.describeClusterConfigs().get());
    cluster(
        OperationType.ALTER,
        "change the cluster's configuration",
        () -> {},
        this::alterConfigs);
    add(
        "drop a database",
        OperationType.DROP,
        Resource.database(GONE_DATABASE),
        () -> root.createDatabase(GONE_DATABASE, DatabaseDescriptor.EMPTY, true).get(),
        () -> guest.dropDatabase(GONE_DATABASE, false, true).get());
    add(
        "alter a database",
        OperationType.ALTER,
        Resource.database(DATABASE),
        () -> {},
        () -> guest.alterDatabase(DATABASE, Arrays.asList(DatabaseChange.reset("a")), false).get());
    add(
        "describe a database",
        OperationType.DESCRIBE,
        Resource.database(DATABASE),
        () -> {},
        () -> equal(DATABASE, guest.getDatabaseInfo(DATABASE).get().getDatabaseName(), ""));
  }

  /** Who may change the configuration fails for another reason: there is no such key. */
  private void alterConfigs() throws Exception {
    AlterConfig change = new AlterConfig("no.such.option", "1", AlterConfigOpType.SET);
    try {
      guest.alterClusterConfigs(Arrays.asList(change)).get();
    } catch (ExecutionException error) {
      if (error.getCause() instanceof AuthorizationException) {
        throw error;
      }
      return;
    }
    throw new AssertionError("the key was changed");
  }

  private void addDescriptions() {
    OperationType needs = OperationType.DESCRIBE;
    List<Integer> buckets = Arrays.asList(0);
    table("read a schema", needs, LOG, () -> guest.getTableSchema(LOG).get());
    table(
        "list offsets",
        needs,
        LOG,
        () -> guest.listOffsets(LOG, buckets, new OffsetSpec.EarliestSpec()).all().get());
    table("list partitions", needs, DAYS, () -> guest.listPartitionInfos(DAYS).get());
    table("list snapshots", needs, ROWS, () -> guest.getLatestKvSnapshots(ROWS).get());
  }

  private void addChanges() {
    table(
        "alter a table",
        OperationType.ALTER,
        ALTERED,
        () ->
            guest
                .alterTable(
                    ALTERED,
                    Arrays.asList(
                        TableChange.addColumn(
                            "more" + columns++,
                            DataTypes.INT(),
                            null,
                            TableChange.ColumnPosition.last())),
                    false)
                .get());
    add(
        "drop a table",
        OperationType.DROP,
        Resource.table(GONE),
        () -> root.createTable(GONE, descriptor(logSchema()).build(), true).get(),
        () -> guest.dropTable(GONE, false).get());
    Resource days = Resource.table(DAYS);
    add(
        "create a partition",
        OperationType.WRITE,
        days,
        () -> root.dropPartition(DAYS, DAY, true).get(),
        () -> guest.createPartition(DAYS, DAY, false).get());
    add(
        "drop a partition",
        OperationType.WRITE,
        days,
        () -> root.createPartition(DAYS, DAY, true).get(),
        () -> guest.dropPartition(DAYS, DAY, false).get());
  }

  private void addRows() {
    table("upsert", OperationType.WRITE, ROWS, () -> upsert(connection));
    table("lookup", OperationType.READ, ROWS, () -> lookup(false));
    table("lookup that inserts", OperationType.WRITE, ROWS, () -> lookup(true));
    table("lookup by prefix", OperationType.READ, SHOPS, this::lookupByPrefix);
    table("some rows of a log", OperationType.READ, LOG, () -> someRows(LOG));
    table("some rows of a bucket", OperationType.READ, ROWS, () -> someRows(ROWS));
  }

  private static TableDescriptor.Builder descriptor(Schema schema) {
    return TableDescriptor.builder().schema(schema).distributedBy(1);
  }

  private void create(TablePath path, Schema schema) throws Exception {
    create(path, descriptor(schema));
  }

  private void create(TablePath path, TableDescriptor.Builder descriptor) throws Exception {
    root.createTable(path, descriptor.build(), false).get();
  }

  private static void append(Connection connection) throws Exception {
    try (Table table = connection.getTable(LOG)) {
      table.newAppend().createWriter().append(row(1, "one", 1.0)).get();
    }
  }

  private static void upsert(Connection connection) throws Exception {
    try (Table table = connection.getTable(ROWS)) {
      table.newUpsert().createWriter().upsert(row(1, "one", 1L)).get();
    }
  }

  /** Reads until there is a row. */
  private void scan() throws Exception {
    try (Table table = connection.getTable(LOG);
        LogScanner scanner = table.newScan().createLogScanner()) {
      scanner.subscribeFromBeginning(0);
      for (int poll = 0; poll < POLLS_MAX; poll++) {
        if (!scanner.poll(POLL).isEmpty()) {
          return;
        }
      }
    }
    throw new AssertionError("no rows");
  }

  private void lookup(boolean inserts) throws Exception {
    try (Table table = connection.getTable(ROWS)) {
      Lookuper lookuper =
          inserts
              ? table.newLookup().enableInsertIfNotExists().createLookuper()
              : table.newLookup().createLookuper();
      equal(1, lookuper.lookup(row(1)).get().getRowList().size(), "rows of a key");
    }
  }

  private void lookupByPrefix() throws Exception {
    try (Table table = connection.getTable(SHOPS)) {
      Lookuper lookuper = table.newLookup().lookupBy("shop").createLookuper();
      equal(0, lookuper.lookup(row("a")).get().getRowList().size(), "rows of a prefix");
    }
  }

  private void someRows(TablePath path) throws Exception {
    try (Table table = connection.getTable(path);
        BatchScanner scanner =
            table
                .newScan()
                .limit(10)
                .createBatchScanner(new TableBucket(table.getTableInfo().getTableId(), 0))) {
      scanner.pollBatch(Duration.ofSeconds(10));
    }
  }
}
