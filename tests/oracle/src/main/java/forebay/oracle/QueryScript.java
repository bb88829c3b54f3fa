package forebay.oracle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

/** Runs one `query/<name>.sql` script in streaming and batch mode and records each result. */
final class QueryScript {
    private final List<String> statements;
    private final Path data;
    private final List<String> lines = new ArrayList<>();

    private QueryScript(List<String> statements, Path data) {
        this.statements = statements;
        this.data = data;
    }

    static void run(Path file, Path out, Path data) throws Exception {
        String text = Files.readString(file);
        QueryScript script = new QueryScript(Statements.split(text), data);
        List<String> modes = modes(text);
        for (String mode : modes) {
            script.runIn(mode);
        }
        Files.write(out, script.lines);
    }

    /** A first line `-- modes: batch` limits the modes; without it both are run. */
    private static List<String> modes(String text) {
        String first = text.lines().findFirst().orElse("");
        if (first.startsWith("-- modes:")) {
            return List.of(first.substring("-- modes:".length()).strip().split("[ ,]+"));
        }
        return List.of("streaming", "batch");
    }

    private void runIn(String mode) throws Exception {
        Path scratch = Files.createTempDirectory("oracle");
        StreamTableEnvironment tables = Flink.environment(mode.equals("streaming"));
        for (int i = 0; i < statements.size(); i++) {
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("statement", i + 1);
            result.put("mode", mode);
            String sql = replace(statements.get(i), scratch);
            try {
                if (!execute(tables, sql, result)) {
                    continue;
                }
            } catch (Exception | AssertionError failure) {
                result.putAll(Flink.error(failure));
                if (failure instanceof NullPointerException) {
                    failure.printStackTrace();
                }
            }
            lines.add(Json.write(result));
        }
        delete(scratch);
    }

    /** `${DATA}` is the folder of input files; `${TABLE:x}` the options of a table one can write to. */
    private String replace(String sql, Path scratch) {
        return sql.replace("${DATA}", data.toString()).replaceAll("\\$\\{TABLE:(\\w+)\\}",
                "WITH ('connector' = 'filesystem', 'path' = '" + scratch + "/$1', 'format' = 'json', "
                        + "'json.timestamp-format.standard' = 'ISO-8601')");
    }

    /** False when the statement has nothing to record. */
    private boolean execute(StreamTableEnvironment tables, String sql, Map<String, Object> result)
            throws Exception {
        String head = sql.strip().toUpperCase();
        if (head.startsWith("SET ")) {
            String[] setting = sql.split("'");
            tables.getConfig().set(setting[1], setting[3]);
            return false;
        }
        boolean query = head.matches("(?s)(SELECT|WITH|VALUES|\\(SELECT).*");
        boolean streaming = result.get("mode").equals("streaming");
        if (query && streaming) {
            result.put("changelog_mode", changelogMode(tables, sql));
        }
        TableResult table = tables.executeSql(sql);
        if (head.startsWith("INSERT") || head.startsWith("EXECUTE")) {
            return false;
        }
        if (!query && !head.matches("(?s)(DESC|SHOW).*")) {
            return false;
        }
        collect(tables, table, result, query && streaming);
        if (query && !streaming) {
            result.put("ordered", Statements.ordered(sql));
        }
        return true;
    }

    /** What the root of the physical plan sends, for example "I,UB,UA". */
    private static String changelogMode(StreamTableEnvironment tables, String sql) {
        String plan = (String) tables.executeSql("EXPLAIN CHANGELOG_MODE " + sql).collect().next().getField(0);
        String marker = "changelogMode=[";
        int at = plan.indexOf(marker, plan.indexOf("== Optimized Physical Plan =="));
        return at < 0 ? "" : plan.substring(at + marker.length(), plan.indexOf(']', at));
    }

    private void collect(StreamTableEnvironment tables, TableResult table, Map<String, Object> result,
            boolean changelog) throws Exception {
        List<Object> columns = new ArrayList<>();
        List<Column> schema = table.getResolvedSchema().getColumns();
        for (Column column : schema) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("name", column.getName());
            entry.put("type", column.getDataType().getLogicalType().asSummaryString());
            columns.add(entry);
        }
        List<Object> rows = new ArrayList<>();
        List<Object> kinds = new ArrayList<>();
        Map<String, Object> names = new LinkedHashMap<>();
        Multiset materialized = new Multiset();
        try (CloseableIterator<Row> it = table.collect()) {
            while (it.hasNext()) {
                Row row = it.next();
                List<Object> cells = new ArrayList<>();
                for (int i = 0; i < schema.size(); i++) {
                    cells.add(JsonValue.of(row.getField(i), schema.get(i).getDataType().getLogicalType(),
                            Flink.zone(tables)));
                }
                rows.add(cells);
                kinds.add(row.getKind().shortString());
                materialized.apply(row.getKind().shortString(), cells);
            }
        }
        result.put("columns", columns);
        result.put("rows", rows);
        if (changelog && !"I".equals(result.get("changelog_mode"))) {
            result.put("kinds", kinds);
            result.put("materialized", materialized.rows());
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
        }
    }
}
