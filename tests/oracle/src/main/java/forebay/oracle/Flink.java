package forebay.oracle;

import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.client.program.ProgramInvocationException;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.client.JobExecutionException;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

/** Makes table environments with the settings every case runs under, and names failures. */
final class Flink {
    private Flink() {}

    /** parallelism 1 and a watermark after every row make each run of a case the same. */
    static StreamTableEnvironment environment(boolean streaming) {
        Configuration config = new Configuration();
        config.setString("parallelism.default", "1");
        config.setString("restart-strategy.type", "none");
        config.setString("pipeline.auto-watermark-interval", "0 ms");
        config.setString("execution.batch.adaptive.auto-parallelism.enabled", "false");
        config.setString("taskmanager.memory.managed.size", "256mb");
        config.setString("taskmanager.numberOfTaskSlots", "8");
        config.setString("rest.bind-address", "127.0.0.1");
        config.setString("rest.bind-port", "0");
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(config);
        env.setParallelism(1);
        env.setRuntimeMode(streaming ? RuntimeExecutionMode.STREAMING : RuntimeExecutionMode.BATCH);
        EnvironmentSettings.Builder settings =
                EnvironmentSettings.newInstance().withConfiguration(config);
        StreamTableEnvironment tables = StreamTableEnvironment.create(
                env, (streaming ? settings.inStreamingMode() : settings.inBatchMode()).build());
        tables.getConfig().set("table.local-time-zone", "UTC");
        tables.getConfig().set("table.dml-sync", "true");
        return tables;
    }

    static ZoneId zone(StreamTableEnvironment tables) {
        return tables.getConfig().getLocalTimeZone();
    }

    /** A failing INSERT takes its MiniCluster down before one can ask it why. */
    private static boolean isLostJob(Throwable t) {
        return t instanceof IllegalStateException
                && String.valueOf(t.getMessage()).contains("MiniCluster");
    }

    /** {"error": "plan"|"runtime", "flink": words}: runtime when a job was running. */
    static Map<String, Object> error(Throwable failure) {
        boolean runtime = false;
        Throwable root = failure;
        for (Throwable t = failure; t != null; t = t.getCause()) {
            runtime |= t instanceof JobExecutionException || t instanceof ProgramInvocationException
                    || t instanceof ExecutionException || isLostJob(t);
            root = t;
        }
        List<String> words = new ArrayList<>();
        for (String line : String.valueOf(root.getMessage()).split("\n")) {
            if (!line.isBlank() && words.size() < 2) {
                words.add(line.strip().replaceAll("@[0-9a-f]{5,}", "").replaceAll("\\s+", " "));
            }
        }
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("error", runtime ? "runtime" : "plan");
        String text = root.getClass().getSimpleName() + ": " + String.join(" ", words);
        out.put("flink", text.length() > 200 ? text.substring(0, 200) : text);
        return out;
    }
}
