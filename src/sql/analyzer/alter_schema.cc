#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "sql/analyzer/alter_table.h"
#include "sql/analyzer/create_table.h"
#include "sql/diagnostic.h"
#include "sql/parser/parser.h"

namespace forebay::sql {
namespace {

/// A column in declared order: a physical one, or a computed one.
struct DraftColumn {
  std::string name;
  std::optional<model::ColumnSpec> physical;
  std::optional<ComputedColumn> computed;
};

void CollectNames(const ExpressionAst& ast, std::set<std::string>& names) {
  if (ast.kind == ExpressionAstKind::kName) names.insert(ast.names[0]);
  for (const ExpressionAstPtr& arg : ast.args) {
    if (arg != nullptr) CollectNames(*arg, names);
  }
}

/// The columns that an expression of the table reads.
std::set<std::string> NamesIn(const std::string& expression) {
  std::set<std::string> names;
  auto ast = ParseExpression(expression);
  if (ast.ok()) CollectNames(**ast, names);
  return names;
}

/// One ALTER TABLE. Lives for one statement.
class SchemaChange {
 public:
  SchemaChange(CatalogTable table, const AlterTableAst& ast, std::string_view text)
      : table_(std::move(table)), ast_(ast), text_(text) {
    const model::Schema& schema = table_.ref.info.descriptor.schema;
    for (const std::string& name : table_.declared_order) {
      DraftColumn column{name, std::nullopt, std::nullopt};
      if (int index = schema.IndexOf(name); index >= 0) {
        column.physical = schema.columns[static_cast<size_t>(index)];
      }
      for (const ComputedColumn& computed : table_.computed) {
        if (computed.name == name) column.computed = computed;
      }
      columns_.push_back(std::move(column));
    }
  }

  Result<CatalogTable> Run() {
    using Kind = AlterTableAst::Kind;
    switch (ast_.kind) {
      case Kind::kAddColumns:
      case Kind::kModifyColumns: RETURN_IF_ERROR(ChangeElements()); break;
      case Kind::kDropColumns: RETURN_IF_ERROR(DropColumns()); break;
      case Kind::kRenameColumn: RETURN_IF_ERROR(RenameColumn()); break;
      case Kind::kDropPrimaryKey:
      case Kind::kDropConstraint: RETURN_IF_ERROR(DropPrimaryKey()); break;
      case Kind::kDropWatermark: RETURN_IF_ERROR(DropWatermark()); break;
      default: RETURN_IF_ERROR(ChangeDistribution()); break;
    }
    return Finish();
  }

 private:
  bool adds() const { return ast_.kind == AlterTableAst::Kind::kAddColumns; }
  model::TableDescriptor& descriptor() { return table_.ref.info.descriptor; }
  std::vector<std::string>& primary_key() { return descriptor().schema.primary_key; }

  std::vector<DraftColumn>::iterator Find(const std::string& name) {
    return std::find_if(columns_.begin(), columns_.end(),
                        [&](const DraftColumn& column) { return column.name == name; });
  }

  /// ADD and MODIFY.
  Status ChangeElements() {
    for (const ColumnAst& column : ast_.elements.columns) {
      Status changed = adds() ? AddColumn(column) : ModifyColumn(column);
      if (!changed.ok()) return ErrorAt(changed.error(), column.range.position);
    }
    if (!ast_.elements.primary_key.empty()) RETURN_IF_ERROR(SetPrimaryKey());
    if (ast_.elements.watermark) RETURN_IF_ERROR(SetWatermark());
    return Status::Ok();
  }

  Result<DraftColumn> Draft(const ColumnAst& column) const {
    DraftColumn draft{column.name, std::nullopt, std::nullopt};
    if (column.kind == ColumnAst::Kind::kMetadata) {
      return NotSupported("SQL-1020 ALTER TABLE does not take metadata columns: '{}'", column.name);
    }
    if (column.kind == ColumnAst::Kind::kComputed) {
      draft.computed =
          ComputedColumn{column.name, TextOf(column.expression->range, text_), column.comment};
    } else {
      draft.physical = model::ColumnSpec{column.name, column.type, column.comment};
    }
    return draft;
  }

  Status AddColumn(const ColumnAst& column) {
    if (Find(column.name) != columns_.end()) {
      return InvalidArgument("SQL-1014 Try to add a column `{}` which already exists in the table.",
                             column.name);
    }
    ASSIGN_OR_RETURN(DraftColumn draft, Draft(column));
    columns_.push_back(std::move(draft));
    return Place(columns_.size() - 1, column);
  }

  Status ModifyColumn(const ColumnAst& column) {
    auto old = Find(column.name);
    if (old == columns_.end()) {
      return NotFound("SQL-1004 Try to modify a column `{}` which does not exist in the table.",
                      column.name);
    }
    ASSIGN_OR_RETURN(DraftColumn draft, Draft(column));
    if (draft.physical && old->physical) {
      if (column.comment.empty()) draft.physical->comment = old->physical->comment;
      draft.physical->id = old->physical->id;
    } else if (draft.computed && old->computed && column.comment.empty()) {
      draft.computed->comment = old->computed->comment;
    }
    *old = std::move(draft);
    return Place(static_cast<size_t>(old - columns_.begin()), column);
  }

  /// Moves the column at `index` where FIRST or AFTER says.
  Status Place(size_t index, const ColumnAst& column) {
    if (!column.first && column.after.empty()) return Status::Ok();
    DraftColumn moved = columns_[index];
    columns_.erase(columns_.begin() + static_cast<ptrdiff_t>(index));
    auto place = columns_.begin();
    if (!column.first) {
      place = Find(column.after);
      if (place == columns_.end()) {
        return NotFound("SQL-1004 Referenced column `{}` by 'AFTER' does not exist in the table.",
                        column.after);
      }
      ++place;
    }
    columns_.insert(place, std::move(moved));
    return Status::Ok();
  }

  Status SetPrimaryKey() {
    if (ast_.elements.primary_key_enforced) {
      return InvalidArgument("SQL-1015 a PRIMARY KEY cannot be ENFORCED");
    }
    if (adds() && !primary_key().empty()) {
      return InvalidArgument(
          "SQL-1015 The current table has already defined the primary key constraint [{}]. You "
          "might want to drop it before adding a new one.",
          fmt::join(primary_key(), ", "));
    }
    if (!adds() && primary_key().empty()) return NoPrimaryKey();
    for (const std::string& name : ast_.elements.primary_key) {
      auto column = Find(name);
      if (column == columns_.end() || !column->physical) {
        return NotFound("SQL-1015 PRIMARY KEY column '{}' is no physical column", name);
      }
      column->physical->type = column->physical->type.NotNull();
    }
    primary_key() = ast_.elements.primary_key;
    table_.constraint = ast_.elements.primary_key_name;
    return Status::Ok();
  }

  static Error NoPrimaryKey() {
    return InvalidArgument("SQL-1015 The current table does not define any primary key.");
  }

  Status SetWatermark() {
    const WatermarkAst& watermark = *ast_.elements.watermark;
    if (adds() && table_.watermark) {
      return InvalidArgument(
          "SQL-1016 The current table has already defined the watermark strategy `{}` AS {}. You "
          "might want to drop it before adding a new one.",
          table_.watermark->column, table_.watermark->expression);
    }
    if (!adds() && !table_.watermark) return NoWatermark();
    if (watermark.column.parts.size() != 1) {
      return NotSupported("SQL-1016 a WATERMARK on a nested field is not supported");
    }
    table_.watermark =
        WatermarkSpec{watermark.column.parts[0], TextOf(watermark.expression->range, text_)};
    return Status::Ok();
  }

  static Error NoWatermark() {
    return InvalidArgument("SQL-1016 The current table does not define any watermark strategy.");
  }

  Status DropPrimaryKey() {
    if (primary_key().empty()) return NoPrimaryKey();
    std::string name = ConstraintName(table_);
    if (!ast_.names.empty() && ast_.names[0] != name) {
      return NotFound(
          "SQL-1015 The current table does not define a primary key constraint named '{}'. "
          "Available constraint name: ['{}'].",
          ast_.names[0], name);
    }
    primary_key().clear();
    table_.constraint.clear();
    return Status::Ok();
  }

  Status DropWatermark() {
    if (!table_.watermark) return NoWatermark();
    table_.watermark.reset();
    return Status::Ok();
  }

  Status DropColumns() {
    std::set<std::string> dropped;
    for (const std::string& name : ast_.names) {
      if (!dropped.insert(name).second) {
        return InvalidArgument("SQL-1014 Duplicate column `{}`.", name);
      }
      if (Find(name) == columns_.end()) return NoColumn(name);
    }
    for (const std::string& name : ast_.names) {
      const auto& keys = primary_key();
      if (std::find(keys.begin(), keys.end(), name) != keys.end()) {
        return InvalidArgument("SQL-1015 The column `{}` is used as the primary key.", name);
      }
      RETURN_IF_ERROR(CheckReferences(name, dropped));
    }
    std::erase_if(columns_, [&](const DraftColumn& c) { return dropped.contains(c.name); });
    return Status::Ok();
  }

  Error NoColumn(const std::string& name) const {
    return NotFound("SQL-1004 The column `{}` does not exist in the base table.", name);
  }

  /// That nothing but the columns `without` reads `name`.
  Status CheckReferences(const std::string& name, const std::set<std::string>& without) {
    for (const DraftColumn& column : columns_) {
      if (!column.computed || without.contains(column.name)) continue;
      if (!NamesIn(column.computed->expression).contains(name)) continue;
      return InvalidArgument("SQL-1014 The column `{}` is referenced by computed column `{}`.",
                             name, column.name);
    }
    const auto& partitions = descriptor().partition_keys;
    if (std::find(partitions.begin(), partitions.end(), name) != partitions.end()) {
      return InvalidArgument("SQL-1014 The column `{}` is used as the partition keys.", name);
    }
    const auto& buckets = descriptor().bucket_keys;
    if (std::find(buckets.begin(), buckets.end(), name) != buckets.end()) {
      return InvalidArgument("SQL-1014 The column `{}` is used as a distribution key.", name);
    }
    if (!table_.watermark) return Status::Ok();
    if (table_.watermark->column != name && !NamesIn(table_.watermark->expression).contains(name)) {
      return Status::Ok();
    }
    return InvalidArgument("SQL-1016 The column `{}` is referenced by watermark expression.", name);
  }

  Status RenameColumn() {
    const std::string& name = ast_.names[0];
    const std::string& new_name = ast_.names[1];
    auto column = Find(name);
    if (column == columns_.end()) return NoColumn(name);
    if (Find(new_name) != columns_.end()) {
      return InvalidArgument("SQL-1014 The column `{}` already existed in table schema.", new_name);
    }
    RETURN_IF_ERROR(CheckReferences(name, {}));
    column->name = new_name;
    if (column->physical) column->physical->name = new_name;
    if (column->computed) column->computed->name = new_name;
    std::replace(primary_key().begin(), primary_key().end(), name, new_name);
    return Status::Ok();
  }

  Status ChangeDistribution() {
    using Kind = AlterTableAst::Kind;
    if (ast_.kind == Kind::kAddDistribution && table_.distribution) {
      return InvalidArgument(
          "SQL-1014 The current table has already defined the distribution. You can modify it or "
          "drop it before adding a new one.");
    }
    if (ast_.kind != Kind::kAddDistribution && !table_.distribution) {
      return InvalidArgument("SQL-1014 The table does not define any distribution.");
    }
    table_.distribution.reset();
    descriptor().bucket_keys = ast_.elements.bucket_keys;
    descriptor().bucket_count = ast_.elements.bucket_count.value_or(1);
    if (ast_.kind == Kind::kDropDistribution) return Status::Ok();
    for (const std::string& name : ast_.elements.bucket_keys) {
      if (Find(name) == columns_.end()) return NoColumn(name);
    }
    table_.distribution =
        DistributionSpec{ast_.elements.distribution_kind, ast_.elements.bucket_count};
    return Status::Ok();
  }

  CatalogTable Finish() {
    model::Schema& schema = descriptor().schema;
    table_.declared_order.clear();
    table_.computed.clear();
    schema.columns.clear();
    for (DraftColumn& column : columns_) {
      table_.declared_order.push_back(column.name);
      if (column.computed) table_.computed.push_back(*std::move(column.computed));
      if (column.physical) schema.columns.push_back(*std::move(column.physical));
    }
    return std::move(table_);
  }

  CatalogTable table_;
  const AlterTableAst& ast_;
  const std::string_view text_;
  std::vector<DraftColumn> columns_;
};

}  // namespace

Result<CatalogTable> AlterSchema(QueryAnalyzer& queries, const CatalogTable& table,
                                 const AlterTableAst& ast, std::string_view text) {
  ASSIGN_OR_RETURN(CatalogTable altered, SchemaChange(table, ast, text).Run());
  if (altered.ref.info.descriptor.schema.columns.empty()) {
    return InvalidArgument("SQL-1014 a table needs at least one physical column");
  }
  RETURN_IF_ERROR(CheckExpressions(queries, ast.elements, altered));
  altered.ref.info.descriptor = ToDescriptor(altered);
  return altered;
}

}  // namespace forebay::sql
