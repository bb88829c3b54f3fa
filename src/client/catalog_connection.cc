#include "client/catalog_connection.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "model/catalog_name.h"

namespace forebay::client {

using model::kLocalCatalog;
using model::LogOffset;
using model::TablePath;
using Projection = std::optional<std::vector<int>>;

namespace {

constexpr const char* kCatalogKind = "catalog";
constexpr const char* kType = "type";
constexpr const char* kFlussType = "fluss";

/// Names that cannot be mistaken for a part of a qualified one.
Status CheckCatalogName(const std::string& name) {
  bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '-';
  });
  if (plain) return {};
  return InvalidArgument("a catalog's name has letters, digits, '_' and '-' only: '{}'", name);
}

Result<RemoteOptions> OptionsOf(const CatalogDefinition& definition) {
  auto type = definition.properties.find(kType);
  if (type == definition.properties.end()) {
    return InvalidArgument("the option '{}' is missing: '{}'", kType, kFlussType);
  }
  if (type->second != kFlussType) {
    return NotSupported("catalogs of type '{}'; there is '{}'", type->second, kFlussType);
  }
  auto properties = definition.properties;
  properties.erase(kType);
  return RemoteOptions::FromProperties(properties);
}

template <typename T>
Result<T> InContext(Result<T> result, const auto& place) {
  if (result.ok()) return result;
  return place.InContext(result.status());
}

}  // namespace

/// Sends each question to the storage that its names belong to. Thread-safe.
class CatalogConnection::CatalogAdmin : public Admin {
 public:
  explicit CatalogAdmin(CatalogConnection& owner) : owner_(owner) {}

  Status CreateDatabase(const std::string& database, bool ignore_if_exists) override {
    ASSIGN_OR_RETURN(Place place, owner_.Find(database));
    return place.InContext(
        place.connection->admin().CreateDatabase(place.database, ignore_if_exists));
  }
  Status DropDatabase(const std::string& database, bool ignore_if_not_exists,
                      bool cascade) override {
    ASSIGN_OR_RETURN(Place place, owner_.Find(database));
    return place.InContext(
        place.connection->admin().DropDatabase(place.database, ignore_if_not_exists, cascade));
  }
  Result<std::vector<std::string>> ListDatabases() override {
    return owner_.local_.admin().ListDatabases();
  }
  Result<bool> DatabaseExists(const std::string& database) override {
    ASSIGN_OR_RETURN(Place place, owner_.Find(database));
    return InContext(place.connection->admin().DatabaseExists(place.database), place);
  }
  Result<model::TableInfo> CreateTable(const TablePath& path,
                                       const model::TableDescriptor& descriptor) override {
    return Named(path, [&](Admin& admin, const TablePath& there) {
      return admin.CreateTable(there, descriptor);
    });
  }
  Status DropTable(const TablePath& path) override {
    ASSIGN_OR_RETURN(Place place, owner_.Find(path.database));
    return place.InContext(place.connection->admin().DropTable({place.database, path.table}));
  }
  Result<std::vector<std::string>> ListTables(const std::string& database) override {
    ASSIGN_OR_RETURN(Place place, owner_.Find(database));
    return InContext(place.connection->admin().ListTables(place.database), place);
  }
  Result<model::TableInfo> GetTable(const TablePath& path) override {
    return Named(path, [](Admin& admin, const TablePath& there) { return admin.GetTable(there); });
  }
  Result<model::TableInfo> AlterTable(const TablePath& path,
                                      const model::TableChanges& changes) override {
    return Named(path, [&](Admin& admin, const TablePath& there) {
      return admin.AlterTable(there, changes);
    });
  }
  Result<model::Schema> GetSchema(const TablePath& path, model::SchemaId id) override {
    return Ask(path,
               [id](Admin& admin, const TablePath& there) { return admin.GetSchema(there, id); });
  }
  Result<std::vector<model::PartitionInfo>> ListPartitions(const TablePath& path) override {
    return Ask(path,
               [](Admin& admin, const TablePath& there) { return admin.ListPartitions(there); });
  }
  Result<model::PartitionInfo> CreatePartition(const TablePath& path,
                                               const model::PartitionSpec& spec,
                                               bool ignore_if_exists) override {
    return Ask(path, [&](Admin& admin, const TablePath& there) {
      return admin.CreatePartition(there, spec, ignore_if_exists);
    });
  }
  Status DropPartition(const TablePath& path, const model::PartitionSpec& spec,
                       bool ignore_if_not_exists) override {
    ASSIGN_OR_RETURN(Place place, owner_.Find(path.database));
    return place.InContext(place.connection->admin().DropPartition({place.database, path.table},
                                                                   spec, ignore_if_not_exists));
  }
  Result<std::vector<LogOffset>> ListOffsets(const TablePath& path, LogOffset which,
                                             std::optional<model::PartitionId> partition) override {
    return Ask(path, [&](Admin& admin, const TablePath& there) {
      return admin.ListOffsets(there, which, partition);
    });
  }
  Result<std::vector<LogOffset>> ListOffsetsAt(
      const TablePath& path, int64_t timestamp_ms,
      std::optional<model::PartitionId> partition) override {
    return Ask(path, [&](Admin& admin, const TablePath& there) {
      return admin.ListOffsetsAt(there, timestamp_ms, partition);
    });
  }
  Status PutObject(const std::string& kind, const std::string& name, const std::string& text,
                   bool replace) override {
    return owner_.local_.admin().PutObject(kind, name, text, replace);
  }
  Status DropObject(const std::string& kind, const std::string& name) override {
    return owner_.local_.admin().DropObject(kind, name);
  }
  Result<std::string> GetObject(const std::string& kind, const std::string& name) override {
    return owner_.local_.admin().GetObject(kind, name);
  }
  Result<std::vector<std::string>> ListObjects(const std::string& kind) override {
    return owner_.local_.admin().ListObjects(kind);
  }
  Status SetLakeOffsets(const TablePath& path, const std::vector<LogOffset>& offsets,
                        std::optional<model::PartitionId> partition) override {
    ASSIGN_OR_RETURN(Place place, owner_.Find(path.database));
    return place.InContext(
        place.connection->admin().SetLakeOffsets({place.database, path.table}, offsets, partition));
  }
  Result<int64_t> AllocateWriterId() override { return owner_.local_.admin().AllocateWriterId(); }

 private:
  template <typename F>
  auto Ask(const TablePath& path, F&& ask) -> decltype(ask(std::declval<Admin&>(), path)) {
    ASSIGN_OR_RETURN(Place place, owner_.Find(path.database));
    return InContext(ask(place.connection->admin(), {place.database, path.table}), place);
  }
  /// The same for tables, which go by the name that was asked for.
  template <typename F>
  Result<model::TableInfo> Named(const TablePath& path, F&& ask) {
    ASSIGN_OR_RETURN(model::TableInfo info, Ask(path, std::forward<F>(ask)));
    info.path = path;
    return info;
  }

  CatalogConnection& owner_;
};

Status CatalogConnection::Place::InContext(const Status& status) const {
  if (status.ok() || catalog == kLocalCatalog) return status;
  return status.WithContext(fmt::format("catalog {}", catalog));
}

CatalogConnection::CatalogConnection(Connection& local, rpc::ClientNetwork& network)
    : local_(local), network_(network), admin_(std::make_unique<CatalogAdmin>(*this)) {}

CatalogConnection::~CatalogConnection() = default;

Admin& CatalogConnection::admin() { return *admin_; }

Result<model::TableInfo> CatalogConnection::ReplaceTable(const TablePath& path,
                                                         const model::TableDescriptor& descriptor) {
  ASSIGN_OR_RETURN(Place place, Find(path.database));
  auto* tables = dynamic_cast<TableReplacement*>(place.connection.get());
  if (tables == nullptr) {
    return NotSupported("a table of catalog {} cannot be replaced or emptied: {}", place.catalog,
                        path.ToString());
  }
  return tables->ReplaceTable({place.database, path.table}, descriptor);
}

Result<int64_t> CatalogConnection::AllocateWriterIdFor(const TablePath& path) {
  ASSIGN_OR_RETURN(Place place, Find(path.database));
  return InContext(place.connection->admin().AllocateWriterId(), place);
}

Status CatalogConnection::CreateCatalog(const std::string& name,
                                        const CatalogDefinition& definition) {
  RETURN_IF_ERROR(CheckCatalogName(name));
  if (name == kLocalCatalog) return AlreadyExists("catalog {} exists already", name);
  RETURN_IF_ERROR(OptionsOf(definition));
  nlohmann::json json = {
      {"version", 1}, {"properties", definition.properties}, {"comment", definition.comment}};
  Status stored = local_.admin().PutObject(kCatalogKind, name, json.dump(), false);
  if (!stored.ok() && stored.kind() == ErrorKind::kAlreadyExists) {
    return AlreadyExists("catalog {} exists already", name);
  }
  return stored;
}

Status CatalogConnection::AlterCatalog(const std::string& name,
                                       const CatalogDefinition& definition) {
  if (name == kLocalCatalog) return InvalidArgument("catalog {} cannot be altered", name);
  ASSIGN_OR_RETURN(CatalogDefinition before, GetCatalog(name));
  if (before.properties[kType] != definition.properties.at(kType)) {
    return InvalidArgument("the type of catalog {} cannot be changed", name);
  }
  RETURN_IF_ERROR(OptionsOf(definition));
  nlohmann::json json = {
      {"version", 1}, {"properties", definition.properties}, {"comment", definition.comment}};
  RETURN_IF_ERROR(local_.admin().PutObject(kCatalogKind, name, json.dump(), true));
  std::lock_guard lock(mutex_);
  connections_.erase(name);
  return {};
}

Status CatalogConnection::DropCatalog(const std::string& name) {
  if (name == kLocalCatalog) return InvalidArgument("catalog {} cannot be dropped", name);
  Status dropped = local_.admin().DropObject(kCatalogKind, name);
  if (!dropped.ok() && dropped.kind() == ErrorKind::kNotFound) {
    return NotFound("catalog {} does not exist", name);
  }
  std::lock_guard lock(mutex_);
  connections_.erase(name);
  return dropped;
}

Result<std::vector<std::string>> CatalogConnection::ListCatalogs() {
  ASSIGN_OR_RETURN(std::vector<std::string> names, local_.admin().ListObjects(kCatalogKind));
  names.push_back(kLocalCatalog);
  std::sort(names.begin(), names.end());
  return names;
}

Result<CatalogDefinition> CatalogConnection::GetCatalog(const std::string& name) {
  if (name == kLocalCatalog) return CatalogDefinition{{{kType, "forebay"}}, ""};
  auto text = local_.admin().GetObject(kCatalogKind, name);
  if (!text.ok()) {
    if (text.kind() != ErrorKind::kNotFound) return text.status();
    return NotFound("catalog {} does not exist", name);
  }
  auto json = nlohmann::json::parse(*text, nullptr, false);
  try {
    CatalogDefinition definition;
    json.at("properties").get_to(definition.properties);
    definition.comment = json.value("comment", "");
    return definition;
  } catch (const nlohmann::json::exception& error) {
    return Corruption("the stored catalog {} is damaged: {}", name, error.what());
  }
}

Result<std::string> CatalogConnection::DefaultDatabaseOf(const std::string& name) {
  ASSIGN_OR_RETURN(CatalogDefinition definition, GetCatalog(name));
  ASSIGN_OR_RETURN(RemoteOptions options, OptionsOf(definition));
  return options.default_database;
}

Result<std::shared_ptr<Connection>> CatalogConnection::Connect(const std::string& catalog) {
  // The local one outlives everything.
  if (catalog == kLocalCatalog) return std::shared_ptr<Connection>(&local_, [](Connection*) {});
  std::lock_guard lock(mutex_);
  auto known = connections_.find(catalog);
  if (known != connections_.end()) return known->second;
  ASSIGN_OR_RETURN(CatalogDefinition definition, GetCatalog(catalog));
  ASSIGN_OR_RETURN(RemoteOptions options, OptionsOf(definition));
  std::shared_ptr<Connection> connection = RemoteConnection::Open(options, network_);
  connections_[catalog] = connection;
  return connection;
}

Result<CatalogConnection::Place> CatalogConnection::Find(const std::string& database) {
  Place place;
  std::tie(place.catalog, place.database) = model::SplitDatabase(database);
  ASSIGN_OR_RETURN(place.connection, Connect(place.catalog));
  return place;
}

Result<std::vector<std::string>> CatalogConnection::ListDatabasesOf(const std::string& catalog) {
  ASSIGN_OR_RETURN(Place place, Find(model::QualifiedDatabase(catalog, "")));
  return InContext(place.connection->admin().ListDatabases(), place);
}

Result<std::unique_ptr<TableWriter>> CatalogConnection::OpenWriter(
    const TablePath& path, std::vector<int> target_columns) {
  ASSIGN_OR_RETURN(Place place, Find(path.database));
  return InContext(
      place.connection->OpenWriter({place.database, path.table}, std::move(target_columns)), place);
}

Result<std::unique_ptr<LogScanner>> CatalogConnection::OpenLogScanner(const TablePath& path,
                                                                      Projection projection) {
  ASSIGN_OR_RETURN(Place place, Find(path.database));
  return InContext(
      place.connection->OpenLogScanner({place.database, path.table}, std::move(projection)), place);
}

Result<std::unique_ptr<Lookuper>> CatalogConnection::OpenLookuper(const TablePath& path,
                                                                  Projection projection) {
  ASSIGN_OR_RETURN(Place place, Find(path.database));
  return InContext(
      place.connection->OpenLookuper({place.database, path.table}, std::move(projection)), place);
}

Result<std::unique_ptr<PrefixLookuper>> CatalogConnection::OpenPrefixLookuper(
    const TablePath& path, Projection projection) {
  ASSIGN_OR_RETURN(Place place, Find(path.database));
  auto* scans = dynamic_cast<KeyScans*>(place.connection.get());
  if (scans == nullptr) return NotSupported("lookups by a part of the key");
  return InContext(scans->OpenPrefixLookuper({place.database, path.table}, std::move(projection)),
                   place);
}

Result<std::optional<model::Batch>> CatalogConnection::LimitScan(const TablePath& path,
                                                                 const model::BucketId& bucket,
                                                                 Projection projection, int limit) {
  ASSIGN_OR_RETURN(Place place, Find(path.database));
  auto* scans = dynamic_cast<KeyScans*>(place.connection.get());
  if (scans == nullptr) return std::optional<model::Batch>();
  return InContext(
      scans->LimitScan({place.database, path.table}, bucket, std::move(projection), limit), place);
}

Result<std::unique_ptr<SnapshotScanner>> CatalogConnection::OpenSnapshotScanner(
    const TablePath& path, const model::BucketId& bucket, Projection projection) {
  ASSIGN_OR_RETURN(Place place, Find(path.database));
  return InContext(place.connection->OpenSnapshotScanner({place.database, path.table}, bucket,
                                                         std::move(projection)),
                   place);
}

}  // namespace forebay::client
