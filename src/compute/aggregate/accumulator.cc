#include "compute/aggregate/accumulator.h"

#include "sql/plan/python_call.h"

namespace forebay::compute {

using model::Column;
using model::DataType;

namespace {

/// COUNT(*) and COUNT(x).
class CountAccumulator : public Accumulator {
 public:
  explicit CountAccumulator(int argument) : Accumulator(16), argument_(argument) {}

  void Update(const AccumulatorInput& input) override {
    const Column* column = argument_ < 0 ? nullptr : &input.batch.columns[argument_];
    bool nulls = column != nullptr && column->MayHaveNulls();
    for (size_t i = 0; i < input.rows.size(); ++i) {
      if (nulls && column->IsNull(static_cast<int>(input.rows[i]))) continue;
      *StateIn<int64_t>(input.payloads[i]) += input.signs == nullptr ? 1 : input.signs[i];
    }
  }
  void Merge(char* into, const char* from) override {
    *StateIn<int64_t>(into) += *StateIn<int64_t>(from);
  }
  void Emit(std::span<char* const> payloads, model::ColumnBuilder& builder) override {
    for (char* payload : payloads) builder.Append<int64_t>(*StateIn<int64_t>(payload));
  }

 private:
  int argument_;
};

std::unique_ptr<Accumulator> MakePlain(const sql::AggregateCall& call, const DataType& argument,
                                       bool retracting) {
  const std::string& name = call.function;
  if (name == "COUNT") return MakeCountAccumulator(call);
  if (name == "SUM" || name == "SUM0" || name == "AVG") return MakeSumAccumulator(call, argument);
  if (name == "MIN" || name == "MAX" || name == "FIRST_VALUE" || name == "LAST_VALUE") {
    return retracting && !call.one_way ? MakeRetractableAccumulator(call, argument)
                                       : MakeExtremeAccumulator(call, argument);
  }
  if (name == "ARRAY_AGG" || name == "COLLECT") return MakeCollectAccumulator(call);
  if (name == "VAR_POP" || name == "VAR_SAMP") return MakeVarianceAccumulator(call, argument);
  if (name.starts_with("BITMAP_")) return MakeBitmapAccumulator(call, argument, retracting);
  if (name.starts_with("JSON_")) return MakeJsonAccumulator(call);
  if (name == "SINGLE_VALUE") return MakeSingleValueAccumulator(call);
  if (name == "ROW_NUMBER" || name == "RANK" || name == "DENSE_RANK" || name == "LAG") {
    return MakeOrderAccumulator(call);
  }
  if (name == "LISTAGG") return MakeRetractableAccumulator(call, argument);
  return nullptr;
}

}  // namespace

std::unique_ptr<Accumulator> MakeCountAccumulator(const sql::AggregateCall& call) {
  return std::make_unique<CountAccumulator>(call.args.empty() ? -1 : call.args[0]);
}

Result<std::unique_ptr<Accumulator>> MakeAccumulator(const sql::AggregateCall& call,
                                                     const std::vector<DataType>& input,
                                                     bool retracting, StateTtl ttl) {
  DataType argument = call.args.empty() ? DataType::Bigint() : input[call.args[0]];
  // MIN and MAX are the same with and without DISTINCT.
  bool distinct = call.distinct && call.function != "MIN" && call.function != "MAX" &&
                  call.function != "PERCENTILE";
  if (distinct && call.args.size() != 1) {
    return NotSupported("{}(DISTINCT ...) with {} arguments", call.function, call.args.size());
  }
  if (call.function.starts_with(sql::kPythonAggregate)) {
    if (distinct) return NotSupported("DISTINCT in an aggregate function in Python");
    return MakePythonAccumulator(call, input);
  }
  sql::AggregateCall inner = call;
  if (distinct) inner.args = {0};
  std::unique_ptr<Accumulator> accumulator = MakePlain(inner, argument, retracting);
  if (accumulator != nullptr && distinct) {
    accumulator = MakeDistinctAccumulator(std::move(accumulator), call, argument, ttl);
    if (accumulator == nullptr) {
      return NotSupported("{}(DISTINCT ...) of type {}", call.function, argument.ToString());
    }
  }
  if (call.function == "PERCENTILE") {
    accumulator = MakePercentileAccumulator(call, input);
  }
  if (accumulator == nullptr) {
    return NotSupported("aggregate function {} over {}", call.function, argument.ToString());
  }
  return accumulator;
}

Result<AccumulatorSet> AccumulatorSet::Make(const std::vector<sql::AggregateCall>& calls,
                                            const std::vector<DataType>& input, bool retracting,
                                            int header_bytes, StateTtl ttl) {
  AccumulatorSet set;
  set.calls_ = calls;
  set.payload_bytes_ = (header_bytes + 15) & ~15;
  for (const sql::AggregateCall& call : calls) {
    ASSIGN_OR_RETURN(auto accumulator, MakeAccumulator(call, input, retracting, ttl));
    accumulator->PlaceAt(set.payload_bytes_);
    set.payload_bytes_ += accumulator->bytes();
    set.accumulators_.push_back(std::move(accumulator));
  }
  set.needs_destroy_ = !calls.empty();
  return set;
}

void AccumulatorSet::Update(const AccumulatorInput& input) {
  for (size_t call = 0; call < calls_.size(); ++call) {
    int filter = calls_[call].filter;
    if (filter < 0) {
      accumulators_[call]->Update(input);
      continue;
    }
    const Column& flags = input.batch.columns[filter];
    const auto* values = flags.values<uint8_t>();
    bool nulls = flags.MayHaveNulls();
    rows_.resize(input.rows.size());
    payloads_.resize(input.rows.size());
    signs_.resize(input.signs == nullptr ? 0 : input.rows.size());
    size_t kept = 0;
    // Without branches: which rows pass cannot be predicted.
    for (size_t i = 0; i < input.rows.size(); ++i) {
      uint32_t row = input.rows[i];
      rows_[kept] = row;
      payloads_[kept] = input.payloads[i];
      if (input.signs != nullptr) signs_[kept] = input.signs[i];
      bool passes = values[row] != 0 && !(nulls && flags.IsNull(static_cast<int>(row)));
      kept += passes ? 1 : 0;
    }
    rows_.resize(kept);
    payloads_.resize(kept);
    if (input.signs != nullptr) signs_.resize(kept);
    accumulators_[call]->Update(
        {input.batch, rows_, payloads_.data(), input.signs == nullptr ? nullptr : signs_.data()});
  }
}

void AccumulatorSet::Merge(char* into, const char* from) {
  for (auto& accumulator : accumulators_) accumulator->Merge(into, from);
}

void AccumulatorSet::Emit(std::span<char* const> payloads,
                          std::span<model::ColumnBuilder> builders) {
  for (size_t i = 0; i < accumulators_.size(); ++i) accumulators_[i]->Emit(payloads, builders[i]);
}

void AccumulatorSet::Save(const char* payload, ByteWriter& writer) const {
  for (const auto& accumulator : accumulators_) accumulator->Save(payload, writer);
}

Status AccumulatorSet::Load(char* payload, ByteReader& reader) {
  for (auto& accumulator : accumulators_) RETURN_IF_ERROR(accumulator->Load(payload, reader));
  return Status::Ok();
}

void AccumulatorSet::Destroy(char* payload) {
  for (auto& accumulator : accumulators_) accumulator->Destroy(payload);
}

Status AccumulatorSet::status() const {
  for (const auto& accumulator : accumulators_) {
    if (!accumulator->status().ok()) return accumulator->status();
  }
  return Status::Ok();
}

void AccumulatorSet::SetNow(int64_t now_ms) {
  for (auto& accumulator : accumulators_) accumulator->SetNow(now_ms);
}

int64_t AccumulatorSet::MemoryBytes() const {
  int64_t bytes = 0;
  for (const auto& accumulator : accumulators_) bytes += accumulator->MemoryBytes();
  return bytes;
}

}  // namespace forebay::compute
