#include <algorithm>
#include <nlohmann/json.hpp>

#include "serve/session/catalog_objects.h"
#include "serve/session/session.h"
#include "serve/session/show_create.h"

// Models: what CREATE MODEL says of them is kept and shown; nothing calls them.

namespace forebay::serve {

using model::TablePath;

namespace {

nlohmann::json ColumnsOf(const std::vector<sql::ColumnAst>& columns) {
  nlohmann::json list = nlohmann::json::array();
  for (const sql::ColumnAst& column : columns) {
    list.push_back(
        {{"name", column.name}, {"type", column.type.ToString()}, {"comment", column.comment}});
  }
  return list;
}

std::string ModelToJson(const sql::ModelAst& model) {
  return nlohmann::json{{"version", 1},
                        {"inputs", ColumnsOf(model.inputs)},
                        {"outputs", ColumnsOf(model.outputs)},
                        {"comment", model.comment},
                        {"options", model.options}}
      .dump();
}

StatementResult DescribeRows(const nlohmann::json& model) {
  model::DataType text = model::DataType::String();
  model::DataType flag = model::DataType::Boolean();
  bool has_comments = false;
  for (const char* side : {"inputs", "outputs"}) {
    for (const auto& column : model[side])
      has_comments |= !column["comment"].empty() && column["comment"] != "";
  }
  std::vector<sql::Field> fields = {
      {"name", text}, {"type", text}, {"null", flag}, {"is input", flag}};
  if (has_comments) fields.push_back({"comment", text});
  std::vector<model::DataType> types;
  for (const sql::Field& field : fields) types.push_back(field.type);
  model::BatchBuilder rows(types);
  for (const char* side : {"inputs", "outputs"}) {
    for (const auto& column : model[side]) {
      auto type = sql::ParseType(column["type"].get<std::string>());
      rows.column(0).AppendString(column["name"].get<std::string>());
      rows.column(1).AppendString(type.ok() ? type->Nullable().ToString() : "?");
      rows.column(2).Append<uint8_t>(type.ok() && !type->nullable() ? 0 : 1);
      rows.column(3).Append<uint8_t>(std::string_view(side) == "inputs" ? 1 : 0);
      std::string comment = column["comment"];
      if (has_comments && comment.empty()) rows.column(4).AppendNull();
      if (has_comments && !comment.empty()) rows.column(4).AppendString(comment);
      rows.FinishRow();
    }
  }
  StatementResult result;
  result.rows = CursorOf(std::move(fields), rows.Finish());
  return result;
}

}  // namespace

Result<std::string> Session::FindModel(const TablePath& path) {
  auto temporary = temporary_models_.find(path);
  if (temporary != temporary_models_.end()) return temporary->second;
  auto text = engine_.connection->admin().GetObject(kModelObject, path.ToString());
  if (!text.ok() && text.kind() == ErrorKind::kNotFound) {
    return NotFound("model {} does not exist", path.ToString());
  }
  if (text.ok() && !nlohmann::json::accept(*text)) {
    return Corruption("the stored model {} is damaged", path.ToString());
  }
  return text;
}

/// As in Flink, without temporary ones.
Result<std::vector<std::string>> Session::ModelNames(const std::string& database) {
  ASSIGN_OR_RETURN(auto all, engine_.connection->admin().ListObjects(kModelObject));
  std::vector<std::string> names;
  const std::string prefix = database + ".";
  for (const std::string& name : all) {
    if (name.starts_with(prefix)) names.push_back(name.substr(prefix.size()));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Result<StatementResult> Session::CreateModel(const sql::ModelStatement& create) {
  const std::string name = create.path.ToString();
  const std::string text = ModelToJson(create.ast);
  ASSIGN_OR_RETURN(bool has_database, catalog_.DatabaseExists(create.path.database));
  if (!has_database) return NotFound("database {} does not exist", create.path.database);
  Status created;
  if (!create.ast.temporary) {
    created = engine_.connection->admin().PutObject(kModelObject, name, text, false);
  } else if (!temporary_models_.emplace(create.path, text).second) {
    created = AlreadyExists("temporary model {} exists already", name);
  }
  bool exists = !created.ok() && created.kind() == ErrorKind::kAlreadyExists;
  if (exists && create.ast.lenient) {
    return StatementResult::Message(fmt::format("model {} exists already", name));
  }
  if (exists) return AlreadyExists("model {} exists already", name);
  if (!created.ok()) return created;
  return StatementResult::Message(fmt::format("model {} created", name));
}

/// ALTER and DROP.
Result<StatementResult> Session::ChangeModel(const sql::ModelStatement& change) {
  using Kind = sql::ModelAst::Kind;
  client::Admin& admin = engine_.connection->admin();
  const std::string name = change.path.ToString();
  bool drops = change.ast.kind == Kind::kDrop;
  if (drops && change.ast.temporary && temporary_models_.erase(change.path) > 0) {
    return StatementResult::Message(fmt::format("model {} dropped", name));
  }
  auto text = admin.GetObject(kModelObject, name);
  bool missing = (!text.ok() && text.kind() == ErrorKind::kNotFound) || change.ast.temporary;
  if (missing && change.ast.lenient) {
    return StatementResult::Message(fmt::format("model {} does not exist", name));
  }
  if (missing) return NotFound("model {} does not exist", name);
  if (!text.ok()) return text.status();
  auto model = nlohmann::json::parse(*text, nullptr, false);
  if (model.is_discarded()) return Corruption("the stored model {} is damaged", name);
  for (const auto& [key, value] : change.ast.options) model["options"][key] = value;
  for (const std::string& key : change.ast.keys) model["options"].erase(key);
  if (drops) {
    RETURN_IF_ERROR(admin.DropObject(kModelObject, name));
  } else if (change.ast.kind == Kind::kRename) {
    RETURN_IF_ERROR(admin.PutObject(kModelObject, change.new_path.ToString(), model.dump(), false));
    RETURN_IF_ERROR(admin.DropObject(kModelObject, name));
  } else {
    RETURN_IF_ERROR(admin.PutObject(kModelObject, name, model.dump(), true));
  }
  return StatementResult::Message(fmt::format("model {} {}", name, drops ? "dropped" : "altered"));
}

Result<StatementResult> Session::Run(const sql::ModelStatement& statement) {
  using Kind = sql::ModelAst::Kind;
  if (!model::IsLocalDatabase(statement.path.database)) {
    return NotSupported("models of catalog {}",
                        model::SplitDatabase(statement.path.database).first);
  }
  Kind kind = statement.ast.kind;
  if (kind == Kind::kCreate) return CreateModel(statement);
  if (kind != Kind::kDescribe && kind != Kind::kShowCreate) return ChangeModel(statement);
  ASSIGN_OR_RETURN(std::string text, FindModel(statement.path));
  if (kind == Kind::kDescribe) return DescribeRows(nlohmann::json::parse(text));
  StatementResult result;
  bool temporary = temporary_models_.contains(statement.path);
  result.rows = TextCursor({"result"}, {{CreateModelText(statement.path, text, temporary)}});
  return result;
}

}  // namespace forebay::serve
