#include "format/batch/batch_statistics.h"

#include <cmath>
#include <limits>

#include "base/bytes.h"
#include "format/row/binary_row.h"

namespace forebay::format {

using model::Batch;
using model::Column;
using model::ColumnBuilder;
using model::DataType;
using model::StringRef;
using model::TypeRoot;

namespace {

constexpr uint8_t kVersion = 1;
constexpr int kLowest = 0, kHighest = 1;

template <typename T>
bool IsBelow(const T& a, const T& b) {
  return a < b;
}
template <>
bool IsBelow(const StringRef& a, const StringRef& b) {
  return a.view() < b.view();
}
/// Java's Float.compare and Double.compare.
template <typename T>
bool IsBelowAsJava(T a, T b) {
  if (a != a || b != b) return a == a && b != b;
  return a < b || (a == b && std::signbit(a) && !std::signbit(b));
}
template <>
bool IsBelow(const float& a, const float& b) {
  return IsBelowAsJava(a, b);
}
template <>
bool IsBelow(const double& a, const double& b) {
  return IsBelowAsJava(a, b);
}

/// The rows with the lowest and the highest value; -1 when all are NULL.
struct Extremes {
  int lowest = -1;
  int highest = -1;
  int null_count = 0;
};

Extremes FindExtremes(const Column& column) {
  Extremes found;
  bool ordered = HasBounds(column.type());
  for (int row = 0; row < column.num_rows(); ++row) {
    if (column.IsNull(row)) {
      ++found.null_count;
    } else if (found.lowest < 0 && ordered) {
      found.lowest = found.highest = row;
    }
  }
  if (found.lowest < 0) return found;
  model::DispatchPhysical(column.physical(), [&]<typename T>(T*) {
    for (int row = found.lowest + 1; row < column.num_rows(); ++row) {
      if (column.IsNull(row)) continue;
      if (IsBelow(column.Get<T>(row), column.Get<T>(found.lowest))) found.lowest = row;
      if (IsBelow(column.Get<T>(found.highest), column.Get<T>(row))) found.highest = row;
    }
  });
  return found;
}

void AppendCellOrNull(const Column& column, int row, ColumnBuilder& builder) {
  row < 0 ? builder.AppendNull() : builder.AppendFrom(column, row);
}

Status AppendBound(const BatchStatistics& statistics, int row, std::string& out) {
  size_t start = out.size();
  out.append(sizeof(int32_t), '\0');
  RETURN_IF_ERROR(AppendAlignedRow(statistics.bounds.columns, row, out));
  StoreLe(out.data() + start, static_cast<int32_t>(out.size() - start - sizeof(int32_t)));
  return Status::Ok();
}

/// Everything before the bounds.
Status ReadColumns(ByteReader& reader, size_t column_count, BatchStatistics& statistics) {
  ASSIGN_OR_RETURN(uint8_t version, reader.Read<uint8_t>());
  if (version != kVersion) return NotSupported("statistics of version {}", version);
  ASSIGN_OR_RETURN(int16_t count, reader.Read<int16_t>());
  if (count <= 0) return Corruption("statistics of {} columns", count);
  for (int i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(int16_t column, reader.Read<int16_t>());
    if (column < 0 || static_cast<size_t>(column) >= column_count) {
      return Corruption("statistics of column {} of {}", column, column_count);
    }
    statistics.columns.push_back(column);
  }
  for (int i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(int32_t null_count, reader.Read<int32_t>());
    statistics.null_counts.push_back(null_count);
  }
  return Status::Ok();
}

}  // namespace

bool HasBounds(const DataType& type) {
  return model::PhysicalSize(type.physical()) > 0 && !type.IsBytes() && !type.IsInterval() &&
         !type.Is(TypeRoot::kChar) && !type.Is(TypeRoot::kVariant);
}

Result<BatchStatistics> CollectStatistics(const Batch& batch, std::span<const int> columns) {
  BatchStatistics statistics;
  statistics.columns.assign(columns.begin(), columns.end());
  for (int index : columns) {
    if (index < 0 || index > std::numeric_limits<int16_t>::max() ||
        index >= static_cast<int>(batch.columns.size())) {
      return InvalidArgument("no statistics of column {} of {}", index, batch.columns.size());
    }
    const Column& column = batch.columns[static_cast<size_t>(index)];
    Extremes found = FindExtremes(column);
    ColumnBuilder bounds(column.type());
    AppendCellOrNull(column, found.lowest, bounds);
    AppendCellOrNull(column, found.highest, bounds);
    statistics.null_counts.push_back(found.null_count);
    statistics.bounds.columns.push_back(bounds.Finish());
  }
  statistics.bounds.num_rows = 2;
  return statistics;
}

Status AppendStatistics(const BatchStatistics& statistics, std::string& out) {
  ByteWriter writer;
  writer.Write(kVersion);
  writer.Write(static_cast<int16_t>(statistics.columns.size()));
  for (int column : statistics.columns) writer.Write(static_cast<int16_t>(column));
  for (int null_count : statistics.null_counts) writer.Write(static_cast<int32_t>(null_count));
  out.append(writer.view());
  RETURN_IF_ERROR(AppendBound(statistics, kLowest, out));
  return AppendBound(statistics, kHighest, out);
}

Result<BatchStatistics> ReadStatistics(std::string_view bytes, std::span<const DataType> types) {
  ByteReader reader(bytes);
  BatchStatistics statistics;
  RETURN_IF_ERROR(ReadColumns(reader, types.size(), statistics));
  std::vector<DataType> bound_types;
  for (int column : statistics.columns) bound_types.push_back(types[static_cast<size_t>(column)]);
  RETURN_IF_ERROR(CheckRowTypes(bound_types));
  model::BatchBuilder builder(bound_types);
  for (int row : {kLowest, kHighest}) {
    ASSIGN_OR_RETURN(uint32_t size, reader.Read<uint32_t>());
    ASSIGN_OR_RETURN(std::string_view bound, reader.ReadBytes(size));
    RETURN_IF_ERROR(ReadAlignedRow(bound, bound_types, RowTarget(builder))
                        .WithContext(row == kLowest ? "lowest values" : "highest values"));
    builder.FinishRow();
  }
  if (!reader.AtEnd()) return Corruption("{} bytes after the statistics", reader.remaining());
  statistics.bounds = builder.Finish();
  return statistics;
}

}  // namespace forebay::format
