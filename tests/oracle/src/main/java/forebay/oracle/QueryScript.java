package forebay.oracle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.flink.table.api.ExplainDetail;
import org.apache.flink.table.api.Expressions;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

/** Runs one `query/<name>.sql` script in streaming and batch mode and records each result. */
final class QueryScript {
    /** A longer changelog is not written; what it leaves behind still is. */
    private static final int LONGEST_CHANGELOG = 400;
    private static final String UNSOUND = "Flink plans this as insert-only and yet sends updates"
            + " without retractions; materialized is its batch answer";
    private static final Pattern TABLE = Pattern.compile("\\$\\{TABLE:(\\w+)\\}");

    /** `-- files: x`: what is in that folder below SCRATCH afterwards is a result, too. */
    private static final Pattern LISTED = Pattern.compile("(?m)^-- files: (\\w+)$");

    private static final Pattern TEMPORAL = Pattern.compile(
            "CREATE TEMPORARY FUNCTION (\\w+) \\$\\{TEMPORAL:(\\w+) (\\w+) (\\w+)\\}");
    /** `-- changes`: every change is a row with its kind in front, since they cancel out nothing. */
    private static final Pattern CHANGES = Pattern.compile("(?m)^-- changes$");

    private final List<String> statements;
    private final List<String> listed;
    private final boolean changes;
    private final Path data;
    private final List<Map<String, Object>> results = new ArrayList<>();
    private final List<String> definitions = new ArrayList<>();
    private StreamTableEnvironment tables;

    private QueryScript(
            List<String> statements, List<String> listed, boolean changes, Path data) {
        this.statements = statements;
        this.listed = listed;
        this.changes = changes;
        this.data = data;
    }

    static void run(Path file, Path out, Path data) throws Exception {
        String text = Files.readString(file);
        QueryScript script = new QueryScript(Statements.split(text),
                LISTED.matcher(text).results().map(match -> match.group(1)).toList(),
                CHANGES.matcher(text).find(), data);
        List<String> modes = modes(text);
        for (String mode : modes) {
            script.runIn(mode);
        }
        script.results.forEach(script::repair);
        Files.write(out, script.results.stream().map(Json::write).toList());
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
        tables = Flink.environment(mode.equals("streaming"));
        definitions.clear();
        for (int i = 0; i < statements.size(); i++) {
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("statement", i + 1);
            result.put("mode", mode);
            String sql = replace(statements.get(i), scratch);
            try {
                if (!execute(sql, result)) {
                    continue;
                }
            } catch (Exception | AssertionError failure) {
                result.putAll(Flink.error(failure));
            }
            results.add(result);
        }
        for (int i = 0; i < listed.size(); i++) {
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("statement", statements.size() + i + 1);
            result.put("mode", mode);
            if (mode.equals("streaming")) {
                result.put("changelog_mode", "I");
            }
            result.put("columns", List.of(Map.of("name", "file", "type", "STRING")));
            result.put("rows", filesBelow(scratch.resolve(listed.get(i))));
            results.add(result);
        }
        delete(scratch);
    }

    /** The files that readers see, and success files: a row each, parts as one. */
    private static List<List<String>> filesBelow(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).map(file -> folder.relativize(file).toString())
                    .filter(name -> !("/" + name).contains("/."))
                    .map(name -> name.replaceFirst("(^|/)(compacted-)?part-[^/]*$", "$1part"))
                    .distinct().sorted().map(List::of).toList();
        }
    }

    /**
     * `${DATA}` is the folder of input, `${SCRATCH}` one of this run; `${TABLE:x}` the options of a
     * table one can write to, `${MUTABLE:x}` of one that also takes UPDATE, DELETE and TRUNCATE;
     * `${MESSAGES}` the connector that reads a file's lines as messages;
     * `${FUNCTION:X …}` the class X of Functions; `${TEMPORAL:table time key}` the temporal table
     * function of a table, which Flink can only be given in Java.
     */
    private String replace(String sql, Path scratch) throws IOException {
        Matcher table = TABLE.matcher(sql);
        if (table.find()) {
            Files.createDirectories(scratch.resolve(table.group(1)));
        }
        return sql.replace("${DATA}", data.toString())
                .replace("${SCRATCH}", scratch.toString())
                .replace("${MESSAGES}", "'connector' = 'oracle-messages'")
                .replaceAll("\\$\\{MUTABLE:(\\w+)\\}",
                        "WITH ('connector' = 'oracle-memory', 'folder' = '" + scratch + "/$1')")
                .replaceAll("\\$\\{FUNCTION:(\\w+)[^}]*\\}", "AS 'forebay.oracle.Functions\\$$1'")
                .replaceAll(TABLE.pattern(),
                "WITH ('connector' = 'filesystem', 'path' = '" + scratch + "/$1', "
                        + "'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601')");
    }

    /** False when the statement has nothing to record. */
    private boolean execute(String sql, Map<String, Object> result)
            throws Exception {
        String head = sql.strip().toUpperCase();
        if (head.startsWith("SET ")) {
            set(sql.split("'")[1], sql.split("'")[3]);
            return false;
        }
        if (head.startsWith("RESET ")) {
            tables.getConfig().getConfiguration().removeKey(sql.split("'")[1]);
            return false;
        }
        Matcher temporal = TEMPORAL.matcher(sql);
        if (temporal.matches()) {
            tables.createTemporarySystemFunction(temporal.group(1), tables.from(temporal.group(2))
                    .createTemporalTableFunction(Expressions.$(temporal.group(3)),
                            Expressions.$(temporal.group(4))));
            return false;
        }
        // What the SQL client makes of the statements of a set.
        sql = sql.replaceFirst("^BEGIN STATEMENT SET;", "EXECUTE STATEMENT SET BEGIN");
        boolean query = head.matches("(?s)(SELECT|WITH|VALUES|\\(SELECT).*");
        boolean streaming = result.get("mode").equals("streaming");
        if (query && streaming) {
            result.put("changelog_mode", changelogMode(sql));
        }
        TableResult table = tables.executeSql(sql);
        if (head.startsWith("EXECUTE SELECT")) {
            collect(table, result, false);
            return true;
        }
        if (head.matches("(?s)(INSERT|EXECUTE|BEGIN|UPDATE|DELETE|TRUNCATE|COMPILE|EXPLAIN|ANALYZE).*")) {
            table.await();
            return false;
        }
        if (!query && !head.matches("(?s)(DESC|SHOW).*")) {
            definitions.add(sql);
            return false;
        }
        collect(table, result, query && streaming);
        if (query && !streaming) {
            result.put("ordered", Statements.ordered(sql));
        }
        return true;
    }

    /** An environment has one mode for life: another mode needs a new one with the same tables. */
    private void set(String key, String value) {
        if (!key.equals("execution.runtime-mode")) {
            tables.getConfig().set(key, value);
            return;
        }
        tables = Flink.environment(value.equals("streaming"));
        definitions.forEach(tables::executeSql);
    }

    /** Rank 1 over appended rows goes wrong in streaming mode of 2.3; batch has it right. */
    private void repair(Map<String, Object> result) {
        if (!result.containsKey("note")) {
            return;
        }
        for (Map<String, Object> other : results) {
            if (other.get("statement").equals(result.get("statement")) && other != result) {
                result.put("changelog_mode", "I,UB,UA");
                result.put("materialized", other.get("rows"));
            }
        }
        if (!result.containsKey("materialized")) {
            throw new IllegalStateException("run this statement in batch mode too: " + result);
        }
    }

    /** What the root of the physical plan sends, for example "I,UB,UA". */
    private String changelogMode(String sql) {
        String plan = tables.explainSql(sql, ExplainDetail.CHANGELOG_MODE);
        String marker = "changelogMode=[";
        int at = plan.indexOf(marker, plan.indexOf("== Optimized Physical Plan =="));
        return at < 0 ? "" : plan.substring(at + marker.length(), plan.indexOf(']', at));
    }

    private void collect(TableResult table, Map<String, Object> result, boolean changelog)
            throws Exception {
        List<Column> schema = table.getResolvedSchema().getColumns();
        if (changes && changelog) {
            collectChanges(table, schema, result);
            return;
        }
        List<Object> rows = new ArrayList<>();
        List<Object> kinds = new ArrayList<>();
        Multiset materialized = new Multiset();
        try (CloseableIterator<Row> it = table.collect()) {
            while (it.hasNext()) {
                Row row = it.next();
                List<Object> cells = cells(row, schema);
                rows.add(cells);
                kinds.add(row.getKind().shortString());
                materialized.apply(row.getKind().shortString(), cells);
            }
        }
        result.put("columns", columns(schema));
        boolean retracts = changelog && !"I".equals(result.get("changelog_mode"));
        if (!retracts && kinds.contains("+U")) {
            result.put("note", UNSOUND);
        }
        if (!retracts || rows.size() <= LONGEST_CHANGELOG) {
            result.put("rows", rows);
        }
        if (retracts && rows.size() <= LONGEST_CHANGELOG) {
            result.put("kinds", kinds);
        }
        if (retracts) {
            result.put("materialized", materialized.rows());
        }
    }

    private void collectChanges(TableResult table, List<Column> schema, Map<String, Object> result)
            throws Exception {
        List<Object> rows = new ArrayList<>();
        try (CloseableIterator<Row> it = table.collect()) {
            while (it.hasNext()) {
                Row row = it.next();
                List<Object> cells = new ArrayList<>(List.of(row.getKind().shortString()));
                cells.addAll(cells(row, schema));
                rows.add(cells);
            }
        }
        List<Object> columns = new ArrayList<>(List.of(Map.of("name", "op", "type", "STRING")));
        columns.addAll(columns(schema));
        result.put("columns", columns);
        result.put("rows", rows);
    }

    private static List<Object> columns(List<Column> schema) {
        List<Object> out = new ArrayList<>();
        for (Column column : schema) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("name", column.getName());
            entry.put("type", column.getDataType().getLogicalType().asSummaryString());
            out.add(entry);
        }
        return out;
    }

    private List<Object> cells(Row row, List<Column> schema) {
        List<Object> out = new ArrayList<>();
        for (int i = 0; i < schema.size(); i++) {
            LogicalType type = schema.get(i).getDataType().getLogicalType();
            out.add(JsonValue.of(row.getField(i), type, Flink.zone(tables)));
        }
        return out;
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
        }
    }
}
