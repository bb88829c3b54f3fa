#pragma once

#include <string>
#include <utility>

namespace forebay::model {

/// The catalog of this server's own tables.
inline constexpr const char* kLocalCatalog = "default_catalog";

/// The name of a database of any catalog, as it stands in a TablePath: "catalog.database", and for
/// the local catalog the database alone. Names of catalogs and databases have no dots.
inline std::string QualifiedDatabase(const std::string& catalog, const std::string& database) {
  return catalog == kLocalCatalog ? database : catalog + "." + database;
}

/// The catalog and the database of such a name.
inline std::pair<std::string, std::string> SplitDatabase(const std::string& qualified) {
  size_t dot = qualified.find('.');
  if (dot == std::string::npos) return {kLocalCatalog, qualified};
  return {qualified.substr(0, dot), qualified.substr(dot + 1)};
}

inline bool IsLocalDatabase(const std::string& qualified) {
  return qualified.find('.') == std::string::npos;
}

}  // namespace forebay::model
