#include "serve/fluss/database_info.h"

#include <nlohmann/json.hpp>

namespace forebay::serve {

namespace {

constexpr const char* kDatabaseInfoKind = "database_info";

}  // namespace

DatabaseInfo ReadDatabaseInfo(client::Admin& admin, const std::string& name) {
  DatabaseInfo info;
  auto text = admin.GetObject(kDatabaseInfoKind, name);
  if (!text.ok()) return info;
  auto stored = nlohmann::json::parse(*text, nullptr, false);
  if (!stored.is_object()) return info;
  info.json = stored.value("json", info.json);
  info.created_ms = stored.value("created_ms", int64_t{0});
  info.modified_ms = stored.value("modified_ms", info.created_ms);
  return info;
}

Status WriteDatabaseInfo(client::Admin& admin, const std::string& name, const DatabaseInfo& info) {
  if (!nlohmann::json::accept(info.json)) return InvalidArgument("the database's JSON is none");
  nlohmann::json stored = {
      {"json", info.json}, {"created_ms", info.created_ms}, {"modified_ms", info.modified_ms}};
  return admin.PutObject(kDatabaseInfoKind, name, stored.dump(), true);
}

void RemoveDatabaseInfo(client::Admin& admin, const std::string& name) {
  static_cast<void>(admin.DropObject(kDatabaseInfoKind, name));  // SQL's databases have none
}

}  // namespace forebay::serve
