#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/table.h"
#include "sql/catalog/catalog_function.h"
#include "sql/plan/plan.h"

namespace forebay::sql {

/// A computed column of a table: `name AS expression`.
struct ComputedColumn {
  std::string name;
  std::string expression;  ///< SQL text, analyzed against the table's columns
  std::string comment;
};

/// `WATERMARK FOR column AS expression`.
struct WatermarkSpec {
  std::string column;
  std::string expression;  ///< SQL text
};

/// DISTRIBUTED as it was written; the keys are the descriptor's.
struct DistributionSpec {
  std::string kind;  ///< HASH, RANGE or empty
  std::optional<int> buckets;
};

/// A table as SQL sees it: what storage keeps of it plus the columns and the watermark that only
/// SQL knows. Column order as declared: `declared_order` lists every column name, physical,
/// computed and metadata (in `ref`).
struct CatalogTable {
  TableRef ref;
  std::vector<std::string> declared_order;
  std::vector<ComputedColumn> computed;
  std::optional<WatermarkSpec> watermark;
  std::string comment;
  std::string constraint;  ///< the name of the primary key; empty: PK_ and its columns
  std::optional<DistributionSpec> distribution;
};

/// The name of a table's primary key.
std::string ConstraintName(const CatalogTable& table);

/// A view: its query text, with the names it was created under.
struct CatalogView {
  model::TablePath path;
  std::string query;                 ///< SQL text, expanded against `database`
  std::string database;              ///< current database when it was created
  std::vector<std::string> columns;  ///< renamed columns; empty: the query's
  std::string comment;
};

/// A snapshot of a table in the lake, as Iceberg's `snapshots` table shows it.
struct LakeSnapshot {
  int64_t committed_ms = 0;
  int64_t id = 0;
  std::optional<int64_t> parent_id;
  std::string operation;
  std::string manifest_list;
  std::map<std::string, std::string> summary;
};

/// What the analyzer may ask about names. Implemented over client::Admin by serve, and by maps in
/// tests. Thread-safe.
class Catalog {
 public:
  virtual ~Catalog() = default;
  virtual Result<bool> CatalogExists(const std::string& catalog) = 0;
  /// Without the catalog in their names; everywhere else databases are qualified
  /// (model/catalog_name.h).
  virtual Result<std::vector<std::string>> ListDatabases(const std::string& catalog) = 0;
  virtual Result<bool> DatabaseExists(const std::string& database) = 0;
  /// Names of tables and views.
  virtual Result<std::vector<std::string>> ListTables(const std::string& database) = 0;
  virtual Result<std::vector<std::string>> ListViews(const std::string& database) = 0;
  /// nullopt when there is no such table (an error only when asking failed).
  virtual Result<std::optional<CatalogTable>> FindTable(const model::TablePath& path) = 0;
  virtual Result<std::optional<CatalogView>> FindView(const model::TablePath& path) = 0;
  /// Those of the table in the lake, oldest first; none when it is not there yet.
  virtual Result<std::vector<LakeSnapshot>> LakeSnapshots(const CatalogTable& table) {
    return NotSupported("SQL-1020 {} has no lake here", table.ref.path.ToString());
  }
  /// A function a user made, by its name in lower case; temporary ones hide stored ones. Without a
  /// database in `path`: a temporary system function, which hides what is built in.
  virtual Result<std::optional<CatalogFunction>> FindFunction(const model::TablePath& path) {
    static_cast<void>(path);
    return std::optional<CatalogFunction>();
  }
};

/// How SQL-only parts of a table are kept in TableDescriptor::custom_properties, and back.
/// Keys: "sql.columns" (declared order, JSON array), "sql.computed.<name>", "sql.metadata.<name>"
/// (JSON),
/// "sql.watermark.<column>", "sql.comment.<name>", "sql.constraint" (the primary key's name),
/// "sql.distribution" (the kind, a blank and the number of buckets), and the connector's own WITH
/// options under "option.<key>"; those that are the schema's (schema_options.h) stand there alone.
model::TableDescriptor ToDescriptor(const CatalogTable& table);
/// The key under which the descriptor keeps the WITH option `key`.
std::string DescriptorKeyOf(const std::string& key);
Result<CatalogTable> FromTableInfo(const model::TableInfo& info);

}  // namespace forebay::sql
