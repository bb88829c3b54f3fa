package forebay.bench;

import java.util.Random;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.types.DataTypes;

/** The rows of all measures: 8 columns, about 100 bytes; row n is the same in every run. */
final class Rows {
  private static final int WORDS = 1024;
  private static final BinaryString[] CHANNELS = words(16, 9, 1);
  private static final BinaryString[] URLS = words(WORDS, 30, 2);
  private static final BinaryString[] EXTRAS = words(WORDS, 25, 3);

  private Rows() {}

  private static BinaryString[] words(int count, int length, long seed) {
    Random random = new Random(seed);
    BinaryString[] words = new BinaryString[count];
    for (int i = 0; i < count; i++) {
      StringBuilder word = new StringBuilder();
      while (word.length() < length) {
        word.append((char) ('a' + random.nextInt(26)));
      }
      words[i] = BinaryString.fromString(word.toString());
    }
    return words;
  }

  static Schema schema(boolean keyed) {
    Schema.Builder builder =
        Schema.newBuilder()
            .column("id", DataTypes.BIGINT().copy(!keyed))
            .column("user_id", DataTypes.BIGINT())
            .column("ts", DataTypes.BIGINT())
            .column("price", DataTypes.DOUBLE())
            .column("quantity", DataTypes.INT())
            .column("channel", DataTypes.STRING())
            .column("url", DataTypes.STRING())
            .column("extra", DataTypes.STRING());
    return (keyed ? builder.primaryKey("id") : builder).build();
  }

  static GenericRow row(long id, long number) {
    long mixed = number * 0x9E3779B97F4A7C15L;
    mixed ^= mixed >>> 29;
    GenericRow row = new GenericRow(8);
    row.setField(0, id);
    row.setField(1, mixed & 0xFFFFF);
    row.setField(2, 1_700_000_000_000L + number);
    row.setField(3, (mixed & 0xFFFF) * 0.01);
    row.setField(4, (int) (mixed & 127));
    row.setField(5, CHANNELS[(int) (mixed & 15)]);
    row.setField(6, URLS[(int) (mixed >>> 8 & WORDS - 1)]);
    row.setField(7, EXTRAS[(int) (mixed >>> 20 & WORDS - 1)]);
    return row;
  }

  static GenericRow key(long id) {
    GenericRow key = new GenericRow(1);
    key.setField(0, id);
    return key;
  }

  /** The i-th of `count` keys in an order without a pattern; `count` is no multiple of the factor. */
  static long shuffled(long i, long count) {
    return i * 1_000_003L % count;
  }
}
