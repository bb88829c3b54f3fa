#include "compute/sink/length_enforcer.h"

#include <limits>

namespace forebay::compute {

using model::Batch;
using model::TypeRoot;

namespace {

/// The bytes of the first `count` characters, or of all; `count` becomes how many there are.
size_t BytesOf(std::string_view text, bool characters, int64_t& count) {
  if (!characters) {
    auto size = static_cast<int64_t>(text.size());
    count = std::min(count, size);
    return static_cast<size_t>(count);
  }
  int64_t seen = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((text[i] & 0xc0) == 0x80) continue;
    if (seen == count) return i;
    ++seen;
  }
  count = seen;
  return text.size();
}

bool HasFixedLength(const model::DataType& type) {
  return type.Is(TypeRoot::kChar) || type.Is(TypeRoot::kBinary);
}

bool Fits(std::string_view text, const model::DataType& type) {
  int64_t count = type.length();
  size_t bytes = BytesOf(text, type.IsCharacter(), count);
  return bytes == text.size() && (!HasFixedLength(type) || count == type.length());
}

std::string Fitted(std::string_view text, const model::DataType& type) {
  int64_t count = type.length();
  std::string fitted(text.substr(0, BytesOf(text, type.IsCharacter(), count)));
  if (HasFixedLength(type)) {
    fitted.append(static_cast<size_t>(type.length() - count), type.IsCharacter() ? ' ' : '\0');
  }
  return fitted;
}

}  // namespace

LengthEnforcer::LengthEnforcer(const sql::SinkNode& node,
                               const std::map<std::string, std::string>& settings) {
  auto setting = settings.find("table.exec.sink.type-length-enforcer");
  if (setting == settings.end() || setting->second == "IGNORE") return;
  fails_ = setting->second == "ERROR";
  const auto& columns = node.table.info.descriptor.schema.columns;
  for (size_t i = 0; i < columns.size(); ++i) {
    const model::DataType& type = columns[i].type;
    bool has_length = (type.IsCharacter() || type.IsBytes()) &&
                      type.length() < std::numeric_limits<int32_t>::max();
    if (has_length) columns_.push_back({i, columns[i].name, type});
  }
}

Result<Batch> LengthEnforcer::Check(Batch batch) const {
  for (const LengthColumn& column : columns_) {
    const model::Column& cells = batch.columns[column.index];
    auto is_bad = [&](int row) {
      return !cells.IsNull(row) && !Fits(cells.GetString(row), column.type);
    };
    int row = 0;
    while (row < batch.num_rows && !is_bad(row)) ++row;
    if (row == batch.num_rows) continue;
    if (fails_) {
      Error error = InvalidArgument(
          "column '{}' is {}, however, a string of another length is being written into it",
          column.name, column.type.ToString());
      error.hint =
          "SET 'table.exec.sink.type-length-enforcer' = 'TRIM_PAD' cuts such strings and fills "
          "them up";
      return error;
    }
    model::ColumnBuilder builder(cells.type(), batch.num_rows);
    for (row = 0; row < batch.num_rows; ++row) {
      if (cells.IsNull(row)) {
        builder.AppendNull();
      } else {
        builder.AppendString(Fitted(cells.GetString(row), column.type));
      }
    }
    batch.columns[column.index] = builder.Finish();
  }
  return batch;
}

}  // namespace forebay::compute
