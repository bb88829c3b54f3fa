#include "compute/aggregate/accumulator.h"
#include "compute/aggregate/stored_value.h"
#include "compute/state/byte_arena.h"

namespace forebay::compute {

using model::Column;
using model::DataType;
using model::PhysicalType;
using model::StringRef;

namespace {

enum class Keep { kMin, kMax, kFirst, kLast };

template <Keep kKeep, typename T>
bool Replaces(const T& value, const T& kept) {
  if constexpr (kKeep == Keep::kMin) return value < kept;
  if constexpr (kKeep == Keep::kMax) return kept < value;
  return kKeep == Keep::kLast;
}

/// MIN, MAX, FIRST_VALUE, LAST_VALUE of fixed-width cells when nothing is taken back. NULLs do not
/// count.
template <Keep kKeep, typename T>
class ExtremeAccumulator : public Accumulator {
 public:
  struct State {
    T value;
    uint8_t is_set;
  };
  explicit ExtremeAccumulator(int argument)
      : Accumulator((sizeof(State) + 15) & ~15), argument_(argument) {}

  void Update(const AccumulatorInput& input) override {
    const Column& column = input.batch.columns[argument_];
    const T* values = column.template values<T>();
    bool nulls = column.MayHaveNulls();
    for (size_t i = 0; i < input.rows.size(); ++i) {
      uint32_t row = input.rows[i];
      if (nulls && column.IsNull(static_cast<int>(row))) continue;
      Add(this->template StateIn<State>(input.payloads[i]), values[row]);
    }
  }
  void Merge(char* into, const char* from) override {
    const State* other = this->template StateIn<State>(from);
    if (other->is_set != 0) Add(this->template StateIn<State>(into), other->value);
  }
  void Emit(std::span<char* const> payloads, model::ColumnBuilder& builder) override {
    for (char* payload : payloads) {
      const State& state = *this->template StateIn<State>(payload);
      if (state.is_set != 0) {
        builder.Append<T>(state.value);
      } else {
        builder.AppendNull();
      }
    }
  }

 private:
  static void Add(State* state, T value) {
    if (state->is_set == 0 || Replaces<kKeep>(value, state->value)) {
      state->value = value;
      state->is_set = 1;
    }
  }
  int argument_;
};

/// The same for strings (T is StringRef) and nested cells (NestedCell); the kept bytes lie in the
/// accumulator's arena.
template <Keep kKeep, typename T>
class BytesExtremeAccumulator : public Accumulator {
 public:
  struct State {
    char* data;  // null: not set
    uint64_t size;
  };
  explicit BytesExtremeAccumulator(int argument) : Accumulator(16), argument_(argument) {}

  void Update(const AccumulatorInput& input) override {
    const Column& column = input.batch.columns[argument_];
    for (size_t i = 0; i < input.rows.size(); ++i) {
      int row = static_cast<int>(input.rows[i]);
      State* state = StateIn<State>(input.payloads[i]);
      bool is_kept = kKeep == Keep::kFirst && state->data != nullptr;
      if (!is_kept && !column.IsNull(row)) Add(state, BytesOf(column, row));
    }
  }
  void Merge(char* into, const char* from) override {
    const State* other = StateIn<State>(from);
    if (other->data != nullptr) Add(StateIn<State>(into), {other->data, other->size});
  }
  void Emit(std::span<char* const> payloads, model::ColumnBuilder& builder) override {
    for (char* payload : payloads) {
      const State& state = *StateIn<State>(payload);
      if (state.data == nullptr) {
        builder.AppendNull();
      } else if constexpr (std::is_same_v<T, NestedCell>) {
        AppendCell({state.data, state.size}, builder);
      } else {
        builder.AppendString({state.data, state.size});
      }
    }
  }
  void Save(const char* payload, ByteWriter& writer) const override {
    const State& state = *StateIn<State>(payload);
    writer.Write<uint8_t>(state.data != nullptr ? 1 : 0);
    if (state.data != nullptr) writer.WriteString({state.data, state.size});
  }
  Status Load(char* payload, ByteReader& reader) override {
    ASSIGN_OR_RETURN(uint8_t is_set, reader.Read<uint8_t>());
    if (is_set == 0) return Status::Ok();
    ASSIGN_OR_RETURN(std::string_view value, reader.ReadString());
    Add(StateIn<State>(payload), value);
    return Status::Ok();
  }
  void Destroy(char* payload) override {
    State* state = StateIn<State>(payload);
    if (state->data != nullptr) arena_.Free(state->data, state->size);
    state->data = nullptr;
  }
  int64_t MemoryBytes() const override { return arena_.bytes_reserved(); }

 private:
  /// Good until the next call.
  std::string_view BytesOf(const Column& column, int row) {
    if constexpr (std::is_same_v<T, NestedCell>) {
      cell_.Clear();
      WriteCell(column, row, cell_);
      return cell_.view();
    } else {
      return column.GetString(row);
    }
  }
  void Add(State* state, std::string_view value) {
    if (state->data != nullptr) {
      if (!Replaces<kKeep>(value, std::string_view(state->data, state->size))) return;
      arena_.Free(state->data, state->size);
    }
    state->data = arena_.Allocate(value.size());
    state->size = value.size();
    std::memcpy(state->data, value.data(), value.size());
  }
  int argument_;
  ByteArena arena_;
  ByteWriter cell_;
};

template <Keep kKeep>
std::unique_ptr<Accumulator> Make(int argument, PhysicalType physical) {
  if (physical == PhysicalType::kString) {
    return std::make_unique<BytesExtremeAccumulator<kKeep, StringRef>>(argument);
  }
  if constexpr (kKeep == Keep::kFirst || kKeep == Keep::kLast) {
    if (model::IsNested(physical)) {
      return std::make_unique<BytesExtremeAccumulator<kKeep, NestedCell>>(argument);
    }
  }
  if (model::PhysicalSize(physical) == 0) return nullptr;
  return model::DispatchPhysical(physical, [&]<typename T>(T*) -> std::unique_ptr<Accumulator> {
    if constexpr (std::is_same_v<T, StringRef>) {
      return nullptr;
    } else {
      return std::make_unique<ExtremeAccumulator<kKeep, T>>(argument);
    }
  });
}

}  // namespace

std::unique_ptr<Accumulator> MakeExtremeAccumulator(const sql::AggregateCall& call,
                                                    const DataType& argument) {
  int column = call.args[0];
  PhysicalType physical = argument.physical();
  if (call.function == "MIN") return Make<Keep::kMin>(column, physical);
  if (call.function == "MAX") return Make<Keep::kMax>(column, physical);
  if (call.function == "FIRST_VALUE") return Make<Keep::kFirst>(column, physical);
  return Make<Keep::kLast>(column, physical);
}

}  // namespace forebay::compute
