package forebay.oracle;

import java.nio.file.Path;

/** Runs one script as a query case and writes its results: arguments SCRIPT RESULTS. */
public final class ScriptRun {
    private ScriptRun() {}

    public static void main(String[] args) throws Exception {
        QueryScript.run(Path.of(args[0]), Path.of(args[1]), Path.of(args[0]).toAbsolutePath().getParent());
        System.exit(0);
    }
}
