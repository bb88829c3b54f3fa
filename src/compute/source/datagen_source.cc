#include "compute/source/datagen_source.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "base/duration.h"
#include "base/hash.h"
#include "compute/source/format_options.h"
#include "compute/source/made_rows.h"
#include "model/value_text.h"

namespace forebay::compute {
namespace {

using model::ColumnBuilder;
using model::DataType;
using model::Int128;
using model::TypeRoot;

constexpr int kDefaultLength = 100;
constexpr int kDefaultElements = 3;
constexpr int kLengthMax = 16 << 20;

/// How one column is made, or an element, a key, a value or a field of it.
struct FieldSpec {
  DataType type;
  bool sequence = false;
  int64_t start = 0;         ///< of a sequence
  Int128 min = 0, max = 0;   ///< of whole numbers, and of decimals without their point
  double low = 0, high = 0;  ///< of floating numbers
  int length = kDefaultLength;
  bool variable_length = false;
  double null_rate = 0;
  int64_t max_past_ms = 0;
  uint64_t seed = 0;
  std::vector<FieldSpec> children = {};
};

/// Reads the WITH options, with errors that name the option.
class FieldOptions {
 public:
  explicit FieldOptions(const sql::TableRef& table) : table_(table) {}

  const std::string* Find(const std::string& key) const { return FindOption(table_, key); }
  template <typename T>
  Result<T> Number(const std::string& key, T fallback) const {
    const std::string* text = Find(key);
    if (text == nullptr) return fallback;
    T value{};
    auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc() || end != text->data() + text->size()) {
      return InvalidArgument("option '{}' is no number: '{}'", key, *text);
    }
    return value;
  }
  /// Digits before and behind the point as one number.
  Result<Int128> Decimal(const std::string& key, const DataType& type, Int128 fallback) const {
    const std::string* text = Find(key);
    if (text == nullptr) return fallback;
    auto value = model::ParseDecimal(*text, 38, type.scale());
    if (!value) return InvalidArgument("option '{}' is no number: '{}'", key, *text);
    return *value;
  }

 private:
  const sql::TableRef& table_;
};

bool IsCollection(const DataType& type) {
  return type.Is(TypeRoot::kArray) || type.Is(TypeRoot::kMap) || type.Is(TypeRoot::kMultiset);
}

/// The whole range of a type of whole numbers.
std::pair<Int128, Int128> RangeOf(const DataType& type) {
  switch (type.root()) {
    case TypeRoot::kTinyint: return {-128, 127};
    case TypeRoot::kSmallint: return {-32768, 32767};
    case TypeRoot::kInteger:
    case TypeRoot::kIntervalYearMonth:
      return {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()};
    case TypeRoot::kDecimal: {
      Int128 limit = 1;
      for (int i = 0; i < type.precision(); ++i) limit *= 10;
      return {1 - limit, limit - 1};
    }
    default: return {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
  }
}

Status ReadRange(const FieldOptions& options, const std::string& prefix, FieldSpec& field) {
  if (field.type.Is(TypeRoot::kFloat) || field.type.Is(TypeRoot::kDouble)) {
    bool small = field.type.Is(TypeRoot::kFloat);
    double high = small ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
    ASSIGN_OR_RETURN(field.low, options.Number<double>(prefix + "min", 0));
    ASSIGN_OR_RETURN(field.high, options.Number<double>(prefix + "max", high));
    if (field.low > field.high) return InvalidArgument("'{0}min' is above '{0}max'", prefix);
    return {};
  }
  if (!field.type.IsNumeric() && !field.type.IsInterval()) return {};
  auto [min, max] = RangeOf(field.type);
  DataType form = field.type.Is(TypeRoot::kDecimal) ? field.type : DataType::Decimal(38, 0);
  ASSIGN_OR_RETURN(field.min, options.Decimal(prefix + "min", form, min));
  ASSIGN_OR_RETURN(field.max, options.Decimal(prefix + "max", form, max));
  if (field.min > field.max) return InvalidArgument("'{0}min' is above '{0}max'", prefix);
  if (field.min < min || field.max > max) {
    return InvalidArgument("'{0}min' or '{0}max' is beyond {1}", prefix, field.type.ToString());
  }
  return {};
}

Status ReadLength(const FieldOptions& options, const std::string& prefix, FieldSpec& field) {
  const DataType& type = field.type;
  bool text = type.IsCharacter() || type.IsBytes();
  if (!text && !IsCollection(type)) return {};
  bool fixed = type.Is(TypeRoot::kChar) || type.Is(TypeRoot::kBinary);
  if (fixed && options.Find(prefix + "length") != nullptr) {
    return InvalidArgument("'{}length' is not supported for {}, whose length is fixed", prefix,
                           type.ToString());
  }
  int natural = !text ? kDefaultElements : fixed ? type.length() : kDefaultLength;
  if (text) natural = std::min(natural, type.length());
  ASSIGN_OR_RETURN(field.length, options.Number<int>(prefix + "length", natural));
  if (field.length < 0 || field.length > kLengthMax || (text && field.length > type.length())) {
    return InvalidArgument("'{}length' = {} is longer than {} takes", prefix, field.length,
                           type.ToString());
  }
  const std::string* variable = options.Find(prefix + "var-len");
  field.variable_length = variable != nullptr && *variable == "true";
  if (field.variable_length && (fixed || !text)) {
    return InvalidArgument("'{}var-len' is for strings and bytes of no fixed length", prefix);
  }
  return {};
}

Result<FieldSpec> ReadField(const FieldOptions& options, const std::string& name,
                            const DataType& type) {
  FieldSpec field;
  field.type = type;
  field.seed = HashBytes(name);
  std::string prefix = "fields." + name + ".";
  RETURN_IF_ERROR(ReadRange(options, prefix, field));
  RETURN_IF_ERROR(ReadLength(options, prefix, field));
  ASSIGN_OR_RETURN(field.null_rate, options.Number<double>(prefix + "null-rate", 0));
  if (field.null_rate < 0 || field.null_rate > 1) {
    return InvalidArgument("'{}null-rate' must be from 0 to 1", prefix);
  }
  if (const std::string* past = options.Find(prefix + "max-past"); past != nullptr) {
    ASSIGN_OR_RETURN(field.max_past_ms, ParseDurationMs(*past));
  }
  auto add = [&](const std::string& part, const DataType& of_part) -> Status {
    ASSIGN_OR_RETURN(FieldSpec child, ReadField(options, name + "." + part, of_part));
    field.children.push_back(std::move(child));
    return {};
  };
  if (type.Is(TypeRoot::kArray) || type.Is(TypeRoot::kMultiset)) {
    RETURN_IF_ERROR(add("element", type.children()[0]));
  } else if (type.Is(TypeRoot::kMap)) {
    RETURN_IF_ERROR(add("key", type.children()[0]));
    RETURN_IF_ERROR(add("value", type.children()[1]));
  }
  if (!type.Is(TypeRoot::kRow)) return field;
  for (const auto& part : type.fields()) RETURN_IF_ERROR(add(part.name, part.type));
  return field;
}

Result<FieldSpec> ReadColumn(const FieldOptions& options, const std::string& name,
                             const DataType& type, int64_t& num_rows) {
  std::string prefix = "fields." + name + ".";
  const std::string* kind = options.Find(prefix + "kind");
  if (kind != nullptr && *kind != "random" && *kind != "sequence") {
    return InvalidArgument("option '{}kind' must be random or sequence, not '{}'", prefix, *kind);
  }
  if (kind == nullptr || *kind == "random") {
    for (const char* part : {"start", "end"}) {
      if (options.Find(prefix + part) == nullptr) continue;
      return InvalidArgument("option '{}{}' is for sequences", prefix, part);
    }
    return ReadField(options, name, type);
  }
  if (!type.IsNumeric() && !type.IsCharacter()) {
    return NotSupported("datagen cannot make a sequence of type {} (column {})", type.ToString(),
                        name);
  }
  FieldSpec field;
  field.type = type;
  field.sequence = true;
  if (options.Find(prefix + "start") == nullptr || options.Find(prefix + "end") == nullptr) {
    return InvalidArgument("a sequence needs the options '{0}start' and '{0}end'", prefix);
  }
  ASSIGN_OR_RETURN(field.start, options.Number<int64_t>(prefix + "start", 0));
  ASSIGN_OR_RETURN(int64_t end, options.Number<int64_t>(prefix + "end", 0));
  if (field.start > end) return InvalidArgument("'{0}start' is above '{0}end'", prefix);
  // The source ends with its shortest sequence.
  num_rows = std::min(num_rows, end - field.start + 1);
  return field;
}

/// Makes the cells of columns.
class DatagenRows : public RowMaker {
 public:
  explicit DatagenRows(std::vector<FieldSpec> fields) : fields_(std::move(fields)) {}

  void Append(int column, const std::vector<int64_t>& rows, int64_t now_ms,
              ColumnBuilder& out) const override {
    const FieldSpec& field = fields_[static_cast<size_t>(column)];
    for (int64_t row : rows) {
      if (field.sequence) {
        AppendSequence(field, field.start + row, out);
      } else {
        AppendRandom(field, RandomOf(row, field.seed), now_ms, out);
      }
    }
  }

 private:
  static void AppendSequence(const FieldSpec& field, int64_t value, ColumnBuilder& out) {
    switch (field.type.root()) {
      case TypeRoot::kChar:
      case TypeRoot::kVarchar: return out.AppendString(std::to_string(value));
      case TypeRoot::kFloat: return out.Append(static_cast<float>(value));
      case TypeRoot::kDouble: return out.Append(static_cast<double>(value));
      case TypeRoot::kDecimal: {
        Int128 scaled = value;
        for (int i = 0; i < field.type.scale(); ++i) scaled *= 10;
        return AppendWhole(scaled, out);
      }
      default: return AppendWhole(value, out);
    }
  }

  static void AppendRandom(const FieldSpec& field, uint64_t random, int64_t now_ms,
                           ColumnBuilder& out) {
    if (field.null_rate > 0 && UnitOf(HashInt(random, 1)) < field.null_rate) {
      return out.AppendNull();
    }
    switch (field.type.root()) {
      case TypeRoot::kChar:
      case TypeRoot::kVarchar:
      case TypeRoot::kBinary:
      case TypeRoot::kVarbinary: return AppendText(field, random, out);
      case TypeRoot::kFloat:
        return out.Append(
            static_cast<float>(field.low + (field.high - field.low) * UnitOf(random)));
      case TypeRoot::kDouble:
        return out.Append(field.low * (1 - UnitOf(random)) + field.high * UnitOf(random));
      case TypeRoot::kBoolean: return out.Append(static_cast<uint8_t>(random & 1));
      case TypeRoot::kTimestamp:
      case TypeRoot::kTimestampLtz: return AppendTimestamp(field, random, now_ms, out);
      // As Flink: today and now.
      case TypeRoot::kDate: return out.Append(static_cast<int32_t>(now_ms / 86'400'000));
      case TypeRoot::kTime: return out.Append(static_cast<int32_t>(now_ms % 86'400'000));
      case TypeRoot::kArray:
      case TypeRoot::kMap:
      case TypeRoot::kMultiset:
      case TypeRoot::kRow: return AppendNested(field, random, now_ms, out);
      default: return AppendWhole(WholeOf(field, random), out);
    }
  }

  static Int128 WholeOf(const FieldSpec& field, uint64_t random) {
    auto span = static_cast<unsigned __int128>(field.max - field.min);
    auto bits = static_cast<unsigned __int128>(HashInt(random, 2)) << 64 | random;
    if (span != ~static_cast<unsigned __int128>(0)) bits %= span + 1;
    return field.min + static_cast<Int128>(bits);
  }

  static void AppendWhole(Int128 value, ColumnBuilder& out) {
    switch (out.type().physical()) {
      case model::PhysicalType::kInt8: return out.Append(static_cast<int8_t>(value));
      case model::PhysicalType::kInt16: return out.Append(static_cast<int16_t>(value));
      case model::PhysicalType::kInt32: return out.Append(static_cast<int32_t>(value));
      case model::PhysicalType::kInt128: return out.Append(value);
      default: return out.Append(static_cast<int64_t>(value));
    }
  }

  static void AppendTimestamp(const FieldSpec& field, uint64_t random, int64_t now_ms,
                              ColumnBuilder& out) {
    int64_t ms = now_ms;
    if (field.max_past_ms > 0) {
      ms -= static_cast<int64_t>(random % static_cast<uint64_t>(field.max_past_ms));
    }
    switch (field.type.time_unit()) {
      case model::TimeUnit::kMilli: return out.Append(ms);
      case model::TimeUnit::kMicro: return out.Append(ms * 1000);
      default: return out.Append(ms * 1'000'000);
    }
  }

  static void AppendText(const FieldSpec& field, uint64_t random, ColumnBuilder& out) {
    int length = field.length;
    if (field.variable_length && length > 0) length = 1 + static_cast<int>(random % length);
    // Flink's random strings are hexadecimal digits.
    std::string text;
    for (int i = 0; i < length; ++i) {
      random = HashInt(random, static_cast<uint64_t>(i));
      text += field.type.IsBytes() ? static_cast<char>(random) : "0123456789abcdef"[random & 15];
    }
    out.AppendString(text);
  }

  static void AppendNested(const FieldSpec& field, uint64_t random, int64_t now_ms,
                           ColumnBuilder& out) {
    int entries = field.type.Is(TypeRoot::kRow) ? 1 : field.length;
    for (int i = 0; i < entries; ++i) {
      for (size_t c = 0; c < field.children.size(); ++c) {
        uint64_t seed = HashInt(random, field.children[c].seed + static_cast<uint64_t>(i));
        AppendRandom(field.children[c], seed, now_ms, out.child(static_cast<int>(c)));
      }
      if (field.type.Is(TypeRoot::kMultiset)) out.child(1).Append<int32_t>(1);
    }
    out.FinishEntry();
  }

  const std::vector<FieldSpec> fields_;
};

/// Options of columns that the table does not have.
Status CheckFieldNames(const sql::TableRef& table) {
  for (const auto& [key, value] : table.options) {
    if (!key.starts_with("fields.")) continue;
    bool known = false;
    for (const model::ColumnSpec& column : table.info.descriptor.schema.columns) {
      known = known || key.starts_with("fields." + column.name + ".");
    }
    if (!known) return InvalidArgument("option '{}' is of no column of the table", key);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Source>> MakeDatagenSource(const sql::TableScanNode& node,
                                                  const JobContext& context) {
  RETURN_IF_ERROR(CheckFieldNames(node.table));
  FieldOptions options(node.table);
  MadeRows rows;
  rows.now_ms = context.environment->now_ms;
  rows.types = node.OutputTypes();
  RETURN_IF_ERROR(ReadRowLimits(node.table, rows));
  std::vector<FieldSpec> all, fields;
  // Columns that are not read count too: a sequence ends the source.
  for (const model::ColumnSpec& column : node.table.info.descriptor.schema.columns) {
    ASSIGN_OR_RETURN(FieldSpec field, ReadColumn(options, column.name, column.type, rows.num_rows));
    all.push_back(std::move(field));
  }
  for (int index : node.columns) fields.push_back(all[static_cast<size_t>(index)]);
  rows.maker = std::make_shared<DatagenRows>(std::move(fields));
  return MakeMadeRowsSource(std::move(rows));
}

}  // namespace forebay::compute
