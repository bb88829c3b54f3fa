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

/// What JSON_VALUE and JSON_QUERY answer besides a value: nothing at the path, or an error (bad JSON, a value of the wrong
/// kind, a strict path that misses).
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

/// Arguments 2 and 3, when present, are what to answer on empty and on error.
template <bool kScalar>
Result<Kernel> MakeLookup(const CallSite& call) {
  if (!call.type.IsCharacter()) return NoKernel(call);
  ASSIGN_OR_RETURN(JsonPath path, PathOf(call));
  return Kernel([type = call.type, path](const BatchState& state,
                                         Operands args) -> Result<Column> {
    model::ColumnBuilder builder(type, state.num_rows);
    std::string result;
    for (int row = 0; row < state.num_rows; ++row) {
      if (args[0].IsNull(row)) {
        builder.AppendNull();
        continue;
      }
      std::string_view text = args[0].column.GetString(args[0].At(row));
      Outcome outcome = Lookup(path, text, kScalar, result);
      size_t other = outcome == Outcome::kEmpty ? 2 : 3;
      if (outcome == Outcome::kFound) {
        builder.AppendString(result);
      } else if (other >= args.size() || args[other].IsNull(row)) {
        builder.AppendNull();
      } else {
        builder.AppendString(args[other].column.GetString(args[other].At(row)));
      }
    }
    return builder.Finish();
  });
}

Result<Kernel> MakeExists(const CallSite& call) {
  ASSIGN_OR_RETURN(JsonPath path, PathOf(call));
  return RowKernel<std::string_view>(call, [path](RowWriter& out, std::string_view text) {
    auto root = JsonText::Parse(text);
    out.Set(static_cast<uint8_t>(root && path.Find(*root)));
  });
}

Result<Kernel> MakeIsJson(const CallSite& call) {
  return RowKernel<std::string_view>(call, [](RowWriter& out, std::string_view text) {
    out.Set(static_cast<uint8_t>(JsonText::Parse(text).has_value()));
  });
}

constexpr FunctionEntry kEntries[] = {
    {"JSON_VALUE", "ss?ss", kNoFlags, MakeLookup<true>},
    {"JSON_QUERY", "ss?ss", kNoFlags, MakeLookup<false>},
    {"JSON_EXISTS", "ss", kNoFlags, MakeExists},
    {"IS_JSON", "s", kNoFlags, MakeIsJson},
};

}  // namespace

std::span<const FunctionEntry> JsonFunctions() { return kEntries; }

}  // namespace forebay::compute
