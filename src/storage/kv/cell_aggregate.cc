#include "storage/kv/cell_aggregate.h"

#include <bit>
#include <cmath>
#include <limits>
#include <span>

#include "storage/kv/decimal_math.h"
#include "storage/kv/roaring_union.h"

namespace forebay::storage {
namespace {

using model::Column;
using model::ColumnBuilder;
using model::DataType;
using model::Int128;
using model::PhysicalType;
using model::TypeRoot;

using Kind = CellAggregate::Kind;

bool IsNumeric(const DataType& type) {
  switch (type.root()) {
    case TypeRoot::kTinyint:
    case TypeRoot::kSmallint:
    case TypeRoot::kInteger:
    case TypeRoot::kBigint:
    case TypeRoot::kFloat:
    case TypeRoot::kDouble:
    case TypeRoot::kDecimal: return true;
    default: return false;
  }
}

bool IsOrdered(const DataType& type) {
  switch (type.root()) {
    case TypeRoot::kChar:
    case TypeRoot::kVarchar:
    case TypeRoot::kDate:
    case TypeRoot::kTime:
    case TypeRoot::kTimestamp:
    case TypeRoot::kTimestampLtz: return true;
    default: return IsNumeric(type);
  }
}

enum class Arithmetic { kSum, kProduct };

/// Integers wrap, as Java's do.
template <typename T>
T Compute(Arithmetic operation, T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return operation == Arithmetic::kSum ? a + b : a * b;
  } else {
    uint64_t x = static_cast<std::make_unsigned_t<T>>(a);
    uint64_t y = static_cast<std::make_unsigned_t<T>>(b);
    return static_cast<T>(operation == Arithmetic::kSum ? x + y : x * y);
  }
}

template <typename T>
Status ComputeDecimal(Arithmetic operation, const Column& stored, const Column& written, int row,
                      ColumnBuilder& out) {
  const DataType& type = stored.type();
  Int128 a = stored.Get<T>(0), b = written.Get<T>(row);
  std::optional<Int128> value = operation == Arithmetic::kSum
                                    ? AddDecimals(a, b, type.precision())
                                    : MultiplyDecimals(a, b, type.precision(), type.scale());
  if (value.has_value()) {
    out.Append<T>(static_cast<T>(*value));
  } else {
    out.AppendNull();
  }
  return {};
}

Status Calculate(Arithmetic operation, const Column& stored, const Column& written, int row,
                 ColumnBuilder& out) {
  auto apply = [&](auto* tag) -> Status {
    using T = std::remove_pointer_t<decltype(tag)>;
    out.Append<T>(Compute<T>(operation, stored.Get<T>(0), written.Get<T>(row)));
    return {};
  };
  if (stored.type().Is(TypeRoot::kDecimal)) {
    if (stored.physical() == PhysicalType::kInt64) {
      return ComputeDecimal<int64_t>(operation, stored, written, row, out);
    }
    return ComputeDecimal<Int128>(operation, stored, written, row, out);
  }
  switch (stored.physical()) {
    case PhysicalType::kInt8: return apply(static_cast<int8_t*>(nullptr));
    case PhysicalType::kInt16: return apply(static_cast<int16_t*>(nullptr));
    case PhysicalType::kInt32: return apply(static_cast<int32_t*>(nullptr));
    case PhysicalType::kInt64: return apply(static_cast<int64_t*>(nullptr));
    case PhysicalType::kFloat: return apply(static_cast<float*>(nullptr));
    case PhysicalType::kDouble: return apply(static_cast<double*>(nullptr));
    default: return Internal("no arithmetic on {}", stored.type().ToString());
  }
}

/// As Java orders them: -0.0 before 0.0, NaN after everything.
template <typename T>
bool Less(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) || std::isnan(b)) return !std::isnan(a) && std::isnan(b);
    if (a == 0 && b == 0) return std::signbit(a) && !std::signbit(b);
  }
  return a < b;
}

bool StoredIsLess(const Column& stored, const Column& written, int row) {
  if (stored.physical() == PhysicalType::kString) {
    return stored.GetString(0) < written.GetString(row);
  }
  return model::DispatchPhysical(stored.physical(), [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, Int128>) {
      return Less<T>(stored.Get<T>(0), written.Get<T>(row));
    } else {
      return false;
    }
  });
}

Status TakeOne(bool stored_is_taken, const Column& stored, const Column& written, int row,
               ColumnBuilder& out) {
  stored_is_taken ? out.AppendFrom(stored, 0) : out.AppendFrom(written, row);
  return {};
}

Result<std::string> DelimiterOf(const model::AggFunction& function) {
  auto found = function.parameters.find("delimiter");
  if (found == function.parameters.end()) return std::string(",");
  if (found->second.empty()) {
    return InvalidArgument("the delimiter of {} must not be empty", function.name);
  }
  return found->second;
}

struct FunctionEntry {
  std::string_view name;
  bool (*takes)(const DataType&);
  Kind kind = Kind::kCombine;
};

bool TakesAll(const DataType&) { return true; }
bool IsString(const DataType& type) { return type.Is(TypeRoot::kVarchar); }
bool IsBoolean(const DataType& type) { return type.Is(TypeRoot::kBoolean); }
bool IsBytes(const DataType& type) { return type.Is(TypeRoot::kVarbinary); }

constexpr FunctionEntry kFunctions[] = {
    {"sum", IsNumeric},
    {"product", IsNumeric},
    {"max", IsOrdered},
    {"min", IsOrdered},
    {"last_value", TakesAll, Kind::kLast},
    {"last_value_ignore_nulls", TakesAll, Kind::kLastNonNull},
    // Fluss's first_value takes the first that is not NULL, too.
    {"first_value", TakesAll, Kind::kFirst},
    {"first_value_ignore_nulls", TakesAll, Kind::kFirst},
    {"listagg", IsString},
    {"string_agg", IsString},
    {"bool_and", IsBoolean},
    {"bool_or", IsBoolean},
    {"rbm32", IsBytes},
    {"rbm64", IsBytes}};

Status UniteBitmaps(Result<std::string> (*unite)(std::string_view, std::string_view),
                    const Column& stored, const Column& written, int row, ColumnBuilder& out) {
  ASSIGN_OR_RETURN(std::string bytes, unite(stored.GetString(0), written.GetString(row)));
  out.AppendString(bytes);
  return {};
}

CellAggregate::Function ExtremeOf(bool min) {
  return [min](const Column& stored, const Column& written, int row, ColumnBuilder& out) {
    return TakeOne(StoredIsLess(stored, written, row) == min, stored, written, row, out);
  };
}

/// The written value decides unless the stored one has.
CellAggregate::Function LogicOf(uint8_t deciding) {
  return [deciding](const Column& stored, const Column& written, int row, ColumnBuilder& out) {
    return TakeOne(stored.Get<uint8_t>(0) == deciding, stored, written, row, out);
  };
}

Result<CellAggregate::Function> CombineOf(std::string_view name,
                                          const model::AggFunction& function) {
  using Function = CellAggregate::Function;
  if (name == "sum") return Function(std::bind_front(Calculate, Arithmetic::kSum));
  if (name == "product") return Function(std::bind_front(Calculate, Arithmetic::kProduct));
  if (name == "max" || name == "min") return ExtremeOf(name == "min");
  if (name == "bool_and" || name == "bool_or") return LogicOf(name == "bool_or" ? 1 : 0);
  if (name == "rbm32") return Function(std::bind_front(UniteBitmaps, UniteRoaring32));
  if (name == "rbm64") return Function(std::bind_front(UniteBitmaps, UniteRoaring64));
  ASSIGN_OR_RETURN(std::string delimiter, DelimiterOf(function));
  return Function([delimiter](const Column& stored, const Column& written, int row,
                              ColumnBuilder& out) -> Status {
    std::string joined(stored.GetString(0));
    out.AppendString(joined.append(delimiter).append(written.GetString(row)));
    return {};
  });
}

}  // namespace

Result<CellAggregate> CellAggregate::Make(const model::AggFunction& function,
                                          const DataType& type) {
  const FunctionEntry* entry = nullptr;
  for (const FunctionEntry& each : kFunctions) {
    if (each.name == function.name) entry = &each;
  }
  if (entry == nullptr) {
    return InvalidArgument("there is no aggregate function '{}'", function.name);
  }
  if (!entry->takes(type)) {
    return InvalidArgument("the aggregate function {} does not take {}", function.name,
                           type.ToString());
  }
  bool is_list = IsString(type) && (entry->name == "listagg" || entry->name == "string_agg");
  for (const auto& [key, value] : function.parameters) {
    if (is_list && key == "delimiter") continue;
    return InvalidArgument("the aggregate function {} has no parameter '{}'", function.name, key);
  }
  CellAggregate made;
  made.kind_ = entry->kind;
  if (made.kind_ == Kind::kCombine) {
    ASSIGN_OR_RETURN(made.combine_, CombineOf(entry->name, function));
  }
  return made;
}

}  // namespace forebay::storage
