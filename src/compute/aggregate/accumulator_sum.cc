#include "compute/aggregate/accumulator.h"

namespace forebay::compute {

using model::Column;
using model::DataType;
using model::Int128;
using model::PhysicalType;

namespace {

constexpr Int128 PowerOfTen(int exponent) {
  Int128 power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

/// Sums and counts. Integers wrap in S, which is unsigned so that wrapping is defined.
template <typename T, typename S>
class SumAccumulator : public Accumulator {
 public:
  struct State {
    S sum;
    int64_t count;
  };

  SumAccumulator(int argument, bool average, bool zero_when_empty)
      : Accumulator((sizeof(State) + 15) & ~15),
        argument_(argument),
        average_(average),
        zero_when_empty_(zero_when_empty) {}

  void Update(const AccumulatorInput& input) override {
    const Column& column = input.batch.columns[argument_];
    const T* values = column.template values<T>();
    bool nulls = column.MayHaveNulls();
    for (size_t i = 0; i < input.rows.size(); ++i) {
      uint32_t row = input.rows[i];
      if (nulls && column.IsNull(static_cast<int>(row))) continue;
      State* state = this->template StateIn<State>(input.payloads[i]);
      if (input.signs == nullptr || input.signs[i] > 0) {
        state->sum += static_cast<S>(values[row]);
        ++state->count;
      } else {
        state->sum -= static_cast<S>(values[row]);
        --state->count;
      }
    }
  }
  void Merge(char* into, const char* from) override {
    State* state = this->template StateIn<State>(into);
    state->sum += this->template StateIn<State>(from)->sum;
    state->count += this->template StateIn<State>(from)->count;
  }
  void Emit(std::span<char* const> payloads, model::ColumnBuilder& builder) override {
    model::DispatchPhysical(builder.type().physical(), [&]<typename R>(R*) {
      if constexpr (std::is_arithmetic_v<R>) {
        for (char* payload : payloads) EmitOne<R>(*this->template StateIn<State>(payload), builder);
      }
    });
  }

 private:
  template <typename R>
  void EmitOne(const State& state, model::ColumnBuilder& builder) const {
    using Signed = std::conditional_t<std::is_same_v<S, uint64_t>, int64_t, S>;
    Signed sum = static_cast<Signed>(state.sum);
    if (state.count == 0 && !zero_when_empty_) {
      builder.AppendNull();
    } else if (!average_) {
      builder.Append<R>(static_cast<R>(sum));
    } else if constexpr (std::is_integral_v<Signed>) {
      // The smallest int64 divided by -1 would trap; a negative count only comes from unmatched
      // retractions.
      builder.Append<R>(static_cast<R>(state.count == -1 ? -static_cast<S>(sum)
                                                         : static_cast<S>(sum / state.count)));
    } else {
      builder.Append<R>(static_cast<R>(sum / static_cast<Signed>(state.count)));
    }
  }

  int argument_;
  bool average_;
  bool zero_when_empty_;
};

/// DECIMAL: sums as DECIMAL(38, s); a sum that does not fit is NULL, and the next value starts
/// afresh, as in Flink.
template <typename T>
class DecimalSumAccumulator : public Accumulator {
 public:
  struct State {
    Int128 sum;
    int64_t count;
    int64_t overflowed;
  };

  DecimalSumAccumulator(const sql::AggregateCall& call, int argument_scale)
      : Accumulator(sizeof(State)),
        argument_(call.args[0]),
        average_(call.function == "AVG"),
        zero_when_empty_(call.function == "SUM0"),
        scale_up_(PowerOfTen(std::max(0, call.type.scale() - argument_scale))),
        limit_(PowerOfTen(call.type.precision())) {}

  void Update(const AccumulatorInput& input) override {
    const Column& column = input.batch.columns[argument_];
    const T* values = column.template values<T>();
    for (size_t i = 0; i < input.rows.size(); ++i) {
      uint32_t row = input.rows[i];
      if (column.IsNull(static_cast<int>(row))) continue;
      State* state = StateIn<State>(input.payloads[i]);
      bool add = input.signs == nullptr || input.signs[i] > 0;
      Add(state, add ? Int128{values[row]} : -Int128{values[row]});
      state->count += add ? 1 : -1;
    }
  }
  void Merge(char* into, const char* from) override {
    State* state = StateIn<State>(into);
    const State* other = StateIn<State>(from);
    Add(state, other->sum);
    state->overflowed |= other->overflowed;
    state->count += other->count;
  }
  void Emit(std::span<char* const> payloads, model::ColumnBuilder& builder) override {
    for (char* payload : payloads) {
      const State& state = *StateIn<State>(payload);
      Int128 result = state.sum;
      if ((state.count == 0 && !zero_when_empty_) || state.overflowed != 0 ||
          (average_ && !Average(state, result))) {
        builder.AppendNull();
      } else if (builder.type().physical() == PhysicalType::kInt64) {
        builder.Append<int64_t>(static_cast<int64_t>(result));
      } else {
        builder.Append<Int128>(result);
      }
    }
  }

 private:
  static void Add(State* state, Int128 value) {
    static constexpr Int128 kLimit = PowerOfTen(38);
    if (state->overflowed != 0) {
      state->overflowed = 0;
      state->sum = 0;
    }
    state->sum += value;  // both below 10^38, so the sum fits 127 bits
    if (state->sum >= kLimit || state->sum <= -kLimit) state->overflowed = 1;
  }
  /// HALF_UP at the result's scale; false when it does not fit the result's precision.
  bool Average(const State& state, Int128& result) const {
    Int128 whole = state.sum / state.count;
    Int128 rest = state.sum % state.count * scale_up_;
    if (whole >= limit_ / scale_up_ || whole <= -(limit_ / scale_up_)) return false;
    Int128 digits = rest / state.count;
    Int128 left = rest % state.count * 2;
    if (left < 0) left = -left;
    Int128 divisor = state.count < 0 ? -Int128{state.count} : Int128{state.count};
    bool negative = (state.sum < 0) != (state.count < 0);
    if (left >= divisor) digits += negative ? -1 : 1;
    result = whole * scale_up_ + digits;
    return true;
  }

  int argument_;
  bool average_;
  bool zero_when_empty_;
  Int128 scale_up_;
  Int128 limit_;
};

}  // namespace

std::unique_ptr<Accumulator> MakeSumAccumulator(const sql::AggregateCall& call,
                                                const DataType& argument) {
  bool average = call.function == "AVG";
  bool zero = call.function == "SUM0";
  int column = call.args[0];
  PhysicalType physical = argument.physical();
  if (argument.Is(model::TypeRoot::kDecimal)) {
    if (physical == PhysicalType::kInt64) {
      return std::make_unique<DecimalSumAccumulator<int64_t>>(call, argument.scale());
    }
    return std::make_unique<DecimalSumAccumulator<Int128>>(call, argument.scale());
  }
  if (!argument.IsNumeric()) return nullptr;
  switch (physical) {
    case PhysicalType::kInt8:
      return std::make_unique<SumAccumulator<int8_t, uint64_t>>(column, average, zero);
    case PhysicalType::kInt16:
      return std::make_unique<SumAccumulator<int16_t, uint64_t>>(column, average, zero);
    case PhysicalType::kInt32:
      return std::make_unique<SumAccumulator<int32_t, uint64_t>>(column, average, zero);
    case PhysicalType::kInt64:
      return std::make_unique<SumAccumulator<int64_t, uint64_t>>(column, average, zero);
    case PhysicalType::kFloat:
      if (average) return std::make_unique<SumAccumulator<float, double>>(column, average, zero);
      return std::make_unique<SumAccumulator<float, float>>(column, average, zero);
    case PhysicalType::kDouble:
      return std::make_unique<SumAccumulator<double, double>>(column, average, zero);
    default: return nullptr;
  }
}

}  // namespace forebay::compute
