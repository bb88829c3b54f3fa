#include <algorithm>
#include <deque>
#include <map>

#include "compute/aggregate/accumulator.h"
#include "compute/aggregate/stored_value.h"

namespace forebay::compute {

using model::Column;

namespace {

/// A cell of any type as bytes that can be read back; NULL is empty.
StateString CellBytes(const Column& column, int row) {
  if (column.IsNull(row)) return {};
  ByteWriter writer;
  writer.Write<uint8_t>(1);
  WriteCell(column, row, writer);
  return StateString(writer.view());
}

void AppendCellBytes(std::string_view bytes, model::ColumnBuilder& builder) {
  if (bytes.empty()) {
    builder.AppendNull();
  } else {
    AppendCell(bytes.substr(1), builder);
  }
}

/// ARRAY_AGG: the values in order of arrival, NULLs too; a retraction removes the first equal one
/// (Flink's ArrayAggFunction).
class ArrayAccumulator : public Accumulator {
 public:
  using Cells = std::deque<StateString, StateAllocator<StateString>>;
  explicit ArrayAccumulator(int argument) : Accumulator(16), argument_(argument) {}

  void Update(const AccumulatorInput& input) override {
    const Column& column = input.batch.columns[argument_];
    for (size_t i = 0; i < input.rows.size(); ++i) {
      StateString cell = CellBytes(column, static_cast<int>(input.rows[i]));
      Cells& cells = Object(input.payloads[i]);
      if (input.signs == nullptr || input.signs[i] > 0) {
        cells.push_back(std::move(cell));
      } else if (auto it = std::find(cells.begin(), cells.end(), cell); it != cells.end()) {
        cells.erase(it);
      }
    }
  }
  void Merge(char* into, const char* from) override {
    const Cells* other = Peek(from);
    if (other == nullptr) return;
    Cells& cells = Object(into);
    cells.insert(cells.end(), other->begin(), other->end());
  }
  void Emit(std::span<char* const> payloads, model::ColumnBuilder& builder) override {
    for (char* payload : payloads) {
      const Cells* cells = Peek(payload);
      if (cells == nullptr || cells->empty()) {
        builder.AppendNull();
        continue;
      }
      for (const StateString& cell : *cells) AppendCellBytes(cell, builder.child(0));
      builder.FinishEntry();
    }
  }
  void Save(const char* payload, ByteWriter& writer) const override {
    const Cells* cells = Peek(payload);
    writer.WriteVarint(cells == nullptr ? 0 : cells->size());
    if (cells == nullptr) return;
    for (const StateString& cell : *cells) writer.WriteString(cell);
  }
  Status Load(char* payload, ByteReader& reader) override {
    ASSIGN_OR_RETURN(uint64_t size, reader.ReadVarint());
    for (uint64_t i = 0; i < size; ++i) {
      ASSIGN_OR_RETURN(std::string_view cell, reader.ReadString());
      Object(payload).emplace_back(cell);
    }
    return Status::Ok();
  }
  void Destroy(char* payload) override {
    DeleteStateObject(*StateIn<Cells*>(payload));
    *StateIn<Cells*>(payload) = nullptr;
  }

 protected:
  const Cells* Peek(const char* payload) const { return *StateIn<Cells*>(payload); }
  Cells& Object(char* payload) const {
    Cells** slot = StateIn<Cells*>(payload);
    if (*slot == nullptr) *slot = NewStateObject<Cells>();
    return **slot;
  }

 private:
  int argument_;
};

/// SINGLE_VALUE: the one value there is (Flink's SingleValueAggFunction).
class SingleValueAccumulator : public ArrayAccumulator {
 public:
  using ArrayAccumulator::ArrayAccumulator;

  void Emit(std::span<char* const> payloads, model::ColumnBuilder& builder) override {
    for (char* payload : payloads) {
      const Cells* cells = Peek(payload);
      if (cells != nullptr && cells->size() > 1) {
        Fail(InvalidArgument("SINGLE_VALUE: there is more than one value"));
      }
      AppendCellBytes(cells == nullptr || cells->empty() ? StateString() : cells->front(), builder);
    }
  }
};

/// COLLECT: how often each value that is not NULL came (Flink's CollectAggFunction).
class MultisetAccumulator : public Accumulator {
 public:
  using Counts = std::map<StateString, int64_t, std::less<StateString>,
                          StateAllocator<std::pair<const StateString, int64_t>>>;
  explicit MultisetAccumulator(int argument) : Accumulator(16), argument_(argument) {}

  void Update(const AccumulatorInput& input) override {
    const Column& column = input.batch.columns[argument_];
    for (size_t i = 0; i < input.rows.size(); ++i) {
      int row = static_cast<int>(input.rows[i]);
      if (column.IsNull(row)) continue;
      Add(input.payloads[i], CellBytes(column, row), input.signs == nullptr ? 1 : input.signs[i]);
    }
  }
  void Merge(char* into, const char* from) override {
    if (Peek(from) == nullptr) return;
    for (const auto& [cell, count] : *Peek(from)) Add(into, cell, count);
  }
  void Emit(std::span<char* const> payloads, model::ColumnBuilder& builder) override {
    static const Counts kNone;
    for (char* payload : payloads) {
      const Counts* counts = Peek(payload);
      for (const auto& [cell, count] : counts == nullptr ? kNone : *counts) {
        if (count <= 0) continue;
        AppendCellBytes(cell, builder.child(0));
        builder.child(1).Append<int32_t>(static_cast<int32_t>(count));
      }
      builder.FinishEntry();
    }
  }
  void Save(const char* payload, ByteWriter& writer) const override {
    const Counts* counts = Peek(payload);
    writer.WriteVarint(counts == nullptr ? 0 : counts->size());
    if (counts == nullptr) return;
    for (const auto& [cell, count] : *counts) {
      writer.WriteString(cell);
      writer.Write<int64_t>(count);
    }
  }
  Status Load(char* payload, ByteReader& reader) override {
    ASSIGN_OR_RETURN(uint64_t size, reader.ReadVarint());
    for (uint64_t i = 0; i < size; ++i) {
      ASSIGN_OR_RETURN(std::string_view cell, reader.ReadString());
      StateString copy(cell);
      ASSIGN_OR_RETURN(int64_t count, reader.Read<int64_t>());
      Add(payload, copy, count);
    }
    return Status::Ok();
  }
  void Destroy(char* payload) override {
    DeleteStateObject(*StateIn<Counts*>(payload));
    *StateIn<Counts*>(payload) = nullptr;
  }

 private:
  const Counts* Peek(const char* payload) const { return *StateIn<Counts*>(payload); }
  // A value retracted before it was added has a negative count until then.
  void Add(char* payload, const StateString& cell, int64_t count) const {
    Counts** slot = StateIn<Counts*>(payload);
    if (*slot == nullptr) *slot = NewStateObject<Counts>();
    int64_t& sum = (**slot)[cell];
    sum += count;
    if (sum == 0) (*slot)->erase(cell);
  }
  int argument_;
};

}  // namespace

std::unique_ptr<Accumulator> MakeSingleValueAccumulator(const sql::AggregateCall& call) {
  return std::make_unique<SingleValueAccumulator>(call.args[0]);
}

std::unique_ptr<Accumulator> MakeCollectAccumulator(const sql::AggregateCall& call) {
  if (call.function == "COLLECT") return std::make_unique<MultisetAccumulator>(call.args[0]);
  return std::make_unique<ArrayAccumulator>(call.args[0]);
}

}  // namespace forebay::compute
