package forebay.compat.flink;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Uses a server through Flink with the released Fluss connector, and compares with results that are
 * written down in the cases. Arguments: the bootstrap server, and the HTTP port of a Forebay server,
 * whose SQL then works on the same tables; without it any Fluss server will do.
 */
public final class FlinkClient {
  /** One case; throws when the server is wrong. */
  interface Case {
    void run(Flink flink) throws Exception;
  }

  /** What may hold later. */
  interface Check {
    void run() throws Exception;
  }

  private FlinkClient() {}

  public static void main(String[] arguments) throws Exception {
    int sqlPort = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 0;
    Path checkpoints = Files.createTempDirectory("forebay-compat-flink");
    Flink flink = new Flink(arguments[0], sqlPort, checkpoints.toUri().toString());
    boolean ok = runAll(flink, checkpoints);
    try (Stream<Path> files = Files.walk(checkpoints)) {
      files.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    }
    System.out.flush();
    // Flink's threads may go on.
    Runtime.getRuntime().halt(ok ? 0 : 1);
  }

  private static boolean runAll(Flink flink, Path checkpoints) throws Exception {
    flink.batch.executeSql("DROP DATABASE IF EXISTS " + Flink.DATABASE + " CASCADE");
    flink.batch.executeSql("CREATE DATABASE " + Flink.DATABASE);
    flink.batch.useDatabase(Flink.DATABASE);
    flink.streaming.useDatabase(Flink.DATABASE);
    Map<String, Case> cases = new LinkedHashMap<>();
    if (System.getenv("COMPAT_TIERING") != null) {
      TieringCases.add(cases);
    } else {
      TableCases.add(cases);
      RowCases.add(cases);
      SnapshotCases.add(cases);
      KindCases.add(cases);
      JobCases.add(cases, checkpoints);
      LakeCases.add(cases);
    }
    Map<Outcome, Integer> counts = new EnumMap<>(Outcome.class);
    for (Map.Entry<String, Case> entry : cases.entrySet()) {
      if (isWanted(entry.getKey())) {
        counts.merge(runCase(flink, entry.getKey(), entry.getValue()), 1, Integer::sum);
      }
    }
    int failed = counts.getOrDefault(Outcome.FAILED, 0);
    flink.batch.useDatabase("fluss");
    flink.batch.executeSql("DROP DATABASE IF EXISTS " + Flink.DATABASE + " CASCADE");
    System.out.printf(
        "%d passed, %d failed, %d skipped%n",
        counts.getOrDefault(Outcome.PASSED, 0), failed, counts.getOrDefault(Outcome.SKIPPED, 0));
    return failed == 0;
  }

  private static boolean isWanted(String name) {
    String wanted = System.getenv("COMPAT_CASES");
    String leftOut = System.getenv("COMPAT_LEFT_OUT");
    return (wanted == null || List.of(wanted.split(",")).contains(name))
        && (leftOut == null || !List.of(leftOut.split(",")).contains(name));
  }

  private enum Outcome {
    PASSED,
    FAILED,
    SKIPPED
  }

  private static Outcome runCase(Flink flink, String name, Case test) {
    long begin = System.currentTimeMillis();
    try {
      test.run(flink);
      System.out.printf("ok      %s (%d ms)%n", name, System.currentTimeMillis() - begin);
      return Outcome.PASSED;
    } catch (Skipped skipped) {
      System.out.printf("skipped %s: %s%n", name, skipped.getMessage());
      return Outcome.SKIPPED;
    } catch (Throwable error) {
      System.out.printf("FAILED  %s: %s%n", name, chain(error));
      if (System.getenv("COMPAT_TRACE") != null) {
        error.printStackTrace(System.out);
      }
      return Outcome.FAILED;
    }
  }

  /** The messages of an error and its causes: Flink's own say little. */
  private static String chain(Throwable error) {
    return Stream.iterate(error, each -> each != null, Throwable::getCause)
        .map(each -> each.getClass().getSimpleName() + ": " + each.getMessage())
        .flatMap(text -> Arrays.stream(text.split("\n", 2)).limit(1))
        .distinct()
        .collect(Collectors.joining("\n        by "));
  }
}
