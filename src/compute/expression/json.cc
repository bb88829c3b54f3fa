#include "compute/expression/json_path.h"
#include "compute/expression/row_kernel.h"

namespace forebay::compute {

namespace {

using model::Column;
using model::DataType;

/// The path argument of a call: parsed once when it is a literal, else row by row.
class PathArgument {
 public:
  static Result<PathArgument> Of(const CallSite& call) {
    PathArgument argument;
    auto text = call.LiteralText(1);
    if (!text) return argument;
    argument.literal_ = JsonPath::Parse(*text);
    if (argument.literal_) return argument;
    return NotSupported("{}: path of this form: '{}'", call.name, *text);
  }
  /// Nothing for text that is no path.
  std::optional<JsonPath> At(const Operand& operand, int row) const {
    if (literal_) return literal_;
    return JsonPath::Parse(operand.column.GetString(operand.At(row)));
  }

 private:
  std::optional<JsonPath> literal_;
};

/// What JSON_VALUE and JSON_QUERY answer besides a value: nothing at the path, or an error (bad
/// JSON, a value of the wrong kind, a strict path that misses).
enum class Outcome { kFound, kEmpty, kError };

Outcome Missed(const JsonPath& path) { return path.strict() ? Outcome::kError : Outcome::kEmpty; }

Outcome LookupValue(const JsonPath& path, std::string_view text, std::string& result) {
  auto root = JsonText::Parse(text);
  if (!root) return Missed(path);
  auto found = path.Find(*root);
  if (found && found->is_error) return Outcome::kError;
  if (!found || found->is_list) return Missed(path);
  const JsonText& place = found->values[0];
  if (place.IsNull() || place.IsObject() || place.IsArray()) return Missed(path);
  result = place.Scalar();
  return Outcome::kFound;
}

/// How a found value is put into an array, and which outcomes end the query.
struct LookupMode {
  bool wraps = false;
  bool wraps_arrays = false;
  bool fails_on_empty = false;
  bool fails_on_error = false;
};

LookupMode ModeOf(const CallSite& call) {
  LookupMode mode;
  std::string_view fails = call.LiteralText(4).value_or("NONE");
  std::string_view wrapper = call.LiteralText(5).value_or("NEVER");
  mode.fails_on_empty = fails.find("EMPTY") != fails.npos;
  mode.fails_on_error = fails.find("ERROR") != fails.npos;
  mode.wraps = wrapper != "NEVER";
  mode.wraps_arrays = wrapper == "ALWAYS";
  return mode;
}

/// The value or the list that was found, in brackets if the mode wants them; scalars need some.
Outcome LookupQuery(const JsonPath& path, std::string_view text, const LookupMode& mode,
                    std::string& result) {
  auto root = JsonText::Parse(text);
  if (!root) return Missed(path);
  auto found = path.Find(*root);
  if (!found) return Missed(path);
  if (found->is_error) return Outcome::kError;
  bool list = found->is_list;
  if (!list && found->values[0].IsNull()) return Missed(path);
  bool array = list || found->values[0].IsArray();
  bool wrapped = mode.wraps && (mode.wraps_arrays || !array);
  if (!wrapped && !array && !found->values[0].IsObject()) return Missed(path);
  result.clear();
  if (wrapped) result += '[';
  if (list) result += '[';
  for (size_t i = 0; i < found->values.size(); ++i) {
    if (i > 0) result += ',';
    found->values[i].AppendCanonical(result);
  }
  if (list) result += ']';
  if (wrapped) result += ']';
  return Outcome::kFound;
}

/// An array's elements as text: strings without quotes, other values as JSON, null as NULL.
void AppendElements(model::ColumnBuilder& builder, std::string_view json) {
  std::string text;
  for (const JsonText& element : JsonText::Parse(json)->Children()) {
    if (element.IsNull()) {
      builder.child(0).AppendNull();
      continue;
    }
    text.clear();
    bool nested = element.IsObject() || element.IsArray();
    nested ? element.AppendCanonical(text) : void(text = element.Scalar());
    builder.child(0).AppendString(text);
  }
  builder.FinishEntry();
}

/// JSON_QUERY ... RETURNING ARRAY<STRING>: an array at the path, or the empty one that a clause
/// asks for.
Result<Kernel> MakeQueryArray(const CallSite& call) {
  if (!call.type.children()[0].IsCharacter()) return NoKernel(call);
  ASSIGN_OR_RETURN(PathArgument paths, PathArgument::Of(call));
  LookupMode mode = ModeOf(call);
  return Kernel([type = call.type, paths, mode](const BatchState& state,
                                                Operands args) -> Result<Column> {
    model::ColumnBuilder builder(type, state.num_rows);
    std::string result;
    for (int row = 0; row < state.num_rows; ++row) {
      bool null = args[0].IsNull(row) || args[1].IsNull(row);
      std::optional<JsonPath> path = null ? std::nullopt : paths.At(args[1], row);
      Outcome outcome = Outcome::kError;
      if (path) {
        std::string_view text = args[0].column.GetString(args[0].At(row));
        outcome = LookupQuery(*path, text, mode, result);
      }
      bool fallback = !null && outcome != Outcome::kFound;
      size_t other = outcome == Outcome::kEmpty ? 2 : 3;
      if (fallback && (outcome == Outcome::kEmpty ? mode.fails_on_empty : mode.fails_on_error)) {
        return InvalidArgument("JSON_QUERY: no array at the path");
      }
      fallback = fallback && other < args.size() && !args[other].IsNull(row);
      if (fallback) result = args[other].column.GetString(args[other].At(row));
      if ((fallback || outcome == Outcome::kFound) && result.starts_with('[')) {
        AppendElements(builder, result);
      } else {
        builder.AppendNull();
      }
    }
    return builder.Finish();
  });
}

/// Arguments 2 and 3, when present, are what to answer on empty and on error, 4 and 5 the mode.
template <bool kScalar>
Result<Kernel> MakeLookup(const CallSite& call) {
  if (!kScalar && call.type.Is(model::TypeRoot::kArray)) return MakeQueryArray(call);
  if (!call.type.IsCharacter()) return NoKernel(call);
  ASSIGN_OR_RETURN(PathArgument paths, PathArgument::Of(call));
  LookupMode mode = ModeOf(call);
  return Kernel(
      [type = call.type, paths, mode](const BatchState& state, Operands args) -> Result<Column> {
        model::ColumnBuilder builder(type, state.num_rows);
        std::string result;
        for (int row = 0; row < state.num_rows; ++row) {
          if (args[0].IsNull(row) || args[1].IsNull(row)) {
            builder.AppendNull();
            continue;
          }
          std::string_view text = args[0].column.GetString(args[0].At(row));
          std::optional<JsonPath> path = paths.At(args[1], row);
          Outcome outcome = !path     ? Outcome::kError
                            : kScalar ? LookupValue(*path, text, result)
                                      : LookupQuery(*path, text, mode, result);
          bool empty = outcome == Outcome::kEmpty;
          size_t other = empty ? 2 : 3;
          if (outcome == Outcome::kFound) {
            builder.AppendString(result);
          } else if (empty ? mode.fails_on_empty : mode.fails_on_error) {
            return InvalidArgument("{}: {}", kScalar ? "JSON_VALUE" : "JSON_QUERY",
                                   empty ? "nothing is at the path" : "no such value at the path");
          } else if (other >= args.size() || args[other].IsNull(row)) {
            builder.AppendNull();
          } else {
            builder.AppendString(args[other].column.GetString(args[other].At(row)));
          }
        }
        return builder.Finish();
      });
}

/// Argument 2 is what to answer on error: TRUE, FALSE, UNKNOWN or ERROR.
Result<Kernel> MakeExists(const CallSite& call) {
  ASSIGN_OR_RETURN(PathArgument paths, PathArgument::Of(call));
  std::string on_error(call.LiteralText(2).value_or("FALSE"));
  return Kernel([=, type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    model::ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      if (args[0].IsNull(row) || args[1].IsNull(row)) {
        builder.AppendNull();
        continue;
      }
      std::optional<JsonPath> path = paths.At(args[1], row);
      auto root = JsonText::Parse(args[0].column.GetString(args[0].At(row)));
      auto found = root && path ? path->Find(*root) : std::nullopt;
      bool error = !path || (found ? found->is_error : path->strict());
      bool exists = found && !error && (found->is_list || !found->values[0].IsNull());
      if (error && on_error == "ERROR") {
        return InvalidArgument("JSON_EXISTS: no such value at the path");
      }
      error&& on_error == "UNKNOWN"
          ? builder.AppendNull()
          : builder.Append<uint8_t>(exists || (error && on_error == "TRUE"));
    }
    return builder.Finish();
  });
}

/// Argument 1 is VALUE, OBJECT, ARRAY or SCALAR. NULL is no JSON.
Result<Kernel> MakeIsJson(const CallSite& call) {
  std::string kind(call.LiteralText(1).value_or("VALUE"));
  return Kernel([type = call.type, kind](const BatchState& state, Operands args) -> Result<Column> {
    model::ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      std::optional<JsonText> json;
      if (!args[0].IsNull(row)) {
        json = JsonText::Parse(args[0].column.GetString(args[0].At(row)));
      }
      bool is = json.has_value();
      if (is && kind == "OBJECT") is = json->IsObject();
      if (is && kind == "ARRAY") is = json->IsArray();
      if (is && kind == "SCALAR") is = !json->IsObject() && !json->IsArray();
      builder.Append<uint8_t>(is);
    }
    return builder.Finish();
  });
}

constexpr FunctionEntry kEntries[] = {
    {"JSON_VALUE", "ss?ssss", kNoFlags, MakeLookup<true>},
    {"JSON_QUERY", "ss?ssss", kNoFlags, MakeLookup<false>},
    {"JSON_EXISTS", "ss?s", kNoFlags, MakeExists},
    {"IS_JSON", "s?s", kNoFlags, MakeIsJson},
};

}  // namespace

std::span<const FunctionEntry> JsonFunctions() { return kEntries; }

}  // namespace forebay::compute
