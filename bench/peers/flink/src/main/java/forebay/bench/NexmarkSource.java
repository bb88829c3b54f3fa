package forebay.bench;

import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.InstantiationUtil;

/** Reads an event file; split i of n has the blocks i, i + n, i + 2n, as in Forebay. */
final class NexmarkSource implements Source<RowData, NexmarkSource.Split, Integer> {
  private final String path;
  private final long events;

  NexmarkSource(String path, long events) {
    this.path = path;
    this.events = events;
  }

  record Split(int first, int step) implements SourceSplit, Serializable {
    @Override
    public String splitId() {
      return first + "/" + step;
    }
  }

  @Override
  public Boundedness getBoundedness() {
    return Boundedness.BOUNDED;
  }

  @Override
  public SourceReader<RowData, Split> createReader(SourceReaderContext context) {
    return new Reader(path, events);
  }

  @Override
  public SplitEnumerator<Split, Integer> createEnumerator(SplitEnumeratorContext<Split> context) {
    return new Enumerator(context);
  }

  @Override
  public SplitEnumerator<Split, Integer> restoreEnumerator(
      SplitEnumeratorContext<Split> context, Integer state) {
    return new Enumerator(context);
  }

  @Override
  public SimpleVersionedSerializer<Split> getSplitSerializer() {
    return new JavaSerializer<>();
  }

  @Override
  public SimpleVersionedSerializer<Integer> getEnumeratorCheckpointSerializer() {
    return new JavaSerializer<>();
  }

  private static final class JavaSerializer<T extends Serializable>
      implements SimpleVersionedSerializer<T> {
    @Override
    public int getVersion() {
      return 1;
    }

    @Override
    public byte[] serialize(T value) throws IOException {
      return InstantiationUtil.serializeObject(value);
    }

    @Override
    public T deserialize(int version, byte[] bytes) throws IOException {
      try {
        return InstantiationUtil.deserializeObject(bytes, NexmarkSource.class.getClassLoader());
      } catch (ClassNotFoundException e) {
        throw new IOException(e);
      }
    }
  }

  /** One split a reader. */
  private record Enumerator(SplitEnumeratorContext<Split> context)
      implements SplitEnumerator<Split, Integer> {
    @Override
    public void start() {}

    @Override
    public void handleSplitRequest(int subtask, String host) {}

    @Override
    public void addSplitsBack(List<Split> splits, int subtask) {}

    @Override
    public void addReader(int subtask) {
      context.assignSplit(new Split(subtask, context.currentParallelism()), subtask);
      context.signalNoMoreSplits(subtask);
    }

    @Override
    public Integer snapshotState(long checkpoint) {
      return 0;
    }

    @Override
    public void close() {}
  }

  private static final class Reader implements SourceReader<RowData, Split> {
    private static final int ROWS_A_POLL = 100;

    private final String path;
    private final long events;
    private final EventRow row = new EventRow();
    private final CompletableFuture<Void> assigned = new CompletableFuture<>();
    private EventFile file;
    private Split split;
    private int block;
    private int next;
    private int blockEvents;
    private int base;
    private MemorySegment[] memory;

    Reader(String path, long events) {
      this.path = path;
      this.events = events;
    }

    @Override
    public void start() {}

    @Override
    public InputStatus pollNext(ReaderOutput<RowData> output) throws Exception {
      if (split == null) {
        return InputStatus.NOTHING_AVAILABLE;
      }
      for (int i = 0; i < ROWS_A_POLL; i++) {
        if (next == blockEvents && !nextBlock()) {
          return InputStatus.END_OF_INPUT;
        }
        row.set(memory, base, next++);
        row.setRowKind(org.apache.flink.types.RowKind.INSERT);
        output.collect(row);
      }
      return InputStatus.MORE_AVAILABLE;
    }

    private boolean nextBlock() throws IOException {
      if (file == null) {
        file = new EventFile(path);
        block = split.first();
      } else {
        block += split.step();
      }
      long left = Math.min(events, file.events()) - (long) block * EventFile.BLOCK_EVENTS;
      if (left <= 0) {
        return false;
      }
      blockEvents = (int) Math.min(left, EventFile.BLOCK_EVENTS);
      next = 0;
      base = file.position(block);
      memory = new MemorySegment[] {file.memory()};
      return true;
    }

    @Override
    public List<Split> snapshotState(long checkpoint) {
      throw new UnsupportedOperationException("the benchmark runs without checkpoints");
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
      return assigned;
    }

    @Override
    public void addSplits(List<Split> splits) {
      split = splits.get(0);
      assigned.complete(null);
    }

    @Override
    public void notifyNoMoreSplits() {}

    @Override
    public void close() throws Exception {
      if (file != null) {
        file.close();
      }
    }
  }
}
