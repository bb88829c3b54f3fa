#include "format/text/csv_rows.h"

#include <simdjson.h>

#include "format/text/text_cell.h"

namespace forebay::format {

using model::ColumnBuilder;
using model::TypeRoot;

namespace {

/// A record beyond this is taken for a forgotten quote.
constexpr size_t kMaxRecordBytes = size_t{16} << 20;
constexpr const char* kBadQuotes = "a quoted field does not end, or text follows its closing quote";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// A field of a record: its text with quotes removed, in the record or in a buffer beside it.
struct Field {
  std::string_view text;
  bool quoted = false;
};

/// Cuts records into fields. Thread-compatible; fields are valid until the next call.
class RecordParser {
 public:
  enum class Outcome { kRecord, kIncomplete, kMalformed };

  explicit RecordParser(const CsvOptions& options)
      : delimiter_(options.delimiter),
        quote_(options.quote),
        escape_(options.escape),
        disable_quote_(options.disable_quote),
        trim_(options.trim_spaces) {}

  /// The record at the start of `text`; `last`: the text's end is a record's end too.
  Outcome Parse(std::string_view text, bool last) {
    text_ = text;
    position_ = 0;
    fields_.clear();
    unquoted_used_ = 0;
    while (true) {
      if (trim_) SkipSpaces();
      bool quoted = !disable_quote_ && position_ < text_.size() && text_[position_] == quote_;
      Outcome outcome = escape_  ? ParseEscaped(quoted, last)
                        : quoted ? ParseQuoted(last)
                                 : ParsePlain(last);
      if (outcome != Outcome::kRecord) return outcome;
      if (ended_) return Outcome::kRecord;
    }
  }
  const std::vector<Field>& fields() const { return fields_; }
  size_t record_bytes() const { return position_; }

 private:
  void SkipSpaces() {
    while (position_ < text_.size() && text_[position_] == ' ' && delimiter_ != ' ') ++position_;
  }

  std::string_view Trimmed(std::string_view field) const {
    while (trim_ && !field.empty() && field.back() == ' ') field.remove_suffix(1);
    return field;
  }

  /// A field of either kind, a character at a time.
  Outcome ParseEscaped(bool quoted, bool last) {
    std::string& text = NewBuffer();
    size_t at = position_ + (quoted ? 1 : 0);
    bool open = quoted;
    for (; at < text_.size(); ++at) {
      char c = text_[at];
      if (c == *escape_) {
        if (at + 1 == text_.size()) break;
        text += Unescaped(text_[++at]);
      } else if (open && c == quote_) {
        bool doubled = at + 1 < text_.size() && text_[at + 1] == quote_;
        if (doubled) text += text_[++at];
        open = doubled;
      } else if (!open && (c == delimiter_ || c == '\n')) {
        break;
      } else {
        text += c;
      }
    }
    if (open && last) return Outcome::kMalformed;
    if (at >= text_.size() && !last) return Outcome::kIncomplete;
    ended_ = at >= text_.size() || text_[at] == '\n';
    if (ended_ && text.ends_with('\r')) text.pop_back();
    fields_.push_back({quoted ? std::string_view(text) : Trimmed(text), quoted});
    position_ = std::min(at + 1, text_.size());
    return Outcome::kRecord;
  }

  static char Unescaped(char c) {
    switch (c) {
      case 'n': return '\n';
      case 'r': return '\r';
      case 't': return '\t';
      case '0': return '\0';
      default: return c;
    }
  }

  Outcome ParsePlain(bool last) {
    size_t begin = position_;
    size_t end = begin;
    while (end < text_.size() && text_[end] != delimiter_ && text_[end] != '\n') ++end;
    if (end == text_.size() && !last) return Outcome::kIncomplete;
    std::string_view field = text_.substr(begin, end - begin);
    ended_ = end == text_.size() || text_[end] == '\n';
    if (ended_ && field.ends_with('\r')) field.remove_suffix(1);
    fields_.push_back({Trimmed(field), false});
    position_ = std::min(end + 1, text_.size());
    return Outcome::kRecord;
  }

  Outcome ParseQuoted(bool last) {
    size_t begin = position_ + 1;
    size_t close = text_.find(quote_, begin);
    bool doubled = false;
    while (close != std::string_view::npos && close + 1 < text_.size() &&
           text_[close + 1] == quote_) {
      doubled = true;
      close = text_.find(quote_, close + 2);
    }
    if (close == std::string_view::npos) return last ? Outcome::kMalformed : Outcome::kIncomplete;
    size_t quote_end = close;
    size_t after = close + 1;
    while (trim_ && after < text_.size() && text_[after] == ' ') ++after;
    close = after - 1;
    if (after < text_.size() && text_[after] == '\r') ++after;
    if (after == text_.size() && !last) return Outcome::kIncomplete;
    ended_ = after == text_.size() || text_[after] == '\n';
    if (!ended_ && (text_[after] != delimiter_ || after != close + 1)) return Outcome::kMalformed;
    std::string_view field = text_.substr(begin, quote_end - begin);
    fields_.push_back({doubled ? Undouble(field) : field, true});
    position_ = std::min(after + 1, text_.size());
    return Outcome::kRecord;
  }

  std::string& NewBuffer() {
    if (unquoted_used_ == unquoted_.size()) {
      unquoted_.push_back(std::make_unique<std::string>());
    }
    std::string& text = *unquoted_[unquoted_used_++];
    text.clear();
    return text;
  }

  std::string_view Undouble(std::string_view field) {
    std::string& text = NewBuffer();
    for (size_t i = 0; i < field.size(); ++i) {
      text += field[i];
      if (field[i] == quote_) ++i;
    }
    return text;
  }

  const char delimiter_;
  const char quote_;
  const std::optional<char> escape_;
  const bool disable_quote_;
  const bool trim_;
  std::string_view text_;
  size_t position_ = 0;
  bool ended_ = false;
  std::vector<Field> fields_;
  std::vector<std::unique_ptr<std::string>> unquoted_;
  size_t unquoted_used_ = 0;
};

Status AppendField(ColumnBuilder& builder, const Field& field, const CsvOptions& options);

/// Elements of an ARRAY or fields of a ROW, which Flink writes into one CSV field.
Status AppendNested(ColumnBuilder& builder, std::string_view text, const CsvOptions& options) {
  const model::DataType& type = builder.type();
  bool row = type.Is(TypeRoot::kRow);
  if (!row && text.empty()) {
    builder.FinishEntry();
    return {};
  }
  size_t count = 0;
  for (size_t begin = 0; begin <= text.size(); ++count) {
    size_t end = std::min(text.find(options.element_delimiter, begin), text.size());
    if (row && count >= type.children().size()) return NotOfType(text, type);
    ColumnBuilder& child = builder.child(row ? static_cast<int>(count) : 0);
    if (!child.type().children().empty()) {
      return NotSupported("nested types within nested types in CSV");
    }
    RETURN_IF_ERROR(AppendField(child, {text.substr(begin, end - begin), false}, options));
    begin = end + 1;
  }
  if (row && count != type.children().size()) return NotOfType(text, type);
  builder.FinishEntry();
  return {};
}

Status AppendField(ColumnBuilder& builder, const Field& field, const CsvOptions& options) {
  const model::DataType& type = builder.type();
  bool is_literal = options.null_literal && field.text == *options.null_literal;
  bool null = is_literal && (options.flink_text || !field.quoted);
  null = null || (!field.quoted && field.text.empty() && !type.IsCharacter() &&
                  !(options.flink_text && type.Is(TypeRoot::kArray)));
  null = null || (options.empty_as_null && field.text.empty());
  if (null) {
    if (!type.nullable()) return InvalidArgument("NULL in a NOT NULL column");
    builder.AppendNull();
    return {};
  }
  if (type.Is(TypeRoot::kArray) || type.Is(TypeRoot::kRow)) {
    return AppendNested(builder, field.text, options);
  }
  return AppendTextCell(builder, field.text);
}

}  // namespace

struct CsvRowReader::State {
  std::vector<model::ColumnSpec> columns;
  CsvOptions options;
  RecordParser parser;
  RowError error;
  int64_t row;
  int64_t bytes_consumed = 0;
  bool at_start = true;
  bool header_due;
  std::vector<int> column_of_field;  ///< -1: the field is left out
  std::vector<int> absent_columns;   ///< columns the header does not name
  std::string pending;               ///< the start of a record

  State(std::vector<model::ColumnSpec> specs, CsvOptions csv_options)
      : columns(std::move(specs)),
        options(std::move(csv_options)),
        parser(options),
        row(options.first_row),
        header_due(options.header) {
    if (options.header) return;
    for (size_t i = 0; i < columns.size(); ++i) column_of_field.push_back(static_cast<int>(i));
  }

  Error Fail(std::string reason, std::string column = {}) {
    error = RowError{header_due ? 0 : row, std::move(column), std::move(reason)};
    return error.ToError();
  }
  Status ReadHeader();
  Status AppendRow(model::BatchBuilder& builder);
  /// The field, or NULL for one that is not there or cannot be read.
  Status AppendLeniently(ColumnBuilder& builder, const Field* field) const;
  Status TakeRecord(std::string_view record, model::BatchBuilder& builder);
  /// The same with a builder of its own when bad records are to be reported, so that they leave no
  /// half row behind.
  Status TakeOrReport(std::string_view record, model::BatchBuilder& builder);
  Status ReportMalformed(std::string_view record);
  /// Takes all records of `text`; returns the bytes taken.
  Result<size_t> TakeRecords(std::string_view text, bool last, model::BatchBuilder& builder);
};

Status CsvRowReader::State::ReadHeader() {
  std::vector<char> named(columns.size());
  for (const Field& field : parser.fields()) {
    size_t index = 0;
    while (index < columns.size() && columns[index].name != field.text) ++index;
    if (index == columns.size()) {
      if (!options.ignore_unknown_columns) {
        return Fail("the table has no such column", std::string(field.text));
      }
      column_of_field.push_back(-1);
      continue;
    }
    if (named[index]++ != 0) return Fail("the column occurs twice", std::string(field.text));
    column_of_field.push_back(static_cast<int>(index));
  }
  for (size_t i = 0; i < columns.size(); ++i) {
    if (named[i] != 0) continue;
    if (!columns[i].type.nullable()) return Fail("the NOT NULL column is missing", columns[i].name);
    absent_columns.push_back(static_cast<int>(i));
  }
  header_due = false;
  return {};
}

Status CsvRowReader::State::AppendRow(model::BatchBuilder& builder) {
  const std::vector<Field>& fields = parser.fields();
  size_t expected = column_of_field.size();
  bool trailing_delimiter = options.allow_trailing_delimiter && fields.size() == expected + 1 &&
                            !fields.back().quoted && fields.back().text.empty();
  bool fits = fields.size() == expected || (fields.size() > expected && options.ignore_trailing) ||
              trailing_delimiter;
  bool short_row = fields.size() < expected && !options.fail_on_missing;
  if (!fits && options.ignore_parse_errors && !short_row) return {};
  if (!fits && !options.ignore_parse_errors) {
    return Fail(fmt::format("the row has {} fields, expected are {}", fields.size(), expected));
  }
  for (size_t i = 0; i < column_of_field.size(); ++i) {
    int index = column_of_field[i];
    if (index < 0) continue;
    const Field* field = i < fields.size() ? &fields[i] : nullptr;
    Status cell = options.ignore_parse_errors ? AppendLeniently(builder.column(index), field)
                                              : AppendField(builder.column(index), *field, options);
    if (!cell.ok()) return Fail(cell.message(), columns[static_cast<size_t>(index)].name);
  }
  for (int index : absent_columns) builder.column(index).AppendNull();
  builder.FinishRow();
  ++row;
  return {};
}

Status CsvRowReader::State::AppendLeniently(ColumnBuilder& builder, const Field* field) const {
  ColumnBuilder cell(builder.type(), 1);
  bool readable = field != nullptr && AppendField(cell, *field, options).ok();
  if (!readable && !builder.type().nullable()) {
    return InvalidArgument("no value for a NOT NULL column");
  }
  if (readable) {
    builder.AppendFrom(cell.Finish(), 0);
  } else {
    builder.AppendNull();
  }
  return {};
}

Status CsvRowReader::State::TakeRecord(std::string_view record, model::BatchBuilder& builder) {
  if (!simdjson::validate_utf8(record.data(), record.size())) return Fail("the text is not UTF-8");
  const std::vector<Field>& fields = parser.fields();
  bool empty = fields.size() == 1 && !fields[0].quoted && fields[0].text.empty();
  if (empty && (header_due || column_of_field.size() != 1)) return {};
  return header_due ? ReadHeader() : AppendRow(builder);
}

Status CsvRowReader::State::TakeOrReport(std::string_view record, model::BatchBuilder& builder) {
  if (options.on_bad_record == nullptr || header_due) return TakeRecord(record, builder);
  std::vector<model::DataType> types;
  for (const model::ColumnSpec& column : columns) types.push_back(column.type);
  model::BatchBuilder own(types, 1);
  if (!TakeRecord(record, own).ok()) {
    ++row;
    return options.on_bad_record(record, error);
  }
  model::Batch rows = own.Finish();
  if (rows.num_rows > 0) builder.AppendRow(rows, 0);
  return {};
}

Status CsvRowReader::State::ReportMalformed(std::string_view record) {
  if (options.on_bad_record == nullptr) return {};
  Fail(kBadQuotes);
  ++row;
  return options.on_bad_record(record, error);
}

Result<size_t> CsvRowReader::State::TakeRecords(std::string_view text, bool last,
                                                model::BatchBuilder& builder) {
  size_t position = 0;
  while (position < text.size()) {
    std::string_view rest = text.substr(position);
    if (options.allow_comments && rest.starts_with('#')) {
      size_t end = rest.find('\n');
      if (end == std::string_view::npos && !last) break;
      size_t bytes = end == std::string_view::npos ? rest.size() : end + 1;
      position += bytes;
      bytes_consumed += static_cast<int64_t>(bytes);
      continue;
    }
    RecordParser::Outcome outcome = parser.Parse(rest, last);
    bool skips = options.ignore_parse_errors || options.on_bad_record != nullptr;
    if (outcome == RecordParser::Outcome::kMalformed && skips) {
      size_t end = rest.find('\n');
      // Its end is still to come; without one it ends with the text.
      if (end == std::string_view::npos && !last && rest.size() <= kMaxRecordBytes) break;
      size_t bytes = end == std::string_view::npos ? rest.size() : end + 1;
      RETURN_IF_ERROR(ReportMalformed(rest.substr(0, bytes)));
      position += bytes;
      bytes_consumed += static_cast<int64_t>(bytes);
      continue;
    }
    if (outcome == RecordParser::Outcome::kMalformed) {
      return Fail(kBadQuotes);
    }
    if (outcome == RecordParser::Outcome::kIncomplete) {
      if (rest.size() > kMaxRecordBytes) return Fail("the row is longer than 16 MiB");
      break;
    }
    size_t bytes = parser.record_bytes();
    RETURN_IF_ERROR(TakeOrReport(rest.substr(0, bytes), builder));
    position += bytes;
    bytes_consumed += static_cast<int64_t>(bytes);
  }
  return position;
}

CsvRowReader::CsvRowReader(std::vector<model::ColumnSpec> columns, CsvOptions options)
    : state_(std::make_unique<State>(std::move(columns), std::move(options))) {}
CsvRowReader::~CsvRowReader() = default;

Status CsvRowReader::Feed(std::string_view chunk, model::BatchBuilder& builder) {
  State& state = *state_;
  if (state.at_start) {
    // The mark may come in pieces: wait for three bytes unless it cannot be one.
    state.pending += chunk;
    if (state.pending.size() < 3 && kByteOrderMark.starts_with(state.pending)) return {};
    state.at_start = false;
    if (state.pending.starts_with(kByteOrderMark)) {
      state.pending.erase(0, kByteOrderMark.size());
      state.bytes_consumed += static_cast<int64_t>(kByteOrderMark.size());
    }
    chunk = {};
  }
  if (state.pending.empty()) {
    ASSIGN_OR_RETURN(size_t taken, state.TakeRecords(chunk, false, builder));
    state.pending = chunk.substr(taken);
    return {};
  }
  state.pending += chunk;
  ASSIGN_OR_RETURN(size_t taken, state.TakeRecords(state.pending, false, builder));
  state.pending.erase(0, taken);
  return {};
}

Status CsvRowReader::Finish(model::BatchBuilder& builder) {
  state_->at_start = false;
  std::string rest = std::move(state_->pending);
  state_->pending.clear();
  RETURN_IF_ERROR(state_->TakeRecords(rest, true, builder));
  if (state_->header_due) return state_->Fail("the text is empty");
  return {};
}

int64_t CsvRowReader::bytes_consumed() const { return state_->bytes_consumed; }
int64_t CsvRowReader::next_row() const { return state_->row; }
const RowError& CsvRowReader::row_error() const { return state_->error; }

}  // namespace forebay::format
