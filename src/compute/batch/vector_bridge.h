#pragma once

#include <duckdb.h>

#include "model/batch.h"

namespace forebay::compute {

/// A column over a DuckDB vector's memory, valid as long as the vector's chunk. Flat types are not
/// copied; nested ones are.
model::Column ColumnOfVector(duckdb_vector vector, const model::DataType& type, int num_rows);

/// The vectors of a chunk as columns of `types`, valid as long as the chunk.
model::Batch BatchOfChunk(duckdb_data_chunk chunk, const std::vector<model::DataType>& types);

/// Whether long strings may be left where they are, because the column outlives the vector's use,
/// or must be copied.
enum class StringCopy { kShare, kCopy };

/// Writes a column into a vector that has room for its rows.
void WriteVector(const model::Column& column, duckdb_vector vector, StringCopy strings);

}  // namespace forebay::compute
