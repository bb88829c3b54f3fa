package forebay.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/** Wall time, and CPU time of the servers' processes and of this one, from its making to `stop`. */
final class Meter {
  private static final double TICKS_PER_SECOND = 100;

  private final List<String> servers;
  private final long begin = System.nanoTime();
  private final double serverBegin;
  private final double clientBegin;
  private final StringJoiner json = new StringJoiner(", ", "{", "}");

  Meter(List<String> servers) throws IOException {
    this.servers = servers;
    this.serverBegin = serverSeconds();
    this.clientBegin = clientSeconds();
  }

  private double serverSeconds() throws IOException {
    double seconds = 0;
    for (String pid : servers) {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      // The name in parentheses may have spaces.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      seconds += (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND;
    }
    return seconds;
  }

  private static double clientSeconds() {
    return ((com.sun.management.OperatingSystemMXBean)
                ManagementFactory.getOperatingSystemMXBean())
            .getProcessCpuTime()
        / 1e9;
  }

  Meter stop(String measure, long rows) throws IOException {
    double seconds = (System.nanoTime() - begin) / 1e9;
    json.add("\"measure\": \"" + measure + "\"");
    put("rows", rows);
    put("seconds", seconds);
    put("server_cpu_seconds", serverSeconds() - serverBegin);
    put("client_cpu_seconds", clientSeconds() - clientBegin);
    return this;
  }

  Meter put(String name, double value) {
    json.add("\"" + name + "\": " + String.format(Locale.ROOT, "%.6f", value));
    return this;
  }

  void print() {
    System.out.println(json);
  }
}
