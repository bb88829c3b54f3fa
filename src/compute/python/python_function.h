#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compute/python/python_worker.h"
#include "model/batch.h"
#include "sql/catalog/catalog_function.h"

namespace forebay::compute {

/// The Python processes of one evaluator or accumulator, one for each way to run them. They start
/// when they are first asked for. Belongs to one thread at a time.
class PythonRuntime {
 public:
  /// Lives as long as the runtime.
  Result<PythonWorker*> Worker(const PythonOptions& options);
  int NextId() { return next_id_++; }

 private:
  std::map<std::string, std::unique_ptr<PythonWorker>> workers_;
  int next_id_ = 0;
};

/// A user's function in a Python process. Belongs to one thread at a time.
class PythonFunction {
 public:
  /// `spec` is what the analyzer wrote: {"function": "module.name", "python.executable": ...}.
  static Result<std::unique_ptr<PythonFunction>> Make(std::string_view spec,
                                                      std::vector<model::DataType> arguments,
                                                      model::DataType result,
                                                      std::shared_ptr<PythonRuntime> runtime);

  /// A scalar function's results for rows of arguments, or the rows of a table function as ARRAYs.
  Result<model::Column> Scalar(std::span<const model::Column> arguments, int num_rows);
  Result<model::Column> Table(std::span<const model::Column> arguments, int num_rows);
  /// An aggregate's new states: `groups[i]` is the index of the state row i goes to, `signs[i]` is
  /// +1, or -1 for a row that is taken back. States are BYTES, NULL at first.
  Result<model::Column> Update(const model::Column& states, std::vector<int32_t> groups,
                               std::vector<int8_t> signs, std::span<const model::Column> arguments);
  /// Each state of `states` with the one of `others` in it.
  Result<model::Column> Merge(const model::Column& states, const model::Column& others);
  /// The results of states.
  Result<model::Column> Emit(const model::Column& states);

 private:
  PythonFunction(std::string name, PythonOptions options, std::vector<model::DataType> arguments,
                 model::DataType result, std::shared_ptr<PythonRuntime> runtime)
      : name_(std::move(name)),
        options_(std::move(options)),
        arguments_(std::move(arguments)),
        result_(std::move(result)),
        runtime_(std::move(runtime)),
        id_(runtime_->NextId()) {}
  Status Open();
  Result<model::Column> Call(std::string_view operation, std::span<const model::Batch> batches,
                             const model::DataType& type, int num_rows);
  Result<PythonWorker::Reply> Ask(const std::string& head, std::string_view body);

  std::string name_;
  PythonOptions options_;
  std::vector<model::DataType> arguments_;
  model::DataType result_;
  std::shared_ptr<PythonRuntime> runtime_;
  int id_;
  PythonWorker* worker_ = nullptr;
};

/// The options in settings or in a function's spec. kInvalidArgument for values that are none.
Result<PythonOptions> PythonOptionsOf(const std::map<std::string, std::string>& settings);

/// Completes a PYTHON function with what its object declares: kind, types and whether it is
/// deterministic. What CREATE FUNCTION declared itself stays. kInvalidArgument when there is no
/// such object or it cannot be imported.
Status DescribePythonFunction(const std::map<std::string, std::string>& settings,
                              sql::CatalogFunction& function);

}  // namespace forebay::compute
