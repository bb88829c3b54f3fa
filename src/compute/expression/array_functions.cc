#include <algorithm>
#include <cmath>

#include "compute/expression/row_kernel.h"
#include "model/value.h"

namespace forebay::compute {

namespace {

using model::Column;
using model::ColumnBuilder;
using model::DataType;
using model::Value;

/// NULL equals NULL, and NaN equals NaN.
bool SameValue(const Value& a, const Value& b) {
  const auto* x = std::get_if<double>(&a.data);
  const auto* y = std::get_if<double>(&b.data);
  return a == b || (x != nullptr && y != nullptr && std::isnan(*x) && std::isnan(*y));
}

/// The elements of one array, which lie in rows [begin, end) of a column.
struct Elements {
  const Column* column;
  int begin;
  int end;

  int size() const { return end - begin; }
  Value At(int index) const { return model::ValueAt(*column, begin + index); }
  /// The first element equal to `value`, or -1.
  int Find(const Value& value) const {
    for (int i = 0; i < size(); ++i) {
      if (SameValue(At(i), value)) return i;
    }
    return -1;
  }
  void AppendTo(ColumnBuilder& builder, int index) const {
    builder.AppendFrom(*column, begin + index);
  }
};

Elements ElementsOf(const Operand& list, int row) {
  int at = list.At(row);
  return {&list.column.children()[0], list.column.offsets()[at], list.column.offsets()[at + 1]};
}

bool SameElements(const DataType& list, const DataType& other) {
  return list.children()[0].physical() == other.physical();
}

/// A kernel that writes an array a row; f(elements' builder, row, args) sees only rows whose first
/// `strict` arguments are not NULL, the others give NULL.
template <typename F>
Kernel ArrayKernel(const CallSite& call, size_t strict, F f) {
  return [type = call.type, strict, f](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      bool null = false;
      for (size_t i = 0; i < std::min(strict, args.size()); ++i) null |= args[i].IsNull(row);
      if (null) {
        builder.AppendNull();
        continue;
      }
      f(builder.child(0), row, args);
      builder.FinishEntry();
    }
    return builder.Finish();
  };
}

void AppendAll(ColumnBuilder& out, const Elements& elements) {
  for (int i = 0; i < elements.size(); ++i) elements.AppendTo(out, i);
}

// ---- One array and an element

template <bool kFront>
Result<Kernel> MakeArrayAppend(const CallSite& call) {
  if (!SameElements(call.args[0], call.args[1])) return NoKernel(call);
  return ArrayKernel(call, 1, [](ColumnBuilder& out, int row, Operands args) {
    if (kFront) out.AppendFrom(args[1].column, args[1].At(row));
    AppendAll(out, ElementsOf(args[0], row));
    if (!kFront) out.AppendFrom(args[1].column, args[1].At(row));
  });
}

Result<Kernel> MakeArrayRemove(const CallSite& call) {
  if (!SameElements(call.args[0], call.args[1])) return NoKernel(call);
  return ArrayKernel(call, 1, [](ColumnBuilder& out, int row, Operands args) {
    Elements elements = ElementsOf(args[0], row);
    Value gone = model::ValueAt(args[1].column, args[1].At(row));
    for (int i = 0; i < elements.size(); ++i) {
      if (elements.At(i) != gone) elements.AppendTo(out, i);
    }
  });
}

/// From 1; 0 when it is not there.
Result<Kernel> MakeArrayPosition(const CallSite& call) {
  if (!SameElements(call.args[0], call.args[1])) return NoKernel(call);
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      if (args[0].IsNull(row) || args[1].IsNull(row)) {
        builder.AppendNull();
        continue;
      }
      Value wanted = model::ValueAt(args[1].column, args[1].At(row));
      builder.Append<int32_t>(ElementsOf(args[0], row).Find(wanted) + 1);
    }
    return builder.Finish();
  });
}

// ---- Arrays as sets

enum class SetOperation { kDistinct, kUnion, kExcept, kIntersect };

/// Every value once, in the order of its first place.
template <SetOperation kOperation>
Result<Kernel> MakeArraySet(const CallSite& call) {
  bool two = call.args.size() > 1;
  if (two && !SameElements(call.args[0], call.args[1].children()[0])) return NoKernel(call);
  return ArrayKernel(call, 2, [](ColumnBuilder& out, int row, Operands args) {
    Elements first = ElementsOf(args[0], row);
    Elements second = args.size() > 1 ? ElementsOf(args[1], row) : Elements{first.column, 0, 0};
    for (int i = 0; i < first.size(); ++i) {
      Value value = first.At(i);
      if (first.Find(value) < i) continue;
      if (kOperation == SetOperation::kExcept && second.Find(value) >= 0) continue;
      if (kOperation == SetOperation::kIntersect && second.Find(value) < 0) continue;
      first.AppendTo(out, i);
    }
    if (kOperation != SetOperation::kUnion) return;
    for (int i = 0; i < second.size(); ++i) {
      Value value = second.At(i);
      if (first.Find(value) < 0 && second.Find(value) == i) second.AppendTo(out, i);
    }
  });
}

Result<Kernel> MakeArrayConcat(const CallSite& call) {
  for (const DataType& arg : call.args) {
    if (!SameElements(call.type, arg.children()[0])) return NoKernel(call);
  }
  return ArrayKernel(call, call.args.size(), [](ColumnBuilder& out, int row, Operands args) {
    for (const Operand& arg : args) AppendAll(out, ElementsOf(arg, row));
  });
}

// ---- Order

/// Of two values that are not NULL; NaN is the greatest.
bool LessValue(const Value& a, const Value& b) {
  if (const auto* x = std::get_if<double>(&a.data)) {
    double y = std::get<double>(b.data);
    return std::isnan(*x) || std::isnan(y) ? !std::isnan(*x) && std::isnan(y) : *x < y;
  }
  return std::visit(
      [&b](const auto& x) {
        using T = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<T, Value::List>) {
          return false;
        } else {
          return x < std::get<T>(b.data);
        }
      },
      a.data);
}

bool IsOrdered(const DataType& element) { return model::PhysicalSize(element.physical()) > 0; }

bool FlagAt(Operands args, size_t arg, int row, bool otherwise) {
  if (arg >= args.size() || args[arg].IsNull(row)) return otherwise;
  return args[arg].column.Get<uint8_t>(args[arg].At(row)) != 0;
}

/// ARRAY_SORT(array [, ascending [, nulls first]]): NULLs are first in ascending order and last in
/// descending order.
Result<Kernel> MakeArraySort(const CallSite& call) {
  if (!IsOrdered(call.args[0].children()[0])) return NoKernel(call);
  return ArrayKernel(call, 3, [](ColumnBuilder& out, int row, Operands args) {
    Elements elements = ElementsOf(args[0], row);
    bool ascending = FlagAt(args, 1, row, true);
    bool nulls_first = FlagAt(args, 2, row, ascending);
    std::vector<Value> values;
    for (int i = 0; i < elements.size(); ++i) values.push_back(elements.At(i));
    std::stable_sort(values.begin(), values.end(), [&](const Value& a, const Value& b) {
      if (a.IsNull() || b.IsNull())
        return nulls_first ? a.IsNull() && !b.IsNull() : !a.IsNull() && b.IsNull();
      return ascending ? LessValue(a, b) : LessValue(b, a);
    });
    for (const Value& value : values) model::AppendValue(out, value);
  });
}

Result<Kernel> MakeArrayReverse(const CallSite& call) {
  return ArrayKernel(call, 1, [](ColumnBuilder& out, int row, Operands args) {
    Elements elements = ElementsOf(args[0], row);
    for (int i = elements.size() - 1; i >= 0; --i) elements.AppendTo(out, i);
  });
}

template <bool kMax>
Result<Kernel> MakeArrayExtreme(const CallSite& call) {
  if (!IsOrdered(call.args[0].children()[0])) return NoKernel(call);
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      Value best;
      Elements elements{nullptr, 0, 0};
      if (!args[0].IsNull(row)) elements = ElementsOf(args[0], row);
      for (int i = 0; i < elements.size(); ++i) {
        Value value = elements.At(i);
        if (value.IsNull()) continue;
        // NaN that comes first stays the least: nothing is less than it.
        const auto* number = std::get_if<double>(&best.data);
        bool stays = !kMax && number != nullptr && std::isnan(*number);
        bool better =
            best.IsNull() || (!stays && (kMax ? LessValue(best, value) : LessValue(value, best)));
        if (better) best = std::move(value);
      }
      model::AppendValue(builder, best);
    }
    return builder.Finish();
  });
}

// ---- Parts

/// ARRAY_SLICE(array, first [, last]): places from 1, negative ones from the end.
Result<Kernel> MakeArraySlice(const CallSite& call) {
  return ArrayKernel(call, 3, [](ColumnBuilder& out, int row, Operands args) {
    Elements elements = ElementsOf(args[0], row);
    auto place = [&](size_t arg) -> int64_t {
      int64_t at = args[arg].column.Get<int32_t>(args[arg].At(row));
      return at < 0 ? elements.size() + at + 1 : at;
    };
    int64_t first = std::max<int64_t>(place(1), 1);
    int64_t last = args.size() > 2 ? std::min<int64_t>(place(2), elements.size()) : elements.size();
    for (int64_t i = first; i <= last; ++i) elements.AppendTo(out, static_cast<int>(i - 1));
  });
}

/// NULL elements are left out, or shown as the third argument.
Result<Kernel> MakeArrayJoin(const CallSite& call) {
  if (!call.args[0].children()[0].IsCharacter()) return NoKernel(call);
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    auto text_at = [&](size_t arg, int row) {
      return args[arg].column.GetString(args[arg].At(row));
    };
    for (int row = 0; row < state.num_rows; ++row) {
      bool shows_nulls = args.size() > 2 && !args[2].IsNull(row);
      if (args[0].IsNull(row) || args[1].IsNull(row)) {
        builder.AppendNull();
        continue;
      }
      Elements elements = ElementsOf(args[0], row);
      std::string text;
      bool any = false;
      for (int i = elements.begin; i < elements.end; ++i) {
        bool null = elements.column->IsNull(i);
        if (null && !shows_nulls) continue;
        if (any) text += text_at(1, row);
        text += null ? text_at(2, row) : elements.column->GetString(i);
        any = true;
      }
      builder.AppendString(text);
    }
    return builder.Finish();
  });
}

/// The only element of an array that has one.
Result<Kernel> MakeElement(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      Elements elements{nullptr, 0, 0};
      if (!args[0].IsNull(row)) elements = ElementsOf(args[0], row);
      if (elements.size() > 1) {
        return InvalidArgument("ELEMENT: the array has {} elements", elements.size());
      }
      elements.size() == 1 ? elements.AppendTo(builder, 0) : builder.AppendNull();
    }
    return builder.Finish();
  });
}

// ---- Maps

Result<Kernel> MakeMapEntries(const CallSite& call) {
  return ArrayKernel(call, 1, [](ColumnBuilder& out, int row, Operands args) {
    int at = args[0].At(row);
    const Column& maps = args[0].column;
    for (int i = maps.offsets()[at]; i < maps.offsets()[at + 1]; ++i) {
      out.child(0).AppendFrom(maps.children()[0], i);
      out.child(1).AppendFrom(maps.children()[1], i);
      out.FinishEntry();
    }
  });
}

Result<Kernel> MakeMapFromArrays(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      if (args[0].IsNull(row) || args[1].IsNull(row)) {
        builder.AppendNull();
        continue;
      }
      Elements keys = ElementsOf(args[0], row), values = ElementsOf(args[1], row);
      if (keys.size() != values.size()) {
        return InvalidArgument("MAP_FROM_ARRAYS: {} keys and {} values", keys.size(),
                               values.size());
      }
      for (int i = 0; i < keys.size(); ++i) {
        Value key = keys.At(i);
        if (keys.Find(key) < i) continue;
        // Of equal keys the last one's value stays.
        int last = keys.size() - 1;
        while (last > i && !SameValue(keys.At(last), key)) --last;
        keys.AppendTo(builder.child(0), i);
        values.AppendTo(builder.child(1), last);
      }
      builder.FinishEntry();
    }
    return builder.Finish();
  });
}

/// MAP_UNION(map, map, ...): of equal keys the last map's value.
Result<Kernel> MakeMapUnion(const CallSite& call) {
  for (const DataType& arg : call.args) {
    for (size_t child : {0, 1}) {
      if (arg.children()[child].physical() != call.type.children()[child].physical()) {
        return NoKernel(call);
      }
    }
  }
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      bool null = false;
      for (const Operand& arg : args) null = null || arg.IsNull(row);
      if (null) {
        builder.AppendNull();
        continue;
      }
      std::vector<Value> keys;
      for (size_t i = args.size(); i-- > 0;) {
        const Column& maps = args[i].column;
        int at = args[i].At(row);
        for (int entry = maps.offsets()[at]; entry < maps.offsets()[at + 1]; ++entry) {
          Value key = model::ValueAt(maps.children()[0], entry);
          auto same = [&](const Value& known) { return SameValue(known, key); };
          if (std::any_of(keys.begin(), keys.end(), same)) continue;
          builder.child(0).AppendFrom(maps.children()[0], entry);
          builder.child(1).AppendFrom(maps.children()[1], entry);
          keys.push_back(std::move(key));
        }
      }
      builder.FinishEntry();
    }
    return builder.Finish();
  });
}

constexpr FunctionEntry kEntries[] = {
    {"ARRAY_APPEND", "a*", kNoFlags, MakeArrayAppend<false>},
    {"ARRAY_PREPEND", "a*", kNoFlags, MakeArrayAppend<true>},
    {"ARRAY_CONCAT", "a+", kNoFlags, MakeArrayConcat},
    {"ARRAY_REMOVE", "a*", kNoFlags, MakeArrayRemove},
    {"ARRAY_POSITION", "a*", kNoFlags, MakeArrayPosition},
    {"ARRAY_DISTINCT", "a", kNoFlags, MakeArraySet<SetOperation::kDistinct>},
    {"ARRAY_UNION", "aa", kNoFlags, MakeArraySet<SetOperation::kUnion>},
    {"ARRAY_EXCEPT", "aa", kNoFlags, MakeArraySet<SetOperation::kExcept>},
    {"ARRAY_INTERSECT", "aa", kNoFlags, MakeArraySet<SetOperation::kIntersect>},
    {"ARRAY_SORT", "a?bb", kNoFlags, MakeArraySort},
    {"ARRAY_REVERSE", "a", kNoFlags, MakeArrayReverse},
    {"ARRAY_MAX", "a", kNoFlags, MakeArrayExtreme<true>},
    {"ARRAY_MIN", "a", kNoFlags, MakeArrayExtreme<false>},
    {"ARRAY_SLICE", "ai?i", kNoFlags, MakeArraySlice},
    {"ARRAY_JOIN", "as?s", kNoFlags, MakeArrayJoin},
    {"ELEMENT", "a", kNoFlags, MakeElement},
    {"MAP_ENTRIES", "m", kNoFlags, MakeMapEntries},
    {"MAP_FROM_ARRAYS", "aa", kNoFlags, MakeMapFromArrays},
    {"MAP_UNION", "m+", kNoFlags, MakeMapUnion},
};

}  // namespace

std::span<const FunctionEntry> ArrayFunctions() { return kEntries; }

}  // namespace forebay::compute
