#include "compute/expression/row_kernel.h"
#include "compute/expression/utf16.h"
#include "model/value.h"

namespace forebay::compute {

namespace {

using model::Column;
using model::ColumnBuilder;
using model::DataType;
using model::PhysicalType;
using model::TypeRoot;

// ---- Constructors

Result<Kernel> MakeArray(const CallSite& call) {
  for (const DataType& arg : call.args) {
    if (arg.physical() != call.type.children()[0].physical() && !arg.Is(TypeRoot::kNull)) {
      return NoKernel(call);
    }
  }
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      for (const Operand& arg : args) builder.child(0).AppendFrom(arg.column, arg.At(row));
      builder.FinishEntry();
    }
    return builder.Finish();
  });
}

bool SameKey(const Column& column, int a, int b) {
  if (column.IsNull(a) || column.IsNull(b)) return column.IsNull(a) && column.IsNull(b);
  if (model::PhysicalSize(column.physical()) == 0) return false;
  return model::DispatchPhysical(
      column.physical(), [&]<typename T>(T*) { return column.Get<T>(a) == column.Get<T>(b); });
}

/// Of equal keys the last one's value stays.
Result<Kernel> MakeMap(const CallSite& call) {
  if (call.args.size() % 2 != 0) return NoKernel(call);
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      for (size_t i = 0; i < args.size(); i += 2) {
        bool replaced = false;
        for (size_t j = i + 2; j < args.size() && !replaced; j += 2) {
          ColumnBuilder pair(args[i].type());
          pair.AppendFrom(args[i].column, args[i].At(row));
          pair.AppendFrom(args[j].column, args[j].At(row));
          replaced = SameKey(pair.Finish(), 0, 1);
        }
        if (replaced) continue;
        builder.child(0).AppendFrom(args[i].column, args[i].At(row));
        builder.child(1).AppendFrom(args[i + 1].column, args[i + 1].At(row));
      }
      builder.FinishEntry();
    }
    return builder.Finish();
  });
}

Result<Kernel> MakeRow(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    std::vector<Column> children;
    for (size_t i = 0; i < args.size(); ++i) {
      if (!args[i].constant) {
        children.push_back(args[i].column);
        continue;
      }
      std::vector<uint32_t> zeros(static_cast<size_t>(state.num_rows), 0);
      children.push_back(args[i].column.Gather(zeros));
    }
    return Column::Nested(type, state.num_rows, nullptr, nullptr, std::move(children), {});
  });
}

// ---- Access

Result<Kernel> MakeCardinality(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      int at = args[0].At(row);
      if (args[0].column.IsNull(at)) {
        builder.AppendNull();
      } else {
        builder.Append(args[0].column.offsets()[at + 1] - args[0].column.offsets()[at]);
      }
    }
    return builder.Finish();
  });
}

/// What is not there: NULL, or for elements declared NOT NULL the default that Flink's generated
/// code leaves, -1 for numbers.
void AppendMissing(ColumnBuilder& builder, const DataType& element) {
  if (element.nullable() || model::PhysicalSize(element.physical()) == 0) {
    return builder.AppendNull();
  }
  model::DispatchPhysical(element.physical(), [&]<typename T>(T*) {
    if constexpr (std::is_same_v<T, model::StringRef>) {
      builder.AppendNull();
    } else if constexpr (std::is_same_v<T, uint8_t>) {
      builder.Append<uint8_t>(0);
    } else {
      element.Is(TypeRoot::kDecimal) ? builder.AppendNull() : builder.Append(static_cast<T>(-1));
    }
  });
}

int64_t IndexAt(const Operand& operand, int row) {
  int at = operand.At(row);
  switch (operand.column.physical()) {
    case PhysicalType::kInt8: return operand.column.Get<int8_t>(at);
    case PhysicalType::kInt16: return operand.column.Get<int16_t>(at);
    case PhysicalType::kInt32: return operand.column.Get<int32_t>(at);
    default: return operand.column.Get<int64_t>(at);
  }
}

Result<Kernel> MakeArrayItem(const CallSite& call) {
  if (!call.args[1].IsInteger()) return NoKernel(call);
  return Kernel([type = call.type, element = call.args[0].children()[0]](
                    const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    const Column& lists = args[0].column;
    for (int row = 0; row < state.num_rows; ++row) {
      if (args[0].IsNull(row) || args[1].IsNull(row)) {
        AppendMissing(builder, element);
        continue;
      }
      int at = args[0].At(row);
      int64_t index = IndexAt(args[1], row), begin = lists.offsets()[at];
      if (index < 1 || index > lists.offsets()[at + 1] - begin) {
        AppendMissing(builder, element);
      } else {
        builder.AppendFrom(lists.children()[0], static_cast<int>(begin + index - 1));
      }
    }
    return builder.Finish();
  });
}

Result<Kernel> MakeMapItem(const CallSite& call) {
  const DataType& key = call.args[0].children()[0];
  bool flat = model::PhysicalSize(key.physical()) > 0;
  if (!flat || key.physical() != call.args[1].physical()) return NoKernel(call);
  return Kernel([type = call.type, element = call.args[0].children()[1]](
                    const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    const Column& maps = args[0].column;
    const Column& keys = maps.children()[0];
    for (int row = 0; row < state.num_rows; ++row) {
      if (args[0].IsNull(row) || args[1].IsNull(row)) {
        AppendMissing(builder, element);
        continue;
      }
      int at = args[0].At(row), found = -1;
      model::DispatchPhysical(keys.physical(), [&]<typename T>(T*) {
        const T& wanted = args[1].column.Get<T>(args[1].At(row));
        for (int i = maps.offsets()[at]; i < maps.offsets()[at + 1]; ++i) {
          if (!keys.IsNull(i) && keys.Get<T>(i) == wanted) found = i;
        }
      });
      found < 0 ? AppendMissing(builder, element) : builder.AppendFrom(maps.children()[1], found);
    }
    return builder.Finish();
  });
}

Result<Kernel> MakeField(const CallSite& call) {
  if (call.literals[1] == nullptr || call.literals[1]->column.IsNull(0)) return NoKernel(call);
  int64_t index = IndexAt(*call.literals[1], 0);
  if (index < 0 || index >= static_cast<int64_t>(call.args[0].children().size())) {
    return InvalidArgument("FIELD: no field {} in {}", index, call.args[0].ToString());
  }
  return Kernel(
      [type = call.type, index](const BatchState& state, Operands args) -> Result<Column> {
        const Column& row = args[0].column;
        const Column& field = row.children()[static_cast<size_t>(index)];
        if (row.validity() == nullptr && !args[0].constant) return field;
        ColumnBuilder builder(type, state.num_rows);
        for (int i = 0; i < state.num_rows; ++i) {
          int at = args[0].At(i);
          row.IsNull(at) ? builder.AppendNull() : builder.AppendFrom(field, at);
        }
        return builder.Finish();
      });
}

template <int kChild>
Result<Kernel> MakeMapPart(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    const Column& maps = args[0].column;
    for (int row = 0; row < state.num_rows; ++row) {
      int at = args[0].At(row);
      if (maps.IsNull(at)) {
        builder.AppendNull();
        continue;
      }
      for (int i = maps.offsets()[at]; i < maps.offsets()[at + 1]; ++i) {
        builder.child(0).AppendFrom(maps.children()[kChild], i);
      }
      builder.FinishEntry();
    }
    return builder.Finish();
  });
}

/// NULL is found when the array has one.
Result<Kernel> MakeArrayContains(const CallSite& call) {
  const DataType& element = call.args[0].children()[0];
  bool flat = model::PhysicalSize(element.physical()) > 0;
  if (element.physical() != call.args[1].physical()) return NoKernel(call);
  return Kernel([type = call.type, flat](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    const Column& lists = args[0].column;
    const Column& elements = lists.children()[0];
    for (int row = 0; row < state.num_rows; ++row) {
      int at = args[0].At(row);
      if (lists.IsNull(at)) {
        builder.AppendNull();
        continue;
      }
      bool found = false, wants_null = args[1].IsNull(row);
      for (int i = lists.offsets()[at]; i < lists.offsets()[at + 1] && !found; ++i) {
        if (wants_null || elements.IsNull(i)) {
          found = wants_null && elements.IsNull(i);
          continue;
        }
        if (!flat) {
          found = model::ValueAt(elements, i) == model::ValueAt(args[1].column, args[1].At(row));
          continue;
        }
        found = model::DispatchPhysical(elements.physical(), [&]<typename T>(T*) {
          return elements.Get<T>(i) == args[1].column.Get<T>(args[1].At(row));
        });
      }
      builder.Append<uint8_t>(found);
    }
    return builder.Finish();
  });
}

/// Pieces of a text, by literal text; an empty separator stands between UTF-16 units.
Result<Kernel> MakeSplit(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      if (args[0].IsNull(row) || args[1].IsNull(row)) {
        builder.AppendNull();
        continue;
      }
      std::string_view text = args[0].column.GetString(args[0].At(row));
      std::string_view separator = args[1].column.GetString(args[1].At(row));
      if (text.empty()) {
        builder.FinishEntry();
        continue;
      }
      if (separator.empty()) {
        for (char16_t unit : ToUtf16(text)) builder.child(0).AppendString(FromUtf16({&unit, 1}));
        builder.FinishEntry();
        continue;
      }
      size_t begin = 0, at = text.find(separator);
      for (; at != text.npos; at = text.find(separator, begin)) {
        builder.child(0).AppendString(text.substr(begin, at - begin));
        begin = at + separator.size();
      }
      builder.child(0).AppendString(text.substr(begin));
      builder.FinishEntry();
    }
    return builder.Finish();
  });
}

/// REPLICATE(n): an array of n elements, for a row to come n times (Flink's $REPLICATE_ROWS).
Result<Kernel> MakeReplicate(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    constexpr int64_t kElementsMax = int64_t{1} << 30;
    ColumnBuilder builder(type, state.num_rows);
    int64_t elements = 0;
    for (int row = 0; row < state.num_rows; ++row) {
      int64_t copies = args[0].IsNull(row) ? 0 : args[0].column.Get<int64_t>(args[0].At(row));
      elements += std::max<int64_t>(copies, 0);
      if (elements > kElementsMax) {
        return InvalidArgument("rows that are there more than {} times", kElementsMax);
      }
      for (; copies > 0; --copies) builder.child(0).Append<uint8_t>(1);
      builder.FinishEntry();
    }
    return builder.Finish();
  });
}

constexpr FunctionEntry kEntries[] = {
    {"ARRAY", "*+", kNoFlags, MakeArray},
    {"MAP", "**+", kNoFlags, MakeMap},
    {"ROW", "*+", kNoFlags, MakeRow},
    {"CARDINALITY", "a", kNoFlags, MakeCardinality},
    {"CARDINALITY", "m", kNoFlags, MakeCardinality},
    {"ITEM", "a*", kNoFlags, MakeArrayItem},
    {"ITEM", "m*", kNoFlags, MakeMapItem},
    {"FIELD", "r*", kNoFlags, MakeField},
    {"MAP_KEYS", "m", kNoFlags, MakeMapPart<0>},
    {"MAP_VALUES", "m", kNoFlags, MakeMapPart<1>},
    {"ARRAY_CONTAINS", "a*", kNoFlags, MakeArrayContains},
    {"SPLIT", "ss", kNoFlags, MakeSplit},
    {"REPLICATE", "l", kNoFlags, MakeReplicate},
};

}  // namespace

std::span<const FunctionEntry> CollectionFunctions() { return kEntries; }

}  // namespace forebay::compute
