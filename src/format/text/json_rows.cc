#include "format/text/json_rows.h"

#include <simdjson.h>

#include <unordered_map>

#include "format/text/json_cell.h"

namespace forebay::format {

using model::DataType;
namespace ondemand = simdjson::ondemand;

namespace {

/// simdjson's limit is 4 GiB; a batch's string cells and offsets are 32-bit.
constexpr size_t kMaxTextBytes = size_t{1} << 31;

std::string_view TrimRight(std::string_view text) {
  size_t last = text.find_last_not_of(" \t\r\n");
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

}  // namespace

struct JsonRowReader::State {
  std::vector<model::ColumnSpec> columns;
  std::vector<DataType> types;
  JsonReadOptions options;
  RowError error;
  int64_t row = 1;
  std::unordered_map<std::string_view, int> index_of;
  ondemand::parser parser;
  std::vector<char> seen;

  Error Fail(std::string reason, std::string column = {}) {
    error = RowError{row, std::move(column), std::move(reason)};
    return error.ToError();
  }
  /// The column of a field, most often the one after the field before; -1: none.
  int IndexOf(std::string_view name, size_t expected) const {
    if (expected < columns.size() && columns[expected].name == name) {
      return static_cast<int>(expected);
    }
    auto found = index_of.find(name);
    return found == index_of.end() ? -1 : found->second;
  }
  Status AppendRow(ondemand::object object, model::BatchBuilder& builder);
  Status AppendMissing(model::BatchBuilder& builder);
  Status ReadArray(simdjson::padded_string_view text, model::BatchBuilder& builder);
  Status ReadStream(simdjson::padded_string_view text, model::BatchBuilder& builder);
};

Status JsonRowReader::State::AppendRow(ondemand::object object, model::BatchBuilder& builder) {
  JsonCellReader cells(options);
  seen.assign(columns.size(), 0);
  size_t expected = 0;
  for (auto entry : object) {
    ondemand::field field;
    std::string_view key;
    simdjson::error_code code = std::move(entry).get(field);
    if (code == simdjson::SUCCESS) code = field.unescaped_key(false).get(key);
    if (code != simdjson::SUCCESS) return Fail(MalformedJson(code));
    int index = IndexOf(key, expected);
    if (index < 0) {
      if (options.ignore_unknown_fields) continue;
      return Fail("the table has no such column", std::string(key));
    }
    expected = static_cast<size_t>(index) + 1;
    if (seen[static_cast<size_t>(index)]++ != 0) {
      return Fail("the column occurs twice", std::string(key));
    }
    Status cell = cells.Append(builder.column(index), field.value());
    if (!cell.ok()) return Fail(cell.message(), columns[static_cast<size_t>(index)].name);
  }
  return AppendMissing(builder);
}

Status JsonRowReader::State::AppendMissing(model::BatchBuilder& builder) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (seen[i] != 0) continue;
    if (!types[i].nullable()) return Fail("the NOT NULL column is missing", columns[i].name);
    if (options.fail_on_missing_field) return Fail("the field is missing", columns[i].name);
    builder.column(static_cast<int>(i)).AppendNull();
  }
  builder.FinishRow();
  ++row;
  return {};
}

Status JsonRowReader::State::ReadArray(simdjson::padded_string_view text,
                                       model::BatchBuilder& builder) {
  ondemand::document document;
  ondemand::array rows;
  simdjson::error_code code = parser.iterate(text).get(document);
  if (code == simdjson::SUCCESS) code = document.get_array().get(rows);
  if (code != simdjson::SUCCESS) return Fail(MalformedJson(code));
  for (auto entry : rows) {
    ondemand::value value;
    ondemand::object object;
    code = entry.get(value);
    if (code != simdjson::SUCCESS) return Fail(MalformedJson(code));
    code = value.get_object().get(object);
    if (code == simdjson::INCORRECT_TYPE) return Fail("not a JSON object");
    if (code != simdjson::SUCCESS) return Fail(MalformedJson(code));
    RETURN_IF_ERROR(AppendRow(object, builder));
  }
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
    return Fail("malformed JSON: something follows the array");
  }
  return {};
}

Status JsonRowReader::State::ReadStream(simdjson::padded_string_view text,
                                        model::BatchBuilder& builder) {
  ondemand::document_stream stream;
  // The window bounds one document and must hold the whole text, or rows at its border are parsed
  // twice.
  size_t window = std::max<size_t>(text.size() + 1, ondemand::DEFAULT_BATCH_SIZE);
  simdjson::error_code code = parser.iterate_many(text.data(), text.size(), window).get(stream);
  if (code != simdjson::SUCCESS) return Fail(MalformedJson(code));
  for (auto entry = stream.begin(); entry != stream.end(); ++entry) {
    ondemand::document_reference document;
    ondemand::object object;
    code = (*entry).get(document);
    if (code == simdjson::EMPTY) continue;  // white space at the end
    if (code == simdjson::SUCCESS) code = document.get_object().get(object);
    if (code == simdjson::INCORRECT_TYPE) return Fail("not a JSON object");
    if (code != simdjson::SUCCESS) return Fail(MalformedJson(code));
    RETURN_IF_ERROR(AppendRow(object, builder));
  }
  if (stream.truncated_bytes() != 0) return Fail("malformed JSON: the text ends too early");
  return {};
}

JsonRowReader::JsonRowReader(std::vector<model::ColumnSpec> columns, JsonReadOptions options)
    : state_(std::make_unique<State>()) {
  state_->columns = std::move(columns);
  state_->options = options;
  state_->row = options.first_row;
#ifdef SIMDJSON_THREADS_ENABLED
  state_->parser.threaded = false;
#endif
  for (size_t i = 0; i < state_->columns.size(); ++i) {
    state_->types.push_back(state_->columns[i].type);
    state_->index_of[state_->columns[i].name] = static_cast<int>(i);
  }
}
JsonRowReader::~JsonRowReader() = default;

void JsonRowReader::SetNextRow(int64_t row) { state_->row = row; }
const RowError& JsonRowReader::row_error() const { return state_->error; }

Result<model::Batch> JsonRowReader::Read(std::string_view text) {
  if (text.size() >= kMaxTextBytes) return state_->Fail("more than 2 GiB of JSON at once");
  model::BatchBuilder builder(state_->types);
  size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return builder.Finish();
  text = TrimRight(text.substr(first));
  simdjson::padded_string padded(text);
  RETURN_IF_ERROR(text[0] == '[' ? state_->ReadArray(padded, builder)
                                 : state_->ReadStream(padded, builder));
  return builder.Finish();
}

}  // namespace forebay::format
