#include <cmath>
#include <random>

#include "base/random.h"
#include "compute/expression/cell_text.h"
#include "compute/expression/decimal.h"
#include "compute/expression/row_kernel.h"

namespace forebay::compute {

namespace {

using model::Column;
using model::DataType;
using model::PhysicalType;
using model::TypeRoot;

template <double (*kFunction)(double)>
Result<Kernel> MakeDouble(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    return MapColumn<double, double>(type, state.num_rows, args[0],
                                     [](double x) { return kFunction(x); });
  });
}

template <double (*kFunction)(double, double)>
Result<Kernel> MakeDoubles(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    return MapColumns<double, double, double>(type, state.num_rows, args,
                                              [](double x, double y) { return kFunction(x, y); });
  });
}

double Log2(double x) { return std::log(x) / std::log(2.0); }
double LogOfBase(double base, double x) { return std::log(x) / std::log(base); }
double Cotangent(double x) { return 1.0 / std::tan(x); }
double ToDegrees(double x) { return x * (180.0 / M_PI); }
double ToRadians(double x) { return x * (M_PI / 180.0); }

/// Java's Math.pow differs from C's where the base is 1 and the exponent NaN, and where it is -1
/// and infinite.
double Power(double x, double y) {
  if (std::isnan(y) || (std::fabs(x) == 1 && std::isinf(y))) return std::nan("");
  return std::pow(x, y);
}

template <int kWhich>
Result<Kernel> MakeConstant(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands) -> Result<Column> {
    model::ColumnBuilder builder(type, state.num_rows);
    builder.Resize(state.num_rows);
    std::fill_n(builder.mutable_values<double>(), state.num_rows, kWhich == 0 ? M_PI : M_E);
    return builder.Finish();
  });
}

// ---- ROUND, TRUNCATE, CEIL, FLOOR

enum class Rounding { kHalfUp, kDown, kCeiling, kFloor };

Int128 DivideRounded(Int128 value, Int128 unit, Rounding rounding) {
  Int128 quotient = value / unit;
  switch (rounding) {
    case Rounding::kHalfUp: return DivideHalfUp(value, unit);
    case Rounding::kDown: return quotient;
    case Rounding::kCeiling: return quotient + (value % unit > 0 ? 1 : 0);
    case Rounding::kFloor: return quotient - (value % unit < 0 ? 1 : 0);
  }
  return quotient;
}

/// The value at scale `from` with its digits below 10^-digits rounded away, at scale `to`.
std::optional<Int128> RoundDecimal(Int128 value, int from, int to, int precision, int digits,
                                   Rounding rounding) {
  if (digits >= from) return RescaleDecimal(value, from, to, precision);
  int drop = from - digits;
  if (drop > DataType::kMaxDecimalPrecision) return Int128{0};
  Int128 kept = DivideRounded(value, PowerOfTen(drop), rounding);
  return RescaleDecimal(kept, digits, to, precision);
}

void SetExact(RowWriter& out, const DataType& type, const std::optional<Int128>& value) {
  if (!value) return out.Null();
  switch (type.physical()) {
    case PhysicalType::kInt8: return out.Set(static_cast<int8_t>(*value));
    case PhysicalType::kInt16: return out.Set(static_cast<int16_t>(*value));
    case PhysicalType::kInt32: return out.Set(static_cast<int32_t>(*value));
    case PhysicalType::kInt64: return out.Set(static_cast<int64_t>(*value));
    default: return out.Set(*value);
  }
}

/// Floating point is rounded as its shortest decimal text, as Java's BigDecimal.valueOf does.
double RoundDouble(double value, int digits, Rounding rounding) {
  constexpr double kNoFraction = 9007199254740992.0;
  if (!std::isfinite(value) || (digits >= 0 && std::fabs(value) >= kNoFraction)) return value;
  if (digits > 20) return value;
  int scale = 20;
  std::optional<Int128> exact;
  while (scale >= 0 && !(exact = DecimalFromDouble(value, 38, scale))) scale -= 5;
  if (!exact) return value;
  auto rounded = RoundDecimal(*exact, scale, scale, 38, digits, rounding);
  return rounded ? DecimalToDouble(*rounded, scale) : value;
}

template <typename T, Rounding kRounding>
Kernel RoundKernel(const CallSite& call) {
  bool exact = !std::is_floating_point_v<T>;
  int scale = call.args[0].Is(TypeRoot::kDecimal) ? call.args[0].scale() : 0;
  int to = call.type.Is(TypeRoot::kDecimal) ? call.type.scale() : 0;
  int precision = call.type.Is(TypeRoot::kDecimal) ? call.type.precision() : 38;
  auto f = [type = call.type, scale, to, precision, exact](RowWriter& out, T value, int digits) {
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(value)) {
        return out.Fail(InvalidArgument("ROUND: {} has no digits", value));
      }
      out.Set(static_cast<T>(RoundDouble(value, digits, kRounding)));
    } else {
      SetExact(out, type, RoundDecimal(value, scale, to, precision, digits, kRounding));
    }
  };
  if (call.args.size() == 2) return RowKernel<T, int32_t>(call, f);
  return RowKernel<T>(call, [f](RowWriter& out, T value) { f(out, value, 0); });
}

template <Rounding kRounding>
Result<Kernel> MakeRound(const CallSite& call) {
  return model::DispatchPhysical(call.args[0].physical(), [&]<typename T>(T*) -> Result<Kernel> {
    if constexpr (std::is_same_v<T, model::StringRef> || std::is_same_v<T, uint8_t>) {
      return NoKernel(call);
    } else {
      return RoundKernel<T, kRounding>(call);
    }
  });
}

template <bool kUp>
Result<Kernel> MakeCeilFloor(const CallSite& call) {
  if (call.args[0].Is(TypeRoot::kDouble)) {
    return kUp ? MakeDouble<std::ceil>(call) : MakeDouble<std::floor>(call);
  }
  if (call.args[0].Is(TypeRoot::kFloat)) {
    return RowKernel<float>(call, [](RowWriter& out, float value) {
      out.Set(kUp ? std::ceil(value) : std::floor(value));
    });
  }
  return MakeRound<kUp ? Rounding::kCeiling : Rounding::kFloor>(call);
}

// ---- Random

/// java.util.Random's generator, so that RAND(seed) gives Flink's numbers.
class JavaRandom {
 public:
  explicit JavaRandom(int64_t seed) : state_((static_cast<uint64_t>(seed) ^ kMultiplier) & kMask) {}

  double NextDouble() {
    uint64_t high = Next(26), low = Next(27);
    return static_cast<double>((high << 27) + low) * 0x1.0p-53;
  }
  int32_t NextInt(int32_t bound) {
    int32_t bits = static_cast<int32_t>(Next(31));
    if ((bound & (bound - 1)) == 0) {
      return static_cast<int32_t>(int64_t{bound} * bits >> 31);
    }
    int32_t value = bits % bound;
    // The last, incomplete run of `bound` numbers is not taken.
    while (int64_t{bits} - value + (bound - 1) > INT32_MAX) {
      bits = static_cast<int32_t>(Next(31));
      value = bits % bound;
    }
    return value;
  }

 private:
  static constexpr uint64_t kMultiplier = 0x5DEECE66D;
  static constexpr uint64_t kMask = (uint64_t{1} << 48) - 1;

  uint32_t Next(int bits) {
    state_ = (state_ * kMultiplier + 0xB) & kMask;
    return static_cast<uint32_t>(state_ >> (48 - bits));
  }

  uint64_t state_;
};

int64_t RandomSeed() { return static_cast<int64_t>(RandomBits()); }

int64_t SeedOf(const CallSite& call, size_t arg) {
  if (arg >= call.args.size() || call.literals[arg] == nullptr) return RandomSeed();
  const Column& column = call.literals[arg]->column;
  return column.IsNull(0) ? 0 : column.Get<int32_t>(0);
}

Result<Kernel> MakeRand(const CallSite& call) {
  return Kernel([type = call.type, random = JavaRandom(SeedOf(call, 0))](
                    const BatchState& state, Operands) mutable -> Result<Column> {
    model::ColumnBuilder builder(type, state.num_rows);
    builder.Resize(state.num_rows);
    double* out = builder.mutable_values<double>();
    for (int row = 0; row < state.num_rows; ++row) out[row] = random.NextDouble();
    return builder.Finish();
  });
}

Result<Kernel> MakeRandInteger(const CallSite& call) {
  size_t bound_arg = call.args.size() - 1;
  return Kernel([type = call.type, random = JavaRandom(SeedOf(call, bound_arg == 0 ? 1 : 0)),
                 bound_arg](const BatchState& state, Operands args) mutable -> Result<Column> {
    auto f = [&](RowWriter& out, int32_t bound) {
      if (bound <= 0) {
        return out.Fail(InvalidArgument("RAND_INTEGER: the bound must be positive: {}", bound));
      }
      out.Set(random.NextInt(bound));
    };
    // A constant bound still means a new number for every row.
    Operand spread = args[bound_arg];
    if (spread.constant) {
      std::vector<uint32_t> zeros(static_cast<size_t>(state.num_rows), 0);
      spread = Operand{spread.column.Gather(zeros), false};
    }
    return MapRows<int32_t>(type, state.num_rows, {&spread, 1}, f);
  });
}

Result<Kernel> MakeUuid(const CallSite& call) {
  return Kernel([type = call.type, random = std::mt19937_64(RandomSeed())](
                    const BatchState& state, Operands) mutable -> Result<Column> {
    model::ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      uint64_t high = (random() & ~uint64_t{0xf000}) | 0x4000;
      uint64_t low = (random() & ~(uint64_t{3} << 62)) | uint64_t{1} << 63;
      builder.AppendString(fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32,
                                       high >> 16 & 0xffff, high & 0xffff, low >> 48,
                                       low & 0xffffffffffff));
    }
    return builder.Finish();
  });
}

constexpr FunctionEntry kEntries[] = {
    {"CEIL", "n", kCheap, MakeCeilFloor<true>},
    {"FLOOR", "n", kCheap, MakeCeilFloor<false>},
    {"ROUND", "n?i", kNoFlags, MakeRound<Rounding::kHalfUp>},
    {"TRUNCATE", "n?i", kNoFlags, MakeRound<Rounding::kDown>},
    {"POWER", "dd", kNoFlags, MakeDoubles<Power>},
    {"SQRT", "d", kCheap, MakeDouble<std::sqrt>},
    {"EXP", "d", kNoFlags, MakeDouble<std::exp>},
    {"LN", "d", kNoFlags, MakeDouble<std::log>},
    {"LOG", "d", kNoFlags, MakeDouble<std::log>},
    {"LOG", "dd", kNoFlags, MakeDoubles<LogOfBase>},
    {"LOG10", "d", kNoFlags, MakeDouble<std::log10>},
    {"LOG2", "d", kNoFlags, MakeDouble<Log2>},
    {"SIN", "d", kNoFlags, MakeDouble<std::sin>},
    {"COS", "d", kNoFlags, MakeDouble<std::cos>},
    {"TAN", "d", kNoFlags, MakeDouble<std::tan>},
    {"COT", "d", kNoFlags, MakeDouble<Cotangent>},
    {"ASIN", "d", kNoFlags, MakeDouble<std::asin>},
    {"ACOS", "d", kNoFlags, MakeDouble<std::acos>},
    {"ATAN", "d", kNoFlags, MakeDouble<std::atan>},
    {"ATAN2", "dd", kNoFlags, MakeDoubles<std::atan2>},
    {"SINH", "d", kNoFlags, MakeDouble<std::sinh>},
    {"COSH", "d", kNoFlags, MakeDouble<std::cosh>},
    {"TANH", "d", kNoFlags, MakeDouble<std::tanh>},
    {"DEGREES", "d", kCheap, MakeDouble<ToDegrees>},
    {"RADIANS", "d", kCheap, MakeDouble<ToRadians>},
    {"PI", "", kCheap, MakeConstant<0>},
    {"E", "", kCheap, MakeConstant<1>},
    {"RAND", "?i", kVolatile, MakeRand},
    {"RAND_INTEGER", "i?i", kVolatile, MakeRandInteger},
    {"UUID", "", kVolatile, MakeUuid},
};

}  // namespace

std::span<const FunctionEntry> MathFunctions() { return kEntries; }

}  // namespace forebay::compute
