#include "compute/batch/batch_query.h"

#include <fmt/format.h>

#include <atomic>

#include "base/clock.h"
#include "compute/batch/carried_error.h"
#include "compute/batch/duckdb_functions.h"
#include "compute/batch/duckdb_handle.h"
#include "compute/batch/sql_writer.h"
#include "compute/batch/vector_bridge.h"

namespace forebay::compute {

namespace {

/// DuckDB puts its own class name before our message ("Invalid Input Error: division by zero").
Error ErrorOf(const char* text) {
  std::string message = text == nullptr ? "unknown error" : text;
  if (std::optional<Error> ours = CarriedError(message)) return *ours;
  for (const char* prefix : {"Invalid Input Error: ", "Invalid Error: "}) {
    if (message.starts_with(prefix)) message = message.substr(std::string(prefix).size());
  }
  if (message.starts_with("INTERRUPT")) return Cancelled("the query was stopped");
  if (message.starts_with("Out of Memory Error")) {
    Error error = Unavailable("the query needs more memory: {}", message);
    error.hint = "raise 'batch.memory-limit'";
    return error;
  }
  return InvalidArgument("{}", message);
}

class DuckDbQuery : public BatchQuery {
 public:
  ~DuckDbQuery() override {
    if (has_result_) duckdb_destroy_result(&result_);
  }

  Status Open(const BatchQueryOptions& options) {
    DuckDbConfig config;
    duckdb_create_config(config.address());
    auto set = [&](const char* key, const std::string& value) {
      if (!value.empty()) duckdb_set_config(config.get(), key, value.c_str());
    };
    if (options.threads > 0) set("threads", std::to_string(options.threads));
    if (options.memory_bytes_max > 0) {
      set("memory_limit", std::to_string(options.memory_bytes_max) + "B");
    }
    set("temp_directory", options.spill_directory);
    set("autoinstall_known_extensions", "false");
    set("autoload_known_extensions", "false");
    // These read a sub-plan twice, but a scan's readers can be read once.
    set("disabled_optimizers", "window_self_join,top_n_window_elimination");
    char* error = nullptr;
    if (duckdb_open_ext(nullptr, database_.address(), config.get(), &error) != DuckDBSuccess) {
      Error failure = Internal("DuckDB does not start: {}", error == nullptr ? "" : error);
      duckdb_free(error);
      return failure;
    }
    if (duckdb_connect(database_.get(), connection_.address()) != DuckDBSuccess) {
      return Internal("DuckDB gives no connection");
    }
    return RegisterNativeFunctions(connection_.get());
  }

  Status Plan(const sql::PlanNode& root, const OpenScan& open_scan,
              const BatchQueryOptions& options) {
    const sql::PlanNode& query = root.kind == sql::PlanKind::kSink ? *root.inputs[0] : root;
    types_ = query.OutputTypes();
    OpenOrdered open_ordered = [&](const sql::PlanNode& input,
                                   int time) -> Result<std::shared_ptr<BatchQuery>> {
      auto inner = std::make_shared<DuckDbQuery>();
      RETURN_IF_ERROR(inner->Open(options));
      RETURN_IF_ERROR(inner->Plan(input, open_scan, options));
      inner->OrderBy(time);
      RETURN_IF_ERROR(inner->Prepare());
      inner_.push_back(inner);
      return std::shared_ptr<BatchQuery>(std::move(inner));
    };
    SqlWriter writer(connection_.get(), open_scan, open_ordered, options.evaluation,
                     options.letters);
    ASSIGN_OR_RETURN(sql_, writer.Write(query));
    return Status::Ok();
  }

  void OrderBy(int column) {
    sql_ = fmt::format(
        "SELECT {} FROM (SELECT *, row_number() OVER () AS arrival FROM ({})) ORDER BY c{} NULLS "
        "FIRST, arrival",
        ColumnList(types_.size()), sql_, column);
  }

  Status Prepare() {
    if (duckdb_prepare(connection_.get(), sql_.c_str(), statement_.address()) != DuckDBSuccess) {
      return Internal("DuckDB refuses the query: {}\n{}", duckdb_prepare_error(statement_.get()),
                      sql_);
    }
    return Status::Ok();
  }

  Result<model::Batch> Next() override {
    if (interrupted_) return Cancelled("the query was stopped");
    if (!has_result_) RETURN_IF_ERROR(Execute());
    DuckDbChunk chunk(duckdb_fetch_chunk(result_));
    if (chunk.get() == nullptr) {
      const char* error = duckdb_result_error(&result_);
      if (error != nullptr && *error != '\0') return ErrorOf(error);
      return model::Batch();
    }
    model::Batch batch;
    batch.num_rows = static_cast<int>(duckdb_data_chunk_get_size(chunk.get()));
    for (size_t i = 0; i < types_.size(); ++i) {
      model::Column column =
          ColumnOfVector(duckdb_data_chunk_get_vector(chunk.get(), i), types_[i], batch.num_rows);
      batch.columns.push_back(column.Compact());
    }
    return batch;
  }

  void Interrupt() override {
    interrupted_ = true;
    for (const auto& inner : inner_) inner->Interrupt();
    duckdb_interrupt(connection_.get());
  }
  const std::string& duckdb_sql() const override { return sql_; }

 private:
  Status Execute() {
    has_result_ = true;
    if (duckdb_execute_prepared_streaming(statement_.get(), &result_) != DuckDBSuccess) {
      return ErrorOf(duckdb_result_error(&result_));
    }
    return Status::Ok();
  }

  std::vector<std::shared_ptr<BatchQuery>> inner_;  ///< that scans of this one read
  DuckDbDatabase database_;
  DuckDbConnection connection_;
  DuckDbStatement statement_;
  duckdb_result result_ = {};
  bool has_result_ = false;
  std::atomic<bool> interrupted_ = false;
  std::vector<model::DataType> types_;
  std::string sql_;
};

}  // namespace

Result<std::unique_ptr<BatchQuery>> BatchQuery::Start(const sql::PlanNode& root,
                                                      const OpenScan& open_scan,
                                                      const BatchQueryOptions& options) {
  auto query = std::make_unique<DuckDbQuery>();
  RETURN_IF_ERROR(query->Open(options));
  BatchQueryOptions fixed = options;
  if (fixed.evaluation.fixed_now_ms == 0) {
    // Batch mode has one "now" for the whole query, as Flink.
    fixed.evaluation.fixed_now_ms = Clock::System().NowMs();
  }
  RETURN_IF_ERROR(query->Plan(root, open_scan, fixed));
  RETURN_IF_ERROR(query->Prepare());
  return std::unique_ptr<BatchQuery>(std::move(query));
}

}  // namespace forebay::compute
