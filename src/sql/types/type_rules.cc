#include "sql/types/type_rules.h"

#include <algorithm>

namespace forebay::sql {

using model::DataType;
using model::TypeRoot;

namespace {

// The least scale a DECIMAL result keeps when its precision is cut to 38
// (LogicalTypeMerging.adjustPrecisionScale).
constexpr int kMinAdjustedScale = 6;

DataType AdjustDecimal(int precision, int scale) {
  if (precision <= DataType::kMaxDecimalPrecision) return DataType::Decimal(precision, scale);
  int integer_digits = precision - scale;
  int min_scale = std::min(scale, kMinAdjustedScale);
  int adjusted = std::max(DataType::kMaxDecimalPrecision - integer_digits, min_scale);
  return DataType::Decimal(DataType::kMaxDecimalPrecision, adjusted);
}

bool IsNestedRoot(TypeRoot root) {
  return root == TypeRoot::kArray || root == TypeRoot::kMap || root == TypeRoot::kMultiset ||
         root == TypeRoot::kRow || root == TypeRoot::kStructured;
}

DataType CommonNumeric(const DataType& a, const DataType& b) {
  bool approximate = !a.IsExactNumeric() || !b.IsExactNumeric();
  if (approximate) {
    auto wide = [](const DataType& t) {
      return t.Is(TypeRoot::kDouble) || t.Is(TypeRoot::kDecimal);
    };
    return wide(a) || wide(b) ? DataType::Double() : DataType::Float();
  }
  if (a.IsInteger() && b.IsInteger()) return DataType::Of(std::max(a.root(), b.root()));
  DataType x = DecimalOf(a);
  DataType y = DecimalOf(b);
  int scale = std::max(x.scale(), y.scale());
  int integer = std::max(x.precision() - x.scale(), y.precision() - y.scale());
  int precision = std::min(integer + scale, DataType::kMaxDecimalPrecision);
  return DataType::Decimal(precision, std::min(scale, std::max(precision - integer, 0)));
}

std::optional<DataType> CommonTemporal(const DataType& a, const DataType& b) {
  if (a.Is(TypeRoot::kTime) || b.Is(TypeRoot::kTime)) {
    if (a.root() == b.root()) return DataType::Time(std::max(a.precision(), b.precision()));
    return std::nullopt;
  }
  if (a.Is(TypeRoot::kDate) && b.Is(TypeRoot::kDate)) return DataType::Date();
  int precision = std::max(a.Is(TypeRoot::kDate) ? 0 : a.precision(),
                           b.Is(TypeRoot::kDate) ? 0 : b.precision());
  bool local = a.Is(TypeRoot::kTimestampLtz) || b.Is(TypeRoot::kTimestampLtz);
  return local ? DataType::TimestampLtz(precision) : DataType::Timestamp(precision);
}

std::optional<DataType> CommonNested(const DataType& a, const DataType& b) {
  if (a.root() != b.root() || a.children().size() != b.children().size()) return std::nullopt;
  std::vector<DataType> children;
  for (size_t i = 0; i < a.children().size(); ++i) {
    auto child = CommonType({a.children()[i], b.children()[i]});
    if (!child) return std::nullopt;
    children.push_back(*child);
  }
  if (a.Is(TypeRoot::kArray)) return DataType::Array(children[0]);
  if (a.Is(TypeRoot::kMultiset)) return DataType::Multiset(children[0]);
  if (a.Is(TypeRoot::kMap)) return DataType::Map(children[0], children[1]);
  std::vector<model::RowField> fields = a.fields();
  for (size_t i = 0; i < fields.size(); ++i) fields[i].type = children[i];
  return DataType::Row(std::move(fields));
}

DataType CommonText(const DataType& a, const DataType& b, bool bytes) {
  int length = std::max(a.length(), b.length());
  bool fixed = (a.Is(TypeRoot::kChar) && b.Is(TypeRoot::kChar)) ||
               (a.Is(TypeRoot::kBinary) && b.Is(TypeRoot::kBinary));
  fixed = fixed && a.length() == b.length();
  if (bytes) return fixed ? DataType::Binary(length) : DataType::Varbinary(length);
  return fixed ? DataType::Char(length) : DataType::Varchar(length);
}

std::optional<DataType> CommonOfTwo(const DataType& a, const DataType& b) {
  if (a.Is(TypeRoot::kNull)) return b;
  if (b.Is(TypeRoot::kNull)) return a;
  if (a.EqualsIgnoringNullability(b)) return a;
  if (a.IsNumeric() && b.IsNumeric()) return CommonNumeric(a, b);
  if (a.IsCharacter() && b.IsCharacter()) return CommonText(a, b, false);
  if (a.IsBytes() && b.IsBytes()) return CommonText(a, b, true);
  if (a.IsTemporal() && b.IsTemporal()) return CommonTemporal(a, b);
  if (IsNestedRoot(a.root())) return CommonNested(a, b);
  return std::nullopt;
}

bool ChildrenCast(const DataType& from, const DataType& to,
                  bool (*supports)(const DataType&, const DataType&)) {
  if (from.children().size() != to.children().size()) return false;
  for (size_t i = 0; i < from.children().size(); ++i) {
    if (!supports(from.children()[i], to.children()[i])) return false;
  }
  return true;
}

}  // namespace

DataType DecimalOf(const DataType& type) {
  switch (type.root()) {
    case TypeRoot::kTinyint: return DataType::Decimal(3, 0);
    case TypeRoot::kSmallint: return DataType::Decimal(5, 0);
    case TypeRoot::kInteger: return DataType::Decimal(10, 0);
    case TypeRoot::kBigint: return DataType::Decimal(19, 0);
    default: return DataType::Decimal(type.precision(), type.scale());
  }
}

DataType DecimalPlus(const DataType& a, const DataType& b) {
  int scale = std::max(a.scale(), b.scale());
  int integer = std::max(a.precision() - a.scale(), b.precision() - b.scale());
  return AdjustDecimal(integer + scale + 1, scale);
}

DataType DecimalTimes(const DataType& a, const DataType& b) {
  return AdjustDecimal(a.precision() + b.precision() + 1, a.scale() + b.scale());
}

DataType DecimalDivide(const DataType& a, const DataType& b) {
  int scale = std::max(6, a.scale() + b.precision() + 1);
  return AdjustDecimal(a.precision() - a.scale() + b.scale() + scale, scale);
}

DataType DecimalMod(const DataType& a, const DataType& b) {
  int scale = std::max(a.scale(), b.scale());
  int integer = std::min(a.precision() - a.scale(), b.precision() - b.scale());
  return AdjustDecimal(integer + scale, scale);
}

DataType DecimalRound(const DataType& type, int digits) {
  if (digits >= type.scale()) return DataType::Decimal(type.precision(), type.scale());
  if (digits < 0) {
    return DataType::Decimal(
        std::min(DataType::kMaxDecimalPrecision, 1 + type.precision() - type.scale()), 0);
  }
  return DataType::Decimal(1 + type.precision() - type.scale() + digits, digits);
}

DataType SumType(const DataType& type) {
  if (type.Is(TypeRoot::kDecimal)) {
    return DataType::Decimal(DataType::kMaxDecimalPrecision, type.scale());
  }
  return type.Nullable();
}

DataType AvgType(const DataType& type) {
  if (type.Is(TypeRoot::kDecimal)) {
    return DataType::Decimal(DataType::kMaxDecimalPrecision, std::max(6, type.scale()));
  }
  return type.Nullable();
}

std::optional<DataType> CommonType(const std::vector<DataType>& types) {
  if (types.empty()) return std::nullopt;
  DataType common = types[0];
  bool nullable = types[0].nullable();
  for (size_t i = 1; i < types.size(); ++i) {
    auto next = CommonOfTwo(common, types[i]);
    if (!next) return std::nullopt;
    common = *next;
    nullable = nullable || types[i].nullable();
  }
  return common.WithNullable(nullable);
}

bool SupportsImplicitCast(const DataType& from, const DataType& to) {
  if (from.Is(TypeRoot::kNull)) return true;
  if (from.EqualsIgnoringNullability(to)) return true;
  if (from.IsNumeric() && to.IsNumeric()) {
    if (to.IsInteger()) return from.IsInteger() && from.root() <= to.root();
    if (to.Is(TypeRoot::kDecimal)) return true;
    if (to.Is(TypeRoot::kFloat)) return !from.Is(TypeRoot::kDouble);
    return true;
  }
  if (from.IsCharacter() && to.IsCharacter()) {
    return !to.Is(TypeRoot::kChar) || from.Is(TypeRoot::kChar);
  }
  if (from.IsBytes() && to.IsBytes()) return true;
  if (from.Is(TypeRoot::kTime) || to.Is(TypeRoot::kTime)) return from.root() == to.root();
  if (from.IsTemporal() && to.IsTemporal()) return true;
  if (from.IsInterval()) return from.root() == to.root();
  if (IsNestedRoot(from.root()) && from.root() == to.root()) {
    return ChildrenCast(from, to, &SupportsImplicitCast);
  }
  return from.root() == to.root() && !IsNestedRoot(from.root());
}

bool SupportsExplicitCast(const DataType& from, const DataType& to) {
  if (SupportsImplicitCast(from, to)) return true;
  if (to.Is(TypeRoot::kRaw) || to.Is(TypeRoot::kVariant)) return false;
  if (from.IsCharacter()) return !to.IsInterval() && !IsNestedRoot(to.root());
  if (from.Is(TypeRoot::kVariant)) return false;
  if (to.IsCharacter()) return true;
  if (from.Is(TypeRoot::kRaw)) return to.IsBytes();
  if (from.IsNumeric() && to.IsNumeric()) return true;
  if (from.Is(TypeRoot::kBoolean)) return to.IsNumeric();
  if (to.Is(TypeRoot::kBoolean)) return from.IsNumeric();
  if (from.IsTimestamp() && (to.Is(TypeRoot::kDate) || to.Is(TypeRoot::kTime))) return true;
  if (from.Is(TypeRoot::kTime) && to.IsTimestamp()) return true;
  if (to.IsInterval()) return from.IsExactNumeric();
  if (IsNestedRoot(from.root()) && from.root() == to.root()) {
    return ChildrenCast(from, to, &SupportsExplicitCast);
  }
  return false;
}

}  // namespace forebay::sql
