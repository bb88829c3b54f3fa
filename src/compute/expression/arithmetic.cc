#include <cmath>

#include "compute/expression/decimal.h"
#include "compute/expression/row_kernel.h"

namespace forebay::compute {

namespace {

using model::Column;
using model::ColumnBuilder;
using model::DataType;
using model::PhysicalType;
using model::TypeRoot;

/// Java's two's complement arithmetic, for integers, and IEEE's for floating point.
template <typename T>
using Wrapping = std::conditional_t<std::is_floating_point_v<T>, T, uint64_t>;

template <typename T>
T Plus(T a, T b) {
  return static_cast<T>(static_cast<Wrapping<T>>(a) + static_cast<Wrapping<T>>(b));
}
template <typename T>
T Minus(T a, T b) {
  return static_cast<T>(static_cast<Wrapping<T>>(a) - static_cast<Wrapping<T>>(b));
}
template <typename T>
T Times(T a, T b) {
  return static_cast<T>(static_cast<Wrapping<T>>(a) * static_cast<Wrapping<T>>(b));
}

struct PlusOp {
  template <typename T>
  T operator()(T a, T b) const {
    return Plus(a, b);
  }
};
struct MinusOp {
  template <typename T>
  T operator()(T a, T b) const {
    return Minus(a, b);
  }
};
struct TimesOp {
  template <typename T>
  T operator()(T a, T b) const {
    return Times(a, b);
  }
};

bool IsDecimalCall(const CallSite& call) {
  for (const DataType& arg : call.args) {
    if (arg.Is(TypeRoot::kDecimal)) return true;
  }
  return call.type.Is(TypeRoot::kDecimal);
}

// ---- Integers and floating point: the arguments have the result's type.

template <typename Op>
Result<Kernel> PlainKernel(const CallSite& call) {
  for (const DataType& arg : call.args) {
    if (arg.physical() != call.type.physical() && !arg.Is(TypeRoot::kNull)) return NoKernel(call);
  }
  Kernel kernel;
  auto set = [&]<typename T>(T*) {
    if constexpr (!std::is_same_v<T, model::StringRef> && !std::is_same_v<T, Int128>) {
      kernel = [type = call.type](const BatchState& state, Operands args) -> Result<Column> {
        return MapColumns<T, T, T>(type, state.num_rows, args, Op{});
      };
    }
  };
  if (call.type.IsNumeric() || call.type.IsInterval()) {
    model::DispatchPhysical(call.type.physical(), set);
  }
  if (!kernel) return NoKernel(call);
  return kernel;
}

// ---- DECIMAL

int ScaleOf(const DataType& type) { return type.Is(TypeRoot::kDecimal) ? type.scale() : 0; }

int DigitsOf(const DataType& type) {
  switch (type.root()) {
    case TypeRoot::kDecimal: return type.precision();
    case TypeRoot::kTinyint: return 3;
    case TypeRoot::kSmallint: return 5;
    case TypeRoot::kInteger: return 10;
    default: return 19;
  }
}

/// Calls f<A, B>() with the C++ types of two exact numeric arguments.
template <typename F>
void DispatchExact(const DataType& type, F&& f) {
  switch (type.physical()) {
    case PhysicalType::kInt8: return f(int8_t{});
    case PhysicalType::kInt16: return f(int16_t{});
    case PhysicalType::kInt32: return f(int32_t{});
    case PhysicalType::kInt64: return f(int64_t{});
    case PhysicalType::kInt128: return f(Int128{});
    default: return;
  }
}

/// A DECIMAL result of which some rows may not fit and become NULL; f returns optional<Int128>.
template <typename A, typename B, typename F>
Column MapDecimals(const DataType& type, int num_rows, Operands args, F f) {
  if (AnyAllNull(args)) return Column::AllNull(type, num_rows);
  ColumnBuilder builder(type, num_rows);
  builder.Resize(num_rows);
  CombineValidity(builder, args);
  const A* a = args[0].column.values<A>();
  const B* b = args[1].column.values<B>();
  bool wide = type.physical() == PhysicalType::kInt128;
  for (int row = 0; row < num_rows; ++row) {
    if (builder.IsNull(row)) continue;
    std::optional<Int128> value = f(Int128{a[args[0].At(row)]}, Int128{b[args[1].At(row)]});
    if (!value) {
      builder.SetNull(row);
    } else if (wide) {
      builder.mutable_values<Int128>()[row] = *value;
    } else {
      builder.mutable_values<int64_t>()[row] = static_cast<int64_t>(*value);
    }
  }
  return builder.Finish();
}

/// exact(a, b) of two 64-bit or wider numbers, whose result is in range.
template <typename A, typename B, typename Exact>
Kernel ExactDecimalKernel(const DataType& type, Exact exact) {
  bool wide = type.physical() == PhysicalType::kInt128;
  return [type, wide, exact](const BatchState& state, Operands args) -> Result<Column> {
    if (wide) {
      auto f = [exact](A a, B b) { return exact(Int128{a}, Int128{b}); };
      return MapColumns<A, B, Int128>(type, state.num_rows, args, f);
    }
    auto f = [exact](A a, B b) { return exact(static_cast<int64_t>(a), static_cast<int64_t>(b)); };
    return MapColumns<A, B, int64_t>(type, state.num_rows, args, f);
  };
}

/// Makes the kernel for the arguments' physical types: exact(Out, A, B) when the result can hold
/// every value at full scale, careful otherwise.
template <typename Exact, typename Careful>
Result<Kernel> DecimalKernel(const CallSite& call, bool fits, Exact exact, Careful careful) {
  Kernel kernel;
  DispatchExact(call.args[0], [&]<typename A>(A) {
    DispatchExact(call.args[1], [&]<typename B>(B) {
      // Fewer combinations: integers narrower than 64 bits always take the careful path.
      if constexpr (sizeof(A) >= 8 && sizeof(B) >= 8) {
        if (fits) {
          kernel = ExactDecimalKernel<A, B>(call.type, exact);
          return;
        }
      }
      kernel = [type = call.type, careful](const BatchState& state,
                                           Operands args) -> Result<Column> {
        return MapDecimals<A, B>(type, state.num_rows, args, careful);
      };
    });
  });
  if (!kernel) return NoKernel(call);
  return kernel;
}

template <bool kSubtract>
Result<Kernel> DecimalSum(const CallSite& call) {
  int s1 = ScaleOf(call.args[0]), s2 = ScaleOf(call.args[1]);
  int common = std::max(s1, s2), scale = call.type.scale(), precision = call.type.precision();
  int integral = std::max(DigitsOf(call.args[0]) - s1, DigitsOf(call.args[1]) - s2);
  bool fits = scale == common && integral + common + 1 <= precision;
  Int128 grow_a = PowerOfTen(common - s1), grow_b = PowerOfTen(common - s2);
  // Cells of NULL rows may hold anything, so the exact loop wraps instead of overflowing.
  auto exact = [grow_a, grow_b]<typename T>(T a, T b) {
    using U = std::conditional_t<sizeof(T) == 16, UInt128, uint64_t>;
    U left = static_cast<U>(a) * static_cast<U>(grow_a);
    U right = static_cast<U>(b) * static_cast<U>(grow_b);
    return static_cast<T>(kSubtract ? left - right : left + right);
  };
  auto careful = [=](Int128 a, Int128 b) -> std::optional<Int128> {
    Int128 left, right, sum;
    if (__builtin_mul_overflow(a, grow_a, &left) || __builtin_mul_overflow(b, grow_b, &right)) {
      return std::nullopt;
    }
    if (kSubtract ? __builtin_sub_overflow(left, right, &sum)
                  : __builtin_add_overflow(left, right, &sum)) {
      return AddWideDecimal(left, kSubtract ? -right : right, common - scale, precision);
    }
    return RescaleDecimal(sum, common, scale, precision);
  };
  return DecimalKernel(call, fits, exact, careful);
}

Result<Kernel> DecimalProduct(const CallSite& call) {
  int product_scale = ScaleOf(call.args[0]) + ScaleOf(call.args[1]);
  int scale = call.type.scale(), precision = call.type.precision();
  bool fits =
      scale == product_scale && DigitsOf(call.args[0]) + DigitsOf(call.args[1]) <= precision;
  auto exact = []<typename T>(T a, T b) {
    using U = std::conditional_t<sizeof(T) == 16, UInt128, uint64_t>;
    return static_cast<T>(static_cast<U>(a) * static_cast<U>(b));
  };
  auto careful = [=](Int128 a, Int128 b) {
    return MultiplyDecimal(a, b, product_scale, scale, precision);
  };
  return DecimalKernel(call, fits, exact, careful);
}

// ---- Intervals and dates

/// t +- interval of days and time; TIMESTAMP cells in their own unit, DATE in days.
template <int kSign>
Result<Kernel> PlusDayTime(const CallSite& call, size_t time_arg) {
  const DataType& time = call.args[time_arg];
  if (time.physical() == PhysicalType::kInt32) {
    // A DATE moves by whole days, a TIME within its day.
    bool is_date = time.Is(TypeRoot::kDate);
    return Kernel([type = call.type, time_arg, is_date](const BatchState& state,
                                                        Operands args) -> Result<Column> {
      Operand swapped[2] = {args[time_arg], args[1 - time_arg]};
      constexpr int64_t kDay = 86'400'000;
      return MapColumns<int32_t, int64_t, int32_t>(
          type, state.num_rows, swapped, [is_date](int32_t t, int64_t ms) {
            if (is_date) return static_cast<int32_t>(t + kSign * (ms / kDay));
            int64_t moved = (int64_t{t} + kSign * (ms % kDay)) % kDay;
            return static_cast<int32_t>(moved < 0 ? moved + kDay : moved);
          });
    });
  }
  int64_t scale = time.time_unit() == model::TimeUnit::kMilli
                      ? 1
                      : (time.time_unit() == model::TimeUnit::kMicro ? 1000 : 1'000'000);
  return Kernel([type = call.type, time_arg, scale](const BatchState& state,
                                                    Operands args) -> Result<Column> {
    Operand swapped[2] = {args[time_arg], args[1 - time_arg]};
    return MapColumns<int64_t, int64_t, int64_t>(
        type, state.num_rows, swapped,
        [scale](int64_t t, int64_t ms) { return Plus(t, Times(ms, kSign * scale)); });
  });
}

}  // namespace

/// t +- interval of months; in temporal.cc, with the calendar.
Result<Kernel> PlusMonths(const CallSite& call, size_t time_arg, int sign);
/// MINUS(t, t); in temporal.cc.
Result<Kernel> TimeDifference(const CallSite& call);

namespace {

template <int kSign>
Result<Kernel> MoveTime(const CallSite& call) {
  size_t time_arg = call.args[0].IsTemporal() ? 0 : 1;
  if (call.args[1 - time_arg].Is(TypeRoot::kIntervalYearMonth)) {
    return PlusMonths(call, time_arg, kSign);
  }
  if (call.args[1 - time_arg].Is(TypeRoot::kIntervalDayTime)) {
    return PlusDayTime<kSign>(call, time_arg);
  }
  return NoKernel(call);
}

bool HasTime(const CallSite& call) {
  return call.args[0].IsTemporal() || call.args[1].IsTemporal();
}

Result<Kernel> MakePlus(const CallSite& call) {
  if (HasTime(call)) return MoveTime<1>(call);
  return IsDecimalCall(call) ? DecimalSum<false>(call) : PlainKernel<PlusOp>(call);
}

Result<Kernel> MakeMinus(const CallSite& call) {
  if (call.args[0].IsTemporal() && call.args[1].IsTemporal()) return TimeDifference(call);
  if (HasTime(call)) return MoveTime<-1>(call);
  return IsDecimalCall(call) ? DecimalSum<true>(call) : PlainKernel<MinusOp>(call);
}

/// An interval times or divided by a number.
template <typename T, bool kDivide>
Kernel ScaleInterval(const CallSite& call) {
  return RowKernel<T, int64_t>(call, [](RowWriter& out, T interval, int64_t factor) {
    if constexpr (kDivide) {
      if (factor == 0) return out.Fail(InvalidArgument("DIVIDE: division by zero"));
      out.Set(static_cast<T>(factor == -1 ? Minus<T>(0, interval) : interval / factor));
    } else {
      out.Set(static_cast<T>(Times(int64_t{interval}, factor)));
    }
  });
}

template <bool kDivide>
Result<Kernel> MakeScaleInterval(const CallSite& call) {
  if (call.type.physical() == PhysicalType::kInt32) return ScaleInterval<int32_t, kDivide>(call);
  return ScaleInterval<int64_t, kDivide>(call);
}

Result<Kernel> MakeTimes(const CallSite& call) {
  return IsDecimalCall(call) ? DecimalProduct(call) : PlainKernel<TimesOp>(call);
}

// ---- Division

enum class Quotient { kDivide, kModulo };

Error DivisionByZero(std::string_view function) {
  return InvalidArgument("{}: division by zero", function);
}

template <typename T, Quotient kWhat>
T Divide(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return kWhat == Quotient::kDivide ? a / b : std::fmod(a, b);
  } else {
    // The smallest integer divided by -1 overflows; Java wraps.
    if (b == -1) return kWhat == Quotient::kDivide ? Minus<T>(0, a) : T{0};
    return kWhat == Quotient::kDivide ? a / b : a % b;
  }
}

template <typename T, Quotient kWhat>
Kernel DivisionKernel(const CallSite& call) {
  auto divide = [](T a, T b) { return Divide<T, kWhat>(a, b); };
  if constexpr (std::is_floating_point_v<T>) {
    return [type = call.type, divide](const BatchState& state, Operands args) -> Result<Column> {
      return MapColumns<T, T, T>(type, state.num_rows, args, divide);
    };
  } else {
    auto checked = [name = std::string(call.name)](RowWriter& out, T a, T b) {
      if (b == 0) return out.Fail(DivisionByZero(name));
      out.Set(Divide<T, kWhat>(a, b));
    };
    return [type = call.type, checked, divide](const BatchState& state,
                                               Operands args) mutable -> Result<Column> {
      if (args[1].constant && !args[1].IsNullConstant() && args[1].column.Get<T>(0) != 0) {
        return MapColumns<T, T, T>(type, state.num_rows, args, divide);
      }
      return MapRows<T, T>(type, state.num_rows, args, checked);
    };
  }
}

template <Quotient kWhat>
Kernel DecimalDivision(const CallSite& call) {
  int s1 = ScaleOf(call.args[0]), s2 = ScaleOf(call.args[1]);
  int scale = call.type.scale(), precision = call.type.precision();
  auto f = [=](Int128 a, Int128 b) -> std::optional<Int128> {
    if constexpr (kWhat == Quotient::kDivide) {
      return DivideDecimal(a, b, scale - s1 + s2, precision);
    } else {
      int common = std::max(s1, s2);
      auto left = RescaleDecimal(a, s1, common, 38), right = RescaleDecimal(b, s2, common, 38);
      if (!left) return std::nullopt;
      if (!right) return RescaleDecimal(a, s1, scale, precision);
      return RescaleDecimal(*left % *right, common, scale, precision);
    }
  };
  Kernel kernel;
  DispatchExact(call.args[0], [&]<typename A>(A) {
    DispatchExact(call.args[1], [&]<typename B>(B) {
      kernel = [type = call.type, f, name = std::string(call.name)](
                   const BatchState& state, Operands args) -> Result<Column> {
        Status status;
        Column column = MapDecimals<A, B>(type, state.num_rows, args, [&](Int128 a, Int128 b) {
          if (b != 0) return f(a, b);
          status = DivisionByZero(name);
          return std::optional<Int128>();
        });
        if (!status.ok()) return status;
        return column;
      };
    });
  });
  return kernel;
}

template <Quotient kWhat>
Result<Kernel> MakeDivision(const CallSite& call) {
  Kernel kernel;
  if (IsDecimalCall(call)) {
    if (call.type.Is(TypeRoot::kDecimal)) kernel = DecimalDivision<kWhat>(call);
  } else if (call.args[0].physical() == call.type.physical() &&
             call.args[1].physical() == call.type.physical() && call.type.IsNumeric()) {
    model::DispatchPhysical(call.type.physical(), [&]<typename T>(T*) {
      if constexpr (!std::is_same_v<T, model::StringRef> && !std::is_same_v<T, Int128> &&
                    !std::is_same_v<T, uint8_t>) {
        kernel = DivisionKernel<T, kWhat>(call);
      }
    });
  }
  if (!kernel) return NoKernel(call);
  return kernel;
}

// ---- Signs

template <typename F>
Result<Kernel> UnaryKernel(const CallSite& call, F f) {
  Kernel kernel;
  if (call.args[0].physical() == call.type.physical()) {
    model::DispatchPhysical(call.type.physical(), [&]<typename T>(T*) {
      if constexpr (!std::is_same_v<T, model::StringRef> && !std::is_same_v<T, uint8_t>) {
        kernel = [type = call.type, f](const BatchState& state, Operands args) -> Result<Column> {
          return MapColumn<T, T>(type, state.num_rows, args[0], f);
        };
      }
    });
  }
  if (!kernel) return NoKernel(call);
  return kernel;
}

template <typename T>
T Negate(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    return -value;
  } else if constexpr (sizeof(T) == 16) {
    return static_cast<T>(UInt128{0} - static_cast<UInt128>(value));
  } else {
    return Minus<T>(0, value);
  }
}

Result<Kernel> MakeNegate(const CallSite& call) {
  return UnaryKernel(call, []<typename T>(T value) { return Negate(value); });
}

Result<Kernel> MakeAbs(const CallSite& call) {
  return UnaryKernel(call, []<typename T>(T value) {
    if constexpr (std::is_floating_point_v<T>) {
      return std::fabs(value);
    } else {
      return value < 0 ? Negate(value) : value;
    }
  });
}

/// SIGN keeps its argument's type: a DECIMAL one becomes 1 at that scale.
Result<Kernel> MakeSign(const CallSite& call) {
  Int128 one = PowerOfTen(ScaleOf(call.type));
  return UnaryKernel(call, [one]<typename T>(T value) -> T {
    if constexpr (std::is_floating_point_v<T>) {
      return value > 0 ? T{1} : (value < 0 ? T{-1} : value);
    } else {
      T unit = static_cast<T>(one);
      return value > 0 ? unit : (value < 0 ? Negate(unit) : T{0});
    }
  });
}

constexpr FunctionEntry kEntries[] = {
    {"PLUS", "**", kCheap, MakePlus},
    {"MINUS", "**", kCheap, MakeMinus},
    {"TIMES", "vl", kCheap, MakeScaleInterval<false>},
    {"TIMES", "nn", kCheap, MakeTimes},
    {"DIVIDE", "vl", kNoFlags, MakeScaleInterval<true>},
    {"DIVIDE", "nn", kNoFlags, MakeDivision<Quotient::kDivide>},
    {"MOD", "nn", kNoFlags, MakeDivision<Quotient::kModulo>},
    {"NEGATE", "*", kCheap, MakeNegate},
    {"ABS", "n", kCheap, MakeAbs},
    {"SIGN", "n", kCheap, MakeSign},
};

}  // namespace

std::span<const FunctionEntry> ArithmeticFunctions() { return kEntries; }

}  // namespace forebay::compute
