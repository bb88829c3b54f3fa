// Functions of the order of an OVER window's rows as aggregates over all rows so far (Flink's
// RowNumberAggFunction, RankAggFunction, DenseRankAggFunction, LagAggFunction).

#include <memory>

#include "compute/aggregate/accumulator_object.h"
#include "compute/state/row_codec.h"

namespace forebay::compute {

using model::Column;

namespace {

StateString BytesOf(const Column& column, int row) {
  ByteWriter writer;
  writer.Write<uint8_t>(column.IsNull(row) ? 0 : 1);
  if (!column.IsNull(row)) WriteCell(column, row, writer);
  return StateString(writer.view());
}

void AppendBytes(std::string_view bytes, model::ColumnBuilder& builder) {
  ByteReader reader(bytes);
  auto is_there = reader.Read<uint8_t>();
  bool is_null = !is_there.ok() || *is_there == 0;
  if (is_null || !ReadCell(reader, builder).ok()) builder.AppendNull();
}

struct RankState {
  int64_t rows = 0;  ///< DENSE_RANK: at most 1, it does not depend on how many there are
  int64_t rank = 0;
  StateString last;  ///< the order of the newest row
};

/// ROW_NUMBER (no argument), RANK and DENSE_RANK (the ordering column).
class RankAccumulator : public ObjectAccumulator<RankState> {
 public:
  explicit RankAccumulator(const sql::AggregateCall& call)
      : argument_(call.args.empty() ? -1 : call.args[0]),
        is_dense_(call.function == "DENSE_RANK") {}

  void Update(const AccumulatorInput& input) override {
    for (size_t i = 0; i < input.rows.size(); ++i) {
      RankState& state = Object(input.payloads[i]);
      StateString order;
      if (argument_ >= 0) {
        order = BytesOf(input.batch.columns[argument_], static_cast<int>(input.rows[i]));
      }
      bool is_next = argument_ < 0 || state.rows == 0 || order != state.last;
      state.rows += is_dense_ && state.rows > 0 ? 0 : 1;
      if (is_next) state.rank = is_dense_ ? state.rank + 1 : state.rows;
      state.last = std::move(order);
    }
  }
  // Ranks depend on every row's neighbours, which windows that merge do not have.
  void Merge(char*, const char*) override {}
  void Emit(std::span<char* const> payloads, model::ColumnBuilder& builder) override {
    for (char* payload : payloads) {
      const RankState* state = Peek(payload);
      builder.Append<int64_t>(state == nullptr ? 0 : state->rank);
    }
  }
  void Save(const char* payload, ByteWriter& writer) const override {
    static const RankState kNone;
    const RankState& state = Peek(payload) == nullptr ? kNone : *Peek(payload);
    writer.Write<int64_t>(state.rows);
    writer.Write<int64_t>(state.rank);
    writer.WriteString(state.last);
  }
  Status Load(char* payload, ByteReader& reader) override {
    RankState& state = Object(payload);
    ASSIGN_OR_RETURN(state.rows, reader.Read<int64_t>());
    ASSIGN_OR_RETURN(state.rank, reader.Read<int64_t>());
    ASSIGN_OR_RETURN(std::string_view last, reader.ReadString());
    state.last = last;
    return Status::Ok();
  }

 private:
  int argument_;
  bool is_dense_;
};

struct LagState {
  StateDeque<StateString> values;  ///< the newest `offset` + 1
  int64_t offset = 1;
  StateString fallback;
};

/// LAG(value [, offset [, default]]): the value so many rows before.
class LagAccumulator : public ObjectAccumulator<LagState> {
 public:
  explicit LagAccumulator(const sql::AggregateCall& call) : args_(call.args) {}

  bool MayFail() const override { return true; }
  void Update(const AccumulatorInput& input) override {
    for (size_t i = 0; i < input.rows.size(); ++i) {
      LagState& state = Object(input.payloads[i]);
      int row = static_cast<int>(input.rows[i]);
      if (args_.size() > 1) {
        const Column& offset = input.batch.columns[args_[1]];
        state.offset = offset.IsNull(row) ? 1 : offset.Get<int64_t>(row);
        if (state.offset < 0) {
          return Fail(InvalidArgument("LAG: the offset {} is negative", state.offset));
        }
      }
      if (args_.size() > 2) state.fallback = BytesOf(input.batch.columns[args_[2]], row);
      state.values.push_back(BytesOf(input.batch.columns[args_[0]], row));
      while (std::ssize(state.values) - 1 > state.offset) {
        state.values.pop_front();
      }
    }
  }
  void Merge(char*, const char*) override {}
  void Emit(std::span<char* const> payloads, model::ColumnBuilder& builder) override {
    for (char* payload : payloads) {
      const LagState* state = Peek(payload);
      bool is_there =
          state != nullptr && static_cast<int64_t>(state->values.size()) > state->offset;
      if (is_there) {
        AppendBytes(state->values.front(), builder);
      } else {
        AppendBytes(state == nullptr ? std::string_view() : state->fallback, builder);
      }
    }
  }
  void Save(const char* payload, ByteWriter& writer) const override {
    static const LagState kNone;
    const LagState& state = Peek(payload) == nullptr ? kNone : *Peek(payload);
    writer.Write<int64_t>(state.offset);
    writer.WriteString(state.fallback);
    writer.WriteVarint(state.values.size());
    for (const StateString& value : state.values) writer.WriteString(value);
  }
  Status Load(char* payload, ByteReader& reader) override {
    LagState& state = Object(payload);
    ASSIGN_OR_RETURN(state.offset, reader.Read<int64_t>());
    ASSIGN_OR_RETURN(std::string_view fallback, reader.ReadString());
    state.fallback = fallback;
    ASSIGN_OR_RETURN(uint64_t count, reader.ReadVarint());
    for (uint64_t i = 0; i < count; ++i) {
      ASSIGN_OR_RETURN(std::string_view value, reader.ReadString());
      state.values.emplace_back(value);
    }
    return Status::Ok();
  }

 private:
  std::vector<int> args_;
};

}  // namespace

std::unique_ptr<Accumulator> MakeOrderAccumulator(const sql::AggregateCall& call) {
  if (call.function == "LAG") return std::make_unique<LagAccumulator>(call);
  return std::make_unique<RankAccumulator>(call);
}

}  // namespace forebay::compute
