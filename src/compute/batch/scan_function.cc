#include <array>
#include <atomic>

#include "compute/batch/carried_error.h"
#include "compute/batch/duckdb_functions.h"
#include "compute/batch/duckdb_handle.h"
#include "compute/batch/vector_bridge.h"

namespace forebay::compute {

namespace {

/// A registered scan; owned by DuckDB's catalog entry. Threads take readers in turn.
struct ScanInfo {
  BatchReaders readers;
  std::vector<model::DataType> types;
  std::atomic<size_t> next_reader = 0;
  std::atomic<bool> started = false;
};

/// A thread's reader and what is left of its batch. The batch before the present one is kept alive,
/// since DuckDB may still look at its strings.
struct ScanState {
  BatchReader* reader = nullptr;
  model::Batch batch;
  model::Batch previous;
  int at = 0;
};

void Bind(duckdb_bind_info info) {
  auto* scan = static_cast<ScanInfo*>(duckdb_bind_get_extra_info(info));
  for (size_t i = 0; i < scan->types.size(); ++i) {
    duckdb_bind_add_result_column(info, ("c" + std::to_string(i)).c_str(),
                                  DuckDbTypeOf(scan->types[i]).get());
  }
  if (scan->types.empty()) {
    duckdb_bind_add_result_column(info, "c0", DuckDbTypeOf(model::DataType::Boolean()).get());
  }
}

void InitScan(duckdb_init_info info) {
  auto* scan = static_cast<ScanInfo*>(duckdb_init_get_extra_info(info));
  // A second run would find the readers at their end and silently give no rows.
  if (scan->started.exchange(true)) {
    duckdb_init_set_error(info, "internal error: a scan was planned twice");
  }
  duckdb_init_set_max_threads(info, std::max<size_t>(1, scan->readers.size()));
}

void InitThread(duckdb_init_info info) {
  duckdb_init_set_init_data(info, new ScanState,
                            [](void* pointer) { delete static_cast<ScanState*>(pointer); });
}

/// Makes state.batch hold unread rows; false at the end of all readers.
Result<bool> Advance(ScanInfo& scan, ScanState& state) {
  while (state.at >= state.batch.num_rows) {
    if (state.reader == nullptr) {
      size_t index = scan.next_reader.fetch_add(1);
      if (index >= scan.readers.size()) return false;
      state.reader = scan.readers[index].get();
    }
    ASSIGN_OR_RETURN(model::Batch batch, state.reader->Next());
    if (batch.num_rows == 0) state.reader = nullptr;
    state.previous = std::move(state.batch);
    state.batch = std::move(batch);
    state.at = 0;
  }
  return true;
}

void Scan(duckdb_function_info info, duckdb_data_chunk output) {
  auto* scan = static_cast<ScanInfo*>(duckdb_function_get_extra_info(info));
  auto* state = static_cast<ScanState*>(duckdb_function_get_local_init_data(info));
  auto more = Advance(*scan, *state);
  if (!more.ok()) return duckdb_function_set_error(info, CarriedText(more.error()).c_str());
  if (!*more) return duckdb_data_chunk_set_size(output, 0);
  int rows =
      std::min<int>(state->batch.num_rows - state->at, static_cast<int>(duckdb_vector_size()));
  for (size_t i = 0; i < scan->types.size(); ++i) {
    WriteVector(state->batch.columns[i].Slice(state->at, rows),
                duckdb_data_chunk_get_vector(output, i), StringCopy::kShare);
  }
  if (scan->types.empty()) {
    WriteVector(model::Column::AllNull(model::DataType::Boolean(), rows),
                duckdb_data_chunk_get_vector(output, 0), StringCopy::kShare);
  }
  state->at += rows;
  duckdb_data_chunk_set_size(output, static_cast<idx_t>(rows));
}

class MemoryReader : public BatchReader {
 public:
  explicit MemoryReader(std::vector<model::Batch> batches) : batches_(std::move(batches)) {}

  Result<model::Batch> Next() override {
    return at_ < batches_.size() ? batches_[at_++] : model::Batch();
  }

 private:
  std::vector<model::Batch> batches_;
  size_t at_ = 0;
};

}  // namespace

std::unique_ptr<BatchReader> ReaderOf(std::vector<model::Batch> batches) {
  return std::make_unique<MemoryReader>(std::move(batches));
}

Status RegisterScan(duckdb_connection connection, const std::string& name, BatchReaders readers,
                    const std::vector<model::DataType>& types) {
  auto info = std::make_unique<ScanInfo>();
  info->readers = std::move(readers);
  info->types = types;
  DuckDbTableFunction function(duckdb_create_table_function());
  duckdb_table_function_set_name(function.get(), name.c_str());
  duckdb_table_function_set_extra_info(function.get(), info.release(), [](void* pointer) {
    delete static_cast<ScanInfo*>(pointer);
  });
  duckdb_table_function_set_bind(function.get(), Bind);
  duckdb_table_function_set_init(function.get(), InitScan);
  duckdb_table_function_set_local_init(function.get(), InitThread);
  duckdb_table_function_set_function(function.get(), Scan);
  if (duckdb_register_table_function(connection, function.get()) != DuckDBSuccess) {
    return Internal("DuckDB refused the table function {}", name);
  }
  return Status::Ok();
}

}  // namespace forebay::compute
