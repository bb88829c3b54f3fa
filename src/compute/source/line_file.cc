#include "compute/source/line_file.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

namespace forebay::compute {

using model::Batch;
using model::TypeRoot;

namespace {

/// A line beyond this is taken for a file that has none.
constexpr size_t kMaxLineBytes = size_t{64} << 20;

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

class JsonLines : public LineDecoder {
 public:
  JsonLines(const FileLayout& layout, const format::JsonReadOptions& options)
      : reader_(layout.columns(), options) {}
  Result<Batch> Read(std::string_view lines, int64_t first_line) override {
    if (IsBlank(lines)) return Batch();
    reader_.SetNextRow(first_line);
    return reader_.Read(lines);
  }

 private:
  format::JsonRowReader reader_;
};

class ChangeLines : public LineDecoder {
 public:
  ChangeLines(const FileLayout& layout, format::ChangeJsonOptions options)
      : reader_(layout.columns(), layout.metadata(), std::move(options)) {}
  Result<Batch> Read(std::string_view lines, int64_t first_line) override {
    reader_.SetNextLine(first_line);
    return reader_.Read(lines);
  }

 private:
  format::ChangeJsonReader reader_;
};

/// Flink's raw format: a line is the one cell.
class RawLines : public LineDecoder {
 public:
  RawLines(std::vector<model::DataType> types, bool big_endian, bool latin1)
      : types_(std::move(types)), big_endian_(big_endian), latin1_(latin1) {}

  Result<Batch> Read(std::string_view lines, int64_t first_line) override {
    model::BatchBuilder builder(types_);
    for (int64_t number = first_line; !lines.empty(); ++number) {
      size_t end = std::min(lines.find('\n'), lines.size());
      std::string_view line = lines.substr(0, end);
      lines.remove_prefix(std::min(end + 1, lines.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (!types_.empty()) {
        Status cell = Append(line, builder.column(0));
        if (!cell.ok()) return cell.WithContext(fmt::format("line {}", number));
      }
      builder.FinishRow();
    }
    return builder.Finish();
  }

 private:
  template <typename T>
  Status AppendNumber(std::string_view line, model::ColumnBuilder& builder) const {
    if (line.size() != sizeof(T)) {
      return InvalidArgument("{} bytes where {} has {}", line.size(), types_[0].ToString(),
                             sizeof(T));
    }
    char bytes[sizeof(T)];
    std::memcpy(bytes, line.data(), sizeof(T));
    bool swaps = big_endian_ != (std::endian::native == std::endian::big);
    if (swaps) std::reverse(bytes, bytes + sizeof(T));
    T value;
    std::memcpy(&value, bytes, sizeof(T));
    builder.Append<T>(value);
    return {};
  }

  Status Append(std::string_view line, model::ColumnBuilder& builder) const {
    switch (types_[0].root()) {
      case TypeRoot::kBoolean:
        if (line.size() != 1) return AppendNumber<uint8_t>(line, builder);
        builder.Append<uint8_t>(line[0] != 0 ? 1 : 0);
        return {};
      case TypeRoot::kTinyint: return AppendNumber<int8_t>(line, builder);
      case TypeRoot::kSmallint: return AppendNumber<int16_t>(line, builder);
      case TypeRoot::kInteger: return AppendNumber<int32_t>(line, builder);
      case TypeRoot::kBigint: return AppendNumber<int64_t>(line, builder);
      case TypeRoot::kFloat: return AppendNumber<float>(line, builder);
      case TypeRoot::kDouble: return AppendNumber<double>(line, builder);
      default: break;
    }
    if (!latin1_ || types_[0].IsBytes()) {
      builder.AppendString(line);
      return {};
    }
    std::string text;
    for (char c : line) {
      auto byte = static_cast<unsigned char>(c);
      if (byte >= 0x80) text += static_cast<char>(0xc0 | byte >> 6);
      text += byte < 0x80 ? c : static_cast<char>(0x80 | (byte & 0x3f));
    }
    builder.AppendString(text);
    return {};
  }

  const std::vector<model::DataType> types_;
  const bool big_endian_;
  const bool latin1_;
};

Result<std::unique_ptr<LineDecoder>> MakeRaw(const sql::TableRef& table, const FileLayout& layout) {
  const auto& descriptor = table.info.descriptor;
  if (descriptor.schema.columns.size() != descriptor.partition_keys.size() + 1) {
    return InvalidArgument("the raw format takes one column, table {} has {}",
                           table.path.ToString(),
                           descriptor.schema.columns.size() - descriptor.partition_keys.size());
  }
  std::vector<model::DataType> types;
  for (const auto& column : layout.columns()) types.push_back(column.type);
  const std::string* endian = FindOption(table, "raw.endianness");
  if (endian != nullptr && *endian != "big-endian" && *endian != "little-endian") {
    return InvalidArgument("'raw.endianness' must be big-endian or little-endian, not '{}'",
                           *endian);
  }
  const std::string* charset = FindOption(table, "raw.charset");
  bool latin1 = charset != nullptr && *charset == "ISO-8859-1";
  if (charset != nullptr && !latin1 && *charset != "UTF-8" && *charset != "US-ASCII") {
    return NotSupported("'raw.charset' = '{}' (those there are: UTF-8, US-ASCII, ISO-8859-1)",
                        *charset);
  }
  bool big = endian == nullptr || *endian == "big-endian";
  return std::unique_ptr<LineDecoder>(std::make_unique<RawLines>(std::move(types), big, latin1));
}

}  // namespace

Result<std::unique_ptr<LineDecoder>> MakeLineDecoder(FileFormat file_format,
                                                     const sql::TableRef& table,
                                                     const FileLayout& layout) {
  if (file_format == FileFormat::kRaw) return MakeRaw(table, layout);
  if (file_format == FileFormat::kChangeJson) {
    ASSIGN_OR_RETURN(format::ChangeJsonOptions options, ChangeJsonOptionsOf(table));
    return std::unique_ptr<LineDecoder>(std::make_unique<ChangeLines>(layout, std::move(options)));
  }
  ASSIGN_OR_RETURN(format::JsonReadOptions options, JsonReadOptionsOf(table));
  return std::unique_ptr<LineDecoder>(std::make_unique<JsonLines>(layout, options));
}

Result<Batch> LineFile::Next() {
  while (!ended_) {
    ASSIGN_OR_RETURN(std::string_view chunk, chunks_.Next());
    ended_ = chunk.empty();
    pending_ += chunk;
    size_t end = ended_ ? pending_.size() : pending_.rfind('\n') + 1;
    if (end == 0 && pending_.size() > kMaxLineBytes) {
      return InvalidArgument("line {} is longer than {} MiB", line_, kMaxLineBytes >> 20);
    }
    std::string rest = pending_.substr(end);
    pending_.resize(end);
    Result<Batch> batch = ReadLines(pending_);
    pending_ = std::move(rest);
    if (!batch.ok() || batch->num_rows > 0) return batch;
  }
  return Batch();
}

Result<Batch> LineFile::ReadLines(std::string_view lines) {
  if (lines.empty()) return Batch();
  Result<Batch> batch = decoder_->Read(lines, line_);
  if (!batch.ok()) return ReadOneByOne(lines);
  line_ += std::count(lines.begin(), lines.end(), '\n');
  return batch;
}

Result<Batch> LineFile::ReadOneByOne(std::string_view lines) {
  std::optional<model::BatchBuilder> builder;
  while (!lines.empty()) {
    size_t end = std::min(lines.find('\n'), lines.size());
    std::string_view line = lines.substr(0, end);
    // The decoder gets the line's end, too: without it an empty line is none.
    std::string_view whole_line = lines.substr(0, end + 1);
    lines.remove_prefix(whole_line.size());
    int64_t number = line_++;
    Result<Batch> rows = decoder_->Read(whole_line, number);
    if (!rows.ok()) {
      if (skips_) continue;
      if (bad_ == nullptr) return rows;
      RETURN_IF_ERROR(bad_->Take({std::string(line), std::string(rows.message()),
                                  fmt::format("{} line {}", path_, number)}));
      continue;
    }
    if (rows->num_rows == 0) continue;
    if (!builder.has_value()) {
      std::vector<model::DataType> types;
      for (const model::Column& column : rows->columns) types.push_back(column.type());
      builder.emplace(types);
    }
    for (int row = 0; row < rows->num_rows; ++row) builder->AppendRow(*rows, row);
  }
  return builder.has_value() ? builder->Finish() : Batch();
}

}  // namespace forebay::compute
