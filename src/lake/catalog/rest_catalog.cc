#include "lake/catalog/rest_catalog.h"

#include <nlohmann/json.hpp>

namespace forebay::lake {

using Json = nlohmann::ordered_json;

namespace {

CatalogResponse ErrorResponse(int status, const std::string& type, const std::string& message) {
  Json error = {{"error", {{"message", message}, {"type", type}, {"code", status}}}};
  return {status, error.dump()};
}

CatalogResponse FromStatus(const Status& status) {
  switch (status.kind()) {
    case ErrorKind::kNotFound: return ErrorResponse(404, "NoSuchTableException", status.message());
    case ErrorKind::kUnavailable:
      return ErrorResponse(503, "ServiceUnavailableException", status.message());
    default: return ErrorResponse(500, "ServerErrorException", status.ToString());
  }
}

CatalogResponse ReadOnly() {
  return ErrorResponse(406, "UnsupportedOperationException",
                       "the tables are written by the server: this catalog is for reading");
}

std::vector<std::string> Segments(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    size_t slash = path.find('/');
    if (slash != 0) segments.emplace_back(path.substr(0, slash));
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return segments;
}

}  // namespace

CatalogResponse RestCatalog::Handle(std::string_view method, std::string_view path,
                                    std::string_view body) {
  std::vector<std::string> parts = Segments(path);
  bool head = method == "HEAD";
  if (parts.empty() || parts[0] != "v1") {
    return ErrorResponse(404, "NotFoundException", "no such path in the catalog API");
  }
  if (method == "POST") return Post(parts, body);
  if (method != "GET" && !head) {
    return ReadOnly();
  }
  size_t count = parts.size();
  CatalogResponse response =
      ErrorResponse(404, "NotFoundException", "no such path in the catalog API");
  if (count == 2 && parts[1] == "config") {
    response = {200, R"({"defaults":{},"overrides":{}})"};
  } else if (count >= 2 && parts[1] == "namespaces") {
    if (count == 2) response = Namespaces();
    if (count == 3) response = Namespace(parts[2]);
    if (count == 4 && parts[3] == "tables") response = Tables(parts[2]);
    if (count == 5 && parts[3] == "tables") response = LoadTable(parts[2], parts[4]);
    if (count == 4 && parts[3] == "views") response = {200, R"({"identifiers":[]})"};
  }
  if (head) response = {response.status == 200 ? 204 : response.status, ""};
  return response;
}

CatalogResponse RestCatalog::Post(const std::vector<std::string>& parts, std::string_view body) {
  bool is_of_table = parts.size() >= 5 && parts[1] == "namespaces" && parts[3] == "tables";
  if (is_of_table && parts.size() == 6 && parts[5] == "metrics") return {204, ""};
  bool may_write = tiering_.tierer() == TieringService::Tierer::kFluss;
  if (!is_of_table || parts.size() != 5 || !may_write) return ReadOnly();
  return UpdateTable(parts[2], parts[4], body);
}

CatalogResponse RestCatalog::UpdateTable(const std::string& database, const std::string& name,
                                         std::string_view body) {
  auto table = connection_.admin().GetTable({database, name});
  if (!table.ok()) return FromStatus(table.status());
  Status committed = tiering_.CommitUpdate(*table, body);
  if (committed.ok()) return LoadTable(database, name);
  switch (committed.kind()) {
    case ErrorKind::kConflict:
      return ErrorResponse(409, "CommitFailedException", committed.message());
    case ErrorKind::kInvalidArgument:
      return ErrorResponse(400, "BadRequestException", committed.message());
    case ErrorKind::kNotSupported:
      return ErrorResponse(406, "UnsupportedOperationException", committed.message());
    default: return FromStatus(committed);
  }
}

CatalogResponse RestCatalog::Namespaces() {
  auto databases = connection_.admin().ListDatabases();
  if (!databases.ok()) return FromStatus(databases.status());
  Json list = Json::array();
  for (const std::string& database : *databases) list.push_back(Json::array({database}));
  return {200, Json{{"namespaces", list}}.dump()};
}

CatalogResponse RestCatalog::Namespace(const std::string& database) {
  auto exists = connection_.admin().DatabaseExists(database);
  if (!exists.ok()) return FromStatus(exists.status());
  if (!*exists) {
    return ErrorResponse(404, "NoSuchNamespaceException", "no database " + database);
  }
  return {200, Json{{"namespace", Json::array({database})}, {"properties", Json::object()}}.dump()};
}

CatalogResponse RestCatalog::Tables(const std::string& database) {
  CatalogResponse exists = Namespace(database);
  if (exists.status != 200) return exists;
  auto tables = connection_.admin().ListTables(database);
  if (!tables.ok()) return FromStatus(tables.status());
  Json list = Json::array();
  for (const std::string& name : *tables) {
    auto table = connection_.admin().GetTable({database, name});
    if (!table.ok()) continue;  // dropped meanwhile
    auto freshness = TieringFreshnessMs(table->descriptor);
    if (!freshness.ok() || !*freshness) continue;
    list.push_back({{"namespace", Json::array({database})}, {"name", name}});
  }
  return {200, Json{{"identifiers", list}}.dump()};
}

CatalogResponse RestCatalog::LoadTable(const std::string& database, const std::string& name) {
  auto table = connection_.admin().GetTable({database, name});
  if (!table.ok()) return FromStatus(table.status());
  auto iceberg = IcebergTable::Open(fs_, tiering_.DirectoryOf(*table), clock_);
  if (!iceberg.ok() && iceberg.kind() == ErrorKind::kNotFound) {
    return ErrorResponse(404, "NoSuchTableException",
                         "table " + table->path.ToString() + " has nothing in the lake yet");
  }
  if (!iceberg.ok()) return FromStatus(iceberg.status());
  Json metadata = Json::parse((*iceberg)->metadata().ToJson());
  return {200, Json{{"metadata-location", (*iceberg)->metadata_location()},
                    {"metadata", metadata},
                    {"config", Json::object()}}
                   .dump()};
}

}  // namespace forebay::lake
