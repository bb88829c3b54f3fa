#include "format/text/change_json.h"
#include "format/text/change_json_dialect.h"

namespace forebay::format {

using model::Batch;

namespace {

/// `"name":null` is left out when nulls are.
void AppendNullField(std::string& out, std::string_view name, const JsonWriteOptions& options) {
  if (!options.ignore_null_fields) out += fmt::format("\"{}\":null,", name);
}

}  // namespace

Status AppendChangeJson(std::string& out, ChangeJson kind, const std::vector<std::string>& names,
                        const Batch& batch, int row, const JsonWriteOptions& options) {
  const Dialect& dialect = DialectOf(kind);
  bool removes = model::IsRetraction(batch.change(row));
  out += '{';
  if (HasPartialOldRows(kind)) {
    out += fmt::format("\"{}\":", dialect.after);
    if (kind == ChangeJson::kCanal) out += '[';
    RETURN_IF_ERROR(AppendJsonRow(out, names, batch, row, options));
    if (kind == ChangeJson::kCanal) out += ']';
    out += ',';
  } else {
    if (!removes) AppendNullField(out, dialect.before, options);
    out += fmt::format("\"{}\":", removes ? dialect.before : dialect.after);
    RETURN_IF_ERROR(AppendJsonRow(out, names, batch, row, options));
    out += ',';
    if (removes) AppendNullField(out, dialect.after, options);
  }
  out +=
      fmt::format("\"{}\":\"{}\"}}", dialect.kind_field, removes ? dialect.remove : dialect.insert);
  return {};
}

}  // namespace forebay::format
