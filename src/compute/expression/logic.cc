#include "compute/expression/row_kernel.h"

namespace forebay::compute {

namespace {

using model::Column;
using model::ColumnBuilder;
using model::PhysicalType;

Result<Kernel> MakeNot(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    return MapColumn<uint8_t, uint8_t>(type, state.num_rows, args[0],
                                       [](uint8_t value) { return value ^ 1; });
  });
}

/// IS [NOT] NULL: the validity bits spread to bytes.
template <bool kNull>
Result<Kernel> MakeIsNull(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    builder.Resize(state.num_rows);
    uint8_t* out = builder.mutable_values<uint8_t>();
    const Column& column = args[0].column;
    if (args[0].constant || !column.MayHaveNulls() || column.validity() == nullptr) {
      bool is_null = state.num_rows > 0 && args[0].IsNull(0);
      std::fill_n(out, state.num_rows, is_null == kNull ? 1 : 0);
      return builder.Finish();
    }
    const uint64_t* bits = column.validity();
    for (int row = 0; row < state.num_rows; ++row) {
      uint8_t valid = bits[row >> 6] >> (row & 63) & 1;
      out[row] = kNull ? valid ^ 1 : valid;
    }
    return builder.Finish();
  });
}

/// IS [NOT] TRUE and IS [NOT] FALSE: never NULL.
template <uint8_t kValue, bool kNegate>
Result<Kernel> MakeIsValue(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    builder.Resize(state.num_rows);
    uint8_t* out = builder.mutable_values<uint8_t>();
    for (int row = 0; row < state.num_rows; ++row) {
      bool is = !args[0].IsNull(row) && args[0].column.Get<uint8_t>(args[0].At(row)) == kValue;
      out[row] = is != kNegate;
    }
    return builder.Finish();
  });
}

/// SINGLE_VALUE(value, rows): the value of a scalar subquery, which must not have had several rows.
Result<Kernel> MakeSingleValue(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    const int64_t* rows = args[1].column.values<int64_t>();
    for (int row = 0; row < state.num_rows; ++row) {
      if (!args[1].IsNull(row) && rows[args[1].At(row)] > 1) {
        return InvalidArgument("a subquery that stands for a value gave more than one row");
      }
    }
    if (!args[0].constant) return args[0].column.WithType(type);
    std::vector<uint32_t> first(static_cast<size_t>(state.num_rows), 0);
    return args[0].column.Gather(first).WithType(type);
  });
}

constexpr FunctionEntry kEntries[] = {
    {"NOT", "b", kCheap, MakeNot},
    {"IS_NULL", "*", kCheap, MakeIsNull<true>},
    {"IS_UNKNOWN", "*", kCheap, MakeIsNull<true>},
    {"IS_NOT_NULL", "*", kCheap, MakeIsNull<false>},
    {"IS_NOT_UNKNOWN", "*", kCheap, MakeIsNull<false>},
    {"IS_TRUE", "b", kCheap, MakeIsValue<1, false>},
    {"IS_NOT_TRUE", "b", kCheap, MakeIsValue<1, true>},
    {"IS_FALSE", "b", kCheap, MakeIsValue<0, false>},
    {"IS_NOT_FALSE", "b", kCheap, MakeIsValue<0, true>},
    {"SINGLE_VALUE", "*l", kNoFlags, MakeSingleValue},
};

}  // namespace

std::span<const FunctionEntry> LogicFunctions() { return kEntries; }

}  // namespace forebay::compute
