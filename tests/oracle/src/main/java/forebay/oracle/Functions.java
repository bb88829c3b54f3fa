package forebay.oracle;

import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.annotation.FunctionHint;
import org.apache.flink.table.functions.AggregateFunction;
import org.apache.flink.table.functions.ScalarFunction;
import org.apache.flink.table.functions.TableFunction;
import org.apache.flink.types.Row;

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

    /** The sum of both, NULL when one is. */
    public static class Add extends ScalarFunction {
        public Long eval(Long a, Long b) {
            return a == null || b == null ? null : Long.valueOf(a + b);
        }
    }

    /** The words between single blanks with their lengths. */
    @FunctionHint(output = @DataTypeHint("ROW<word STRING, size INT>"))
    public static class Words extends TableFunction<Row> {
        public void eval(String text) {
            if (text != null) {
                for (String word : text.split(" ")) {
                    collect(Row.of(word, word.length()));
                }
            }
        }
    }

    /** The numbers below n. */
    public static class CountUp extends TableFunction<Integer> {
        public void eval(Integer n) {
            for (int i = 0; n != null && i < n; i++) {
                collect(i);
            }
        }
    }

    /** The sum of value * weight over the sum of the weights. */
    public static class WeightedAverage
            extends AggregateFunction<Double, WeightedAverage.Accumulator> {
        /** Both sums. */
        public static class Accumulator {
            public long sum;
            public long weights;
        }

        @Override
        public Accumulator createAccumulator() {
            return new Accumulator();
        }

        @Override
        public Double getValue(Accumulator state) {
            return state.weights == 0 ? null : Double.valueOf((double) state.sum / state.weights);
        }

        public void accumulate(Accumulator state, Long value, Long weight) {
            add(state, value, weight, 1);
        }

        public void retract(Accumulator state, Long value, Long weight) {
            add(state, value, weight, -1);
        }

        public void merge(Accumulator state, Iterable<Accumulator> others) {
            for (Accumulator other : others) {
                state.sum += other.sum;
                state.weights += other.weights;
            }
        }

        private static void add(Accumulator state, Long value, Long weight, int sign) {
            if (value != null && weight != null) {
                state.sum += sign * value * weight;
                state.weights += sign * weight;
            }
        }
    }
}
