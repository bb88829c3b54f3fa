#include "compute/source/faker_source.h"

#include <optional>
#include <utility>

#include "base/hash.h"
#include "compute/source/faker_expression.h"
#include "compute/source/format_options.h"
#include "compute/source/made_rows.h"
#include "format/text/text_cell.h"
#include "model/value_text.h"

namespace forebay::compute {
namespace {

using model::ColumnBuilder;
using model::DataType;
using model::TypeRoot;

constexpr int64_t kElementsMax = 10'000;

/// How one column is made, or a part of it.
struct FakerField {
  DataType type;
  uint64_t seed = 0;
  double null_rate = 0;
  int64_t length = 1;
  std::optional<FakerExpression> expression = {};  ///< nothing: by `children`
  std::vector<FakerField> children = {};
};

Result<FakerField> ReadField(const sql::TableRef& table, const std::string& name,
                             const DataType& type) {
  FakerField field;
  field.type = type;
  field.seed = HashBytes(name);
  std::string prefix = "fields." + name + ".";
  if (const std::string* rate = FindOption(table, prefix + "null-rate")) {
    auto number = model::ParseDouble(*rate);
    if (!number || *number < 0 || *number > 1) {
      return InvalidArgument("'{}null-rate' must be from 0 to 1, not '{}'", prefix, *rate);
    }
    field.null_rate = *number;
  }
  if (const std::string* length = FindOption(table, prefix + "length")) {
    auto number = model::ParseInteger(*length);
    if (!number || *number < 0 || *number > kElementsMax) {
      return InvalidArgument("'{}length' must be from 0 to {}, not '{}'", prefix, kElementsMax,
                             *length);
    }
    field.length = *number;
  }
  bool map = type.Is(TypeRoot::kMap);
  if (type.Is(TypeRoot::kRow) || map) {
    std::vector<std::pair<std::string, DataType>> parts;
    if (map) parts = {{"key", type.children()[0]}, {"value", type.children()[1]}};
    if (!map) {
      for (const auto& part : type.fields()) parts.emplace_back(part.name, part.type);
    }
    for (const auto& [part, part_type] : parts) {
      ASSIGN_OR_RETURN(FakerField child, ReadField(table, name + "." + part, part_type));
      field.children.push_back(std::move(child));
    }
    return field;
  }
  const std::string* text = FindOption(table, prefix + "expression");
  if (text == nullptr) {
    Error error = InvalidArgument("column '{}' has no option '{}expression'", name, prefix);
    error.hint = "for instance '#{Name.fullName}'";
    return error;
  }
  auto expression = FakerExpression::Parse(*text);
  if (!expression.ok()) return expression.status().WithContext(prefix + "expression");
  field.expression = std::move(*expression);
  if (type.Is(TypeRoot::kMultiset)) return NotSupported("faker cannot make {}", type.ToString());
  if (type.Is(TypeRoot::kArray)) {
    FakerField element;
    element.type = type.children()[0];
    element.seed = HashBytes(name + ".element");
    element.expression = std::exchange(field.expression, std::nullopt);
    field.children.push_back(std::move(element));
  }
  return field;
}

class FakerRows : public RowMaker {
 public:
  explicit FakerRows(std::vector<FakerField> fields) : fields_(std::move(fields)) {}

  void Append(int column, const std::vector<int64_t>& rows, int64_t now_ms,
              ColumnBuilder& out) const override {
    const FakerField& field = fields_[static_cast<size_t>(column)];
    for (int64_t row : rows) AppendCell(field, RandomOf(row, field.seed), now_ms, out);
  }

 private:
  static void AppendCell(const FakerField& field, uint64_t random, int64_t now_ms,
                         ColumnBuilder& out) {
    if (field.null_rate > 0 && UnitOf(HashInt(random, 1)) < field.null_rate) {
      return out.AppendNull();
    }
    if (field.expression.has_value()) {
      std::string text = field.expression->Make(random, now_ms);
      if (field.type.IsBytes()) return out.AppendString(text);
      // Times have a time of day where only the date is wanted.
      if (field.type.Is(TypeRoot::kDate)) text = text.substr(0, 10);
      if (field.type.Is(TypeRoot::kTimestampLtz)) text += 'Z';
      // What is no value of the column's type is NULL, as in flink-faker.
      if (!format::AppendTextCell(out, text).ok()) out.AppendNull();
      return;
    }
    int64_t entries = field.type.Is(TypeRoot::kRow) ? 1 : field.length;
    for (int64_t i = 0; i < entries; ++i) {
      for (size_t c = 0; c < field.children.size(); ++c) {
        uint64_t seed = HashInt(random, field.children[c].seed + static_cast<uint64_t>(i));
        AppendCell(field.children[c], seed, now_ms, out.child(static_cast<int>(c)));
      }
    }
    out.FinishEntry();
  }

  const std::vector<FakerField> fields_;
};

}  // namespace

Result<std::unique_ptr<Source>> MakeFakerSource(const sql::TableScanNode& node,
                                                const JobContext& context) {
  MadeRows rows;
  rows.now_ms = context.environment->now_ms;
  rows.types = node.OutputTypes();
  RETURN_IF_ERROR(ReadRowLimits(node.table, rows));
  const auto& columns = node.table.info.descriptor.schema.columns;
  std::vector<FakerField> all, fields;
  // Expressions of columns that are not read are checked, too.
  for (const model::ColumnSpec& column : columns) {
    ASSIGN_OR_RETURN(FakerField field, ReadField(node.table, column.name, column.type));
    all.push_back(std::move(field));
  }
  for (int index : node.columns) fields.push_back(all[static_cast<size_t>(index)]);
  rows.maker = std::make_shared<FakerRows>(std::move(fields));
  return MakeMadeRowsSource(std::move(rows));
}

}  // namespace forebay::compute
