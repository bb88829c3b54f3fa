#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "compute/expression/kernel.h"

namespace forebay::compute {

/// The columns' validity, and-ed word by word, into `builder`, which already has its rows.
inline void CombineValidity(model::ColumnBuilder& builder, Operands args) {
  size_t words = (static_cast<size_t>(builder.num_rows()) + 63) / 64;
  for (const Operand& arg : args) {
    const uint64_t* from = arg.constant ? nullptr : arg.column.validity();
    if (from == nullptr) continue;
    uint64_t* bits = builder.MutableValidity();
    for (size_t i = 0; i < words; ++i) bits[i] &= from[i];
  }
}

/// Whether the result is NULL in every row because an argument is.
inline bool AnyAllNull(Operands args) {
  return std::any_of(args.begin(), args.end(), [](const Operand& arg) {
    return arg.IsNullConstant() || arg.column.physical() == model::PhysicalType::kNull;
  });
}

/// f over the cells of one argument, NULL cells included: f must be total and free of undefined
/// behaviour.
template <typename In, typename Out, typename F>
model::Column MapColumn(const model::DataType& type, int num_rows, const Operand& arg, F f) {
  if (AnyAllNull({&arg, 1})) return model::Column::AllNull(type, num_rows);
  model::ColumnBuilder builder(type, num_rows);
  builder.Resize(num_rows);
  Out* __restrict out = builder.mutable_values<Out>();
  const In* in = arg.column.values<In>();
  if (arg.constant) {
    std::fill_n(out, num_rows, static_cast<Out>(f(in[0])));
  } else {
    for (int row = 0; row < num_rows; ++row) out[row] = static_cast<Out>(f(in[row]));
  }
  CombineValidity(builder, {&arg, 1});
  return builder.Finish();
}

/// f over the cells of two arguments; see MapColumn.
template <typename A, typename B, typename Out, typename F>
model::Column MapColumns(const model::DataType& type, int num_rows, Operands args, F f) {
  if (AnyAllNull(args)) return model::Column::AllNull(type, num_rows);
  model::ColumnBuilder builder(type, num_rows);
  builder.Resize(num_rows);
  Out* __restrict out = builder.mutable_values<Out>();
  const A* a = args[0].column.values<A>();
  const B* b = args[1].column.values<B>();
  if (args[1].constant && !args[0].constant) {
    const B right = b[0];
    for (int row = 0; row < num_rows; ++row) out[row] = f(a[row], right);
  } else if (args[0].constant && !args[1].constant) {
    const A left = a[0];
    for (int row = 0; row < num_rows; ++row) out[row] = f(left, b[row]);
  } else if (args[0].constant) {
    std::fill_n(out, num_rows, static_cast<Out>(f(a[0], b[0])));
  } else {
    for (int row = 0; row < num_rows; ++row) out[row] = f(a[row], b[row]);
  }
  CombineValidity(builder, args);
  return builder.Finish();
}

/// Where a row function puts its result. One object serves a whole column.
class RowWriter {
 public:
  explicit RowWriter(model::ColumnBuilder& builder) : builder_(builder) {}

  template <typename T>
  void Set(T value) {
    builder_.mutable_values<T>()[row_] = value;
  }
  /// A copy of `text`.
  void Text(std::string_view text) { Set(builder_.AddString(text)); }
  /// `text` itself, which lies in a cell of an argument or in a literal.
  void Share(std::string_view text) { Set(model::StringRef(text)); }
  void Null() { builder_.SetNull(row_); }
  /// Ends the batch with this error.
  void Fail(Error error) { status_ = Status(std::move(error)); }

  void MoveTo(int row) { row_ = row; }
  const Status& status() const { return status_; }

 private:
  model::ColumnBuilder& builder_;
  int row_ = 0;
  Status status_;
};

/// How a parameter of a row function is read from a column.
template <typename T>
struct CellOf {
  using Stored = T;
  static T Read(const T& cell) { return cell; }
};
template <>
struct CellOf<std::string_view> {
  using Stored = model::StringRef;
  static std::string_view Read(const model::StringRef& cell) { return cell.view(); }
};
template <>
struct CellOf<bool> {
  using Stored = uint8_t;
  static bool Read(uint8_t cell) { return cell != 0; }
};

/// Calls f(writer, args...) for every row in which no argument is NULL; the other rows are NULL.
template <typename... Args, typename F, size_t... I>
Result<model::Column> MapRowsIndexed(const model::DataType& type, int num_rows, Operands args, F& f,
                                     std::index_sequence<I...>) {
  if (AnyAllNull(args.first(sizeof...(Args)))) return model::Column::AllNull(type, num_rows);
  bool constant = (args[I].constant && ...);
  int count = constant ? std::min(num_rows, 1) : num_rows;
  model::ColumnBuilder builder(type, num_rows);
  builder.Resize(count);
  CombineValidity(builder, args.first(sizeof...(Args)));
  if (type.physical() == model::PhysicalType::kString) {
    (builder.AddOwnersOf(args[I].column), ...);
  }
  RowWriter writer(builder);
  bool has_nulls = (args[I].column.MayHaveNulls() || ...);
  std::tuple cells{args[I].column.template values<typename CellOf<Args>::Stored>()...};
  for (int row = 0; row < count; ++row) {
    if (has_nulls && builder.IsNull(row)) continue;
    writer.MoveTo(row);
    f(writer, CellOf<Args>::Read(std::get<I>(cells)[args[I].constant ? 0 : row])...);
    if (!writer.status().ok()) [[unlikely]]
      return writer.status();
  }
  model::Column column = builder.Finish();
  if (count == num_rows) return column;
  std::vector<uint32_t> zeros(static_cast<size_t>(num_rows), 0);
  return column.Gather(zeros);
}

template <typename... Args, typename F>
Result<model::Column> MapRows(const model::DataType& type, int num_rows, Operands args, F& f) {
  return MapRowsIndexed<Args...>(type, num_rows, args, f, std::index_sequence_for<Args...>{});
}

/// A kernel of a function of rows; Args are the parameters after the writer.
template <typename... Args, typename F>
Kernel RowKernel(const CallSite& call, F f) {
  return [type = call.type, f](const BatchState& state, Operands args) mutable {
    return MapRows<Args...>(type, state.num_rows, args, f);
  };
}

}  // namespace forebay::compute
