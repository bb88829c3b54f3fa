#pragma once

#include <duckdb.h>

#include <string>
#include <utility>

#include "base/result.h"
#include "model/data_type.h"

namespace forebay::compute {

/// Owns one of DuckDB's C handles and destroys it.
template <typename T, void (*Destroy)(T*)>
class DuckDbHandle {
 public:
  DuckDbHandle() = default;
  explicit DuckDbHandle(T handle) : handle_(handle) {}
  DuckDbHandle(DuckDbHandle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  DuckDbHandle& operator=(DuckDbHandle&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~DuckDbHandle() {
    if (handle_ != nullptr) Destroy(&handle_);
  }
  T get() const { return handle_; }
  T* address() { return &handle_; }

 private:
  T handle_ = nullptr;
};

using DuckDbDatabase = DuckDbHandle<duckdb_database, duckdb_close>;
using DuckDbConnection = DuckDbHandle<duckdb_connection, duckdb_disconnect>;
using DuckDbConfig = DuckDbHandle<duckdb_config, duckdb_destroy_config>;
using DuckDbType = DuckDbHandle<duckdb_logical_type, duckdb_destroy_logical_type>;
using DuckDbScalarFunction = DuckDbHandle<duckdb_scalar_function, duckdb_destroy_scalar_function>;
using DuckDbTableFunction = DuckDbHandle<duckdb_table_function, duckdb_destroy_table_function>;
using DuckDbStatement = DuckDbHandle<duckdb_prepared_statement, duckdb_destroy_prepare>;
using DuckDbChunk = DuckDbHandle<duckdb_data_chunk, duckdb_destroy_data_chunk>;

/// The DuckDB type whose vectors have the memory layout of our columns of `type`. Only the physical
/// layout is told to DuckDB: a DECIMAL is its unscaled BIGINT or HUGEINT, a TIMESTAMP its BIGINT,
/// since every operation that depends on more than that runs in our own functions.
DuckDbType DuckDbTypeOf(const model::DataType& type);

}  // namespace forebay::compute
