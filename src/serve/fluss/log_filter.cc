#include "serve/fluss/log_filter.h"

#include <algorithm>

namespace forebay::serve {

using format::BatchFilter;
using model::Int128;
using model::TypeRoot;
using model::Value;
using Operator = BatchFilter::Operator;

namespace {

/// Deeper conditions than any client builds.
constexpr int kDepthMax = 100;

enum PredicateType : int32_t { kLeaf = 0, kCompound = 1 };

/// LeafFunctionCode, by number.
constexpr Operator kLeafOperators[] = {
    Operator::kEqual,      Operator::kNotEqual,       Operator::kLess,     Operator::kLessOrEqual,
    Operator::kGreater,    Operator::kGreaterOrEqual, Operator::kIsNull,   Operator::kIsNotNull,
    Operator::kStartsWith, Operator::kContains,       Operator::kEndsWith, Operator::kIn,
    Operator::kNotIn,
};

/// DataTypeRootCode, by number.
constexpr TypeRoot kLiteralRoots[] = {
    TypeRoot::kBoolean,   TypeRoot::kTinyint,      TypeRoot::kSmallint, TypeRoot::kInteger,
    TypeRoot::kBigint,    TypeRoot::kFloat,        TypeRoot::kDouble,   TypeRoot::kChar,
    TypeRoot::kVarchar,   TypeRoot::kDecimal,      TypeRoot::kDate,     TypeRoot::kTime,
    TypeRoot::kTimestamp, TypeRoot::kTimestampLtz, TypeRoot::kBinary,   TypeRoot::kVarbinary,
};

bool IsCharacter(TypeRoot root) { return root == TypeRoot::kChar || root == TypeRoot::kVarchar; }

/// A Java BigInteger's bytes: two's complement, the highest first.
std::optional<Value> BigInteger(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > sizeof(Int128)) return std::nullopt;
  Int128 value = static_cast<int8_t>(bytes[0]) < 0 ? -1 : 0;
  for (char byte : bytes) value = value * 256 + static_cast<uint8_t>(byte);
  return Value(value);
}

template <typename T>
std::optional<Value> Wrap(const std::optional<T>& value) {
  if (!value.has_value()) return std::nullopt;
  return Value(*value);
}

std::optional<Value> Integer(const std::optional<int32_t>& value) {
  if (!value.has_value()) return std::nullopt;
  return Value(int64_t{*value});
}

std::optional<Value> Timestamp(const rpc::PbLiteralValue& literal) {
  if (!literal.timestamp_millis_value.has_value()) return std::nullopt;
  return Value(Int128{*literal.timestamp_millis_value} * 1'000'000 +
               literal.timestamp_nano_of_millis_value.value_or(0));
}

/// nullopt when the literal is none of a column of type `root`.
std::optional<Value> LiteralOf(const rpc::PbLiteralValue& literal, TypeRoot root) {
  if (literal.is_null) return Value();
  if (literal.literal_type < 0 || literal.literal_type >= std::ssize(kLiteralRoots)) {
    return std::nullopt;
  }
  TypeRoot given = kLiteralRoots[literal.literal_type];
  if (given != root && !(IsCharacter(given) && IsCharacter(root))) return std::nullopt;
  switch (given) {
    case TypeRoot::kBoolean: return Wrap(literal.boolean_value);
    case TypeRoot::kTinyint:
    case TypeRoot::kSmallint:
    case TypeRoot::kInteger:
    case TypeRoot::kTime: return Integer(literal.int_value);
    case TypeRoot::kBigint:
    case TypeRoot::kDate: return Wrap(literal.bigint_value);
    case TypeRoot::kFloat:
      if (!literal.float_value.has_value()) return std::nullopt;
      return Value(double{*literal.float_value});
    case TypeRoot::kDouble: return Wrap(literal.double_value);
    case TypeRoot::kChar:
    case TypeRoot::kVarchar: return Wrap(literal.string_value);
    case TypeRoot::kDecimal:
      if (literal.decimal_bytes.has_value()) return BigInteger(literal.decimal_bytes->bytes);
      if (!literal.decimal_value.has_value()) return std::nullopt;
      return Value(Int128{*literal.decimal_value});
    case TypeRoot::kTimestamp:
    case TypeRoot::kTimestampLtz: return Timestamp(literal);
    default: return std::nullopt;
  }
}

std::optional<BatchFilter> LeafOf(const rpc::PbLeafPredicate& leaf, const model::Schema& schema) {
  const auto& columns = schema.columns;
  auto column = std::find_if(columns.begin(), columns.end(), [&](const model::ColumnSpec& spec) {
    return spec.id == leaf.field_id;
  });
  bool is_known = leaf.function >= 0 && leaf.function < std::ssize(kLeafOperators);
  if (column == columns.end() || !is_known) return std::nullopt;
  BatchFilter filter;
  filter.op = kLeafOperators[leaf.function];
  filter.column = static_cast<int>(column - columns.begin());
  for (const rpc::PbLiteralValue& literal : leaf.literals) {
    auto value = LiteralOf(literal, column->type.root());
    if (!value.has_value()) return std::nullopt;
    filter.literals.push_back(std::move(*value));
  }
  return filter;
}

std::optional<BatchFilter> FilterOf(const rpc::PbPredicate& predicate, const model::Schema& schema,
                                    int depth) {
  if (depth > kDepthMax) return std::nullopt;
  if (predicate.type == kLeaf && predicate.leaf.has_value()) {
    return LeafOf(*predicate.leaf, schema);
  }
  if (predicate.type != kCompound || !predicate.compound.has_value()) return std::nullopt;
  const rpc::PbCompoundPredicate& compound = *predicate.compound;
  if (compound.function != 0 && compound.function != 1) return std::nullopt;
  BatchFilter filter;
  filter.op = compound.function == 0 ? Operator::kAnd : Operator::kOr;
  for (const rpc::PbPredicate& child : compound.children) {
    auto part = FilterOf(child, schema, depth + 1);
    if (!part.has_value()) return std::nullopt;
    filter.children.push_back(std::move(*part));
  }
  return filter;
}

}  // namespace

std::optional<BatchFilter> FilterOf(const rpc::PbPredicate& predicate,
                                    const model::Schema& schema) {
  return FilterOf(predicate, schema, 0);
}

}  // namespace forebay::serve
