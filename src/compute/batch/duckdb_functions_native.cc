#include <array>
#include <optional>

#include "compute/batch/duckdb_functions.h"
#include "compute/batch/duckdb_handle.h"

// Arithmetic of Flink's aggregates and windows for which DuckDB has no equal.

namespace forebay::compute {

namespace {

using model::DataType;
using model::Int128;

/// One row's arguments; the functions here return NULL for NULL arguments unless they say
/// otherwise.
class Row {
 public:
  Row(duckdb_data_chunk chunk, idx_t row) : chunk_(chunk), row_(row) {}
  template <typename T>
  T Get(idx_t column) const {
    return static_cast<const T*>(
        duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk_, column)))[row_];
  }
  bool HasNull() const {
    for (idx_t i = 0; i < duckdb_data_chunk_get_column_count(chunk_); ++i) {
      uint64_t* validity = duckdb_vector_get_validity(duckdb_data_chunk_get_vector(chunk_, i));
      if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row_)) return true;
    }
    return false;
  }

 private:
  duckdb_data_chunk chunk_;
  idx_t row_;
};

/// Runs `compute(row) -> optional<T>` over a chunk.
template <typename T, typename F>
void ForEachRow(duckdb_data_chunk input, duckdb_vector output, F&& compute) {
  idx_t rows = duckdb_data_chunk_get_size(input);
  T* target = static_cast<T*>(duckdb_vector_get_data(output));
  for (idx_t i = 0; i < rows; ++i) {
    Row row(input, i);
    std::optional<T> value = row.HasNull() ? std::nullopt : compute(row);
    if (value) {
      target[i] = *value;
    } else {
      duckdb_vector_ensure_validity_writable(output);
      duckdb_validity_set_row_invalid(duckdb_vector_get_validity(output), i);
    }
  }
}

/// The low bits: what a sum in T's own width wraps to.
template <typename T>
void Wrap(duckdb_function_info, duckdb_data_chunk input, duckdb_vector output) {
  ForEachRow<T>(input, output, [](const Row& row) {
    return std::optional<T>(static_cast<T>(row.Get<Int128>(0)));
  });
}

/// AVG of integers: the sum wrapped to 64 bits, divided and truncated (Flink's
/// IntegralAvgAggFunction).
void AverageInteger(duckdb_function_info, duckdb_data_chunk input, duckdb_vector output) {
  ForEachRow<int64_t>(input, output, [](const Row& row) -> std::optional<int64_t> {
    int64_t count = row.Get<int64_t>(1);
    if (count == 0) return std::nullopt;
    int64_t sum = static_cast<int64_t>(row.Get<Int128>(0));
    return count == -1 ? -sum : sum / count;
  });
}

constexpr Int128 PowerOfTen(int exponent) {
  Int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

bool FitsDecimal38(Int128 value) { return value < PowerOfTen(38) && value > -PowerOfTen(38); }

/// fb_fit38(sum): NULL when a DECIMAL sum has more than 38 digits, as in Flink.
void FitDecimal(duckdb_function_info, duckdb_data_chunk input, duckdb_vector output) {
  ForEachRow<Int128>(input, output, [](const Row& row) -> std::optional<Int128> {
    Int128 sum = row.Get<Int128>(0);
    return FitsDecimal38(sum) ? std::optional(sum) : std::nullopt;
  });
}

/// fb_avg_decimal(sum, count, digits): sum * 10^digits / count, rounded half up (away from zero).
void AverageDecimal(duckdb_function_info, duckdb_data_chunk input, duckdb_vector output) {
  ForEachRow<Int128>(input, output, [](const Row& row) -> std::optional<Int128> {
    Int128 scaled;
    Int128 count = row.Get<int64_t>(1);
    Int128 power = PowerOfTen(static_cast<int>(row.Get<int64_t>(2)));
    if (count == 0 || __builtin_mul_overflow(row.Get<Int128>(0), power, &scaled)) {
      return std::nullopt;
    }
    Int128 quotient = scaled / count;
    Int128 rest = scaled % count;
    if ((rest < 0 ? -rest : rest) * 2 >= count) quotient += scaled < 0 ? -1 : 1;
    return FitsDecimal38(quotient) ? std::optional(quotient) : std::nullopt;
  });
}

/// fb_floor_window(ts, unit, slide, offset): the start in milliseconds of the last window that
/// holds ts, where ts counts 1/unit milliseconds. A NULL time is an error, as in Flink.
void FloorWindow(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  idx_t rows = duckdb_data_chunk_get_size(input);
  int64_t* target = static_cast<int64_t*>(duckdb_vector_get_data(output));
  for (idx_t i = 0; i < rows; ++i) {
    Row row(input, i);
    if (row.HasNull()) {
      return duckdb_scalar_function_set_error(
          info, "the time column of a window is NULL: filter such rows out before the window");
    }
    auto floor_divide = [](int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); };
    int64_t ms = floor_divide(row.Get<int64_t>(0), row.Get<int64_t>(1));
    int64_t slide = row.Get<int64_t>(2);
    int64_t offset = row.Get<int64_t>(3);
    target[i] = floor_divide(ms - offset, slide) * slide + offset;
  }
}

struct NativeFunction {
  const char* name;
  std::vector<DataType> arguments;
  DataType result;
  duckdb_scalar_function_t function;
};

}  // namespace

Status RegisterNativeFunctions(duckdb_connection connection) {
  DataType huge = DataType::Decimal(38, 0);
  DataType big = DataType::Bigint();
  const std::array<NativeFunction, 8> functions = {{
      {"fb_wrap8", {huge}, DataType::Tinyint(), Wrap<int8_t>},
      {"fb_wrap16", {huge}, DataType::Smallint(), Wrap<int16_t>},
      {"fb_wrap32", {huge}, DataType::Int(), Wrap<int32_t>},
      {"fb_wrap64", {huge}, big, Wrap<int64_t>},
      {"fb_avg", {huge, big}, big, AverageInteger},
      {"fb_fit38", {huge}, huge, FitDecimal},
      {"fb_avg_decimal", {huge, big, big}, huge, AverageDecimal},
      {"fb_floor_window", {big, big, big, big}, big, FloorWindow},
  }};
  for (const NativeFunction& native : functions) {
    DuckDbScalarFunction function(duckdb_create_scalar_function());
    duckdb_scalar_function_set_name(function.get(), native.name);
    for (const DataType& type : native.arguments) {
      duckdb_scalar_function_add_parameter(function.get(), DuckDbTypeOf(type).get());
    }
    duckdb_scalar_function_set_return_type(function.get(), DuckDbTypeOf(native.result).get());
    duckdb_scalar_function_set_special_handling(function.get());
    duckdb_scalar_function_set_volatile(function.get());
    duckdb_scalar_function_set_function(function.get(), native.function);
    if (duckdb_register_scalar_function(connection, function.get()) != DuckDBSuccess) {
      return Internal("DuckDB refused the function {}", native.name);
    }
  }
  return Status::Ok();
}

}  // namespace forebay::compute
