package forebay.oracle;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Writes the expected results of tests/slt from real Flink. Arguments: the slt folder, filters.
 * A case runs when its id (`expr/casts`, `query/top_n`) contains a filter, or there is none.
 */
public final class Oracle {
    private Oracle() {}

    public static void main(String[] args) throws Exception {
        Path slt = Path.of(args[0]).toAbsolutePath();
        List<String> filters = List.of(args).subList(1, args.length);
        int failed = 0;
        for (Path file : cases(slt.resolve("expr"), ".case", filters)) {
            failed += attempt(file, () -> ExpressionCases.run(file, expected(file)));
        }
        for (Path file : cases(slt.resolve("query"), ".sql", filters)) {
            Path data = slt.resolve("data");
            failed += attempt(file, () -> QueryScript.run(file, expected(file), data));
        }
        System.exit(failed == 0 ? 0 : 1);
    }

    private interface Work {
        void run() throws Exception;
    }

    private static int attempt(Path file, Work work) {
        long start = System.nanoTime();
        try {
            work.run();
            double seconds = (System.nanoTime() - start) / 1e9;
            System.err.printf("%s done in %.1f s%n", file.getFileName(), seconds);
            return 0;
        } catch (Exception failure) {
            System.err.println(file + ": " + failure);
            failure.printStackTrace();
            return 1;
        }
    }

    private static Path expected(Path file) {
        String name = file.getFileName().toString();
        return file.resolveSibling(name.substring(0, name.lastIndexOf('.')) + ".expected");
    }

    private static List<Path> cases(Path folder, String ending, List<String> filters)
            throws Exception {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(f -> f.toString().endsWith(ending)).filter(f -> chosen(f, filters))
                    .sorted().toList();
        }
    }

    private static boolean chosen(Path file, List<String> filters) {
        String id = file.getParent().getFileName() + "/" + file.getFileName();
        return filters.isEmpty() || filters.stream().anyMatch(id::contains);
    }
}
