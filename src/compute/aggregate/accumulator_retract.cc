#include <algorithm>
#include <deque>
#include <map>

#include "compute/aggregate/accumulator_object.h"
#include "compute/aggregate/stored_value.h"

namespace forebay::compute {

using model::Column;
using model::DataType;
using model::PhysicalType;

namespace {

template <typename V>
using StateCounts = std::map<V, int64_t, std::less<V>, StateAllocator<std::pair<const V, int64_t>>>;

/// MIN and MAX over value -> count. A value retracted before it was added has a negative count
/// until then.
template <typename T>
class OrderedAccumulator : public ObjectAccumulator<StateCounts<StoredValue<T>>> {
 public:
  using V = StoredValue<T>;
  OrderedAccumulator(int argument, bool is_max) : argument_(argument), is_max_(is_max) {}

  void Update(const AccumulatorInput& input) override {
    const Column& column = input.batch.columns[argument_];
    for (size_t i = 0; i < input.rows.size(); ++i) {
      int row = static_cast<int>(input.rows[i]);
      if (column.IsNull(row)) continue;
      Add(input.payloads[i], LoadValue<T>(column, row),
          input.signs == nullptr ? 1 : input.signs[i]);
    }
  }
  void Merge(char* into, const char* from) override {
    if (this->Peek(from) == nullptr) return;
    for (const auto& [value, count] : *this->Peek(from)) Add(into, value, count);
  }
  void Emit(std::span<char* const> payloads, model::ColumnBuilder& builder) override {
    for (char* payload : payloads) {
      const V* best = Best(payload);
      if (best == nullptr) {
        builder.AppendNull();
      } else {
        AppendStored(*best, builder);
      }
    }
  }
  void Save(const char* payload, ByteWriter& writer) const override {
    const auto* counts = this->Peek(payload);
    writer.WriteVarint(counts == nullptr ? 0 : counts->size());
    if (counts == nullptr) return;
    for (const auto& [value, count] : *counts) {
      WriteStored(value, writer);
      writer.Write<int64_t>(count);
    }
  }
  Status Load(char* payload, ByteReader& reader) override {
    ASSIGN_OR_RETURN(uint64_t size, reader.ReadVarint());
    for (uint64_t i = 0; i < size; ++i) {
      ASSIGN_OR_RETURN(V value, ReadStored<V>(reader));
      ASSIGN_OR_RETURN(int64_t count, reader.Read<int64_t>());
      Add(payload, value, count);
    }
    return Status::Ok();
  }

 private:
  void Add(char* payload, const V& value, int64_t count) const {
    auto& counts = this->Object(payload);
    auto it = counts.try_emplace(value, 0).first;
    it->second += count;
    if (it->second == 0) counts.erase(it);
  }
  const V* Best(const char* payload) const {
    const auto* counts = this->Peek(payload);
    if (counts == nullptr) return nullptr;
    auto positive = [](const auto& entry) { return entry.second > 0; };
    if (is_max_) {
      auto it = std::find_if(counts->rbegin(), counts->rend(), positive);
      return it == counts->rend() ? nullptr : &it->first;
    }
    auto it = std::find_if(counts->begin(), counts->end(), positive);
    return it == counts->end() ? nullptr : &it->first;
  }
  int argument_;
  bool is_max_;
};

template <typename V>
struct ArrivalList {
  std::deque<V, StateAllocator<V>> values;
  StateString delimiter = ",";
};

/// FIRST_VALUE, LAST_VALUE and LISTAGG: the values in order of arrival; a retraction removes the
/// first equal one.
template <typename T>
class ArrivalAccumulator : public ObjectAccumulator<ArrivalList<StoredValue<T>>> {
 public:
  using V = StoredValue<T>;
  explicit ArrivalAccumulator(const sql::AggregateCall& call)
      : argument_(call.args[0]),
        delimiter_(call.args.size() > 1 ? call.args[1] : -1),
        function_(call.function[0]),
        is_list_(call.function == "LISTAGG") {}

  void Update(const AccumulatorInput& input) override {
    const Column& column = input.batch.columns[argument_];
    for (size_t i = 0; i < input.rows.size(); ++i) {
      int row = static_cast<int>(input.rows[i]);
      if (column.IsNull(row)) continue;
      auto& list = this->Object(input.payloads[i]);
      if (delimiter_ >= 0 && !input.batch.columns[delimiter_].IsNull(row)) {
        list.delimiter = input.batch.columns[delimiter_].GetString(row);
      }
      V value = LoadValue<T>(column, row);
      if (input.signs == nullptr || input.signs[i] > 0) {
        list.values.push_back(std::move(value));
      } else {
        auto it = std::find(list.values.begin(), list.values.end(), value);
        if (it != list.values.end()) list.values.erase(it);
      }
    }
  }
  void Merge(char* into, const char* from) override {
    const auto* other = this->Peek(from);
    if (other == nullptr) return;
    auto& list = this->Object(into);
    list.delimiter = other->delimiter;
    list.values.insert(list.values.end(), other->values.begin(), other->values.end());
  }
  void Emit(std::span<char* const> payloads, model::ColumnBuilder& builder) override {
    for (char* payload : payloads) {
      const auto* list = this->Peek(payload);
      if (list == nullptr || list->values.empty()) {
        builder.AppendNull();
      } else if (is_list_) {
        EmitList(*list, builder);
      } else {
        AppendStored(function_ == 'F' ? list->values.front() : list->values.back(), builder);
      }
    }
  }
  void Save(const char* payload, ByteWriter& writer) const override {
    const auto* list = this->Peek(payload);
    writer.WriteVarint(list == nullptr ? 0 : list->values.size());
    writer.WriteString(list == nullptr ? std::string_view() : std::string_view(list->delimiter));
    if (list == nullptr) return;
    for (const V& value : list->values) WriteStored(value, writer);
  }
  Status Load(char* payload, ByteReader& reader) override {
    ASSIGN_OR_RETURN(uint64_t size, reader.ReadVarint());
    ASSIGN_OR_RETURN(std::string_view delimiter, reader.ReadString());
    if (size == 0) return Status::Ok();
    auto& list = this->Object(payload);
    list.delimiter = delimiter;
    for (uint64_t i = 0; i < size; ++i) {
      ASSIGN_OR_RETURN(V value, ReadStored<V>(reader));
      list.values.push_back(std::move(value));
    }
    return Status::Ok();
  }

 private:
  void EmitList(const ArrivalList<V>& list, model::ColumnBuilder& builder) const {
    if constexpr (std::is_same_v<V, StateString>) {
      std::string joined;
      for (const V& value : list.values) {
        if (&value != &list.values.front()) joined += list.delimiter;
        joined += value;
      }
      builder.AppendString(joined);
    } else {
      builder.AppendNull();  // LISTAGG takes strings only; MakeRetractableAccumulator checks
    }
  }
  int argument_;
  int delimiter_;
  char function_;
  bool is_list_;
};

}  // namespace

std::unique_ptr<Accumulator> MakeRetractableAccumulator(const sql::AggregateCall& call,
                                                        const DataType& argument) {
  PhysicalType physical = argument.physical();
  if (call.function == "LISTAGG" && physical != PhysicalType::kString) return nullptr;
  bool ordered = call.function == "MIN" || call.function == "MAX";
  if (!ordered && model::IsNested(physical)) {
    return std::make_unique<ArrivalAccumulator<NestedCell>>(call);
  }
  if (model::PhysicalSize(physical) == 0) return nullptr;
  return model::DispatchPhysical(physical, [&]<typename T>(T*) -> std::unique_ptr<Accumulator> {
    if (!ordered) return std::make_unique<ArrivalAccumulator<T>>(call);
    return std::make_unique<OrderedAccumulator<T>>(call.args[0], call.function == "MAX");
  });
}

}  // namespace forebay::compute
