#include "format/text/change_json.h"

#include <algorithm>
#include <map>

#include "format/text/change_json_dialect.h"
#include "format/text/json_cell.h"
#include "format/text/text_cell.h"
#include "model/calendar.h"
#include "model/value_text.h"

namespace forebay::format {

using model::Batch;
using model::BatchBuilder;
using model::ChangeType;
using model::DataType;
namespace ondemand = simdjson::ondemand;

namespace {

constexpr size_t kMaxTextBytes = size_t{1} << 31;
constexpr size_t kShownBytesMax = 200;

/// The field of the change that a metadata key stands for, and the one within it.
struct MetadataPlace {
  std::string_view key, field, inner;
};

constexpr MetadataPlace kDebeziumPlaces[] = {
    {"schema", "schema", ""},
    {"ingestion-timestamp", "ts_ms", ""},
    {"source.timestamp", "source", "ts_ms"},
    {"source.database", "source", "db"},
    {"source.schema", "source", "schema"},
    {"source.table", "source", "table"},
    {"source.properties", "source", ""},
};
constexpr MetadataPlace kOtherPlaces[] = {
    {"database", "database", ""},
    {"table", "table", ""},
    {"sql-type", "sqlType", ""},
    {"pk-names", "pkNames", ""},
    {"primary-key-columns", "primary_key_columns", ""},
    {"primary-keys", "primary_keys", ""},
};
constexpr MetadataPlace kTimePlaces[] = {
    {"canal ingestion-timestamp", "ts", ""},   {"canal event-timestamp", "es", ""},
    {"maxwell ingestion-timestamp", "ts", ""}, {"ogg ingestion-timestamp", "current_ts", ""},
    {"ogg event-timestamp", "op_ts", ""},
};

MetadataPlace PlaceOf(ChangeJson kind, const std::string& key) {
  if (kind == ChangeJson::kDebezium) {
    for (const MetadataPlace& place : kDebeziumPlaces) {
      if (place.key == key) return place;
    }
  }
  for (const MetadataPlace& place : kOtherPlaces) {
    if (place.key == key) return place;
  }
  std::string_view name = DialectOf(kind).name;
  std::string full = std::string(name.substr(0, name.find('-'))) + " " + key;
  for (const MetadataPlace& place : kTimePlaces) {
    if (place.key == full) return place;
  }
  return {};
}

/// The raw JSON of a change's fields; a later field of the same name counts.
using RawFields = std::map<std::string, std::string_view, std::less<>>;

std::string_view Shown(std::string_view line) {
  size_t shown = std::min(line.size(), kShownBytesMax);
  while (shown > 0 && shown < line.size() && (line[shown] & 0xc0) == 0x80) --shown;
  return line.substr(0, shown);
}

bool IsNull(std::string_view raw) { return raw.empty() || raw == "null"; }

std::string_view TrimRight(std::string_view text) {
  size_t last = text.find_last_not_of(" \t\r\n");
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

Error Malformed(simdjson::error_code code) { return InvalidArgument("{}", MalformedJson(code)); }

std::vector<DataType> TypesOf(const std::vector<model::ColumnSpec>& columns,
                              const std::vector<ChangeMetadata>& metadata) {
  std::vector<DataType> types;
  for (const auto& column : columns) types.push_back(column.type);
  for (const auto& each : metadata) types.push_back(each.type);
  return types;
}

}  // namespace

std::optional<ChangeJson> ChangeJsonByName(std::string_view name) {
  for (size_t i = 0; i < std::size(kDialects); ++i) {
    if (kDialects[i].name == name) return static_cast<ChangeJson>(i);
  }
  return std::nullopt;
}

struct ChangeJsonReader::State {
  State(std::vector<model::ColumnSpec> column_specs, std::vector<ChangeMetadata> keys,
        ChangeJsonOptions change_options)
      : columns(std::move(column_specs)),
        metadata(std::move(keys)),
        options(std::move(change_options)),
        cells({.ignore_unknown_fields = true,
               .rules = JsonRules::kFlink,
               .iso_timestamps = options.iso_timestamps,
               .ignore_parse_errors = options.ignore_parse_errors}),
        types(TypesOf(columns, metadata)) {
    for (const auto& column : columns) old_types.push_back(column.type.Nullable());
  }

  std::vector<model::ColumnSpec> columns;
  std::vector<ChangeMetadata> metadata;
  ChangeJsonOptions options;
  JsonCellReader cells;
  std::vector<DataType> types;
  std::vector<DataType> old_types;  ///< of an old row, which may lack any column
  ondemand::parser line_parser, row_parser;
  const char* text_end = nullptr;  ///< of the padded text that all slices lie in
  int64_t next_line = 1;

  size_t CapacityFrom(std::string_view raw) const {
    return static_cast<size_t>(text_end - raw.data()) + simdjson::SIMDJSON_PADDING;
  }
  Result<RawFields> FieldsOf(ondemand::parser& parser, std::string_view object) const;
  Result<std::string> TextOf(std::string_view raw);
  Status ReadChange(std::string_view text, BatchBuilder& builder);
  /// A change that cannot be read leaves no half row behind.
  Status ReadLeniently(std::string_view text, BatchBuilder& builder) {
    BatchBuilder own(types);
    if (!ReadChange(text, own).ok()) return {};
    Batch rows = own.Finish();
    for (int row = 0; row < rows.num_rows; ++row) builder.AppendRow(rows, row);
    return {};
  }
  Result<bool> IsWanted(const RawFields& fields);
  Status AppendRows(const RawFields& fields, BatchBuilder& builder);
  Result<std::vector<std::string_view>> RowsIn(std::string_view raw);
  /// Cells of a row's object; `present`, when given, says which columns it names.
  Status AppendCells(std::string_view raw, BatchBuilder& builder, std::vector<char>* present);
  Status AppendRow(std::string_view raw, ChangeType change, const RawFields& fields,
                   BatchBuilder& builder);
  Status AppendUpdate(std::string_view before, std::string_view after,
                      const std::vector<char>& named, const RawFields& fields,
                      BatchBuilder& builder);
  Status AppendUpdates(const RawFields& fields, BatchBuilder& builder);
  Status AppendMetadata(const RawFields& fields, BatchBuilder& builder);
  Status AppendMetadataCell(const ChangeMetadata& key, std::string_view raw,
                            model::ColumnBuilder& builder);
  Status AppendTime(std::string_view raw, const DataType& type, bool whole_ms,
                    model::ColumnBuilder& builder);
  std::string_view FieldOf(const RawFields& fields, std::string_view name) const {
    auto found = fields.find(name);
    return found == fields.end() || IsNull(found->second) ? std::string_view() : found->second;
  }
};

Result<RawFields> ChangeJsonReader::State::FieldsOf(ondemand::parser& parser,
                                                    std::string_view text) const {
  ondemand::document document;
  ondemand::object object;
  simdjson::error_code code =
      parser.iterate(text.data(), text.size(), CapacityFrom(text)).get(document);
  if (code == simdjson::SUCCESS) code = document.get_object().get(object);
  if (code == simdjson::INCORRECT_TYPE) return InvalidArgument("not a JSON object");
  if (code != simdjson::SUCCESS) return Malformed(code);
  RawFields fields;
  for (auto entry : object) {
    ondemand::field field;
    std::string_view key, raw;
    code = std::move(entry).get(field);
    if (code == simdjson::SUCCESS) code = field.unescaped_key(false).get(key);
    std::string name(key);
    if (code == simdjson::SUCCESS) code = field.value().raw_json().get(raw);
    if (code != simdjson::SUCCESS) return Malformed(code);
    fields[std::move(name)] = TrimRight(raw);
  }
  return fields;
}

Result<std::string> ChangeJsonReader::State::TextOf(std::string_view raw) {
  if (raw.empty() || raw[0] != '"') return std::string(raw);
  ondemand::document document;
  std::string_view text;
  simdjson::error_code code =
      row_parser.iterate(raw.data(), raw.size(), CapacityFrom(raw)).get(document);
  if (code == simdjson::SUCCESS) code = document.get_string().get(text);
  if (code != simdjson::SUCCESS) return Malformed(code);
  return std::string(text);
}

Result<bool> ChangeJsonReader::State::IsWanted(const RawFields& fields) {
  for (auto [name, matches] :
       {std::pair("database", &options.database), {"table", &options.table}}) {
    if (*matches == nullptr) continue;
    std::string_view raw = FieldOf(fields, name);
    if (raw.empty()) return InvalidArgument("field '{}' is missing", name);
    ASSIGN_OR_RETURN(std::string text, TextOf(raw));
    if (!(*matches)(text)) return false;
  }
  return true;
}

Status ChangeJsonReader::State::ReadChange(std::string_view text, BatchBuilder& builder) {
  ASSIGN_OR_RETURN(RawFields fields, FieldsOf(line_parser, text));
  if (options.kind == ChangeJson::kDebezium && options.schema_include) {
    std::string_view payload = FieldOf(fields, "payload");
    if (payload.empty()) return InvalidArgument("field 'payload' is missing");
    std::string_view schema = FieldOf(fields, "schema");
    ASSIGN_OR_RETURN(fields, FieldsOf(line_parser, payload));
    fields["schema"] = schema;
  }
  ASSIGN_OR_RETURN(bool wanted, IsWanted(fields));
  return wanted ? AppendRows(fields, builder) : Status::Ok();
}

Status ChangeJsonReader::State::AppendRows(const RawFields& fields, BatchBuilder& builder) {
  const Dialect& dialect = DialectOf(options.kind);
  std::string_view kind_raw = FieldOf(fields, dialect.kind_field);
  if (kind_raw.empty()) return InvalidArgument("field '{}' is missing", dialect.kind_field);
  Result<std::string> kind_text = TextOf(kind_raw);
  if (!kind_text.ok()) return kind_text.status();
  std::string_view kind = *kind_text;
  bool snapshot_row = options.kind == ChangeJson::kDebezium && kind == "r";
  if (kind == dialect.insert || snapshot_row) {
    ASSIGN_OR_RETURN(auto rows, RowsIn(FieldOf(fields, dialect.after)));
    for (std::string_view row : rows) {
      RETURN_IF_ERROR(AppendRow(row, ChangeType::kInsert, fields, builder));
    }
    return {};
  }
  if (kind == dialect.update) return AppendUpdates(fields, builder);
  if (kind == dialect.remove) {
    bool after = HasPartialOldRows(options.kind);
    ASSIGN_OR_RETURN(auto rows, RowsIn(FieldOf(fields, after ? dialect.after : dialect.before)));
    for (std::string_view row : rows) {
      RETURN_IF_ERROR(AppendRow(row, ChangeType::kDelete, fields, builder));
    }
    return {};
  }
  // A statement on the schema is no change of rows.
  if (options.kind == ChangeJson::kCanal && kind == "CREATE") return {};
  return InvalidArgument("unknown \"{}\" value \"{}\"", dialect.kind_field, Shown(kind));
}

Result<std::vector<std::string_view>> ChangeJsonReader::State::RowsIn(std::string_view raw) {
  if (raw.empty()) {
    Error error = InvalidArgument("the change has no row where its kind needs one");
    if (options.kind == ChangeJson::kDebezium) {
      error.hint = "of PostgreSQL: ALTER TABLE ... REPLICA IDENTITY FULL";
    }
    return error;
  }
  if (options.kind != ChangeJson::kCanal) return std::vector<std::string_view>{raw};
  ondemand::document document;
  ondemand::array list;
  simdjson::error_code code =
      row_parser.iterate(raw.data(), raw.size(), CapacityFrom(raw)).get(document);
  if (code == simdjson::SUCCESS) code = document.get_array().get(list);
  if (code != simdjson::SUCCESS) return Malformed(code);
  std::vector<std::string_view> rows;
  for (auto entry : list) {
    ondemand::value value;
    std::string_view row;
    code = entry.get(value);
    if (code == simdjson::SUCCESS) code = value.raw_json().get(row);
    if (code != simdjson::SUCCESS) return Malformed(code);
    rows.push_back(TrimRight(row));
  }
  return rows;
}

Status ChangeJsonReader::State::AppendCells(std::string_view raw, BatchBuilder& builder,
                                            std::vector<char>* present) {
  ondemand::document document;
  ondemand::object object;
  simdjson::error_code code =
      row_parser.iterate(raw.data(), raw.size(), CapacityFrom(raw)).get(document);
  if (code == simdjson::SUCCESS) code = document.get_object().get(object);
  if (code == simdjson::INCORRECT_TYPE) return InvalidArgument("a row is no JSON object");
  if (code != simdjson::SUCCESS) return Malformed(code);
  std::vector<char> seen(columns.size());
  for (auto entry : object) {
    ondemand::field field;
    std::string_view key;
    code = std::move(entry).get(field);
    if (code == simdjson::SUCCESS) code = field.unescaped_key(false).get(key);
    if (code != simdjson::SUCCESS) return Malformed(code);
    size_t index = 0;
    while (index < columns.size() && columns[index].name != key) ++index;
    if (index == columns.size() || seen[index] != 0) continue;
    seen[index] = 1;
    Status cell = cells.Append(builder.column(static_cast<int>(index)), field.value());
    if (!cell.ok()) return cell.WithContext(fmt::format("column '{}'", columns[index].name));
  }
  for (size_t i = 0; i < columns.size(); ++i) {
    if (seen[i] != 0) continue;
    if (present == nullptr && !columns[i].type.nullable()) {
      return InvalidArgument("the NOT NULL column '{}' is missing", columns[i].name);
    }
    builder.column(static_cast<int>(i)).AppendNull();
  }
  if (present != nullptr) {
    present->resize(columns.size());
    for (size_t i = 0; i < columns.size(); ++i) (*present)[i] |= seen[i];
  }
  return {};
}

Status ChangeJsonReader::State::AppendRow(std::string_view raw, ChangeType change,
                                          const RawFields& fields, BatchBuilder& builder) {
  RETURN_IF_ERROR(AppendCells(raw, builder, nullptr));
  RETURN_IF_ERROR(AppendMetadata(fields, builder));
  builder.FinishRow(change);
  return {};
}

/// What the old row does not name has the new row's value; `named`: by any old row of the change.
Status ChangeJsonReader::State::AppendUpdate(std::string_view before, std::string_view after,
                                             const std::vector<char>& named,
                                             const RawFields& fields, BatchBuilder& builder) {
  BatchBuilder old_builder(old_types, 1), new_builder(old_types, 1);
  std::vector<char> present;
  RETURN_IF_ERROR(AppendCells(before, old_builder, &present));
  RETURN_IF_ERROR(AppendCells(after, new_builder, nullptr));
  old_builder.FinishRow();
  new_builder.FinishRow();
  Batch old_row = old_builder.Finish(), new_row = new_builder.Finish();
  for (size_t i = 0; i < columns.size(); ++i) {
    bool unchanged = old_row.columns[i].IsNull(0) && named[i] == 0;
    builder.column(static_cast<int>(i))
        .AppendFrom(unchanged ? new_row.columns[i] : old_row.columns[i], 0);
  }
  RETURN_IF_ERROR(AppendMetadata(fields, builder));
  builder.FinishRow(ChangeType::kUpdateBefore);
  return AppendRow(after, ChangeType::kUpdateAfter, fields, builder);
}

Status ChangeJsonReader::State::AppendUpdates(const RawFields& fields, BatchBuilder& builder) {
  const Dialect& dialect = DialectOf(options.kind);
  ASSIGN_OR_RETURN(auto before, RowsIn(FieldOf(fields, dialect.before)));
  ASSIGN_OR_RETURN(auto after, RowsIn(FieldOf(fields, dialect.after)));
  if (!HasPartialOldRows(options.kind)) {
    RETURN_IF_ERROR(AppendRow(before[0], ChangeType::kUpdateBefore, fields, builder));
    return AppendRow(after[0], ChangeType::kUpdateAfter, fields, builder);
  }
  if (before.size() < after.size())
    return InvalidArgument("there are fewer old rows than new ones");
  std::vector<char> named(columns.size());
  BatchBuilder unused(old_types);
  for (std::string_view row : before) {
    RETURN_IF_ERROR(AppendCells(row, unused, &named));
    unused.FinishRow();
  }
  for (size_t i = 0; i < after.size(); ++i) {
    RETURN_IF_ERROR(AppendUpdate(before[i], after[i], named, fields, builder));
  }
  return {};
}

Status ChangeJsonReader::State::AppendMetadata(const RawFields& fields, BatchBuilder& builder) {
  for (size_t i = 0; i < metadata.size(); ++i) {
    model::ColumnBuilder& cell = builder.column(static_cast<int>(columns.size() + i));
    MetadataPlace place = PlaceOf(options.kind, metadata[i].key);
    std::string_view raw = FieldOf(fields, place.field);
    if (!raw.empty() && !place.inner.empty()) {
      ASSIGN_OR_RETURN(RawFields inner, FieldsOf(row_parser, raw));
      raw = FieldOf(inner, place.inner);
    }
    if (raw.empty()) {
      cell.AppendNull();
      continue;
    }
    Status appended = AppendMetadataCell(metadata[i], raw, cell);
    if (!appended.ok()) return appended.WithContext(fmt::format("metadata '{}'", metadata[i].key));
  }
  return {};
}

Status ChangeJsonReader::State::AppendMetadataCell(const ChangeMetadata& key, std::string_view raw,
                                                   model::ColumnBuilder& builder) {
  if (key.type.IsTimestamp()) {
    // Flink reads the time of Ogg's change in milliseconds, that of its message in microseconds.
    bool whole_ms = options.kind == ChangeJson::kOgg && key.key == "event-timestamp";
    return AppendTime(raw, key.type, whole_ms, builder);
  }
  if (key.type.IsCharacter()) {
    ASSIGN_OR_RETURN(std::string text, TextOf(raw));
    builder.AppendString(text);
    return {};
  }
  ondemand::document document;
  ondemand::value value;
  simdjson::error_code code =
      row_parser.iterate(raw.data(), raw.size(), CapacityFrom(raw)).get(document);
  if (code == simdjson::SUCCESS) code = document.get_value().get(value);
  if (code != simdjson::SUCCESS) return Malformed(code);
  return cells.Append(builder, value);
}

/// Milliseconds, of Maxwell seconds; of Ogg a text in either form.
Status ChangeJsonReader::State::AppendTime(std::string_view raw, const DataType& type,
                                           bool whole_ms, model::ColumnBuilder& builder) {
  ASSIGN_OR_RETURN(std::string text, TextOf(raw));
  if (options.kind == ChangeJson::kOgg) {
    if (text.size() > 10 && text[10] == 'T') text[10] = ' ';
    if (text.ends_with('Z')) text.pop_back();
    auto parsed = model::ParseTimestamp(text, type.precision());
    if (!parsed) return format::NotOfType(text, type);
    constexpr int64_t kMicrosPerMs = 1000;
    bool cuts = whole_ms && type.time_unit() == model::TimeUnit::kMicro;
    builder.Append<int64_t>(cuts ? *parsed - model::FloorMod(*parsed, kMicrosPerMs) : *parsed);
    return {};
  }
  model::ColumnBuilder number(DataType::Bigint(), 1);
  RETURN_IF_ERROR(AppendTextCell(number, text));
  int64_t unit = options.kind == ChangeJson::kMaxwell ? 1000 : 1, ms = 0;
  if (__builtin_mul_overflow(number.Finish().Get<int64_t>(0), unit, &ms)) {
    return format::NotOfType(text, type);
  }
  builder.Append<int64_t>(ms);
  return {};
}

ChangeJsonReader::ChangeJsonReader(std::vector<model::ColumnSpec> columns,
                                   std::vector<ChangeMetadata> metadata, ChangeJsonOptions options)
    : state_(std::make_unique<State>(std::move(columns), std::move(metadata), std::move(options))) {
}
ChangeJsonReader::~ChangeJsonReader() = default;

void ChangeJsonReader::SetNextLine(int64_t line) { state_->next_line = line; }

Result<Batch> ChangeJsonReader::Read(std::string_view lines) {
  if (lines.size() >= kMaxTextBytes) return InvalidArgument("more than 2 GiB of JSON at once");
  simdjson::padded_string padded(lines);
  state_->text_end = padded.data() + padded.size();
  std::string_view rest(padded.data(), padded.size());
  BatchBuilder builder(state_->types);
  while (!rest.empty()) {
    size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = TrimRight(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    int64_t number = state_->next_line++;
    if (line.empty()) continue;
    Status read = state_->options.ignore_parse_errors ? state_->ReadLeniently(line, builder)
                                                      : state_->ReadChange(line, builder);
    if (!read.ok()) return read.WithContext(fmt::format("line {}, '{}'", number, Shown(line)));
  }
  return builder.Finish();
}

}  // namespace forebay::format
