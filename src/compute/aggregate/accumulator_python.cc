#include <unordered_map>

#include "compute/aggregate/accumulator_object.h"
#include "compute/python/python_function.h"
#include "sql/plan/python_call.h"

namespace forebay::compute {

using model::Column;
using model::DataType;

namespace {

/// A user's aggregate function in Python. Its accumulators are bytes to us: they are kept and saved
/// here, and the process gets them with each batch of rows, so that it holds nothing and a
/// checkpoint has all there is.
class PythonAccumulator : public ObjectAccumulator<StateString> {
 public:
  PythonAccumulator(std::vector<int> arguments, std::unique_ptr<PythonFunction> function)
      : arguments_(std::move(arguments)), function_(std::move(function)) {}

  bool MayFail() const override { return true; }
  void Update(const AccumulatorInput& input) override {
    if (input.rows.empty() || !status().ok()) return;
    std::vector<char*> payloads;
    std::unordered_map<char*, int32_t> known;
    std::vector<int32_t> groups;
    std::vector<int8_t> signs;
    for (size_t i = 0; i < input.rows.size(); ++i) {
      auto [group, is_new] =
          known.try_emplace(input.payloads[i], static_cast<int32_t>(payloads.size()));
      if (is_new) payloads.push_back(input.payloads[i]);
      groups.push_back(group->second);
      signs.push_back(input.signs == nullptr ? int8_t{1} : input.signs[i]);
    }
    std::vector<Column> columns;
    for (int argument : arguments_)
      columns.push_back(input.batch.columns[argument].Gather(input.rows));
    Store(payloads,
          function_->Update(StatesOf(payloads), std::move(groups), std::move(signs), columns));
  }
  void Merge(char* into, const char* from) override {
    const StateString* other = Peek(from);
    if (other == nullptr || !status().ok()) return;
    if (Peek(into) == nullptr) {
      Object(into) = *other;
      return;
    }
    model::ColumnBuilder others(DataType::Bytes(), 1);
    others.AppendString(*other);
    std::vector<char*> payloads = {into};
    Store(payloads, function_->Merge(StatesOf(payloads), others.Finish()));
  }
  void Emit(std::span<char* const> payloads, model::ColumnBuilder& builder) override {
    if (payloads.empty()) return;
    auto results = status().ok() ? function_->Emit(StatesOf(payloads)) : Result<Column>(status());
    if (!results.ok()) Fail(results.status());
    for (size_t i = 0; i < payloads.size(); ++i) {
      if (results.ok()) {
        builder.AppendFrom(*results, static_cast<int>(i));
      } else {
        builder.AppendNull();
      }
    }
  }
  void Save(const char* payload, ByteWriter& writer) const override {
    const StateString* state = Peek(payload);
    writer.Write<uint8_t>(state == nullptr ? 0 : 1);
    if (state != nullptr) writer.WriteString(*state);
  }
  Status Load(char* payload, ByteReader& reader) override {
    ASSIGN_OR_RETURN(uint8_t present, reader.Read<uint8_t>());
    if (present == 0) return Status::Ok();
    ASSIGN_OR_RETURN(std::string_view state, reader.ReadString());
    Object(payload) = state;
    return Status::Ok();
  }

 private:
  Column StatesOf(std::span<char* const> payloads) const {
    model::ColumnBuilder builder(DataType::Bytes(), static_cast<int>(payloads.size()));
    for (char* payload : payloads) {
      const StateString* state = Peek(payload);
      if (state == nullptr) {
        builder.AppendNull();
      } else {
        builder.AppendString(*state);
      }
    }
    return builder.Finish();
  }
  void Store(std::span<char* const> payloads, const Result<Column>& states) {
    if (!states.ok()) return Fail(states.status());
    for (size_t i = 0; i < payloads.size(); ++i) {
      Object(payloads[i]) = states->GetString(static_cast<int>(i));
    }
  }

  std::vector<int> arguments_;
  std::unique_ptr<PythonFunction> function_;
};

}  // namespace

Result<std::unique_ptr<Accumulator>> MakePythonAccumulator(const sql::AggregateCall& call,
                                                           const std::vector<DataType>& input) {
  std::vector<DataType> types;
  for (int argument : call.args) types.push_back(input[argument]);
  std::string_view spec = std::string_view(call.function).substr(sql::kPythonAggregate.size());
  ASSIGN_OR_RETURN(auto function, PythonFunction::Make(spec, std::move(types), call.type,
                                                       std::make_shared<PythonRuntime>()));
  return std::unique_ptr<Accumulator>(
      std::make_unique<PythonAccumulator>(call.args, std::move(function)));
}

}  // namespace forebay::compute
