#include <cmath>
#include <unordered_set>

#include "compute/expression/decimal.h"
#include "compute/expression/program.h"
#include "compute/expression/row_kernel.h"

namespace forebay::compute {

namespace {

using model::Column;
using model::ColumnBuilder;
using model::DataType;
using model::PhysicalType;
using model::StringRef;
using model::TypeRoot;

// Java's primitive comparisons: NaN is equal to nothing, not even itself, and -0.0 equals 0.0.
struct Equals {
  template <typename T>
  bool operator()(const T& a, const T& b) const {
    return a == b;
  }
};
struct NotEquals {
  template <typename T>
  bool operator()(const T& a, const T& b) const {
    return !(a == b);
  }
};
struct Less {
  template <typename T>
  bool operator()(const T& a, const T& b) const {
    return a < b;
  }
};
struct LessOrEqual {
  template <typename T>
  bool operator()(const T& a, const T& b) const {
    return a <= b;
  }
};
struct Greater {
  template <typename T>
  bool operator()(const T& a, const T& b) const {
    return a > b;
  }
};
struct GreaterOrEqual {
  template <typename T>
  bool operator()(const T& a, const T& b) const {
    return a >= b;
  }
};

/// Compares nested cells: NULL elements are equal to each other.
bool CellsEqual(const Column& a, int row_a, const Column& b, int row_b);

bool RunsEqual(const Column& a, int row_a, const Column& b, int row_b) {
  int begin_a = a.offsets()[row_a], begin_b = b.offsets()[row_b];
  int size = a.offsets()[row_a + 1] - begin_a;
  if (size != b.offsets()[row_b + 1] - begin_b) return false;
  if (a.physical() == PhysicalType::kList) {
    for (int i = 0; i < size; ++i) {
      if (!CellsEqual(a.children()[0], begin_a + i, b.children()[0], begin_b + i)) return false;
    }
    return true;
  }
  // Entries of a map have no order.
  for (int i = 0; i < size; ++i) {
    bool found = false;
    for (int j = 0; j < size && !found; ++j) {
      found = CellsEqual(a.children()[0], begin_a + i, b.children()[0], begin_b + j) &&
              CellsEqual(a.children()[1], begin_a + i, b.children()[1], begin_b + j);
    }
    if (!found) return false;
  }
  return true;
}

bool CellsEqual(const Column& a, int row_a, const Column& b, int row_b) {
  if (a.IsNull(row_a) || b.IsNull(row_b)) return a.IsNull(row_a) && b.IsNull(row_b);
  if (a.physical() != b.physical()) return false;
  if (a.offsets() != nullptr) return RunsEqual(a, row_a, b, row_b);
  if (a.physical() == PhysicalType::kStruct) {
    for (size_t i = 0; i < a.children().size(); ++i) {
      if (!CellsEqual(a.children()[i], row_a, b.children()[i], row_b)) return false;
    }
    return true;
  }
  return model::DispatchPhysical(
      a.physical(), [&]<typename T>(T*) { return a.Get<T>(row_a) == b.Get<T>(row_b); });
}

bool IsDecimalPair(const DataType& a, const DataType& b) {
  if (!a.IsExactNumeric() || !b.IsExactNumeric()) return false;
  bool decimal = a.Is(TypeRoot::kDecimal) || b.Is(TypeRoot::kDecimal);
  int scale_a = a.Is(TypeRoot::kDecimal) ? a.scale() : 0;
  int scale_b = b.Is(TypeRoot::kDecimal) ? b.scale() : 0;
  return decimal && (a.physical() != b.physical() || scale_a != scale_b);
}

Int128 ExactValue(const Column& column, int row) {
  switch (column.physical()) {
    case PhysicalType::kInt8: return column.Get<int8_t>(row);
    case PhysicalType::kInt16: return column.Get<int16_t>(row);
    case PhysicalType::kInt32: return column.Get<int32_t>(row);
    case PhysicalType::kInt64: return column.Get<int64_t>(row);
    default: return column.Get<Int128>(row);
  }
}

/// A BOOLEAN for each row from f(row of a, row of b); rows with a NULL are NULL.
template <typename F>
Column MapPairs(const DataType& type, int num_rows, Operands args, F f) {
  if (AnyAllNull(args)) return Column::AllNull(type, num_rows);
  ColumnBuilder builder(type, num_rows);
  builder.Resize(num_rows);
  CombineValidity(builder, args);
  uint8_t* out = builder.mutable_values<uint8_t>();
  for (int row = 0; row < num_rows; ++row) {
    if (!builder.IsNull(row)) out[row] = f(args[0].At(row), args[1].At(row));
  }
  return builder.Finish();
}

template <typename Op>
Kernel DecimalComparison(const CallSite& call) {
  auto scale = [](const DataType& type) { return type.Is(TypeRoot::kDecimal) ? type.scale() : 0; };
  return [type = call.type, a = scale(call.args[0]), b = scale(call.args[1])](
             const BatchState& state, Operands args) -> Result<Column> {
    return MapPairs(type, state.num_rows, args, [&](int left, int right) {
      return Op{}(
          CompareDecimal(ExactValue(args[0].column, left), a, ExactValue(args[1].column, right), b),
          0);
    });
  };
}

template <typename Op>
Result<Kernel> MakeComparison(const CallSite& call) {
  const DataType& a = call.args[0];
  if (IsDecimalPair(a, call.args[1])) return DecimalComparison<Op>(call);
  if (a.physical() != call.args[1].physical()) return NoKernel(call);
  if (a.physical() == PhysicalType::kNull) {
    return Kernel([type = call.type](const BatchState& state, Operands) -> Result<Column> {
      return Column::AllNull(type, state.num_rows);
    });
  }
  if (model::PhysicalSize(a.physical()) == 0) {
    constexpr bool kEquality = std::is_same_v<Op, Equals> || std::is_same_v<Op, NotEquals>;
    if (!kEquality) return NoKernel(call);
    return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
      return MapPairs(type, state.num_rows, args, [&](int left, int right) {
        return CellsEqual(args[0].column, left, args[1].column, right) ==
               std::is_same_v<Op, Equals>;
      });
    });
  }
  return model::DispatchPhysical(a.physical(), [&]<typename T>(T*) {
    return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
      return MapColumns<T, T, uint8_t>(type, state.num_rows, args, Op{});
    });
  });
}

template <bool kDistinct>
Result<Kernel> MakeDistinct(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    builder.Resize(state.num_rows);
    uint8_t* out = builder.mutable_values<uint8_t>();
    for (int row = 0; row < state.num_rows; ++row) {
      bool equal = CellsEqual(args[0].column, args[0].At(row), args[1].column, args[1].At(row));
      out[row] = equal != kDistinct;
    }
    return builder.Finish();
  });
}

// ---- IN

/// More literals than this are looked up in a hash set.
constexpr size_t kSmallList = 8;

struct CellHash {
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  template <typename T>
  size_t operator()(const T& value) const {
    return std::hash<int64_t>{}(static_cast<int64_t>(value));
  }
};

template <typename T>
using Lookup = std::conditional_t<std::is_same_v<T, StringRef>, std::string_view, T>;

template <typename T>
Lookup<T> Key(const T& cell) {
  if constexpr (std::is_same_v<T, StringRef>) {
    return cell.view();
  } else {
    return cell;
  }
}

/// The literal items of an IN list; they lie in the program's operands, which live as long as its
/// kernels.
template <typename T>
struct ItemSet {
  std::unordered_set<Lookup<T>, CellHash> items;
  std::vector<Column> owners;
};

template <typename T>
bool ListHas(const ItemSet<T>& set, Operands args, int row, const T& cell, bool& unknown) {
  if (!set.items.empty()) return set.items.contains(Key(cell));
  for (size_t i = 1; i < args.size(); ++i) {
    if (args[i].IsNull(row)) {
      unknown = true;
    } else if (args[i].column.Get<T>(args[i].At(row)) == cell) {
      return true;
    }
  }
  return false;
}

template <typename T>
Kernel InKernel(const CallSite& call) {
  ItemSet<T> set;
  bool literal = call.args.size() > kSmallList && !std::is_floating_point_v<T>;
  for (size_t i = 1; i < call.args.size(); ++i) {
    literal = literal && call.literals[i] != nullptr && !call.literals[i]->IsNullConstant();
  }
  for (size_t i = 1; literal && i < call.args.size(); ++i) {
    set.owners.push_back(call.literals[i]->column);
    set.items.insert(Key(set.owners.back().template Get<T>(0)));
  }
  return [type = call.type, set](const BatchState& state, Operands args) -> Result<Column> {
    if (args[0].IsNullConstant()) return Column::AllNull(type, state.num_rows);
    ColumnBuilder builder(type, state.num_rows);
    builder.Resize(state.num_rows);
    CombineValidity(builder, args.first(1));
    uint8_t* out = builder.mutable_values<uint8_t>();
    for (int row = 0; row < state.num_rows; ++row) {
      if (builder.IsNull(row)) continue;
      bool unknown = false;
      const T& cell = args[0].column.Get<T>(args[0].At(row));
      out[row] = ListHas(set, args, row, cell, unknown);
      if (!out[row] && unknown) builder.SetNull(row);
    }
    return builder.Finish();
  };
}

Result<Kernel> MakeIn(const CallSite& call) {
  PhysicalType physical = call.args[0].physical();
  for (const DataType& arg : call.args) {
    if (arg.physical() != physical) return NoKernel(call);
    bool scaled = arg.Is(TypeRoot::kDecimal) && arg.scale() != call.args[0].scale();
    if (scaled || model::PhysicalSize(physical) == 0) return NoKernel(call);
  }
  return model::DispatchPhysical(physical, [&]<typename T>(T*) { return InKernel<T>(call); });
}

// ---- GREATEST, LEAST

/// NULL when any argument is.
template <typename T, bool kGreatest>
Kernel ExtremeKernel(const CallSite& call) {
  return [type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    if (AnyAllNull(args)) return Column::AllNull(type, state.num_rows);
    ColumnBuilder builder(type, state.num_rows);
    builder.Resize(state.num_rows);
    CombineValidity(builder, args);
    T* out = builder.mutable_values<T>();
    for (const Operand& arg : args) {
      if constexpr (std::is_same_v<T, StringRef>) builder.AddOwnersOf(arg.column);
      const T* values = arg.column.values<T>();
      for (int row = 0; row < state.num_rows; ++row) {
        if (builder.IsNull(row)) continue;
        const T& value = values[arg.At(row)];
        bool better = &arg == args.data() || (kGreatest ? value > out[row] : !(out[row] < value));
        if (better) out[row] = value;
      }
    }
    return builder.Finish();
  };
}

template <bool kGreatest>
Result<Kernel> MakeExtreme(const CallSite& call) {
  for (const DataType& arg : call.args) {
    if (arg.physical() != call.type.physical()) return NoKernel(call);
  }
  if (model::PhysicalSize(call.type.physical()) == 0) return NoKernel(call);
  return model::DispatchPhysical(call.type.physical(),
                                 [&]<typename T>(T*) { return ExtremeKernel<T, kGreatest>(call); });
}

constexpr FunctionEntry kEntries[] = {
    {"EQUALS", "**", kCheap, MakeComparison<Equals>},
    {"NOT_EQUALS", "**", kCheap, MakeComparison<NotEquals>},
    {"LESS_THAN", "**", kCheap, MakeComparison<Less>},
    {"LESS_THAN_OR_EQUAL", "**", kCheap, MakeComparison<LessOrEqual>},
    {"GREATER_THAN", "**", kCheap, MakeComparison<Greater>},
    {"GREATER_THAN_OR_EQUAL", "**", kCheap, MakeComparison<GreaterOrEqual>},
    {"IS_DISTINCT_FROM", "**", kCheap, MakeDistinct<true>},
    {"IS_NOT_DISTINCT_FROM", "**", kCheap, MakeDistinct<false>},
    {"IN", "**+", kCheap, MakeIn},
    {"GREATEST", "*+", kCheap, MakeExtreme<true>},
    {"LEAST", "*+", kCheap, MakeExtreme<false>},
};

// ---- Selection

/// Branch-free: every candidate is written, and only those that hold are kept.
template <typename F>
int SelectRows(const uint32_t* in, int count, uint32_t* out, F holds) {
  int kept = 0;
  if (in == nullptr) {
    for (int row = 0; row < count; ++row) {
      out[kept] = static_cast<uint32_t>(row);
      kept += holds(row) ? 1 : 0;
    }
    return kept;
  }
  for (int i = 0; i < count; ++i) {
    uint32_t row = in[i];
    out[kept] = row;
    kept += holds(row) ? 1 : 0;
  }
  return kept;
}

int DropNulls(const Column& column, int count, uint32_t* rows) {
  if (column.validity() == nullptr) return count;
  return SelectRows(rows, count, rows, [&](uint32_t row) { return !column.IsNull(row); });
}

template <typename T, typename Op>
int SelectPairs(Operands args, const uint32_t* in, int count, uint32_t* out) {
  if (args[0].IsNullConstant() || args[1].IsNullConstant()) return 0;
  const T* a = args[0].column.values<T>();
  const T* b = args[1].column.values<T>();
  int kept = 0;
  if (args[1].constant && !args[0].constant) {
    const T right = b[0];
    kept = SelectRows(in, count, out, [=](uint32_t row) { return Op{}(a[row], right); });
  } else {
    size_t step_a = args[0].constant ? 0 : 1, step_b = args[1].constant ? 0 : 1;
    kept = SelectRows(in, count, out,
                      [=](uint32_t row) { return Op{}(a[row * step_a], b[row * step_b]); });
  }
  for (const Operand& arg : args) {
    if (!arg.constant) kept = DropNulls(arg.column, kept, out);
  }
  return kept;
}

template <typename Op>
Selector SelectorFor(PhysicalType physical) {
  return model::DispatchPhysical(physical,
                                 []<typename T>(T*) { return Selector(SelectPairs<T, Op>); });
}

}  // namespace

Selector MakeSelector(std::string_view function, const DataType& left, const DataType& right) {
  if (left.physical() != right.physical() || IsDecimalPair(left, right) ||
      model::PhysicalSize(left.physical()) == 0) {
    return {};
  }
  if (function == "EQUALS") return SelectorFor<Equals>(left.physical());
  if (function == "NOT_EQUALS") return SelectorFor<NotEquals>(left.physical());
  if (function == "LESS_THAN") return SelectorFor<Less>(left.physical());
  if (function == "LESS_THAN_OR_EQUAL") return SelectorFor<LessOrEqual>(left.physical());
  if (function == "GREATER_THAN") return SelectorFor<Greater>(left.physical());
  if (function == "GREATER_THAN_OR_EQUAL") return SelectorFor<GreaterOrEqual>(left.physical());
  return {};
}

std::span<const FunctionEntry> ComparisonFunctions() { return kEntries; }

}  // namespace forebay::compute
