#include "storage/coordinator/table_file.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/crc32c.h"
#include "format/table_json.h"

namespace forebay::storage {
namespace {

using nlohmann::json;

constexpr std::string_view kSealMark = "\n#crc32c ";
constexpr size_t kSealBytes = kSealMark.size() + 8 + 1;

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

}  // namespace

Result<std::string> StoredTableToJson(const StoredTable& table) {
  const model::TableInfo& info = table.info;
  ASSIGN_OR_RETURN(std::string descriptor, format::TableToJson(info.descriptor));
  json out = {{"table_id", info.id.value()},          {"schema_id", info.schema_id.value()},
              {"database", info.path.database},       {"table", info.path.table},
              {"created_ms", info.created_ms},        {"modified_ms", table.modified_ms},
              {"descriptor", json::parse(descriptor)}};
  for (const auto& [id, schema] : table.schemas) {
    if (id == info.schema_id) continue;
    ASSIGN_OR_RETURN(std::string text, format::SchemaToJson(schema));
    out["earlier_schemas"].push_back({{"schema_id", id.value()}, {"schema", json::parse(text)}});
  }
  return out.dump(1, ' ', false, json::error_handler_t::replace);
}

Result<StoredTable> StoredTableFromJson(std::string_view text) {
  try {
    json in = json::parse(text);
    StoredTable table;
    model::TableInfo& info = table.info;
    info.id = model::TableId(in.at("table_id").get<int64_t>());
    info.schema_id = model::SchemaId(in.at("schema_id").get<int32_t>());
    info.path = {in.at("database"), in.at("table")};
    info.created_ms = in.at("created_ms");
    table.modified_ms = in.value("modified_ms", info.created_ms);
    ASSIGN_OR_RETURN(info.descriptor, format::TableFromJson(in.at("descriptor").dump()));
    if (in.contains("earlier_schemas")) {
      for (const json& earlier : in.at("earlier_schemas")) {
        model::SchemaId id(earlier.at("schema_id").get<int32_t>());
        ASSIGN_OR_RETURN(table.schemas[id], format::SchemaFromJson(earlier.at("schema").dump()));
      }
    }
    table.schemas[info.schema_id] = info.descriptor.schema;
    return table;
  } catch (const std::exception& error) {
    return Corruption("not a table's metadata: {}", error.what());
  }
}

std::string SealMetadata(std::string_view json) {
  return fmt::format("{}{}{:08x}\n", json, kSealMark, Crc32c(json));
}

Result<std::string> UnsealMetadata(std::string_view bytes) {
  if (bytes.size() < kSealBytes) return Corruption("the file is cut off");
  std::string_view json = bytes.substr(0, bytes.size() - kSealBytes);
  if (SealMetadata(json) != bytes) return Corruption("the checksum is wrong");
  return std::string(json);
}

std::string EscapeFileName(std::string_view name) {
  std::string file;
  for (char c : name) {
    if (IsPlain(c) || (c == '.' && !file.empty())) {
      file += c;
    } else {
      file += fmt::format("%{:02X}", static_cast<uint8_t>(c));
    }
  }
  return file;
}

Result<std::string> UnescapeFileName(std::string_view file) {
  std::string name;
  for (size_t i = 0; i < file.size(); ++i) {
    if (file[i] != '%') {
      name += file[i];
      continue;
    }
    int value = 0;
    std::string_view digits = file.substr(i + 1, 2);
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (error != std::errc() || digits.size() != 2 || end != digits.data() + 2) {
      return Corruption("'{}' is no escaped file name", file);
    }
    name += static_cast<char>(value);
    i += 2;
  }
  return name;
}

}  // namespace forebay::storage
