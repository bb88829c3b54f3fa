#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "client/connection.h"

namespace forebay::serve {

/// Every Fluss server has it; catalogs use it unless they are told another one.
inline constexpr const char* kDefaultDatabase = "fluss";

/// What is kept of a database besides its name, as an object of the catalog: Fluss's JSON of a
/// database (comment, custom properties), which SQL has no use for.
struct DatabaseInfo {
  std::string json = R"({"version":1,"custom_properties":{}})";
  int64_t created_ms = 0;
  int64_t modified_ms = 0;
};

/// Defaults for a database that SQL made.
DatabaseInfo ReadDatabaseInfo(client::Admin& admin, const std::string& name);
Status WriteDatabaseInfo(client::Admin& admin, const std::string& name, const DatabaseInfo& info);
/// Nothing when there is none.
void RemoveDatabaseInfo(client::Admin& admin, const std::string& name);

}  // namespace forebay::serve
