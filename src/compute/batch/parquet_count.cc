#include "compute/batch/parquet_count.h"

#include <duckdb.h>

#include "model/quoted_text.h"

namespace forebay::compute {

namespace {

struct Database {
  ~Database() {
    duckdb_disconnect(&connection);
    duckdb_close(&database);
  }
  duckdb_database database = nullptr;
  duckdb_connection connection = nullptr;
};

std::string ListOf(const std::vector<std::string>& paths) {
  std::string list;
  for (const std::string& path : paths) {
    list += (list.empty() ? "" : ", ") + model::QuoteText(path);
  }
  return "[" + list + "]";
}

}  // namespace

Result<int64_t> CountParquetRows(const std::vector<std::string>& paths,
                                 const std::string& condition) {
  if (paths.empty()) return 0;
  Database db;
  if (duckdb_open(nullptr, &db.database) != DuckDBSuccess ||
      duckdb_connect(db.database, &db.connection) != DuckDBSuccess) {
    return Internal("DuckDB does not start");
  }
  std::string query = "SELECT count(*) FROM read_parquet(" + ListOf(paths) + ") WHERE " + condition;
  duckdb_result result;
  bool ok = duckdb_query(db.connection, query.c_str(), &result) == DuckDBSuccess;
  Result<int64_t> rows = ok ? Result<int64_t>(duckdb_value_int64(&result, 0, 0))
                            : Result<int64_t>(Internal("{}", duckdb_result_error(&result)));
  duckdb_destroy_result(&result);
  return rows;
}

}  // namespace forebay::compute
