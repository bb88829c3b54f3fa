#include "sql/analyzer/table_like.h"

#include <fmt/format.h>

#include <algorithm>

#include "sql/diagnostic.h"

namespace forebay::sql {

namespace {

using Strategy = TableLikeAst::Strategy;

/// Merges the parts one after the other. Lives for one statement.
class LikeMerge {
 public:
  LikeMerge(CatalogTable base, CreateTableAst& ast) : table_(std::move(base)), ast_(ast) {}

  Result<CatalogTable> Run() {
    RETURN_IF_ERROR(CheckStrategies());
    RETURN_IF_ERROR(Constraints());
    RETURN_IF_ERROR(Generated());
    RETURN_IF_ERROR(Watermarks());
    RETURN_IF_ERROR(Partitions());
    RETURN_IF_ERROR(Distribution());
    RETURN_IF_ERROR(Options());
    RETURN_IF_ERROR(PhysicalColumns());
    table_.ref.info.id = model::TableId();
    table_.ref.info.schema_id = model::SchemaId(1);
    return std::move(table_);
  }

 private:
  Strategy Of(const char* part) const {
    const auto& given = ast_.like->strategies;
    if (auto own = given.find(part); own != given.end()) return own->second;
    if (auto all = given.find("ALL"); all != given.end()) return all->second;
    return std::string_view(part) == "OPTIONS" ? Strategy::kOverwriting : Strategy::kIncluding;
  }

  /// Only generated columns, options, watermarks and metadata can be overwritten.
  Status CheckStrategies() const {
    for (const char* part : {"ALL", "CONSTRAINTS", "DISTRIBUTION", "PARTITIONS"}) {
      auto given = ast_.like->strategies.find(part);
      if (given == ast_.like->strategies.end() || given->second != Strategy::kOverwriting) continue;
      return InvalidArgument("SQL-1014 Illegal merging strategy 'OVERWRITING' for '{}' option.",
                             part);
    }
    return Status::Ok();
  }

  static Error Twice(const std::string& what, const char* part, bool overwriting) {
    Error error = InvalidArgument("SQL-1014 the base table already has {}", what);
    error.hint = fmt::format("you might want to specify EXCLUDING {}{}", part,
                             overwriting ? fmt::format(" or OVERWRITING {}", part) : "");
    return error;
  }

  Status Constraints() {
    model::Schema& schema = table_.ref.info.descriptor.schema;
    bool declared = !ast_.primary_key.empty() ||
                    std::any_of(ast_.columns.begin(), ast_.columns.end(),
                                [](const ColumnAst& column) { return column.is_primary_key; });
    if (Of("CONSTRAINTS") == Strategy::kExcluding) {
      schema.primary_key.clear();
      table_.constraint.clear();
    } else if (declared && !schema.primary_key.empty()) {
      return Twice("a primary key", "CONSTRAINTS", false);
    }
    return Status::Ok();
  }

  Status Generated() {
    Strategy strategy = Of("GENERATED");
    for (size_t i = 0; i < table_.computed.size();) {
      ComputedColumn& computed = table_.computed[i];
      auto own = std::find_if(ast_.columns.begin(), ast_.columns.end(),
                              [&](const ColumnAst& c) { return c.name == computed.name; });
      if (strategy == Strategy::kExcluding) {
        std::erase(table_.declared_order, computed.name);
        table_.computed.erase(table_.computed.begin() + static_cast<ptrdiff_t>(i));
        continue;
      }
      if (own != ast_.columns.end()) {
        if (strategy == Strategy::kIncluding || own->kind != ColumnAst::Kind::kComputed) {
          return Twice("a generated column '" + computed.name + "'", "GENERATED", true);
        }
        // The new expression in the old place.
        replaced_.push_back({i, own->expression, own->comment});
        ast_.columns.erase(own);
      }
      ++i;
    }
    return Status::Ok();
  }

  Status Watermarks() {
    if (Of("WATERMARKS") == Strategy::kExcluding) {
      table_.watermark.reset();
    } else if (table_.watermark && ast_.watermark && Of("WATERMARKS") == Strategy::kIncluding) {
      return Twice("a watermark", "WATERMARKS", true);
    }
    return Status::Ok();
  }

  // As in Flink, EXCLUDING leaves the base table's partition keys and buckets where the new table
  // has none of its own.
  Status Partitions() {
    auto& keys = table_.ref.info.descriptor.partition_keys;
    if (keys.empty() || ast_.partition_keys.empty()) return Status::Ok();
    if (Of("PARTITIONS") != Strategy::kExcluding) return Twice("partitions", "PARTITIONS", false);
    keys.clear();
    return Status::Ok();
  }

  Status Distribution() {
    if (!table_.distribution || !ast_.distributed) return Status::Ok();
    if (Of("DISTRIBUTION") != Strategy::kExcluding) {
      return Twice("a distribution", "DISTRIBUTION", false);
    }
    table_.distribution.reset();
    table_.ref.info.descriptor.bucket_keys.clear();
    table_.ref.info.descriptor.bucket_count = 1;
    return Status::Ok();
  }

  Status Options() {
    auto& options = table_.ref.options;
    if (Of("OPTIONS") == Strategy::kExcluding) {
      options.clear();
      return Status::Ok();
    }
    if (Of("OPTIONS") == Strategy::kOverwriting) return Status::Ok();
    for (const auto& [key, value] : ast_.options) {
      auto found = options.find(key);
      if (found == options.end()) continue;
      return Twice(fmt::format("the option '{}' = '{}'", key, found->second), "OPTIONS", true);
    }
    return Status::Ok();
  }

  Status PhysicalColumns() {
    const model::Schema& schema = table_.ref.info.descriptor.schema;
    for (const ColumnAst& column : ast_.columns) {
      if (schema.IndexOf(column.name) < 0) continue;
      return ErrorAt(
          InvalidArgument("SQL-1014 a column named '{}' already exists in the base table",
                          column.name),
          column.range.position);
    }
    return Status::Ok();
  }

 public:
  /// A computed column of the base table that gets another expression.
  struct Replaced {
    size_t computed;
    ExpressionAstPtr expression;
    std::string comment;
  };
  const std::vector<Replaced>& replaced() const { return replaced_; }

 private:
  CatalogTable table_;
  CreateTableAst& ast_;
  std::vector<Replaced> replaced_;
};

}  // namespace

Result<CatalogTable> LikeBase(QueryAnalyzer& queries, CreateTableAst& ast, std::string_view text) {
  ASSIGN_OR_RETURN(CatalogTable base, queries.FindTable(ast.like->source));
  LikeMerge merge(std::move(base), ast);
  auto table = merge.Run();
  if (!table.ok()) return ErrorAt(table.status().error(), ast.name.range.position);
  for (const LikeMerge::Replaced& replaced : merge.replaced()) {
    const SourceRange& range = replaced.expression->range;
    ComputedColumn& column = table->computed[replaced.computed];
    column.expression = text.substr(range.begin, range.end - range.begin);
    if (!replaced.comment.empty()) column.comment = replaced.comment;
  }
  return table;
}

}  // namespace forebay::sql
