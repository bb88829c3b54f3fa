package forebay.compat.flink;

import java.io.Closeable;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

/**
 * Flink in this process, with the server under test as its catalog `fluss`; each job gets a cluster
 * of its own, on the loopback only. Not thread-safe.
 */
final class Flink {
  static final String DATABASE = "compat_flink";
  private static final int SECONDS_MAX = 60;

  final StreamTableEnvironment streaming;
  final StreamTableEnvironment batch;
  final String bootstrap;
  private final int sqlPort;

  Flink(String bootstrap, int sqlPort, String checkpoints) {
    this.bootstrap = bootstrap;
    this.sqlPort = sqlPort;
    streaming = environment(bootstrap, checkpoints, EnvironmentSettings.inStreamingMode());
    batch = environment(bootstrap, checkpoints, EnvironmentSettings.inBatchMode());
  }

  private static Configuration configuration(String checkpoints) {
    Configuration configuration = new Configuration();
    String[][] options = {
      {"rest.port", "0"},
      {"rest.address", "127.0.0.1"},
      {"rest.bind-address", "127.0.0.1"},
      {"jobmanager.rpc.address", "127.0.0.1"},
      {"jobmanager.bind-host", "127.0.0.1"},
      {"taskmanager.host", "127.0.0.1"},
      {"taskmanager.bind-host", "127.0.0.1"},
      {"taskmanager.numberOfTaskSlots", "4"},
      {"taskmanager.memory.network.min", "32mb"},
      {"taskmanager.memory.network.max", "32mb"},
      {"parallelism.default", "1"},
      {"execution.checkpointing.interval", "300ms"},
      {"execution.checkpointing.dir", checkpoints},
      {"state.checkpoints.dir", checkpoints},
      {"restart-strategy.type", "fixed-delay"},
      {"restart-strategy.fixed-delay.attempts", "1"},
      {"restart-strategy.fixed-delay.delay", "100ms"},
      {"table.local-time-zone", "UTC"},
    };
    for (String[] option : options) {
      configuration.setString(option[0], option[1]);
    }
    return configuration;
  }

  private static StreamTableEnvironment environment(
      String bootstrap, String checkpoints, EnvironmentSettings settings) {
    StreamTableEnvironment tables =
        StreamTableEnvironment.create(
            StreamExecutionEnvironment.createLocalEnvironment(configuration(checkpoints)),
            settings);
    tables.executeSql(
        "CREATE CATALOG fluss WITH ('type' = 'fluss', 'bootstrap.servers' = '" + bootstrap + "')");
    tables.executeSql("USE CATALOG fluss");
    return tables;
  }

  /** A statement that is done when it returns: DDL, or an INSERT that ends. */
  void run(StreamTableEnvironment tables, String statement) throws Exception {
    TableResult result = tables.executeSql(statement);
    if (result.getJobClient().isPresent()) {
      result.await(SECONDS_MAX, TimeUnit.SECONDS);
    }
  }

  /** The first rows that a query gives, in its order; all, when it ends before. */
  List<String> rows(StreamTableEnvironment tables, String query, int count) throws Exception {
    try (Rows rows = new Rows(tables.executeSql(query))) {
      return rows.next(count);
    }
  }

  List<String> sorted(StreamTableEnvironment tables, String query, int count) throws Exception {
    List<String> rows = rows(tables, query, count);
    Collections.sort(rows);
    return rows;
  }

  /** A query that runs until it is closed. */
  static final class Rows implements Closeable {
    private final CloseableIterator<Row> iterator;
    private final ExecutorService thread = Executors.newSingleThreadExecutor();

    Rows(TableResult result) {
      iterator = result.collect();
    }

    List<String> next(int count) throws Exception {
      List<String> rows = new ArrayList<>();
      Future<?> reading =
          thread.submit(
              () -> {
                while (rows.size() < count && iterator.hasNext()) {
                  rows.add(iterator.next().toString());
                }
              });
      try {
        reading.get(SECONDS_MAX, TimeUnit.SECONDS);
      } catch (TimeoutException late) {
        throw new AssertionError("only " + rows.size() + " of " + count + " rows came: " + rows);
      }
      return rows;
    }

    @Override
    public void close() {
      thread.shutdownNow();
      try {
        iterator.close();
      } catch (Exception ended) {
        // A job that ended by itself cannot be cancelled.
      }
    }
  }

  /** Ends the case, which is then skipped, unless the server is Forebay's. */
  void needSql() {
    if (sqlPort == 0) {
      throw new Skipped("it needs Forebay's SQL");
    }
  }

  /** Of the server's Iceberg tables. */
  String catalogUri() {
    return "http://127.0.0.1:" + sqlPort + "/iceberg";
  }

  /** What Forebay's own SQL answers, as JSON. */
  String sql(String statement) throws Exception {
    String script =
        "SET 'execution.runtime-mode' = 'batch';\nSET 'table.dml-sync' = 'true';\n"
            + "USE " + DATABASE + ";\n" + statement + ";";
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + sqlPort + "/api/v1/sql"))
                    .POST(HttpRequest.BodyPublishers.ofString(script))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200 || answer.body().contains("\"error\"")) {
      throw new AssertionError(statement + ": " + answer.body());
    }
    String body = answer.body();
    int rows = body.lastIndexOf("\"rows\":");
    return rows < 0 ? body : body.substring(rows + 7, body.indexOf("]]", rows) + 2);
  }

  static void equal(Object expected, Object actual, String what) {
    if (!expected.equals(actual)) {
      throw new AssertionError(what + ": expected " + expected + ", got " + actual);
    }
  }

  static List<String> list(String... values) {
    return Arrays.asList(values);
  }
}
