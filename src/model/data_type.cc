#include "model/data_type.h"

#include <fmt/core.h>

#include "base/check.h"

namespace forebay::model {

struct DataType::Children {
  std::vector<DataType> types;
  std::vector<RowField> fields;
  std::string text;  // of intervals

  friend bool operator==(const Children&, const Children&) = default;
};

namespace {
const std::vector<DataType> kNoTypes;
const std::vector<RowField> kNoFields;
}  // namespace

DataType DataType::Of(TypeRoot root, bool nullable) {
  DataType type;
  type.root_ = root;
  type.nullable_ = nullable;
  return type;
}

#define FOREBAY_TYPE_WITH_LENGTH(name, root) \
  DataType DataType::name(int length) {      \
    DataType type = Of(TypeRoot::root);      \
    type.length_ = length;                   \
    return type;                             \
  }
FOREBAY_TYPE_WITH_LENGTH(Char, kChar)
FOREBAY_TYPE_WITH_LENGTH(Varchar, kVarchar)
FOREBAY_TYPE_WITH_LENGTH(Binary, kBinary)
FOREBAY_TYPE_WITH_LENGTH(Varbinary, kVarbinary)
FOREBAY_TYPE_WITH_LENGTH(Time, kTime)
FOREBAY_TYPE_WITH_LENGTH(Timestamp, kTimestamp)
FOREBAY_TYPE_WITH_LENGTH(TimestampLtz, kTimestampLtz)
#undef FOREBAY_TYPE_WITH_LENGTH

DataType DataType::Decimal(int precision, int scale) {
  DataType type = Of(TypeRoot::kDecimal);
  type.length_ = precision;
  type.scale_ = scale;
  return type;
}

DataType DataType::IntervalDayTime(std::string text) {
  DataType type = Of(TypeRoot::kIntervalDayTime);
  type.children_ = std::make_shared<const Children>(Children{{}, {}, std::move(text)});
  return type;
}

DataType DataType::IntervalYearMonth(std::string text) {
  DataType type = Of(TypeRoot::kIntervalYearMonth);
  type.children_ = std::make_shared<const Children>(Children{{}, {}, std::move(text)});
  return type;
}

DataType DataType::Array(DataType element) {
  DataType type = Of(TypeRoot::kArray);
  type.children_ = std::make_shared<const Children>(Children{{std::move(element)}, {}, {}});
  return type;
}

DataType DataType::Map(DataType key, DataType value) {
  DataType type = Of(TypeRoot::kMap);
  type.children_ =
      std::make_shared<const Children>(Children{{std::move(key), std::move(value)}, {}, {}});
  return type;
}

DataType DataType::Multiset(DataType element) {
  DataType type = Of(TypeRoot::kMultiset);
  type.children_ = std::make_shared<const Children>(Children{{std::move(element)}, {}, {}});
  return type;
}

DataType DataType::Row(std::vector<RowField> fields) {
  DataType type = Of(TypeRoot::kRow);
  Children children;
  for (const RowField& field : fields) children.types.push_back(field.type);
  children.fields = std::move(fields);
  type.children_ = std::make_shared<const Children>(std::move(children));
  return type;
}

const std::vector<DataType>& DataType::children() const {
  return children_ ? children_->types : kNoTypes;
}

const std::vector<RowField>& DataType::fields() const {
  return children_ ? children_->fields : kNoFields;
}

DataType DataType::WithNullable(bool nullable) const {
  DataType type = *this;
  type.nullable_ = nullable;
  return type;
}

PhysicalType DataType::physical() const {
  switch (root_) {
    case TypeRoot::kBoolean: return PhysicalType::kBool;
    case TypeRoot::kTinyint: return PhysicalType::kInt8;
    case TypeRoot::kSmallint: return PhysicalType::kInt16;
    case TypeRoot::kInteger:
    case TypeRoot::kDate:
    case TypeRoot::kTime:
    case TypeRoot::kIntervalYearMonth: return PhysicalType::kInt32;
    case TypeRoot::kBigint:
    case TypeRoot::kTimestamp:
    case TypeRoot::kTimestampLtz:
    case TypeRoot::kIntervalDayTime: return PhysicalType::kInt64;
    case TypeRoot::kFloat: return PhysicalType::kFloat;
    case TypeRoot::kDouble: return PhysicalType::kDouble;
    case TypeRoot::kDecimal: return length_ <= 18 ? PhysicalType::kInt64 : PhysicalType::kInt128;
    case TypeRoot::kChar:
    case TypeRoot::kVarchar:
    case TypeRoot::kBinary:
    case TypeRoot::kVarbinary:
    case TypeRoot::kVariant:
    case TypeRoot::kRaw: return PhysicalType::kString;
    case TypeRoot::kArray: return PhysicalType::kList;
    case TypeRoot::kMap:
    case TypeRoot::kMultiset: return PhysicalType::kMap;
    case TypeRoot::kRow:
    case TypeRoot::kStructured: return PhysicalType::kStruct;
    case TypeRoot::kNull:
    case TypeRoot::kDescriptor: return PhysicalType::kNull;
  }
  return PhysicalType::kNull;
}

TimeUnit DataType::time_unit() const {
  if (length_ <= 3) return TimeUnit::kMilli;
  return length_ <= 6 ? TimeUnit::kMicro : TimeUnit::kNano;
}

bool DataType::IsInteger() const {
  return root_ >= TypeRoot::kTinyint && root_ <= TypeRoot::kBigint;
}
bool DataType::IsExactNumeric() const { return IsInteger() || root_ == TypeRoot::kDecimal; }
bool DataType::IsNumeric() const {
  return IsExactNumeric() || root_ == TypeRoot::kFloat || root_ == TypeRoot::kDouble;
}
bool DataType::IsInterval() const {
  return root_ == TypeRoot::kIntervalYearMonth || root_ == TypeRoot::kIntervalDayTime;
}
bool DataType::IsTemporal() const {
  return root_ == TypeRoot::kDate || root_ == TypeRoot::kTime || IsTimestamp();
}

namespace {

std::string RowText(const DataType& type) {
  std::string text = "ROW<";
  for (size_t i = 0; i < type.fields().size(); ++i) {
    const RowField& field = type.fields()[i];
    if (i > 0) text += ", ";
    text += QuoteIdentifier(field.name) + " " + field.type.ToString();
    if (!field.description.empty()) text += fmt::format(" '{}'", field.description);
  }
  return text + ">";
}

std::string StringText(const DataType& type, std::string_view unbounded, std::string_view bounded) {
  if (type.length() == DataType::kMaxLength) return std::string(unbounded);
  return fmt::format("{}({})", bounded, type.length());
}

std::string TypeText(const DataType& type, const std::string& interval) {
  switch (type.root()) {
    case TypeRoot::kNull: return "NULL";
    case TypeRoot::kBoolean: return "BOOLEAN";
    case TypeRoot::kTinyint: return "TINYINT";
    case TypeRoot::kSmallint: return "SMALLINT";
    case TypeRoot::kInteger: return "INT";
    case TypeRoot::kBigint: return "BIGINT";
    case TypeRoot::kFloat: return "FLOAT";
    case TypeRoot::kDouble: return "DOUBLE";
    case TypeRoot::kDecimal: return fmt::format("DECIMAL({}, {})", type.precision(), type.scale());
    case TypeRoot::kChar: return fmt::format("CHAR({})", type.length());
    case TypeRoot::kVarchar: return StringText(type, "STRING", "VARCHAR");
    case TypeRoot::kBinary: return fmt::format("BINARY({})", type.length());
    case TypeRoot::kVarbinary: return StringText(type, "BYTES", "VARBINARY");
    case TypeRoot::kDate: return "DATE";
    case TypeRoot::kTime: return fmt::format("TIME({})", type.precision());
    case TypeRoot::kTimestamp: return fmt::format("TIMESTAMP({})", type.precision());
    case TypeRoot::kTimestampLtz: return fmt::format("TIMESTAMP_LTZ({})", type.precision());
    case TypeRoot::kIntervalYearMonth:
    case TypeRoot::kIntervalDayTime: return "INTERVAL " + interval;
    case TypeRoot::kArray: return fmt::format("ARRAY<{}>", type.children()[0].ToString());
    case TypeRoot::kMap:
      return fmt::format("MAP<{}, {}>", type.children()[0].ToString(),
                         type.children()[1].ToString());
    case TypeRoot::kMultiset: return fmt::format("MULTISET<{}>", type.children()[0].ToString());
    case TypeRoot::kRow:
    case TypeRoot::kStructured: return RowText(type);
    case TypeRoot::kVariant: return "VARIANT";
    case TypeRoot::kRaw: return "BITMAP";  // the only one (bitmap.h)
    case TypeRoot::kDescriptor: return "DESCRIPTOR";
  }
  return "?";
}

}  // namespace

std::string DataType::ToString() const {
  std::string text = TypeText(*this, children_ ? children_->text : std::string());
  if (!nullable_ && root_ != TypeRoot::kNull) text += " NOT NULL";
  return text;
}

bool operator==(const DataType& a, const DataType& b) {
  return a.nullable_ == b.nullable_ && a.EqualsIgnoringNullability(b);
}

bool DataType::EqualsIgnoringNullability(const DataType& other) const {
  if (root_ != other.root_ || length_ != other.length_ || scale_ != other.scale_) return false;
  if (IsInterval()) return true;
  return children() == other.children() && fields() == other.fields();
}

int PhysicalSize(PhysicalType type) {
  switch (type) {
    case PhysicalType::kBool:
    case PhysicalType::kInt8: return 1;
    case PhysicalType::kInt16: return 2;
    case PhysicalType::kInt32:
    case PhysicalType::kFloat: return 4;
    case PhysicalType::kInt64:
    case PhysicalType::kDouble: return 8;
    case PhysicalType::kInt128:
    case PhysicalType::kString: return 16;
    default: return 0;
  }
}

std::string QuoteIdentifier(const std::string& name) {
  std::string quoted = "`";
  for (char c : name) {
    if (c == '`') quoted += '`';
    quoted += c;
  }
  return quoted + "`";
}

}  // namespace forebay::model
