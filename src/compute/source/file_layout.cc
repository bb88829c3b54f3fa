#include "compute/source/file_layout.h"

#include <algorithm>

#include "compute/source/format_options.h"
#include "format/text/text_cell.h"
#include "sql/catalog/metadata_columns.h"

namespace forebay::compute {
namespace {

using model::Batch;
using model::ColumnBuilder;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool IsFileKey(const std::string& key) { return key.starts_with("file."); }

}  // namespace

std::string UnescapePathName(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    int high = text[i] == '%' && i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
    plain += low < 0 ? text[i] : static_cast<char>(high * 16 + low);
    if (low >= 0) i += 2;
  }
  return plain;
}

std::string EscapePathName(std::string_view text) {
  // '\x7f' and what comes before the blank, too.
  constexpr std::string_view kSpecial = "\"#%'*/:=?\\{[]^";
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string escaped;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || kSpecial.find(c) != std::string_view::npos) {
      escaped += '%';
      escaped += kHex[byte >> 4];
      escaped += kHex[byte & 15];
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::map<std::string, std::string> PartitionValuesOf(std::string_view root, std::string_view path) {
  std::map<std::string, std::string> values;
  if (path.starts_with(root)) path.remove_prefix(root.size());
  while (!path.empty()) {
    size_t end = path.find('/');
    if (end == std::string_view::npos) break;  // the file's own name
    std::string_view part = path.substr(0, end);
    path.remove_prefix(end + 1);
    size_t equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    values[UnescapePathName(part.substr(0, equals))] = UnescapePathName(part.substr(equals + 1));
  }
  return values;
}

std::string DefaultPartitionName(const sql::TableRef& table) {
  const std::string* name = FindOption(table, "partition.default-name");
  return name == nullptr ? "__DEFAULT_PARTITION__" : *name;
}

Result<FileLayout> FileLayout::Of(const sql::TableScanNode& scan, std::string root) {
  FileLayout layout;
  layout.root_ = std::move(root);
  layout.default_partition_ = DefaultPartitionName(scan.table);
  const auto& descriptor = scan.table.info.descriptor;
  const auto& keys = descriptor.partition_keys;
  for (size_t i = 0; i < scan.columns.size(); ++i) {
    int number = scan.columns[i];
    if (number <= sql::kFirstMetadataColumn) {
      size_t index = static_cast<size_t>(sql::kFirstMetadataColumn - number);
      layout.AddMetadata(scan.table.metadata.at(index), scan.output[i].type);
      continue;
    }
    const model::ColumnSpec& column = descriptor.schema.columns.at(static_cast<size_t>(number));
    if (std::find(keys.begin(), keys.end(), column.name) != keys.end()) {
      layout.places_.push_back({Place::Kind::kPartition, 0, column.name, column.type});
      continue;
    }
    layout.places_.push_back({Place::Kind::kRow, static_cast<int>(layout.columns_.size()), "", {}});
    layout.columns_.push_back(column);
  }
  // A format's metadata stand behind the file's columns in its rows.
  int shift = static_cast<int>(layout.columns_.size());
  for (Place& place : layout.places_) {
    if (place.kind == Place::Kind::kRow && !place.key.empty()) place.index += shift;
  }
  return layout;
}

void FileLayout::AddMetadata(const sql::MetadataColumn& column, const model::DataType& type) {
  if (IsFileKey(column.key)) {
    places_.push_back({Place::Kind::kFile, 0, column.key, type});
    return;
  }
  places_.push_back({Place::Kind::kRow, static_cast<int>(metadata_.size()), column.key, type});
  metadata_.push_back({std::string(sql::MetadataKeyOf(column.key)), type});
}

Status FileLayout::AppendConstant(const Place& place, const FileFacts& facts,
                                  ColumnBuilder& builder) const {
  if (place.kind == Place::Kind::kPartition) {
    auto values = PartitionValuesOf(root_, facts.path);
    auto value = values.find(place.key);
    if (value == values.end()) {
      return InvalidArgument("the path has no value of the partition column '{}'", place.key);
    }
    if (value->second == default_partition_) {
      if (!place.type.nullable()) return InvalidArgument("'{}' is NOT NULL", place.key);
      builder.AppendNull();
      return {};
    }
    Status cell = format::AppendTextCell(builder, value->second);
    return cell.ok() ? cell : cell.WithContext(fmt::format("partition column '{}'", place.key));
  }
  if (place.key == "file.size") {
    builder.Append<int64_t>(facts.size);
  } else if (place.key == "file.modification-time") {
    builder.Append<int64_t>(facts.modified_ms);
  } else if (place.key == "file.name") {
    builder.AppendString(std::string_view(facts.path).substr(facts.path.rfind('/') + 1));
  } else {
    builder.AppendString(facts.path);
  }
  return {};
}

Result<Batch> FileLayout::Assemble(const Batch& rows, const FileFacts& facts) const {
  Batch out(rows.num_rows, {}, rows.changes);
  for (const Place& place : places_) {
    if (place.kind == Place::Kind::kRow) {
      out.columns.push_back(rows.columns.at(static_cast<size_t>(place.index)));
      continue;
    }
    ColumnBuilder one(place.type, 1);
    RETURN_IF_ERROR(AppendConstant(place, facts, one));
    std::vector<uint32_t> same(static_cast<size_t>(rows.num_rows), 0);
    out.columns.push_back(one.Finish().Gather(same));
  }
  return out;
}

}  // namespace forebay::compute
