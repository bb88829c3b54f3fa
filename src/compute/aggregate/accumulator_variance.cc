#include "compute/aggregate/accumulator.h"

namespace forebay::compute {

using model::Column;

namespace {

/// VAR_POP and VAR_SAMP of DOUBLE by Welford's algorithm, as Flink's WelfordM2AggFunction: the
/// result differs from one made of sums in the last places.
class VarianceAccumulator : public Accumulator {
 public:
  VarianceAccumulator(int argument, bool of_sample)
      : Accumulator(sizeof(State)), argument_(argument), of_sample_(of_sample) {}

  void Update(const AccumulatorInput& input) override {
    const Column& column = input.batch.columns[argument_];
    const double* values = column.values<double>();
    for (size_t i = 0; i < input.rows.size(); ++i) {
      uint32_t row = input.rows[i];
      if (column.IsNull(static_cast<int>(row))) continue;
      bool add = input.signs == nullptr || input.signs[i] > 0;
      Step(StateIn<State>(input.payloads[i]), values[row], add ? 1 : -1);
    }
  }
  void Merge(char* into, const char* from) override {
    State* state = StateIn<State>(into);
    const State* other = StateIn<State>(from);
    int64_t count = state->count + other->count;
    if (other->count == 0) return;
    if (count == 0) {
      *state = {};
      return;
    }
    double delta = other->mean - state->mean;
    auto total = static_cast<double>(count);
    double share = static_cast<double>(other->count) / total;
    state->mean += delta * share;
    state->m2 += other->m2 + delta * delta * share * static_cast<double>(state->count);
    state->count = count;
  }
  void Emit(std::span<char* const> payloads, model::ColumnBuilder& builder) override {
    for (char* payload : payloads) {
      const State& state = *StateIn<State>(payload);
      int64_t divisor = state.count - (of_sample_ ? 1 : 0);
      if (state.count == 0 || divisor == 0) {
        builder.AppendNull();
      } else {
        builder.Append<double>(state.m2 / static_cast<double>(divisor));
      }
    }
  }

 private:
  struct State {
    double mean;
    double m2;  ///< the sum of the squares of the differences from the mean
    int64_t count;
    int64_t unused;
  };

  static void Step(State* state, double value, int sign) {
    state->count += sign;
    if (state->count == 0) {
      *state = {};
      return;
    }
    double delta = value - state->mean;
    state->mean += sign * delta / static_cast<double>(state->count);
    state->m2 += sign * delta * (value - state->mean);
  }

  int argument_;
  bool of_sample_;
};

}  // namespace

std::unique_ptr<Accumulator> MakeVarianceAccumulator(const sql::AggregateCall& call,
                                                     const model::DataType& argument) {
  if (argument.physical() != model::PhysicalType::kDouble) return nullptr;
  return std::make_unique<VarianceAccumulator>(call.args[0], call.function == "VAR_SAMP");
}

}  // namespace forebay::compute
