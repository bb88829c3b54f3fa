package forebay.bench;

import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RawValueData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.binary.BinaryStringData;
import org.apache.flink.types.RowKind;
import org.apache.flink.types.variant.Variant;

/**
 * An event, read where it lies in a block: what Flink's ColumnarRowData is to a Parquet batch. One
 * object walks over all rows; nothing is decoded or copied until a field is read.
 */
final class EventRow implements RowData {
  private final Part[] parts = {new Part(0), new Part(1), new Part(2)};
  private RowKind rowKind = RowKind.INSERT;
  private int kind;

  /** Goes to event number {@code event} of the block that begins at {@code base}. */
  void set(MemorySegment[] memory, int base, int event) {
    int place = event % EventFile.CYCLE;
    kind = place < 1 ? 0 : place < 4 ? 1 : 2;
    int row = event / EventFile.CYCLE * EventFile.COUNT[kind] + place - EventFile.FIRST[kind];
    parts[kind].set(memory, base, row);
  }

  @Override
  public int getArity() {
    return 4;
  }

  @Override
  public RowKind getRowKind() {
    return rowKind;
  }

  @Override
  public void setRowKind(RowKind rowKind) {
    this.rowKind = rowKind;
  }

  @Override
  public boolean isNullAt(int pos) {
    return pos != 0 && pos - 1 != kind;
  }

  @Override
  public int getInt(int pos) {
    return kind;
  }

  @Override
  public RowData getRow(int pos, int numFields) {
    return parts[pos - 1];
  }

  @Override
  public boolean getBoolean(int pos) {
    throw new UnsupportedOperationException();
  }

  @Override
  public byte getByte(int pos) {
    throw new UnsupportedOperationException();
  }

  @Override
  public short getShort(int pos) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long getLong(int pos) {
    throw new UnsupportedOperationException();
  }

  @Override
  public float getFloat(int pos) {
    throw new UnsupportedOperationException();
  }

  @Override
  public double getDouble(int pos) {
    throw new UnsupportedOperationException();
  }

  @Override
  public StringData getString(int pos) {
    throw new UnsupportedOperationException();
  }

  @Override
  public DecimalData getDecimal(int pos, int precision, int scale) {
    throw new UnsupportedOperationException();
  }

  @Override
  public TimestampData getTimestamp(int pos, int precision) {
    throw new UnsupportedOperationException();
  }

  @Override
  public <T> RawValueData<T> getRawValue(int pos) {
    throw new UnsupportedOperationException();
  }

  @Override
  public byte[] getBinary(int pos) {
    throw new UnsupportedOperationException();
  }

  @Override
  public ArrayData getArray(int pos) {
    throw new UnsupportedOperationException();
  }

  @Override
  public MapData getMap(int pos) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Variant getVariant(int pos) {
    throw new UnsupportedOperationException();
  }

  /** The ROW of one kind of event. */
  private static final class Part implements RowData {
    private final int kind;
    private final int[] offsets;
    private RowKind rowKind = RowKind.INSERT;
    private MemorySegment[] segments;
    private MemorySegment memory;
    private int base;
    private int row;

    Part(int kind) {
      this.kind = kind;
      offsets = new int[EventFile.FIELDS[kind].length()];
      for (int i = 0; i < offsets.length; i++) {
        offsets[i] = EventFile.offset(kind, i);
      }
    }

    void set(MemorySegment[] memory, int base, int row) {
      segments = memory;
      this.memory = memory[0];
      this.base = base;
      this.row = row;
    }

    @Override
    public int getArity() {
      return offsets.length;
    }

    @Override
    public RowKind getRowKind() {
      return rowKind;
    }

    @Override
    public void setRowKind(RowKind rowKind) {
      this.rowKind = rowKind;
    }

    @Override
    public boolean isNullAt(int pos) {
      return false;
    }

    @Override
    public long getLong(int pos) {
      return memory.getLongLittleEndian(base + offsets[pos] + row * 8);
    }

    @Override
    public TimestampData getTimestamp(int pos, int precision) {
      return TimestampData.fromEpochMillis(getLong(pos));
    }

    /** A cell has the length, then up to 12 bytes, or a prefix and an offset into the heap. */
    @Override
    public StringData getString(int pos) {
      int cell = base + offsets[pos] + row * 16;
      int size = memory.getIntLittleEndian(cell);
      int at = size <= 12
          ? cell + 4
          : base + EventFile.cellBytes() + (int) memory.getLongLittleEndian(cell + 8);
      return new BinaryStringData(segments, at, size);
    }

    @Override
    public boolean getBoolean(int pos) {
      throw new UnsupportedOperationException();
    }

    @Override
    public byte getByte(int pos) {
      throw new UnsupportedOperationException();
    }

    @Override
    public short getShort(int pos) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int getInt(int pos) {
      throw new UnsupportedOperationException();
    }

    @Override
    public float getFloat(int pos) {
      throw new UnsupportedOperationException();
    }

    @Override
    public double getDouble(int pos) {
      throw new UnsupportedOperationException();
    }

    @Override
    public DecimalData getDecimal(int pos, int precision, int scale) {
      throw new UnsupportedOperationException();
    }

    @Override
    public <T> RawValueData<T> getRawValue(int pos) {
      throw new UnsupportedOperationException();
    }

    @Override
    public byte[] getBinary(int pos) {
      throw new UnsupportedOperationException();
    }

    @Override
    public ArrayData getArray(int pos) {
      throw new UnsupportedOperationException();
    }

    @Override
    public MapData getMap(int pos) {
      throw new UnsupportedOperationException();
    }

    @Override
    public RowData getRow(int pos, int numFields) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Variant getVariant(int pos) {
      throw new UnsupportedOperationException();
    }
  }
}
