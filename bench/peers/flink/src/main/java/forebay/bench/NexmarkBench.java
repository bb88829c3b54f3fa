package forebay.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.util.FileUtils;

/**
 * Runs a Nexmark query in a Flink cluster within this process.
 *
 * <p>NexmarkBench SQL_DIRECTORY QUERY EVENT_FILE PARALLELISM WARM_UP SMALL LARGE: reads WARM_UP,
 * SMALL and LARGE events, and prints a JSON line for the two latter. NexmarkBench SQL_DIRECTORY QUERY
 * EVENT_FILE PARALLELISM EVENTS CHANGES_FILE: writes the changes that the sink gets; CHANGES_FILE is a
 * directory for a query that writes files.
 */
public final class NexmarkBench {
  /** Stands for the directory of a query that writes files. */
  private static final String FILES = "${FILES}";

  private NexmarkBench() {}

  public static void main(String[] args) throws Exception {
    Path sql = Path.of(args[0]);
    String query = args[1];
    String file = args[2];
    int parallelism = Integer.parseInt(args[3]);
    if (args.length == 6) {
      if (Files.readString(sql.resolve("queries").resolve(query + ".sql")).contains(FILES)) {
        run(sql, query, file, parallelism, Long.parseLong(args[4]), "'blackhole'", Path.of(args[5]));
        System.exit(0);
      }
      try (PrintStream changes = new PrintStream(new FileOutputStream(args[5]), false, "UTF-8")) {
        System.setOut(changes);
        run(sql, query, file, parallelism, Long.parseLong(args[4]), "'print'");
      }
      System.exit(0);
    }
    run(sql, query, file, parallelism, Long.parseLong(args[4]), "'blackhole'");
    for (int i = 5; i < 7; i++) {
      System.gc();
      measure(sql, query, file, parallelism, Long.parseLong(args[i]));
    }
    System.exit(0);
  }

  private static void measure(Path sql, String query, String file, int parallelism, long events)
      throws Exception {
    long cpu = cpuNanos();
    long begin = System.nanoTime();
    run(sql, query, file, parallelism, events, "'blackhole'");
    System.out.printf(
        Locale.ROOT,
        "{\"query\": \"%s\", \"events\": %d, \"seconds\": %.3f, \"cpu_seconds\": %.3f}%n",
        query,
        events,
        (System.nanoTime() - begin) / 1e9,
        (cpuNanos() - cpu) / 1e9);
  }

  private static long cpuNanos() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  /** Flink at its best for these queries: heap state, object reuse, mini-batches, no checkpoints. */
  private static Configuration configuration(int parallelism) {
    Configuration configuration = new Configuration();
    String local = "127.0.0.1";
    for (String key : new String[] {"rest.address", "rest.bind-address", "jobmanager.rpc.address",
        "jobmanager.bind-host", "taskmanager.host", "taskmanager.bind-host"}) {
      configuration.setString(key, local);
    }
    configuration.setString("rest.port", "0");
    configuration.setString("taskmanager.numberOfTaskSlots", "" + parallelism);
    configuration.setString("taskmanager.memory.network.min", "256mb");
    configuration.setString("taskmanager.memory.network.max", "256mb");
    configuration.setString("taskmanager.memory.managed.size", "1g");
    configuration.setString("state.backend.type", "hashmap");
    configuration.setString("pipeline.object-reuse", "true");
    configuration.setString("table.exec.mini-batch.enabled", "true");
    configuration.setString("table.exec.mini-batch.allow-latency", "2 s");
    configuration.setString("table.exec.mini-batch.size", "50000");
    configuration.setString("table.optimizer.distinct-agg.split.enabled", "true");
    configuration.setString("table.local-time-zone", "UTC");
    return configuration;
  }

  private static void run(
      Path sql, String query, String file, int parallelism, long events, String sink)
      throws Exception {
    Path files = Files.createTempDirectory("forebay-bench");
    try {
      run(sql, query, file, parallelism, events, sink, files);
    } finally {
      FileUtils.deleteDirectory(files.toFile());
    }
  }

  private static void run(
      Path sql, String query, String file, int parallelism, long events, String sink, Path files)
      throws Exception {
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.getExecutionEnvironment(configuration(parallelism));
    environment.setParallelism(parallelism);
    StreamTableEnvironment tables =
        StreamTableEnvironment.create(environment, EnvironmentSettings.inStreamingMode());
    String source =
        String.format("'connector' = 'nexmark', 'path' = '%s', 'events' = '%d'", file, events);
    String script =
        Files.readString(sql.resolve("tables.sql")).replace("${SOURCE}", source)
            + Files.readString(sql.resolve("queries").resolve(query + ".sql"))
                .replace("'blackhole'", sink)
                .replace(FILES, files.toUri().toString());
    tables.executeSql(
        "CREATE TABLE side_input (`key` BIGINT, `value` STRING) WITH ('connector' = 'side_input')");
    TableResult last = null;
    for (String statement : script.replaceAll("(?m)^--.*$", "").split(";")) {
      if (!statement.isBlank()) {
        last = tables.executeSql(statement);
      }
    }
    last.await();
  }
}
