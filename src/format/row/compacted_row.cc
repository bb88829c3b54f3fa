#include "format/row/compacted_row.h"

#include "base/bytes.h"
#include "format/row/compacted_cell.h"

namespace forebay::format {

using model::BatchBuilder;
using model::Column;
using model::DataType;

Status AppendCompactedRow(std::span<const Column> columns, int row, std::string& out) {
  size_t start = out.size();
  out.append((columns.size() + 7) / 8, '\0');
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].IsNull(row)) {
      out[start + i / 8] = static_cast<char>(out[start + i / 8] | 1 << (i % 8));
    } else {
      RETURN_IF_ERROR(AppendCompactedCell(columns[i], row, out));
    }
  }
  return Status::Ok();
}

Status ReadCompactedRow(std::string_view bytes, std::span<const DataType> types,
                        const RowTarget& target) {
  ByteReader reader(bytes);
  ASSIGN_OR_RETURN(std::string_view nulls, reader.ReadBytes((types.size() + 7) / 8));
  for (size_t i = 0; i < types.size(); ++i) {
    if ((nulls[i / 8] >> (i % 8) & 1) != 0) {
      target[i].AppendNull();
    } else {
      RETURN_IF_ERROR(ReadCompactedCell(reader, target[i]));
    }
  }
  if (!reader.AtEnd()) return Corruption("{} bytes after a row", reader.remaining());
  return Status::Ok();
}

Result<CompactedCells> SplitCompactedRow(std::string_view row, const std::vector<DataType>& types) {
  ByteReader reader(row);
  ASSIGN_OR_RETURN(std::string_view nulls, reader.ReadBytes((types.size() + 7) / 8));
  CompactedCells cells(types.size());
  for (size_t i = 0; i < types.size(); ++i) {
    if ((nulls[i / 8] >> (i % 8) & 1) != 0) continue;
    size_t begin = reader.position();
    RETURN_IF_ERROR(SkipCompactedCell(reader, types[i]));
    cells[i] = row.substr(begin, reader.position() - begin);
  }
  if (!reader.AtEnd()) return Corruption("{} bytes after a row", reader.remaining());
  return cells;
}

void JoinCompactedRow(const CompactedCells& cells, std::string& out) {
  size_t start = out.size();
  out.append((cells.size() + 7) / 8, '\0');
  for (size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].has_value()) {
      out.append(*cells[i]);
    } else {
      out[start + i / 8] = static_cast<char>(out[start + i / 8] | 1 << (i % 8));
    }
  }
}

Status WidenCompactedRow(std::string_view row, size_t from, size_t to, std::string& out) {
  size_t null_bytes = (from + 7) / 8;
  if (row.size() < null_bytes) return Corruption("a row of {} bytes", row.size());
  size_t start = out.size();
  out.append(row.substr(0, null_bytes));
  out.append((to + 7) / 8 - null_bytes, '\0');
  for (size_t i = from; i < to; ++i) {
    out[start + i / 8] = static_cast<char>(out[start + i / 8] | 1 << (i % 8));
  }
  out.append(row.substr(null_bytes));
  return Status::Ok();
}

CompactedRowReader::CompactedRowReader(std::vector<DataType> types,
                                       const std::vector<int>* projection, int stored_columns)
    : types_(std::move(types)),
      targets_(types_.size(), -1),
      stored_columns_(stored_columns < 0 ? types_.size() : static_cast<size_t>(stored_columns)) {
  for (size_t i = 0; projection == nullptr && i < types_.size(); ++i) {
    targets_[i] = static_cast<int>(i);
  }
  if (projection == nullptr) {
    wanted_types_ = types_;
    return;
  }
  for (size_t i = 0; i < projection->size(); ++i) {
    auto source = static_cast<size_t>((*projection)[i]);
    targets_[source] = static_cast<int>(i);
    wanted_types_.push_back(types_[source]);
  }
}

Status CompactedRowReader::Read(std::string_view row, BatchBuilder& builder) const {
  ByteReader reader(row);
  ASSIGN_OR_RETURN(std::string_view nulls, reader.ReadBytes((stored_columns_ + 7) / 8));
  for (size_t i = 0; i < types_.size(); ++i) {
    bool is_null = i >= stored_columns_ || (nulls[i / 8] >> (i % 8) & 1) != 0;
    if (targets_[i] < 0) {
      if (!is_null) RETURN_IF_ERROR(SkipCompactedCell(reader, types_[i]));
    } else if (is_null) {
      builder.column(targets_[i]).AppendNull();
    } else {
      RETURN_IF_ERROR(ReadCompactedCell(reader, builder.column(targets_[i])));
    }
  }
  if (!reader.AtEnd()) return Corruption("{} bytes after a row", reader.remaining());
  return Status::Ok();
}

}  // namespace forebay::format
