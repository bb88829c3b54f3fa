#pragma once

#include <duckdb.h>

#include <string>
#include <vector>

#include "compute/batch/batch_scan.h"
#include "compute/batch/row_guard.h"
#include "compute/expression/evaluator.h"

namespace forebay::compute {

/// Registers `expression` as a DuckDB scalar function `name` of the columns `columns` of the
/// expression's input, in that order (at least one, so that DuckDB knows the number of rows).
/// `input_types` are the types of the whole input. Rows that `failed_rows` takes give NULL.
Status RegisterExpression(duckdb_connection connection, const std::string& name,
                          const sql::ExpressionPtr& expression, const std::vector<int>& columns,
                          const std::vector<model::DataType>& input_types,
                          const EvaluationContext& context, MakeFailedRows failed_rows);

/// Registers `make`'s guard as a DuckDB scalar function `name` of columns of `types`: TRUE for the
/// rows that it lets pass. Each thread makes one of its own.
Status RegisterGuard(duckdb_connection connection, const std::string& name, MakeRowGuard make,
                     std::vector<model::DataType> types);

/// Registers the table function `name`() that gives the readers' rows as columns c0, c1, ... of
/// `types`; a reader is used by one thread. Without columns it gives one BOOLEAN column c0 of
/// NULLs.
Status RegisterScan(duckdb_connection connection, const std::string& name, BatchReaders readers,
                    const std::vector<model::DataType>& types);

/// Registers the accumulator of `call` as a DuckDB aggregate `name` of the call's arguments, in
/// their order; DISTINCT, FILTER and OVER are DuckDB's.
Status RegisterAggregate(duckdb_connection connection, const std::string& name,
                         const sql::AggregateCall& call,
                         const std::vector<model::DataType>& input_types);

/// Registers the arithmetic that Flink's aggregates and windows need and DuckDB has not (see
/// duckdb_functions_native.cc): fb_wrap8/16/32/64(HUGEINT), fb_avg(HUGEINT, BIGINT),
/// fb_avg_decimal(HUGEINT, BIGINT, BIGINT), fb_fit38(HUGEINT), fb_floor_window(ts, unit, slide,
/// offset).
Status RegisterNativeFunctions(duckdb_connection connection);

}  // namespace forebay::compute
