#include "format/json_rows.h"

#include <simdjson.h>

#include <limits>
#include <unordered_map>

#include "format/text_cell.h"

namespace forebay::format {

using model::ColumnBuilder;
using model::DataType;
using model::TypeRoot;
namespace ondemand = simdjson::ondemand;

namespace {

/// simdjson's limit is 4 GiB; a batch's string cells and offsets are 32-bit.
constexpr size_t kMaxTextBytes = size_t{1} << 31;

/// simdjson's message without its code in front.
std::string Malformed(simdjson::error_code error) {
  std::string_view text = simdjson::error_message(error);
  size_t colon = text.find(": ");
  if (colon != std::string_view::npos) text.remove_prefix(colon + 2);
  return fmt::format("malformed JSON: {}", text);
}

#define RETURN_IF_MALFORMED(expr)                                          \
  do {                                                                     \
    if (simdjson::error_code error = (expr); error != simdjson::SUCCESS) { \
      return InvalidArgument("{}", Malformed(error));                      \
    }                                                                      \
  } while (false)

std::string_view TrimRight(std::string_view text) {
  size_t last = text.find_last_not_of(" \t\r\n");
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

Error NotOfType(ondemand::value value, const DataType& type) {
  return format::NotOfType(TrimRight(value.raw_json_token()), type);
}

/// Reads the values of one text into cells. Nested errors name the field in their message.
class CellReader {
 public:
  explicit CellReader(bool ignore_unknown_fields) : ignore_unknown_(ignore_unknown_fields) {}

  Status Append(ColumnBuilder& builder, ondemand::value value) const {
    ondemand::json_type kind;
    RETURN_IF_MALFORMED(value.type().get(kind));
    switch (kind) {
      case ondemand::json_type::null: return AppendNull(builder, value);
      case ondemand::json_type::boolean: return AppendBoolean(builder, value);
      case ondemand::json_type::number: return AppendNumber(builder, value);
      case ondemand::json_type::string: {
        std::string_view text;
        RETURN_IF_MALFORMED(value.get_string().get(text));
        return AppendTextCell(builder, text);
      }
      default: return AppendNested(builder, value);
    }
  }

 private:
  static Status AppendNull(ColumnBuilder& builder, ondemand::value value) {
    bool null = false;
    if (value.is_null().get(null) != simdjson::SUCCESS || !null) {
      return NotOfType(value, builder.type());
    }
    if (!builder.type().nullable()) return InvalidArgument("null in a NOT NULL column");
    builder.AppendNull();
    return {};
  }

  static Status AppendBoolean(ColumnBuilder& builder, ondemand::value value) {
    bool flag = false;
    if (value.get_bool().get(flag) != simdjson::SUCCESS) return NotOfType(value, builder.type());
    if (builder.type().IsCharacter()) return AppendTextCell(builder, flag ? "true" : "false");
    if (!builder.type().Is(TypeRoot::kBoolean)) {
      return format::NotOfType(flag ? "true" : "false", builder.type());
    }
    builder.Append<uint8_t>(flag ? 1 : 0);
    return {};
  }

  static Status AppendNumber(ColumnBuilder& builder, ondemand::value value) {
    int64_t integer = 0;
    double number = 0;
    std::string_view text = TrimRight(value.raw_json_token());
    switch (builder.type().root()) {
      case TypeRoot::kBigint:
        if (value.get_int64().get(integer) != simdjson::SUCCESS) break;
        builder.Append<int64_t>(integer);
        return {};
      case TypeRoot::kDouble:
        if (value.get_double().get(number) != simdjson::SUCCESS) break;
        builder.Append<double>(number);
        return {};
      case TypeRoot::kTinyint:
      case TypeRoot::kSmallint:
      case TypeRoot::kInteger:
      case TypeRoot::kFloat:
      case TypeRoot::kDecimal:
      case TypeRoot::kChar:
      case TypeRoot::kVarchar:
        // The text as it stands keeps every digit; the double only says that it is a number.
        if (value.get_double().get(number) != simdjson::SUCCESS) break;
        return AppendTextCell(builder, text);
      default: break;
    }
    return format::NotOfType(text, builder.type());
  }

  Status AppendNested(ColumnBuilder& builder, ondemand::value value) const {
    const DataType& type = builder.type();
    ondemand::array list;
    ondemand::object object;
    if (type.IsCharacter()) return AppendRaw(builder, value);
    if (type.Is(TypeRoot::kArray) && value.get_array().get(list) == simdjson::SUCCESS) {
      RETURN_IF_ERROR(AppendElements(builder.child(0), list));
    } else if ((type.Is(TypeRoot::kMap) || type.Is(TypeRoot::kMultiset)) &&
               type.children()[0].IsCharacter() &&
               value.get_object().get(object) == simdjson::SUCCESS) {
      RETURN_IF_ERROR(AppendEntries(builder, object));
    } else if (type.Is(TypeRoot::kRow) && value.get_object().get(object) == simdjson::SUCCESS) {
      RETURN_IF_ERROR(AppendFields(builder, object));
    } else {
      return NotOfType(value, type);
    }
    builder.FinishEntry();
    return {};
  }

  /// A string column takes any value as its JSON text.
  static Status AppendRaw(ColumnBuilder& builder, ondemand::value value) {
    std::string_view raw;
    ondemand::array list;
    if (value.get_array().get(list) == simdjson::SUCCESS) {
      RETURN_IF_MALFORMED(list.raw_json().get(raw));
    } else {
      ondemand::object object;
      RETURN_IF_MALFORMED(value.get_object().get(object));
      RETURN_IF_MALFORMED(object.raw_json().get(raw));
    }
    std::string minified(raw.size() + simdjson::SIMDJSON_PADDING, '\0');
    size_t size = 0;
    RETURN_IF_MALFORMED(simdjson::minify(raw.data(), raw.size(), minified.data(), size));
    builder.AppendString(std::string_view(minified).substr(0, size));
    return {};
  }

  Status AppendElements(ColumnBuilder& child, ondemand::array list) const {
    for (auto entry : list) {
      ondemand::value value;
      RETURN_IF_MALFORMED(entry.get(value));
      RETURN_IF_ERROR(Append(child, value));
    }
    return {};
  }

  Status AppendEntries(ColumnBuilder& builder, ondemand::object object) const {
    for (auto entry : object) {
      ondemand::field field;
      RETURN_IF_MALFORMED(std::move(entry).get(field));
      std::string_view key;
      RETURN_IF_MALFORMED(field.unescaped_key(false).get(key));
      builder.child(0).AppendString(key);
      RETURN_IF_ERROR(Append(builder.child(1), field.value()));
    }
    return {};
  }

  Status AppendFields(ColumnBuilder& builder, ondemand::object object) const {
    const auto& fields = builder.type().fields();
    std::vector<char> seen(fields.size());
    for (auto entry : object) {
      ondemand::field field;
      RETURN_IF_MALFORMED(std::move(entry).get(field));
      std::string_view key;
      RETURN_IF_MALFORMED(field.unescaped_key(false).get(key));
      size_t index = 0;
      while (index < fields.size() && fields[index].name != key) ++index;
      if (index == fields.size()) {
        if (ignore_unknown_) continue;
        return InvalidArgument("field '{}' does not exist", key);
      }
      if (seen[index]++ != 0) return InvalidArgument("field '{}' occurs twice", key);
      Status cell = Append(builder.child(static_cast<int>(index)), field.value());
      if (!cell.ok()) return cell.WithContext(fmt::format("field '{}'", fields[index].name));
    }
    for (size_t i = 0; i < fields.size(); ++i) {
      if (seen[i] != 0) continue;
      if (!fields[i].type.nullable()) {
        return InvalidArgument("field '{}' is missing", fields[i].name);
      }
      builder.child(static_cast<int>(i)).AppendNull();
    }
    return {};
  }

  bool ignore_unknown_;
};

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
  CellReader cells(options.ignore_unknown_fields);
  seen.assign(columns.size(), 0);
  size_t expected = 0;
  for (auto entry : object) {
    ondemand::field field;
    std::string_view key;
    simdjson::error_code code = std::move(entry).get(field);
    if (code == simdjson::SUCCESS) code = field.unescaped_key(false).get(key);
    if (code != simdjson::SUCCESS) return Fail(Malformed(code));
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
  if (code != simdjson::SUCCESS) return Fail(Malformed(code));
  for (auto entry : rows) {
    ondemand::value value;
    ondemand::object object;
    code = entry.get(value);
    if (code != simdjson::SUCCESS) return Fail(Malformed(code));
    code = value.get_object().get(object);
    if (code == simdjson::INCORRECT_TYPE) return Fail("not a JSON object");
    if (code != simdjson::SUCCESS) return Fail(Malformed(code));
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
  if (code != simdjson::SUCCESS) return Fail(Malformed(code));
  for (auto entry = stream.begin(); entry != stream.end(); ++entry) {
    ondemand::document_reference document;
    ondemand::object object;
    code = (*entry).get(document);
    if (code == simdjson::EMPTY) continue;  // white space at the end
    if (code == simdjson::SUCCESS) code = document.get_object().get(object);
    if (code == simdjson::INCORRECT_TYPE) return Fail("not a JSON object");
    if (code != simdjson::SUCCESS) return Fail(Malformed(code));
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
