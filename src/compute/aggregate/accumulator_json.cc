#include <algorithm>

#include "compute/aggregate/accumulator_object.h"
#include "compute/expression/json_path.h"

namespace forebay::compute {

using model::Column;

namespace {

/// What a value leaves in the state: its JSON text, or nothing for a NULL that stays absent.
constexpr std::string_view kNull = "null";

/// JSON_ARRAYAGG: the values in order of arrival; a retraction removes the first equal one (Flink's
/// JsonArrayAggFunction).
class JsonArrayAccumulator : public ObjectAccumulator<StateDeque<StateString>> {
 public:
  JsonArrayAccumulator(int argument, bool keeps_nulls)
      : argument_(argument), keeps_nulls_(keeps_nulls) {}

  void Update(const AccumulatorInput& input) override {
    const Column& column = input.batch.columns[argument_];
    for (size_t i = 0; i < input.rows.size(); ++i) {
      int row = static_cast<int>(input.rows[i]);
      bool null = column.IsNull(row);
      if (null && !keeps_nulls_) continue;
      StateString value(null ? kNull : column.GetString(row));
      auto& values = Object(input.payloads[i]);
      if (input.signs == nullptr || input.signs[i] > 0) {
        values.push_back(std::move(value));
      } else if (auto it = std::find(values.begin(), values.end(), value); it != values.end()) {
        values.erase(it);
      }
    }
  }
  void Merge(char* into, const char* from) override {
    if (Peek(from) == nullptr) return;
    auto& values = Object(into);
    values.insert(values.end(), Peek(from)->begin(), Peek(from)->end());
  }
  void Emit(std::span<char* const> payloads, model::ColumnBuilder& builder) override {
    std::string text;
    for (char* payload : payloads) {
      text = "[";
      if (Peek(payload) != nullptr) {
        for (const StateString& value : *Peek(payload)) {
          if (text.size() > 1) text += ',';
          text += value;
        }
      }
      builder.AppendString(text += ']');
    }
  }
  void Save(const char* payload, ByteWriter& writer) const override {
    const auto* values = Peek(payload);
    writer.WriteVarint(values == nullptr ? 0 : values->size());
    if (values == nullptr) return;
    for (const StateString& value : *values) writer.WriteString(value);
  }
  Status Load(char* payload, ByteReader& reader) override {
    ASSIGN_OR_RETURN(uint64_t size, reader.ReadVarint());
    for (uint64_t i = 0; i < size; ++i) {
      ASSIGN_OR_RETURN(std::string_view value, reader.ReadString());
      Object(payload).emplace_back(value);
    }
    return Status::Ok();
  }

 private:
  int argument_;
  bool keeps_nulls_;
};

/// JSON_OBJECTAGG: a value a key; a key that is there already ends the job, as in Flink's
/// JsonObjectAggFunction. Members are in the order of their keys.
class JsonObjectAccumulator : public ObjectAccumulator<StateOrderedMap<StateString, StateString>> {
 public:
  JsonObjectAccumulator(int key, int value, bool keeps_nulls)
      : key_(key), value_(value), keeps_nulls_(keeps_nulls) {}

  bool MayFail() const override { return true; }
  void Update(const AccumulatorInput& input) override {
    const Column& keys = input.batch.columns[key_];
    const Column& values = input.batch.columns[value_];
    for (size_t i = 0; i < input.rows.size(); ++i) {
      int row = static_cast<int>(input.rows[i]);
      if (keys.IsNull(row)) {
        return Fail(InvalidArgument("JSON_OBJECTAGG: a key is NULL; a key must have a value"));
      }
      StateString key(keys.GetString(row));
      if (input.signs != nullptr && input.signs[i] < 0) {
        Object(input.payloads[i]).erase(key);
        continue;
      }
      bool null = values.IsNull(row);
      if (null && !keeps_nulls_) continue;
      Add(input.payloads[i], key, StateString(null ? kNull : values.GetString(row)));
    }
  }
  void Merge(char* into, const char* from) override {
    if (Peek(from) == nullptr) return;
    for (const auto& [key, value] : *Peek(from)) Add(into, key, value);
  }
  void Emit(std::span<char* const> payloads, model::ColumnBuilder& builder) override {
    std::string text;
    for (char* payload : payloads) {
      text = "{";
      if (Peek(payload) != nullptr) {
        for (const auto& [key, value] : *Peek(payload)) {
          if (text.size() > 1) text += ',';
          AppendJsonString(text, key);
          text.append(1, ':').append(value);
        }
      }
      builder.AppendString(text += '}');
    }
  }
  void Save(const char* payload, ByteWriter& writer) const override {
    const auto* members = Peek(payload);
    writer.WriteVarint(members == nullptr ? 0 : members->size());
    if (members == nullptr) return;
    for (const auto& [key, value] : *members) {
      writer.WriteString(key);
      writer.WriteString(value);
    }
  }
  Status Load(char* payload, ByteReader& reader) override {
    ASSIGN_OR_RETURN(uint64_t size, reader.ReadVarint());
    for (uint64_t i = 0; i < size; ++i) {
      ASSIGN_OR_RETURN(std::string_view key, reader.ReadString());
      StateString copy(key);
      ASSIGN_OR_RETURN(std::string_view value, reader.ReadString());
      Object(payload).emplace(std::move(copy), value);
    }
    return Status::Ok();
  }

 private:
  void Add(char* payload, const StateString& key, StateString value) {
    if (Object(payload).emplace(key, std::move(value)).second) return;
    Fail(InvalidArgument("JSON_OBJECTAGG: key '{}' is there twice; keys must be unique",
                         std::string_view(key)));
  }
  int key_;
  int value_;
  bool keeps_nulls_;
};

}  // namespace

std::unique_ptr<Accumulator> MakeJsonAccumulator(const sql::AggregateCall& call) {
  bool keeps_nulls = call.function.ends_with("_NULL_ON_NULL");
  if (call.function.starts_with("JSON_ARRAYAGG")) {
    return std::make_unique<JsonArrayAccumulator>(call.args[0], keeps_nulls);
  }
  return std::make_unique<JsonObjectAccumulator>(call.args[0], call.args[1], keeps_nulls);
}

}  // namespace forebay::compute
