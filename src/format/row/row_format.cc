#include "format/row/row_format.h"

#include "format/row/binary_row.h"
#include "format/row/compacted_row.h"
#include "format/row/indexed_row.h"

namespace forebay::format {

using model::DataType;
using model::TypeRoot;

namespace {

Status CheckRowType(const DataType& type) {
  switch (type.root()) {
    case TypeRoot::kNull:
    case TypeRoot::kMultiset:
    case TypeRoot::kRaw:
    case TypeRoot::kStructured:
    case TypeRoot::kDescriptor:
      return NotSupported("{} cannot be stored in a row", type.ToString());
    default: return CheckRowTypes(type.children());
  }
}

}  // namespace

Status CheckRowTypes(std::span<const DataType> types) {
  for (const DataType& type : types) RETURN_IF_ERROR(CheckRowType(type));
  return Status::Ok();
}

Status AppendRow(RowFormat format, std::span<const model::Column> columns, int row,
                 std::string& out) {
  switch (format) {
    case RowFormat::kCompacted: return AppendCompactedRow(columns, row, out);
    case RowFormat::kIndexed: return AppendIndexedRow(columns, row, out);
    case RowFormat::kAligned: return AppendAlignedRow(columns, row, out);
  }
  return Internal("no such row format");
}

Status ReadRow(RowFormat format, std::string_view bytes, std::span<const DataType> types,
               const RowTarget& target) {
  switch (format) {
    case RowFormat::kCompacted: return ReadCompactedRow(bytes, types, target);
    case RowFormat::kIndexed: return ReadIndexedRow(bytes, types, target);
    case RowFormat::kAligned: return ReadAlignedRow(bytes, types, target);
  }
  return Internal("no such row format");
}

}  // namespace forebay::format
