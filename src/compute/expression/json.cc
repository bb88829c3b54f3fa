#include "compute/expression/json_path.h"
#include "compute/expression/row_kernel.h"

namespace forebay::compute {

namespace {

using model::Column;
using model::DataType;

Result<JsonPath> PathOf(const CallSite& call) {
  auto text = call.LiteralText(1);
  if (!text) return NotSupported("{}: the path must be a literal", call.name);
  auto path = JsonPath::Parse(*text);
  if (!path) return NotSupported("{}: path of this form: '{}'", call.name, *text);
  return *path;
}

/// What JSON_VALUE and JSON_QUERY answer besides a value: nothing at the path, or an error (bad
/// JSON, a value of the wrong kind, a strict path that misses).
enum class Outcome { kFound, kEmpty, kError };

Outcome Lookup(const JsonPath& path, std::string_view text, bool scalar, std::string& result) {
  auto root = JsonText::Parse(text);
  if (!root) return Outcome::kError;
  auto place = path.Find(*root);
  if (!place) return path.strict() ? Outcome::kError : Outcome::kEmpty;
  if (scalar && place->IsNull()) return Outcome::kEmpty;
  if (scalar == (place->IsObject() || place->IsArray())) {
    return path.strict() ? Outcome::kError : Outcome::kEmpty;
  }
  result = scalar ? place->Scalar() : place->Compact();
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

/// JSON_QUERY WITH WRAPPER: any value, in brackets; an array as it is when the wrapper is
/// conditional.
Outcome LookupWrapped(const JsonPath& path, std::string_view text, bool wraps_arrays,
                      std::string& result) {
  auto root = JsonText::Parse(text);
  if (!root) return Outcome::kError;
  auto place = path.Find(*root);
  if (!place) return path.strict() ? Outcome::kError : Outcome::kEmpty;
  bool bare = place->IsArray() && !wraps_arrays;
  result = bare ? place->Compact() : "[" + place->Compact() + "]";
  return Outcome::kFound;
}

/// Arguments 2 and 3, when present, are what to answer on empty and on error, 4 and 5 the mode.
template <bool kScalar>
Result<Kernel> MakeLookup(const CallSite& call) {
  if (!call.type.IsCharacter()) return NoKernel(call);
  ASSIGN_OR_RETURN(JsonPath path, PathOf(call));
  LookupMode mode = ModeOf(call);
  return Kernel(
      [type = call.type, path, mode](const BatchState& state, Operands args) -> Result<Column> {
        model::ColumnBuilder builder(type, state.num_rows);
        std::string result;
        for (int row = 0; row < state.num_rows; ++row) {
          if (args[0].IsNull(row)) {
            builder.AppendNull();
            continue;
          }
          std::string_view text = args[0].column.GetString(args[0].At(row));
          Outcome outcome = mode.wraps ? LookupWrapped(path, text, mode.wraps_arrays, result)
                                       : Lookup(path, text, kScalar, result);
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
  ASSIGN_OR_RETURN(JsonPath path, PathOf(call));
  std::string on_error(call.LiteralText(2).value_or("FALSE"));
  return RowKernel<std::string_view>(call, [path, on_error](RowWriter& out, std::string_view text) {
    auto root = JsonText::Parse(text);
    bool found = root && path.Find(*root);
    bool error = !root || (!found && path.strict());
    if (error && on_error == "UNKNOWN") return out.Null();
    if (error && on_error == "ERROR") {
      return out.Fail(InvalidArgument("JSON_EXISTS: no such value at the path"));
    }
    out.Set(static_cast<uint8_t>(found || (error && on_error == "TRUE")));
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
