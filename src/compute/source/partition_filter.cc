#include "compute/source/partition_filter.h"

#include <algorithm>
#include <optional>

#include "format/partition_name.h"
#include "model/value.h"

namespace forebay::compute {
namespace {

using sql::Expression;
using sql::ExpressionKind;

/// Types whose values are equal exactly when their texts are.
bool HasOneText(const model::DataType& type) {
  switch (type.root()) {
    case model::TypeRoot::kVarchar:
    case model::TypeRoot::kBoolean:
    case model::TypeRoot::kTinyint:
    case model::TypeRoot::kSmallint:
    case model::TypeRoot::kInteger:
    case model::TypeRoot::kBigint:
    case model::TypeRoot::kDate: return true;
    default: return false;
  }
}

/// A constant as the value of a partition whose key has type `type`; nullopt when it cannot be
/// told.
std::optional<std::string> TextOf(const Expression& constant, const model::DataType& type) {
  if (constant.kind != ExpressionKind::kLiteral || constant.value.IsNull()) return std::nullopt;
  bool same = constant.type.Is(type.root()) ||
              (constant.type.IsCharacter() && type.Is(model::TypeRoot::kVarchar));
  if (!same) return std::nullopt;
  model::ColumnBuilder builder(type, 1);
  model::AppendValue(builder, constant.value);
  std::string text;
  Status status = format::AppendPartitionValue(text, builder.Finish(), 0);
  return status.ok() ? std::optional(text) : std::nullopt;
}

/// The texts of the constants that `column` is compared with; empty when it is no such filter.
std::vector<std::string> WantedTexts(const Expression& filter, int& column,
                                     const model::DataType*& type) {
  bool compares = filter.kind == ExpressionKind::kCall && filter.args.size() >= 2 &&
                  (filter.function == "EQUALS" || filter.function == "IN");
  if (!compares) return {};
  std::vector<const Expression*> args;
  for (const auto& arg : filter.args) args.push_back(arg.get());
  if (filter.function == "EQUALS" && args[0]->kind == ExpressionKind::kLiteral) {
    std::swap(args[0], args[1]);
  }
  if (args[0]->kind != ExpressionKind::kColumn || !HasOneText(args[0]->type)) return {};
  column = args[0]->column;
  type = &args[0]->type;
  std::vector<std::string> texts;
  for (size_t i = 1; i < args.size(); ++i) {
    auto text = TextOf(*args[i], *type);
    if (!text.has_value()) return {};
    texts.push_back(std::move(*text));
  }
  return texts;
}

}  // namespace

bool MayHoldRows(const sql::TableScanNode& scan, const model::PartitionInfo& partition) {
  std::vector<int> keys = scan.table.info.descriptor.PartitionKeyIndexes();
  for (const sql::ExpressionPtr& filter : scan.pushed_filters) {
    int column = -1;
    const model::DataType* type = nullptr;
    std::vector<std::string> texts = WantedTexts(*filter, column, type);
    if (texts.empty() || column < 0 || column >= std::ssize(scan.columns)) continue;
    auto key = std::find(keys.begin(), keys.end(), scan.columns[column]);
    if (key == keys.end()) continue;
    const std::string& value = partition.values[key - keys.begin()];
    if (std::find(texts.begin(), texts.end(), value) == texts.end()) return false;
  }
  return true;
}

}  // namespace forebay::compute
