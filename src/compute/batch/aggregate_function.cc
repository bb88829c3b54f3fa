#include <mutex>
#include <numeric>

#include "compute/aggregate/accumulator.h"
#include "compute/batch/duckdb_functions.h"
#include "compute/batch/duckdb_handle.h"
#include "compute/batch/vector_bridge.h"

// The streaming accumulators as DuckDB aggregates, for functions DuckDB has no equal of.

namespace forebay::compute {

namespace {

/// A registered aggregate. DuckDB calls it from several threads and an accumulator belongs to one
/// at a time, so the mutex is held in each call.
struct Aggregate {
  std::unique_ptr<Accumulator> accumulator;
  std::vector<model::DataType> types;
  model::DataType result;
  std::mutex mutex;
};

/// A group's state. DuckDB's destructor gets nothing but states, so each knows its aggregate.
struct State {
  explicit State(std::shared_ptr<Aggregate> of)
      : aggregate(std::move(of)),
        payload(new char[static_cast<size_t>(aggregate->accumulator->bytes())]()) {}
  ~State() {
    std::lock_guard lock(aggregate->mutex);
    aggregate->accumulator->Destroy(payload.get());
  }
  std::shared_ptr<Aggregate> aggregate;
  std::unique_ptr<char[]> payload;
};

using Shared = std::shared_ptr<Aggregate>;

Shared& AggregateOf(duckdb_function_info info) {
  return *static_cast<Shared*>(duckdb_aggregate_function_get_extra_info(info));
}

/// What DuckDB keeps for a group is a pointer, null until the group is used.
State*& SlotOf(duckdb_aggregate_state state) { return *reinterpret_cast<State**>(state); }

char* PayloadOf(const Shared& aggregate, duckdb_aggregate_state state) {
  State*& slot = SlotOf(state);
  if (slot == nullptr) slot = std::make_unique<State>(aggregate).release();
  return slot->payload.get();
}

std::vector<char*> PayloadsOf(const Shared& aggregate, duckdb_aggregate_state* states,
                              size_t count) {
  std::vector<char*> payloads(count);
  for (size_t i = 0; i < count; ++i) payloads[i] = PayloadOf(aggregate, states[i]);
  return payloads;
}

/// Whether all is well; DuckDB is told when not.
bool Check(duckdb_function_info info, const Shared& aggregate) {
  const Status& status = aggregate->accumulator->status();
  if (!status.ok()) duckdb_aggregate_function_set_error(info, status.message().c_str());
  return status.ok();
}

idx_t StateSize(duckdb_function_info) { return sizeof(State*); }

void InitState(duckdb_function_info, duckdb_aggregate_state state) { SlotOf(state) = nullptr; }

void DestroyStates(duckdb_aggregate_state* states, idx_t count) {
  for (idx_t i = 0; i < count; ++i) {
    std::unique_ptr<State> gone(SlotOf(states[i]));
    SlotOf(states[i]) = nullptr;
  }
}

void Update(duckdb_function_info info, duckdb_data_chunk input, duckdb_aggregate_state* states) {
  const Shared& aggregate = AggregateOf(info);
  std::lock_guard lock(aggregate->mutex);
  model::Batch batch = BatchOfChunk(input, aggregate->types);
  std::vector<uint32_t> rows(static_cast<size_t>(batch.num_rows));
  std::iota(rows.begin(), rows.end(), 0);
  std::vector<char*> payloads = PayloadsOf(aggregate, states, rows.size());
  aggregate->accumulator->Update({batch, rows, payloads.data(), nullptr});
  Check(info, aggregate);
}

void Combine(duckdb_function_info info, duckdb_aggregate_state* source,
             duckdb_aggregate_state* target, idx_t count) {
  const Shared& aggregate = AggregateOf(info);
  std::lock_guard lock(aggregate->mutex);
  for (idx_t i = 0; i < count; ++i) {
    if (SlotOf(source[i]) == nullptr) continue;
    aggregate->accumulator->Merge(PayloadOf(aggregate, target[i]), PayloadOf(aggregate, source[i]));
  }
  Check(info, aggregate);
}

void Finalize(duckdb_function_info info, duckdb_aggregate_state* source, duckdb_vector result,
              idx_t count, idx_t offset) {
  const Shared& aggregate = AggregateOf(info);
  std::lock_guard lock(aggregate->mutex);
  model::ColumnBuilder builder(aggregate->result, static_cast<int>(count + offset));
  // A vector is written from its start: what stands before `offset` is written again.
  if (offset > 0) {
    model::Column before = ColumnOfVector(result, aggregate->result, static_cast<int>(offset));
    for (int row = 0; row < before.num_rows(); ++row) builder.AppendFrom(before, row);
  }
  std::vector<char*> payloads = PayloadsOf(aggregate, source, count);
  aggregate->accumulator->Emit(payloads, builder);
  if (Check(info, aggregate)) WriteVector(builder.Finish(), result, StringCopy::kCopy);
}

}  // namespace

Status RegisterAggregate(duckdb_connection connection, const std::string& name,
                         const sql::AggregateCall& call,
                         const std::vector<model::DataType>& input_types) {
  auto aggregate = std::make_shared<Aggregate>();
  sql::AggregateCall own = call;
  own.filter = -1;
  own.distinct = false;  // DuckDB's own keyword does it
  for (size_t i = 0; i < call.args.size(); ++i) {
    aggregate->types.push_back(input_types[call.args[i]]);
    own.args[i] = static_cast<int>(i);
  }
  aggregate->result = call.type;
  ASSIGN_OR_RETURN(aggregate->accumulator, MakeAccumulator(own, aggregate->types, false));
  duckdb_aggregate_function function = duckdb_create_aggregate_function();
  duckdb_aggregate_function_set_name(function, name.c_str());
  for (const model::DataType& type : aggregate->types) {
    duckdb_aggregate_function_add_parameter(function, DuckDbTypeOf(type).get());
  }
  duckdb_aggregate_function_set_return_type(function, DuckDbTypeOf(aggregate->result).get());
  duckdb_aggregate_function_set_functions(function, StateSize, InitState, Update, Combine,
                                          Finalize);
  duckdb_aggregate_function_set_special_handling(function);  // NULLs are the accumulator's matter
  duckdb_aggregate_function_set_destructor(function, DestroyStates);
  duckdb_aggregate_function_set_extra_info(
      function, new Shared(std::move(aggregate)),
      [](void* pointer) { delete static_cast<Shared*>(pointer); });
  duckdb_state registered = duckdb_register_aggregate_function(connection, function);
  duckdb_destroy_aggregate_function(&function);
  if (registered != DuckDBSuccess) return Internal("DuckDB refused the aggregate {}", name);
  return Status::Ok();
}

}  // namespace forebay::compute
