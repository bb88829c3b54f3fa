#include <cmath>
#include <limits>

#include "compute/expression/cast_temporal.h"
#include "compute/expression/cell_text.h"
#include "compute/expression/civil_time.h"
#include "compute/expression/decimal.h"
#include "compute/expression/row_kernel.h"

namespace forebay::compute {

namespace {

using model::Column;
using model::ColumnBuilder;
using model::DataType;
using model::PhysicalType;
using model::TypeRoot;

// ---- Numbers

/// Java's conversion between primitive numbers: integers wrap, floating point saturates at int or
/// long and NaN is 0.
template <typename In, typename Out>
Out ConvertNumber(In value) {
  if constexpr (std::is_floating_point_v<In> && std::is_integral_v<Out>) {
    using Middle = std::conditional_t<sizeof(Out) == 8, int64_t, int32_t>;
    constexpr In kLow = static_cast<In>(std::numeric_limits<Middle>::min());
    if (std::isnan(value)) return 0;
    if (value <= kLow) return static_cast<Out>(std::numeric_limits<Middle>::min());
    if (value >= -kLow) return static_cast<Out>(std::numeric_limits<Middle>::max());
    return static_cast<Out>(static_cast<Middle>(value));
  } else {
    return static_cast<Out>(value);
  }
}

template <typename F>
void DispatchNumber(PhysicalType type, F&& f) {
  switch (type) {
    case PhysicalType::kInt8: return f(int8_t{});
    case PhysicalType::kInt16: return f(int16_t{});
    case PhysicalType::kInt32: return f(int32_t{});
    case PhysicalType::kInt64: return f(int64_t{});
    case PhysicalType::kFloat: return f(float{});
    case PhysicalType::kDouble: return f(double{});
    default: return;
  }
}

Result<Kernel> NumberToNumber(const CallSite& call) {
  Kernel kernel;
  DispatchNumber(call.args[0].physical(), [&]<typename In>(In) {
    DispatchNumber(call.type.physical(), [&]<typename Out>(Out) {
      kernel = [type = call.type](const BatchState& state, Operands args) -> Result<Column> {
        return MapColumn<In, Out>(type, state.num_rows, args[0],
                                  [](In value) { return ConvertNumber<In, Out>(value); });
      };
    });
  });
  return kernel;
}

Result<Kernel> BooleanToNumber(const CallSite& call) {
  Kernel kernel;
  DispatchNumber(call.type.physical(), [&]<typename Out>(Out) {
    kernel = [type = call.type](const BatchState& state, Operands args) -> Result<Column> {
      return MapColumn<uint8_t, Out>(type, state.num_rows, args[0],
                                     [](uint8_t value) { return static_cast<Out>(value); });
    };
  });
  return kernel;
}

Result<Kernel> NumberToBoolean(const CallSite& call) {
  return model::DispatchPhysical(call.args[0].physical(), [&]<typename T>(T*) -> Kernel {
    if constexpr (std::is_same_v<T, model::StringRef>) {
      return {};
    } else {
      return [type = call.type](const BatchState& state, Operands args) -> Result<Column> {
        return MapColumn<T, uint8_t>(type, state.num_rows, args[0],
                                     [](T value) { return value != 0; });
      };
    }
  });
}

// ---- DECIMAL

/// A kernel over DECIMAL cells, which are int64 or Int128.
template <typename F>
Kernel FromDecimal(const CallSite& call, F f) {
  if (call.args[0].physical() == PhysicalType::kInt128) return RowKernel<Int128>(call, f);
  return RowKernel<int64_t>(call, [f](RowWriter& out, int64_t value) { f(out, Int128{value}); });
}

void SetDecimal(RowWriter& out, bool wide, const std::optional<Int128>& value) {
  if (!value) return out.Null();
  if (wide) {
    out.Set(*value);
  } else {
    out.Set(static_cast<int64_t>(*value));
  }
}

Result<Kernel> DecimalToNumber(const CallSite& call) {
  int scale = call.args[0].scale();
  Int128 unit = PowerOfTen(scale);
  Kernel kernel;
  DispatchNumber(call.type.physical(), [&]<typename Out>(Out) {
    kernel = FromDecimal(call, [scale, unit](RowWriter& out, Int128 value) {
      if constexpr (std::is_floating_point_v<Out>) {
        out.Set(static_cast<Out>(DecimalToDouble(value, scale)));
      } else {
        out.Set(static_cast<Out>(static_cast<int64_t>(value / unit)));
      }
    });
  });
  return kernel;
}

Result<Kernel> NumberToDecimal(const CallSite& call) {
  int precision = call.type.precision(), scale = call.type.scale();
  bool wide = call.type.physical() == PhysicalType::kInt128;
  bool is_try = call.name == "TRY_CAST";
  Kernel kernel;
  DispatchNumber(call.args[0].physical(), [&]<typename In>(In) {
    kernel = RowKernel<In>(call, [=](RowWriter& out, In value) {
      if constexpr (std::is_floating_point_v<In>) {
        if (!std::isfinite(value)) {
          if (is_try) return out.Null();
          return out.Fail(InvalidArgument("CAST to DECIMAL: {} has no digits", value));
        }
        SetDecimal(out, wide, DecimalFromDouble(value, precision, scale));
      } else {
        SetDecimal(out, wide, RescaleDecimal(value, 0, scale, precision));
      }
    });
  });
  return kernel;
}

Result<Kernel> BooleanToDecimal(const CallSite& call) {
  bool wide = call.type.physical() == PhysicalType::kInt128;
  int precision = call.type.precision(), scale = call.type.scale();
  return RowKernel<bool>(call, [=](RowWriter& out, bool value) {
    SetDecimal(out, wide, RescaleDecimal(value ? 1 : 0, 0, scale, precision));
  });
}

/// The cells are those of the other type already.
Kernel Retype(const CallSite& call) {
  return [type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    if (!args[0].constant) return args[0].column.WithType(type);
    std::vector<uint32_t> zeros(static_cast<size_t>(state.num_rows), 0);
    return args[0].column.WithType(type).Gather(zeros);
  };
}

Result<Kernel> DecimalToDecimal(const CallSite& call) {
  int from = call.args[0].scale(), to = call.type.scale(), precision = call.type.precision();
  bool wide = call.type.physical() == PhysicalType::kInt128;
  bool keeps = from == to && precision >= call.args[0].precision() &&
               call.type.physical() == call.args[0].physical();
  if (keeps) return Retype(call);
  return FromDecimal(call, [=](RowWriter& out, Int128 value) {
    SetDecimal(out, wide, RescaleDecimal(value, from, to, precision));
  });
}

// ---- Text to values

/// What a failed conversion of text does: CAST ends the batch, TRY_CAST gives NULL.
template <bool kTry>
void Bad(RowWriter& out, std::string_view text, const DataType& type) {
  if (kTry) return out.Null();
  out.Fail(InvalidArgument("CAST to {}: the text is no such value: '{}'", type.ToString(), text));
}

template <typename T, bool kTry>
Kernel TextToInteger(const CallSite& call) {
  return RowKernel<std::string_view>(call,
                                     [type = call.type](RowWriter& out, std::string_view text) {
                                       std::optional<int64_t> value = ParseInteger(text);
                                       if (!value || *value != static_cast<T>(*value))
                                         return Bad<kTry>(out, text, type);
                                       out.Set(static_cast<T>(*value));
                                     });
}

template <typename T, bool kTry>
Kernel TextToFloating(const CallSite& call) {
  return RowKernel<std::string_view>(
      call, [type = call.type](RowWriter& out, std::string_view text) {
        std::optional<double> value = ParseDouble(text);
        if (!value) return Bad<kTry>(out, text, type);
        if constexpr (std::is_same_v<T, float>) {
          // Rounding twice could differ from Float.parseFloat in the last bit.
          if (std::isfinite(*value))
            return out.Set(std::strtof(std::string(text).c_str(), nullptr));
        }
        out.Set(static_cast<T>(*value));
      });
}

template <bool kTry>
Kernel TextToDecimal(const CallSite& call) {
  bool wide = call.type.physical() == PhysicalType::kInt128;
  return RowKernel<std::string_view>(
      call, [type = call.type, wide](RowWriter& out, std::string_view text) {
        // What does not fit is as bad as what is no number.
        auto value = CastTextToDecimal(text, type.precision(), type.scale());
        if (!value) return Bad<kTry>(out, text, type);
        SetDecimal(out, wide, value);
      });
}

std::optional<bool> ParseBoolean(std::string_view text) {
  std::string lower;
  for (char c : text) lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  for (const char* yes : {"t", "true", "y", "yes", "1"}) {
    if (lower == yes) return true;
  }
  for (const char* no : {"f", "false", "n", "no", "0"}) {
    if (lower == no) return false;
  }
  return std::nullopt;
}

template <bool kTry>
Kernel TextToBoolean(const CallSite& call) {
  return RowKernel<std::string_view>(call,
                                     [type = call.type](RowWriter& out, std::string_view text) {
                                       std::optional<bool> value = ParseBoolean(text);
                                       if (!value) return Bad<kTry>(out, text, type);
                                       out.Set(static_cast<uint8_t>(*value));
                                     });
}

template <bool kTry>
Result<Kernel> TextToTimestamp(const CallSite& call) {
  std::shared_ptr<TimeZone> zone;
  if (call.type.Is(TypeRoot::kTimestampLtz)) {
    ASSIGN_OR_RETURN(zone, TimeZone::Find(call.context->time_zone));
  }
  return RowKernel<std::string_view>(call, [type = call.type, units = UnitsPerSecond(call.type),
                                            zone](RowWriter& out, std::string_view text) {
    std::optional<DayTime> time = ParseTimestamp(text);
    if (!time) return Bad<kTry>(out, text, type);
    time->nanos = TruncateNanos(time->nanos, type.precision());
    int64_t cell = JoinCell(*time, units);
    if (SplitCell(cell, units).days != time->days) {
      if (kTry) return out.Null();
      return out.Fail(OutOfRange("CAST: '{}' does not fit {}", text, type.ToString()));
    }
    if (zone) cell -= zone->OffsetOfLocal(FloorDiv(cell, units)) * units;
    out.Set(cell);
  });
}

template <bool kTry>
Result<Kernel> TextToValue(const CallSite& call) {
  switch (call.type.root()) {
    case TypeRoot::kBoolean: return TextToBoolean<kTry>(call);
    case TypeRoot::kTinyint: return TextToInteger<int8_t, kTry>(call);
    case TypeRoot::kSmallint: return TextToInteger<int16_t, kTry>(call);
    case TypeRoot::kInteger: return TextToInteger<int32_t, kTry>(call);
    case TypeRoot::kBigint: return TextToInteger<int64_t, kTry>(call);
    case TypeRoot::kFloat: return TextToFloating<float, kTry>(call);
    case TypeRoot::kDouble: return TextToFloating<double, kTry>(call);
    case TypeRoot::kDecimal: return TextToDecimal<kTry>(call);
    case TypeRoot::kDate:
    case TypeRoot::kTime:
      return RowKernel<std::string_view>(
          call, [type = call.type](RowWriter& out, std::string_view text) {
            auto value = type.Is(TypeRoot::kDate) ? model::ParseDate(text) : model::ParseTime(text);
            if (!value) return Bad<kTry>(out, text, type);
            out.Set(*value);
          });
    case TypeRoot::kTimestamp:
    case TypeRoot::kTimestampLtz: return TextToTimestamp<kTry>(call);
    default: return NoKernel(call);
  }
}

// ---- Values to text

/// Cuts to the length of CHAR(n) and VARCHAR(n) and pads CHAR(n) with blanks; BINARY(n) likewise
/// with zero bytes.
void FitLength(std::string& text, const DataType& type) {
  size_t length = static_cast<size_t>(type.length());
  if (type.length() == DataType::kMaxLength || type.length() <= 0) return;
  if (type.IsBytes()) {
    if (text.size() > length) text.resize(length);
    if (type.Is(TypeRoot::kBinary)) text.resize(length, '\0');
    return;
  }
  if (text.size() > length) text.resize(PrefixBytes(text, length));
  if (type.Is(TypeRoot::kChar)) {
    size_t characters = CountCharacters(text);
    if (characters < length) text.append(length - characters, ' ');
  }
}

/// Between character and byte strings: the same bytes, cut and padded.
Result<Kernel> TextToText(const CallSite& call) {
  bool keeps = call.type.length() == DataType::kMaxLength || call.type.length() <= 0 ||
               (call.args[0].length() <= call.type.length() && call.args[0].length() > 0 &&
                (call.type.Is(TypeRoot::kVarchar) || call.type.Is(TypeRoot::kVarbinary)));
  if (keeps) return Retype(call);
  return RowKernel<std::string_view>(call,
                                     [type = call.type](RowWriter& out, std::string_view text) {
                                       std::string fitted(text);
                                       FitLength(fitted, type);
                                       out.Text(fitted);
                                     });
}

Result<Kernel> ValueToText(const CallSite& call) {
  ASSIGN_OR_RETURN(std::shared_ptr<TimeZone> zone, TimeZone::Find(call.context->time_zone));
  return Kernel([type = call.type, zone](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    builder.Resize(state.num_rows);
    std::string text;
    for (int row = 0; row < state.num_rows; ++row) {
      if (args[0].IsNull(row)) {
        builder.SetNull(row);
        continue;
      }
      text.clear();
      AppendCell(text, args[0].column, args[0].At(row), zone.get());
      FitLength(text, type);
      builder.mutable_values<model::StringRef>()[row] = builder.AddString(text);
    }
    return builder.Finish();
  });
}

// ---- Choice

Result<Kernel> CastNumber(const CallSite& call) {
  const DataType &from = call.args[0], &to = call.type;
  bool decimal = from.Is(TypeRoot::kDecimal);
  if (to.Is(TypeRoot::kBoolean)) return NumberToBoolean(call);
  if (to.Is(TypeRoot::kDecimal)) return decimal ? DecimalToDecimal(call) : NumberToDecimal(call);
  if (to.IsNumeric()) return decimal ? DecimalToNumber(call) : NumberToNumber(call);
  return NoKernel(call);
}

Kernel AlwaysNull(const CallSite& call) {
  return [type = call.type](const BatchState& state, Operands) -> Result<Column> {
    return Column::AllNull(type, state.num_rows);
  };
}

/// An interval as a number of its cells' unit, and back.
bool IsIntervalNumber(const DataType& a, const DataType& b) {
  return a.IsInterval() && b.IsInteger();
}

template <bool kTry>
Result<Kernel> MakeCast(const CallSite& call);

/// The columns of `from` cast child by child; `from` is ARRAY, MAP or ROW.
Result<Column> CastChildren(std::vector<Kernel>& kernels, const DataType& type,
                            const BatchState& state, const Column& from) {
  std::vector<Column> children;
  for (size_t i = 0; i < kernels.size(); ++i) {
    const Column& child = from.children()[i];
    BatchState inner = state;
    inner.num_rows = child.num_rows();
    Operand operand{child, false};
    ASSIGN_OR_RETURN(Column cast, kernels[i](inner, {&operand, 1}));
    children.push_back(std::move(cast));
  }
  return Column::Nested(type, from.num_rows(), from.offsets(), from.validity(), std::move(children),
                        from.owners());
}

/// ARRAY, MAP and ROW to the same with other element types.
template <bool kTry>
Result<Kernel> NestedToNested(const CallSite& call) {
  size_t count = call.type.children().size();
  if (call.args[0].children().size() != count) return NoKernel(call);
  std::vector<Kernel> kernels;
  for (size_t i = 0; i < count; ++i) {
    CallSite child{
        call.name, call.type.children()[i], {call.args[0].children()[i]}, {nullptr}, call.context};
    ASSIGN_OR_RETURN(Kernel kernel, MakeCast<kTry>(child));
    kernels.push_back(std::move(kernel));
  }
  return Kernel([type = call.type, kernels](const BatchState& state,
                                            Operands args) mutable -> Result<Column> {
    ASSIGN_OR_RETURN(Column column, CastChildren(kernels, type, state, args[0].column));
    if (!args[0].constant) return column;
    std::vector<uint32_t> zeros(static_cast<size_t>(state.num_rows), 0);
    return column.Gather(zeros);
  });
}

bool IsNested(const DataType& type) {
  return type.Is(TypeRoot::kArray) || type.Is(TypeRoot::kMap) || type.Is(TypeRoot::kRow);
}

template <bool kTry>
Result<Kernel> MakeCast(const CallSite& call) {
  const DataType &from = call.args[0], &to = call.type;
  if (from.Is(TypeRoot::kNull)) return AlwaysNull(call);
  if (from.EqualsIgnoringNullability(to)) return Retype(call);
  if (IsNested(from) && from.root() == to.root()) return NestedToNested<kTry>(call);
  if (from.Is(TypeRoot::kRaw) && to.Is(TypeRoot::kVarbinary)) {
    return RowKernel<std::string_view>(
        call, [](RowWriter& out, std::string_view bytes) { out.Share(bytes); });
  }
  bool from_text = from.IsCharacter() || from.IsBytes();
  bool to_text = to.IsCharacter() || to.IsBytes();
  if (from_text && to_text) return TextToText(call);
  if (to.IsCharacter()) return ValueToText(call);
  if (from.IsCharacter()) return TextToValue<kTry>(call);
  if (from.Is(TypeRoot::kBoolean)) {
    if (to.Is(TypeRoot::kDecimal)) return BooleanToDecimal(call);
    return to.IsNumeric() ? BooleanToNumber(call) : Result<Kernel>(NoKernel(call));
  }
  if (from.IsNumeric() && !to.IsInterval()) return CastNumber(call);
  if (from.root() == to.root() && model::PhysicalSize(to.physical()) > 0 && !to.IsTimestamp()) {
    return Retype(call);
  }
  if (from.IsTemporal()) return CastTemporal(call);
  if (IsIntervalNumber(from, to) || IsIntervalNumber(to, from)) return NumberToNumber(call);
  return NoKernel(call);
}

/// What is cast from a number never fails.
constexpr FunctionEntry kEntries[] = {
    {"CAST", "n", kCheap, MakeCast<false>},
    {"CAST", "*", kNoFlags, MakeCast<false>},
    {"TRY_CAST", "*", kNoFlags, MakeCast<true>},
};

}  // namespace

std::span<const FunctionEntry> CastFunctions() { return kEntries; }

}  // namespace forebay::compute
