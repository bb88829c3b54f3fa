#include "serve/fluss/alter_requests.h"

#include <cctype>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "format/table_json.h"
#include "serve/fluss/admin_requests.h"
#include "serve/fluss/database_info.h"

namespace forebay::serve {

using rpc::ErrorCode;

namespace {

/// AlterConfigOpType.
enum OpType : int32_t { kSet = 0, kDelete = 1 };
/// ColumnPositionType.
constexpr int32_t kLast = 0;

/// Whether the table can have it is for storage to say.
std::optional<model::AggFunction> AggFunctionOf(const rpc::PbAddColumn& added) {
  if (!added.agg_function_type.has_value()) return std::nullopt;
  model::AggFunction function{*added.agg_function_type};
  for (char& c : function.name) {
    c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  for (const auto& [key, value] : added.agg_function_params) function.parameters[key] = value;
  return function;
}

Result<model::ColumnSpec> ColumnOf(const rpc::PbAddColumn& added) {
  if (added.column_position_type != kLast) {
    return InvalidArgument("Only support addColumn column at last now.");
  }
  model::ColumnSpec column;
  column.name = added.column_name;
  ASSIGN_OR_RETURN(column.type, format::DataTypeFromJson(added.data_type_json.bytes));
  column.comment = added.comment.value_or("");
  column.agg_function = AggFunctionOf(added);
  return column;
}

Status AddOption(const rpc::PbAlterConfig& change, model::TableChanges& changes) {
  switch (change.op_type) {
    case kSet: changes.set_options[change.config_key] = change.config_value.value_or(""); return {};
    case kDelete: changes.reset_options.insert(change.config_key); return {};
    default: return InvalidArgument("Unsupported alter configs op type {}", change.op_type);
  }
}

Result<model::TableChanges> ChangesOf(const rpc::AlterTableRequest& request) {
  if (!request.drop_columns.empty()) return InvalidArgument("Not support drop column now.");
  if (!request.rename_columns.empty()) return InvalidArgument("Not support rename column now.");
  if (!request.modify_columns.empty()) return InvalidArgument("Not support modify column now.");
  if (request.modify_bucket_count.has_value()) {
    return InvalidArgument("The number of buckets of a table cannot be changed.");
  }
  model::TableChanges changes;
  for (const rpc::PbAddColumn& added : request.add_columns) {
    ASSIGN_OR_RETURN(model::ColumnSpec column, ColumnOf(added));
    changes.add_columns.push_back(std::move(column));
  }
  for (const rpc::PbAlterConfig& change : request.config_changes) {
    RETURN_IF_ERROR(AddOption(change, changes));
  }
  return changes;
}

/// The database's JSON after the changes. kInvalidArgument.
Result<std::string> AlteredJson(const std::string& json, const rpc::AlterDatabaseRequest& request) {
  auto database = nlohmann::ordered_json::parse(json, nullptr, false);
  if (!database.is_object()) database = {{"version", 1}};
  auto& custom = database["custom_properties"];
  if (!custom.is_object()) custom = nlohmann::ordered_json::object();
  for (const rpc::PbAlterConfig& change : request.config_changes) {
    if (change.op_type == kSet) {
      custom[change.config_key] = change.config_value.value_or("");
    } else if (change.op_type == kDelete) {
      custom.erase(change.config_key);
    } else {
      return InvalidArgument("Unsupported alter configs op type {}", change.op_type);
    }
  }
  if (request.comment.has_value()) {
    database.erase("comment");
    // An empty comment takes it away.
    if (!request.comment->empty()) database["comment"] = *request.comment;
  }
  return database.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

Outcome<rpc::AlterTableResponse> AlterRequests::AlterTable(const rpc::AlterTableRequest& request) {
  model::TablePath path = PathOf(request.table_path);
  auto before = admin_.GetTable(path);
  if (!before.ok()) {
    bool is_missing = before.kind() == ErrorKind::kNotFound;
    if (is_missing && request.ignore_if_not_exists) return rpc::AlterTableResponse();
    return TableFailure(before.status());
  }
  auto changes = ChangesOf(request);
  if (!changes.ok()) {
    return rpc::FailureOf(changes.status(),
                          {{ErrorKind::kInvalidArgument, ErrorCode::kInvalidAlterTable},
                           {ErrorKind::kNotSupported, ErrorCode::kInvalidAlterTable},
                           {ErrorKind::kCorruption, ErrorCode::kInvalidAlterTable}});
  }
  // What CREATE TABLE would say of the options is an error of the configuration.
  auto altered = model::ApplyTableChanges(*before, *changes);
  if (!altered.ok()) {
    return rpc::FailureOf(altered.status(),
                          {{ErrorKind::kInvalidArgument, ErrorCode::kInvalidAlterTable}});
  }
  auto done = admin_.AlterTable(path, *changes);
  if (done.ok()) return rpc::AlterTableResponse();
  if (done.kind() == ErrorKind::kNotFound) return TableFailure(done.status());
  ErrorCode refused =
      changes->add_columns.empty() ? ErrorCode::kInvalidConfig : ErrorCode::kInvalidTable;
  return rpc::FailureOf(
      done.status(), {{ErrorKind::kInvalidArgument, refused}, {ErrorKind::kNotSupported, refused}});
}

Outcome<rpc::AlterDatabaseResponse> AlterRequests::AlterDatabase(
    const rpc::AlterDatabaseRequest& request) {
  const std::string& name = request.database_name;
  auto exists = admin_.DatabaseExists(name);
  if (!exists.ok()) return rpc::FailureOf(exists.status());
  if (!*exists) {
    if (request.ignore_if_not_exists) return rpc::AlterDatabaseResponse();
    return {ErrorCode::kDatabaseNotExist, fmt::format("Database {} not exists.", name)};
  }
  DatabaseInfo info = ReadDatabaseInfo(admin_, name);
  auto json = AlteredJson(info.json, request);
  if (!json.ok()) return rpc::FailureOf(json.status());
  if (*json == info.json) return rpc::AlterDatabaseResponse();
  info.json = *json;
  info.modified_ms = Clock::System().NowMs();
  Status written = WriteDatabaseInfo(admin_, name, info);
  if (!written.ok()) return rpc::FailureOf(written);
  return rpc::AlterDatabaseResponse();
}

Outcome<rpc::AlterClusterConfigsResponse> AlterRequests::AlterClusterConfigs(
    const rpc::AlterClusterConfigsRequest& request) {
  if (request.alter_configs.empty()) return rpc::AlterClusterConfigsResponse();
  return {ErrorCode::kConfigException,
          fmt::format("The config key {} is not allowed to be changed dynamically.",
                      request.alter_configs[0].config_key)};
}

}  // namespace forebay::serve
