#include <fmt/format.h>

#include <map>

#include "compute/expression/cell_text.h"
#include "compute/expression/json_path.h"
#include "compute/expression/row_kernel.h"
#include "compute/expression/variant.h"

namespace forebay::compute {

namespace {

using model::Column;
using model::ColumnBuilder;
using model::DataType;
using model::TypeRoot;

bool HasJsonForm(const DataType& type) {
  if (type.Is(TypeRoot::kTimestamp)) return true;
  if (type.IsTemporal() || type.IsInterval() || type.IsBytes()) return false;
  if (type.Is(TypeRoot::kMultiset)) return false;
  if (type.Is(TypeRoot::kMap) && !type.children()[0].IsCharacter()) return false;
  for (const DataType& child : type.children()) {
    if (!HasJsonForm(child)) return false;
  }
  return true;
}

/// As Java's BigDecimal shows it: the sign of an exponent is always there. NaN and infinities are
/// strings.
void AppendFloating(std::string& out, const Column& column, int row) {
  std::string text;
  AppendCell(text, column, row, nullptr);
  if (text.find_first_of("NI") != std::string::npos) return AppendJsonString(out, text);
  size_t exponent = text.find('E');
  bool needs_sign = exponent != std::string::npos && text[exponent + 1] != '-';
  out.append(text, 0, needs_sign ? exponent + 1 : text.size());
  if (needs_sign) {
    out += '+';
    out.append(text, exponent + 1);
  }
}

void AppendJson(std::string& out, const Column& column, int row);

void AppendJsonArray(std::string& out, const Column& column, int row) {
  out += '[';
  for (int i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i) {
    if (i > column.offsets()[row]) out += ',';
    AppendJson(out, column.children()[0], i);
  }
  out += ']';
}

/// A ROW or MAP: members are in the order of their names, a key that is NULL is called null.
void AppendJsonObject(std::string& out, const Column& column, int row) {
  const DataType& type = column.type();
  bool is_row = type.Is(TypeRoot::kRow);
  int begin = is_row ? 0 : column.offsets()[row];
  int end = is_row ? static_cast<int>(type.children().size()) : column.offsets()[row + 1];
  std::map<std::string_view, int> places;
  for (int i = begin; i < end; ++i) {
    if (is_row) {
      places[type.fields()[static_cast<size_t>(i)].name] = i;
    } else {
      const Column& keys = column.children()[0];
      places[keys.IsNull(i) ? "null" : keys.GetString(i)] = i;
    }
  }
  char separator = '{';
  for (const auto& [name, place] : places) {
    out += separator;
    separator = ',';
    AppendJsonString(out, name);
    out += ':';
    is_row ? AppendJson(out, column.children()[static_cast<size_t>(place)], row)
           : AppendJson(out, column.children()[1], place);
  }
  out += places.empty() ? "{}" : "}";
}

/// ISO 8601, without zeros at the end of the fraction.
void AppendTimestamp(std::string& out, const Column& column, int row) {
  std::string text;
  AppendCell(text, column, row, nullptr);
  size_t blank = text.find(' ');
  if (blank != std::string::npos) text[blank] = 'T';
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
  }
  AppendJsonString(out, text);
}

/// The cell as a JSON value; its type has a JSON form.
void AppendJson(std::string& out, const Column& column, int row) {
  const DataType& type = column.type();
  if (column.IsNull(row)) {
    out += "null";
  } else if (type.Is(TypeRoot::kBoolean)) {
    out += column.Get<uint8_t>(row) != 0 ? "true" : "false";
  } else if (type.Is(TypeRoot::kFloat) || type.Is(TypeRoot::kDouble)) {
    AppendFloating(out, column, row);
  } else if (type.IsCharacter()) {
    AppendJsonString(out, column.GetString(row));
  } else if (type.Is(TypeRoot::kVariant)) {
    AppendVariantJson(out, column.GetString(row));
  } else if (type.Is(TypeRoot::kTimestamp)) {
    AppendTimestamp(out, column, row);
  } else if (type.IsNumeric()) {
    AppendCell(out, column, row, nullptr);
  } else if (type.Is(TypeRoot::kArray)) {
    AppendJsonArray(out, column, row);
  } else {
    AppendJsonObject(out, column, row);
  }
}

Result<Kernel> MakeJsonString(const CallSite& call) {
  if (!HasJsonForm(call.args[0])) return NoKernel(call);
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    std::string text;
    for (int row = 0; row < state.num_rows; ++row) {
      if (args[0].IsNull(row)) {
        builder.AppendNull();
        continue;
      }
      text.clear();
      AppendJson(text, args[0].column, args[0].At(row));
      builder.AppendString(text);
    }
    return builder.Finish();
  });
}

/// What the first argument of JSON_OBJECT and JSON_ARRAY says: NULL or ABSENT, a blank, and a
/// letter an argument, 'j' for one that is JSON text already.
struct Construction {
  bool keeps_nulls = false;
  std::string kinds;
};

Result<Construction> ConstructionOf(const CallSite& call) {
  auto text = call.LiteralText(0);
  if (!text) return NoKernel(call);
  for (const DataType& arg : call.args) {
    if (!HasJsonForm(arg)) return NoKernel(call);
  }
  size_t blank = text->find(' ');
  return Construction{text->starts_with("NULL"), std::string(text->substr(blank + 1))};
}

void AppendMember(std::string& out, const Construction& how, size_t arg, const Operand& value,
                  int row) {
  if (how.kinds[arg - 1] == 'j' && !value.IsNull(row)) {
    out += value.column.GetString(value.At(row));
  } else {
    AppendJson(out, value.column, value.At(row));
  }
}

/// Members are in the order of their names; of equal ones the last stays.
Kernel ObjectKernel(const CallSite& call, const Construction& how) {
  return [type = call.type, how](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    std::map<std::string_view, std::string> members;
    for (int row = 0; row < state.num_rows; ++row) {
      members.clear();
      for (size_t i = 2; i < args.size(); i += 2) {
        if (args[i].IsNull(row) && !how.keeps_nulls) continue;
        if (args[i - 1].IsNull(row)) return InvalidArgument("JSON_OBJECT: a key is NULL");
        std::string& member = members[args[i - 1].column.GetString(args[i - 1].At(row))];
        member.clear();
        AppendMember(member, how, i, args[i], row);
      }
      std::string text = "{";
      for (const auto& [name, value] : members) {
        if (text.size() > 1) text += ',';
        AppendJsonString(text, name);
        text.append(1, ':').append(value);
      }
      builder.AppendString(text += '}');
    }
    return builder.Finish();
  };
}

template <bool kObject>
Result<Kernel> MakeJsonConstructor(const CallSite& call) {
  ASSIGN_OR_RETURN(Construction how, ConstructionOf(call));
  if (kObject && call.args.size() % 2 == 0) return NoKernel(call);
  for (size_t i = 1; kObject && i < call.args.size(); i += 2) {
    if (!call.args[i].IsCharacter()) return NoKernel(call);
  }
  if (kObject) return ObjectKernel(call, how);
  return Kernel([type = call.type, how](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      std::string text = "[";
      for (size_t i = 1; i < args.size(); ++i) {
        if (args[i].IsNull(row) && !how.keeps_nulls) continue;
        if (text.size() > 1) text += ',';
        AppendMember(text, how, i, args[i], row);
      }
      builder.AppendString(text += ']');
    }
    return builder.Finish();
  });
}

/// Text that must be JSON, without white space and in order: a value of JSON_OBJECT or JSON_ARRAY.
Result<Kernel> MakeJson(const CallSite& call) {
  return RowKernel<std::string_view>(call, [](RowWriter& out, std::string_view text) {
    auto json = JsonText::Parse(text);
    if (!json) return out.Fail(InvalidArgument("JSON: the text is no JSON: '{}'", text));
    std::string canonical;
    json->AppendCanonical(canonical);
    out.Text(canonical);
  });
}

constexpr FunctionEntry kEntries[] = {
    {"JSON", "s", kNoFlags, MakeJson},
    {"JSON_STRING", "*", kNoFlags, MakeJsonString},
    {"JSON_OBJECT", "s*+", kNoFlags, MakeJsonConstructor<true>},
    {"JSON_OBJECT", "s", kNoFlags, MakeJsonConstructor<true>},
    {"JSON_ARRAY", "s*+", kNoFlags, MakeJsonConstructor<false>},
    {"JSON_ARRAY", "s", kNoFlags, MakeJsonConstructor<false>},
};

}  // namespace

std::span<const FunctionEntry> JsonTextFunctions() { return kEntries; }

}  // namespace forebay::compute
