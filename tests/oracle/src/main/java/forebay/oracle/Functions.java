package forebay.oracle;

import org.apache.flink.table.functions.ScalarFunction;

/** What scripts register as functions; Forebay's side of a script gives the same in SQL. */
public final class Functions {
    private Functions() {}

    /** a * 2 + b. */
    public static class Weighted extends ScalarFunction {
        public Integer eval(Integer a, Integer b) {
            return a == null || b == null ? null : Integer.valueOf(a * 2 + b);
        }
    }

    /** The text in angle brackets, `<>` for NULL. */
    public static class Bracket extends ScalarFunction {
        public String eval(String text) {
            return "<" + (text == null ? "" : text) + ">";
        }
    }
}
