#include <unordered_map>

#include "compute/operator/accumulator.h"
#include "compute/operator/stored_value.h"

namespace forebay::compute {

using model::Column;
using model::ColumnBuilder;
using model::DataType;

namespace {

/// Counts every value and hands `inner` those whose count becomes positive, and takes back those
/// whose count falls to zero. The inner state lies behind the pointer to the counts.
template <typename T>
class DistinctAccumulator : public Accumulator {
 public:
  using V = StoredValue<T>;
  using Counts = std::unordered_map<V, int64_t, StoredHash<V>, std::equal_to<V>,
                                    StateAllocator<std::pair<const V, int64_t>>>;

  DistinctAccumulator(std::unique_ptr<Accumulator> inner, int argument, DataType type)
      : Accumulator(16 + inner->bytes()),
        inner_(std::move(inner)),
        argument_(argument),
        type_(std::move(type)) {}

  void Update(const AccumulatorInput& input) override {
    const Column& column = input.batch.columns[argument_];
    rows_.clear();
    payloads_.clear();
    signs_.clear();
    for (size_t i = 0; i < input.rows.size(); ++i) {
      int row = static_cast<int>(input.rows[i]);
      if (column.IsNull(row)) continue;
      int sign = input.signs == nullptr ? 1 : input.signs[i];
      int change = Count(input.payloads[i], LoadValue<T>(column, row), sign);
      if (change == 0) continue;
      rows_.push_back(input.rows[i]);
      payloads_.push_back(input.payloads[i]);
      signs_.push_back(static_cast<int8_t>(change));
    }
    UpdateInner(model::Batch(input.batch.num_rows, {column}));
  }
  void Merge(char* into, const char* from) override {
    const Counts* other = *StateIn<Counts*>(from);
    if (other == nullptr) return;
    rows_.clear();
    payloads_.clear();
    signs_.clear();
    ColumnBuilder values(type_);
    for (const auto& [value, count] : *other) {
      int change = Count(into, value, count);
      if (change == 0) continue;
      rows_.push_back(static_cast<uint32_t>(values.num_rows()));
      AppendStored(value, values);
      payloads_.push_back(into);
      signs_.push_back(static_cast<int8_t>(change));
    }
    int count = values.num_rows();
    UpdateInner(model::Batch(count, {values.Finish()}));
  }
  void Emit(std::span<char* const> payloads, ColumnBuilder& builder) override {
    inner_->PlaceAt(offset() + 16);
    inner_->Emit(payloads, builder);
  }
  void Save(const char* payload, ByteWriter& writer) const override {
    inner_->PlaceAt(offset() + 16);
    const Counts* counts = *StateIn<Counts*>(payload);
    writer.WriteVarint(counts == nullptr ? 0 : counts->size());
    if (counts != nullptr) {
      for (const auto& [value, count] : *counts) {
        WriteStored(value, writer);
        writer.Write<int64_t>(count);
      }
    }
    inner_->Save(payload, writer);
  }
  Status Load(char* payload, ByteReader& reader) override {
    inner_->PlaceAt(offset() + 16);
    ASSIGN_OR_RETURN(uint64_t size, reader.ReadVarint());
    for (uint64_t i = 0; i < size; ++i) {
      ASSIGN_OR_RETURN(V value, ReadStored<V>(reader));
      ASSIGN_OR_RETURN(int64_t count, reader.Read<int64_t>());
      Count(payload, value, count);
    }
    return inner_->Load(payload, reader);
  }
  void Destroy(char* payload) override {
    inner_->PlaceAt(offset() + 16);
    inner_->Destroy(payload);
    DeleteStateObject(*StateIn<Counts*>(payload));
    *StateIn<Counts*>(payload) = nullptr;
  }
  int64_t MemoryBytes() const override { return inner_->MemoryBytes(); }

 private:
  /// +1: the value is new, -1: it is gone, 0: neither.
  int Count(char* payload, const V& value, int64_t change) {
    Counts** slot = StateIn<Counts*>(payload);
    if (*slot == nullptr) *slot = NewStateObject<Counts>();
    auto it = (*slot)->try_emplace(value, 0).first;
    int64_t before = it->second;
    it->second += change;
    int64_t after = it->second;
    if (after == 0) (*slot)->erase(it);
    return (after > 0 ? 1 : 0) - (before > 0 ? 1 : 0);
  }
  void UpdateInner(const model::Batch& batch) {
    inner_->PlaceAt(offset() + 16);
    inner_->Update({batch, rows_, payloads_.data(), signs_.data()});
  }

  std::unique_ptr<Accumulator> inner_;
  int argument_;
  DataType type_;
  std::vector<uint32_t> rows_;
  std::vector<char*> payloads_;
  std::vector<int8_t> signs_;
};

}  // namespace

std::unique_ptr<Accumulator> MakeDistinctAccumulator(std::unique_ptr<Accumulator> inner,
                                                     const sql::AggregateCall& call,
                                                     const DataType& argument) {
  if (model::PhysicalSize(argument.physical()) == 0) return nullptr;
  return model::DispatchPhysical(
      argument.physical(), [&]<typename T>(T*) -> std::unique_ptr<Accumulator> {
        return std::make_unique<DistinctAccumulator<T>>(std::move(inner), call.args[0], argument);
      });
}

}  // namespace forebay::compute
