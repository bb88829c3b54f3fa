package forebay.bench;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.core.memory.MemorySegmentFactory;

/**
 * The file of Nexmark events that `forebay bench nexmark --source files` makes, mapped into memory:
 * blocks of 2,000 events in columns. See src/compute/nexmark/event_file.h for the bytes.
 */
final class EventFile implements Closeable {
  static final int BLOCK_EVENTS = 2000;
  static final int CYCLE = 50;
  /** Of 50 events, the first number and the count of persons, auctions and bids. */
  static final int[] FIRST = {0, 1, 4}, COUNT = {1, 3, 46};
  /** b: BIGINT, t: TIMESTAMP(3), s: string. */
  static final String[] FIELDS = {"bsssssts", "bssbbttbbs", "bbbssts"};

  private static final long MAGIC = 0x314b4d58454e4246L; // "FBNEXMK1"
  private static final long WINDOW_BYTES = 1L << 30;
  private static final int[][] OFFSETS = new int[3][];
  private static final int CELL_BYTES;

  static {
    int offset = 0;
    for (int kind = 0; kind < 3; kind++) {
      OFFSETS[kind] = new int[FIELDS[kind].length()];
      for (int field = 0; field < OFFSETS[kind].length; field++) {
        OFFSETS[kind][field] = offset;
        offset += BLOCK_EVENTS / CYCLE * COUNT[kind] * width(kind, field);
      }
    }
    CELL_BYTES = offset;
  }

  private final FileChannel channel;
  private final long[] index;
  private final long indexOffset;
  private final long events;
  private MemorySegment window;
  private long windowBegin;
  private long windowEnd;

  EventFile(String path) throws IOException {
    channel = FileChannel.open(Path.of(path), StandardOpenOption.READ);
    ByteBuffer header = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN);
    channel.read(header, 0);
    header.flip();
    if (header.getLong() != MAGIC) {
      throw new IOException(path + " is no file of Nexmark events");
    }
    events = header.getLong();
    header.getLong(); // rate
    index = new long[(int) header.getLong()];
    indexOffset = header.getLong();
    ByteBuffer offsets = ByteBuffer.allocate(index.length * 8).order(ByteOrder.LITTLE_ENDIAN);
    channel.read(offsets, indexOffset);
    offsets.flip().asLongBuffer();
    for (int i = 0; i < index.length; i++) {
      index[i] = offsets.getLong();
    }
  }

  static int width(int kind, int field) {
    return FIELDS[kind].charAt(field) == 's' ? 16 : 8;
  }

  /** Where the array of a field begins in a block. */
  static int offset(int kind, int field) {
    return OFFSETS[kind][field];
  }

  static int cellBytes() {
    return CELL_BYTES;
  }

  long events() {
    return events;
  }

  /** Makes the block readable through {@link #memory}; returns where it begins there. */
  int position(int block) throws IOException {
    long begin = index[block];
    long end = block + 1 < index.length ? index[block + 1] : indexOffset;
    if (window == null || begin < windowBegin || end > windowEnd) {
      windowBegin = begin;
      windowEnd = Math.min(begin + WINDOW_BYTES, indexOffset);
      window = MemorySegmentFactory.wrapOffHeapMemory(
          channel.map(FileChannel.MapMode.READ_ONLY, begin, windowEnd - begin));
    }
    return (int) (begin - windowBegin);
  }

  MemorySegment memory() {
    return window;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
