#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "format/batch/record_batch_message.h"
#include "format/batch/record_batch_metadata.h"

namespace forebay::format {

using model::Column;
using model::DataType;
using model::Int128;
using model::Owner;
using model::PhysicalType;
using model::StringRef;
using model::TypeRoot;

namespace {

/// No compressor shrinks by more (zstd: 128 KiB blocks of one byte in 4 bytes), so a larger claim
/// is a lie and not worth the memory.
constexpr int64_t kMaxRatio = 40000;
constexpr int64_t kRatioSlack = 1 << 16;

/// Memory of `count` cells that a column owns.
template <typename T>
std::shared_ptr<T[]> NewCells(size_t count) {
  return std::shared_ptr<T[]>(new T[std::max<size_t>(count, 1)]);
}

/// Reads the columns of one body in order. The bytes may be anything. Thread-compatible.
class BodyReader {
 public:
  BodyReader(const RecordBatchMetadata& metadata, std::string_view body, Owner owner)
      : metadata_(metadata), body_(body), owner_(std::move(owner)) {}

  /// The next column. `rows` is what its node must say, -1 when any length will do.
  Result<Column> Read(const DataType& type, int64_t rows);
  /// Steps over the next column.
  void Skip(const DataType& type);
  Status CheckAllRead() const;

 private:
  /// One buffer's contents: in the body, or decompressed.
  struct Bytes {
    std::string_view view;
    /// From view.data() to the end of the memory, for reads of whole words.
    size_t readable = 0;
    Owner owner;
  };
  using Owners = std::vector<Owner>;

  Result<int> NextNode(int64_t rows, int64_t* null_count);
  Result<Bytes> NextBuffer();
  Result<Bytes> NextBuffer(size_t size_min);
  Result<Bytes> Inflate(std::string_view stored);
  Result<const uint64_t*> ReadValidity(int rows, int64_t null_count, Owners& owners);
  /// The next buffer as `count` aligned cells of T, in place if possible.
  template <typename T>
  Result<const T*> ReadCells(size_t count, Owners& owners);
  /// The next buffer of Wire numbers as cells of Memory.
  template <typename Memory, typename Wire, typename F>
  Result<Column> ReadConverted(const DataType& type, int rows, const uint64_t* validity,
                               Owners owners, F&& convert);
  Result<Column> ReadFlat(const DataType& type, int rows, const uint64_t* validity, Owners owners);
  Result<Column> ReadTime(const DataType& type, int rows, const uint64_t* validity, Owners owners);
  Result<Column> ReadDecimal(const DataType& type, int rows, const uint64_t* validity,
                             Owners owners);
  Result<Column> ReadBits(const DataType& type, int rows, const uint64_t* validity, Owners owners);
  Result<Column> ReadStrings(const DataType& type, int rows, const uint64_t* validity,
                             Owners owners);
  Result<Column> ReadFixedBinary(const DataType& type, int rows, const uint64_t* validity,
                                 Owners owners);
  Result<Column> ReadStruct(const DataType& type, int rows, const uint64_t* validity,
                            Owners owners);
  Result<Column> ReadList(const DataType& type, int rows, const uint64_t* validity, Owners owners);
  Result<const int32_t*> ReadOffsets(int rows, Owners& owners);

  const RecordBatchMetadata& metadata_;
  std::string_view body_;
  Owner owner_;
  size_t node_ = 0;
  size_t buffer_ = 0;
  int64_t inflated_bytes_ = 0;
};

std::vector<DataType> ChildTypes(const DataType& type) {
  std::vector<DataType> children = type.children();
  if (type.Is(TypeRoot::kMultiset)) children.push_back(DataType::Int().NotNull());
  return children;
}

Result<int> BodyReader::NextNode(int64_t rows, int64_t* null_count) {
  if (node_ >= metadata_.nodes.size()) {
    return Corruption("the Arrow batch has only {} columns", metadata_.nodes.size());
  }
  const RecordBatchMetadata::Node& node = metadata_.nodes[node_++];
  if (node.length < 0 || node.length > std::numeric_limits<int32_t>::max() - 64 ||
      (rows >= 0 && node.length != rows) || node.null_count < 0 || node.null_count > node.length) {
    return Corruption("an Arrow column of {} rows and {} NULLs in a batch of {}", node.length,
                      node.null_count, rows);
  }
  *null_count = node.null_count;
  return static_cast<int>(node.length);
}

Result<BodyReader::Bytes> BodyReader::Inflate(std::string_view stored) {
  if (stored.size() < 8) return Corruption("a compressed Arrow buffer of {} bytes", stored.size());
  int64_t length = LoadLe<int64_t>(stored.data());
  stored.remove_prefix(8);
  if (length == -1) {
    return Bytes{stored, static_cast<size_t>(body_.end() - stored.begin()), owner_};
  }
  auto limit = static_cast<int64_t>(stored.size()) * kMaxRatio + kRatioSlack;
  if (length < 0 || length > limit || length > kInflatedBytesMax - inflated_bytes_) {
    return Corruption("an Arrow buffer of {} bytes claims {}", stored.size(), length);
  }
  inflated_bytes_ += length;
  // Rounded up so that whole words may be read.
  size_t readable = (static_cast<size_t>(length) + 7) / 8 * 8;
  std::shared_ptr<char[]> memory = NewCells<char>(readable);
  if (length > 0) {
    RETURN_IF_ERROR(
        Decompress(metadata_.compression, stored, memory.get(), static_cast<size_t>(length)));
  }
  std::fill(memory.get() + length, memory.get() + readable, '\0');
  std::string_view view(memory.get(), static_cast<size_t>(length));
  return Bytes{view, readable, std::move(memory)};
}

Result<BodyReader::Bytes> BodyReader::NextBuffer() {
  if (buffer_ >= metadata_.buffers.size()) {
    return Corruption("the Arrow batch has only {} buffers", metadata_.buffers.size());
  }
  const RecordBatchMetadata::Buffer& place = metadata_.buffers[buffer_++];
  auto offset = static_cast<size_t>(place.offset);
  std::string_view stored = body_.substr(offset, static_cast<size_t>(place.length));
  if (stored.empty() || metadata_.compression == Compression::kNone) {
    return Bytes{stored, body_.size() - offset, owner_};
  }
  return Inflate(stored);
}

Result<BodyReader::Bytes> BodyReader::NextBuffer(size_t size_min) {
  ASSIGN_OR_RETURN(Bytes bytes, NextBuffer());
  if (bytes.view.size() < size_min) {
    return Corruption("an Arrow buffer has {} bytes instead of {}", bytes.view.size(), size_min);
  }
  return bytes;
}

template <typename T>
Result<const T*> BodyReader::ReadCells(size_t count, Owners& owners) {
  ASSIGN_OR_RETURN(Bytes bytes, NextBuffer(count * sizeof(T)));
  const char* data = bytes.view.data();
  if (reinterpret_cast<uintptr_t>(data) % alignof(T) == 0 && count > 0) {
    owners.push_back(std::move(bytes.owner));
    return reinterpret_cast<const T*>(data);
  }
  std::shared_ptr<T[]> copy = NewCells<T>(count);
  if (count > 0) std::memcpy(copy.get(), data, count * sizeof(T));
  const T* cells = copy.get();
  owners.push_back(std::move(copy));
  return cells;
}

Result<const uint64_t*> BodyReader::ReadValidity(int rows, int64_t null_count, Owners& owners) {
  size_t size = (static_cast<size_t>(rows) + 7) / 8;
  ASSIGN_OR_RETURN(Bytes bytes, NextBuffer());
  if (null_count == 0) return nullptr;
  if (bytes.view.size() < size) {
    return Corruption("a validity bitmap of {} bytes for {} rows", bytes.view.size(), rows);
  }
  const char* data = bytes.view.data();
  size_t words = (size + 7) / 8;
  if (reinterpret_cast<uintptr_t>(data) % alignof(uint64_t) == 0 && words * 8 <= bytes.readable) {
    owners.push_back(std::move(bytes.owner));
    return reinterpret_cast<const uint64_t*>(data);
  }
  std::shared_ptr<uint64_t[]> copy = NewCells<uint64_t>(words);
  copy[words - 1] = 0;
  std::memcpy(copy.get(), data, size);
  const uint64_t* bits = copy.get();
  owners.push_back(std::move(copy));
  return bits;
}

template <typename Memory, typename Wire, typename F>
Result<Column> BodyReader::ReadConverted(const DataType& type, int rows, const uint64_t* validity,
                                         Owners owners, F&& convert) {
  auto count = static_cast<size_t>(rows);
  ASSIGN_OR_RETURN(Bytes bytes, NextBuffer(count * sizeof(Wire)));
  std::shared_ptr<Memory[]> cells = NewCells<Memory>(count);
  const char* data = bytes.view.data();
  for (size_t i = 0; i < count; ++i) cells[i] = convert(LoadLe<Wire>(data + i * sizeof(Wire)));
  const Memory* values = cells.get();
  owners.push_back(std::move(cells));
  return Column(type, rows, values, validity, std::move(owners));
}

Result<Column> BodyReader::ReadTime(const DataType& type, int rows, const uint64_t* validity,
                                    Owners owners) {
  int precision = type.precision();
  if (precision == 0) {
    // Unsigned, for foreign seconds may be too many for milliseconds.
    return ReadConverted<int32_t, uint32_t>(
        type, rows, validity, std::move(owners),
        [](uint32_t seconds) { return static_cast<int32_t>(seconds * 1000u); });
  }
  int64_t divisor = precision <= 6 ? 1000 : 1000000;
  return ReadConverted<int32_t, int64_t>(
      type, rows, validity, std::move(owners),
      [divisor](int64_t value) { return static_cast<int32_t>(value / divisor); });
}

Result<Column> BodyReader::ReadDecimal(const DataType& type, int rows, const uint64_t* validity,
                                       Owners owners) {
  bool fits = true;
  auto narrow = [&fits](Int128 wide) {
    auto value = static_cast<int64_t>(wide);
    fits &= value == wide;
    return value;
  };
  ASSIGN_OR_RETURN(Column column, (ReadConverted<int64_t, Int128>(type, rows, validity,
                                                                  std::move(owners), narrow)));
  // NULL rows may hold anything.
  if (!fits && validity == nullptr) {
    return Corruption("a value is too large for {}", type.ToString());
  }
  return column;
}

Result<Column> BodyReader::ReadFlat(const DataType& type, int rows, const uint64_t* validity,
                                    Owners owners) {
  if (type.Is(TypeRoot::kTime) && (type.precision() == 0 || type.precision() > 3)) {
    return ReadTime(type, rows, validity, std::move(owners));
  }
  if (type.IsTimestamp() && type.precision() == 0) {
    return ReadConverted<int64_t, uint64_t>(
        type, rows, validity, std::move(owners),
        [](uint64_t seconds) { return static_cast<int64_t>(seconds * 1000u); });
  }
  if (type.Is(TypeRoot::kDecimal) && type.physical() == PhysicalType::kInt64) {
    return ReadDecimal(type, rows, validity, std::move(owners));
  }
  return model::DispatchPhysical(type.physical(), [&]<typename T>(T*) -> Result<Column> {
    ASSIGN_OR_RETURN(const T* cells, ReadCells<T>(static_cast<size_t>(rows), owners));
    return Column(type, rows, cells, validity, std::move(owners));
  });
}

Result<Column> BodyReader::ReadBits(const DataType& type, int rows, const uint64_t* validity,
                                    Owners owners) {
  auto count = static_cast<size_t>(rows);
  ASSIGN_OR_RETURN(Bytes bytes, NextBuffer((count + 7) / 8));
  std::shared_ptr<uint8_t[]> cells = NewCells<uint8_t>(count);
  for (size_t i = 0; i < count; ++i) {
    cells[i] = static_cast<uint8_t>(bytes.view[i >> 3]) >> (i & 7) & 1;
  }
  const uint8_t* values = cells.get();
  owners.push_back(std::move(cells));
  return Column(type, rows, values, validity, std::move(owners));
}

Result<Column> BodyReader::ReadStrings(const DataType& type, int rows, const uint64_t* validity,
                                       Owners owners) {
  auto count = static_cast<size_t>(rows);
  ASSIGN_OR_RETURN(Bytes offsets, NextBuffer(count == 0 ? 0 : (count + 1) * 4));
  ASSIGN_OR_RETURN(Bytes data, NextBuffer());
  std::shared_ptr<StringRef[]> cells = NewCells<StringRef>(count);
  const char* at = offsets.view.data();
  const char* text = data.view.data();
  auto limit = static_cast<int64_t>(data.view.size());
  int64_t begin = count == 0 ? 0 : LoadLe<int32_t>(at);
  bool good = begin >= 0;
  for (size_t i = 0; i < count && good; ++i) {
    int64_t end = LoadLe<int32_t>(at + (i + 1) * 4);
    good = begin <= end && end <= limit;
    if (good && end > begin) {
      cells[i] = StringRef(std::string_view(text + begin, static_cast<size_t>(end - begin)));
    }
    begin = end;
  }
  if (!good) return Corruption("the offsets of an Arrow string column are out of order");
  const StringRef* values = cells.get();
  owners.push_back(std::move(cells));
  owners.push_back(std::move(data.owner));
  return Column(type, rows, values, validity, std::move(owners));
}

Result<Column> BodyReader::ReadFixedBinary(const DataType& type, int rows, const uint64_t* validity,
                                           Owners owners) {
  auto count = static_cast<size_t>(rows);
  auto width = static_cast<size_t>(type.length());
  ASSIGN_OR_RETURN(Bytes data, NextBuffer(count * width));
  std::shared_ptr<StringRef[]> cells = NewCells<StringRef>(count);
  for (size_t i = 0; i < count; ++i) cells[i] = StringRef(data.view.substr(i * width, width));
  const StringRef* values = cells.get();
  owners.push_back(std::move(cells));
  owners.push_back(std::move(data.owner));
  return Column(type, rows, values, validity, std::move(owners));
}

Result<Column> BodyReader::ReadStruct(const DataType& type, int rows, const uint64_t* validity,
                                      Owners owners) {
  std::vector<Column> children;
  for (const DataType& child : type.children()) {
    ASSIGN_OR_RETURN(Column column, Read(child, rows));
    children.push_back(std::move(column));
  }
  return Column::Nested(type, rows, nullptr, validity, std::move(children), std::move(owners));
}

Result<const int32_t*> BodyReader::ReadOffsets(int rows, Owners& owners) {
  if (rows == 0) {
    static constexpr int32_t kNoEntries[1] = {0};
    ASSIGN_OR_RETURN([[maybe_unused]] Bytes unused, NextBuffer());
    return kNoEntries;
  }
  auto count = static_cast<size_t>(rows) + 1;
  ASSIGN_OR_RETURN(const int32_t* offsets, ReadCells<int32_t>(count, owners));
  if (offsets[0] < 0 || !std::is_sorted(offsets, offsets + count)) {
    return Corruption("the offsets of an Arrow list column are out of order");
  }
  return offsets;
}

Result<Column> BodyReader::ReadList(const DataType& type, int rows, const uint64_t* validity,
                                    Owners owners) {
  ASSIGN_OR_RETURN(const int32_t* offsets, ReadOffsets(rows, owners));
  int64_t entries = -1;
  if (type.physical() == PhysicalType::kMap) {
    int64_t null_count = 0;
    ASSIGN_OR_RETURN(entries, NextNode(-1, &null_count));
    ASSIGN_OR_RETURN([[maybe_unused]] Bytes unused, NextBuffer());
  }
  std::vector<Column> children;
  for (const DataType& child : ChildTypes(type)) {
    ASSIGN_OR_RETURN(Column column, Read(child, entries));
    entries = column.num_rows();
    children.push_back(std::move(column));
  }
  if (offsets[rows] > entries) {
    return Corruption("an Arrow list ends at {} of {} elements", offsets[rows], entries);
  }
  return Column::Nested(type, rows, offsets, validity, std::move(children), std::move(owners));
}

Result<Column> BodyReader::Read(const DataType& type, int64_t expected_rows) {
  int64_t null_count = 0;
  ASSIGN_OR_RETURN(int rows, NextNode(expected_rows, &null_count));
  if (type.physical() == PhysicalType::kNull) return Column(type, rows, nullptr, nullptr, {});
  Owners owners;
  ASSIGN_OR_RETURN(const uint64_t* validity, ReadValidity(rows, null_count, owners));
  switch (type.physical()) {
    case PhysicalType::kBool: return ReadBits(type, rows, validity, std::move(owners));
    case PhysicalType::kString:
      if (type.Is(TypeRoot::kBinary)) {
        return ReadFixedBinary(type, rows, validity, std::move(owners));
      }
      return ReadStrings(type, rows, validity, std::move(owners));
    case PhysicalType::kStruct: return ReadStruct(type, rows, validity, std::move(owners));
    case PhysicalType::kList:
    case PhysicalType::kMap: return ReadList(type, rows, validity, std::move(owners));
    default: return ReadFlat(type, rows, validity, std::move(owners));
  }
}

void BodyReader::Skip(const DataType& type) {
  ++node_;
  switch (type.physical()) {
    case PhysicalType::kNull: return;
    case PhysicalType::kStruct: ++buffer_; break;
    case PhysicalType::kList: buffer_ += 2; break;
    case PhysicalType::kMap:
      ++node_;
      buffer_ += 3;
      break;
    case PhysicalType::kString: buffer_ += type.Is(TypeRoot::kBinary) ? 2 : 3; return;
    default: buffer_ += 2; return;
  }
  for (const DataType& child : ChildTypes(type)) Skip(child);
}

Status BodyReader::CheckAllRead() const {
  if (node_ == metadata_.nodes.size() && buffer_ == metadata_.buffers.size()) return Status::Ok();
  return Corruption("the Arrow batch has {} nodes and {} buffers, its types have {} and {}",
                    metadata_.nodes.size(), metadata_.buffers.size(), node_, buffer_);
}

/// A copy of the message that the columns can keep alive.
std::string_view CopyMessage(std::string_view message, Owner& owner) {
  std::shared_ptr<char[]> copy = NewCells<char>(message.size());
  std::copy(message.begin(), message.end(), copy.get());
  std::string_view view(copy.get(), message.size());
  owner = std::move(copy);
  return view;
}

}  // namespace

Result<std::vector<Column>> DecodeRecordBatchMessage(std::string_view message, int num_rows,
                                                     const std::vector<DataType>& types,
                                                     const std::vector<int>* projection,
                                                     std::shared_ptr<const void> owner) {
  if (owner == nullptr) message = CopyMessage(message, owner);
  std::string_view body;
  ASSIGN_OR_RETURN(RecordBatchMetadata metadata, ReadRecordBatchMetadata(message, &body));
  if (metadata.length != num_rows) {
    return Corruption("an Arrow batch of {} rows where {} should be", metadata.length, num_rows);
  }
  BodyReader reader(metadata, body, std::move(owner));
  std::vector<Column> columns(types.size());
  for (size_t i = 0; i < types.size(); ++i) {
    bool wanted = projection == nullptr || std::find(projection->begin(), projection->end(),
                                                     static_cast<int>(i)) != projection->end();
    if (!wanted) {
      reader.Skip(types[i]);
      continue;
    }
    ASSIGN_OR_RETURN(columns[i], reader.Read(types[i], num_rows));
  }
  RETURN_IF_ERROR(reader.CheckAllRead());
  if (projection == nullptr) return columns;
  std::vector<Column> projected;
  for (int index : *projection) projected.push_back(columns[static_cast<size_t>(index)]);
  return projected;
}

}  // namespace forebay::format
