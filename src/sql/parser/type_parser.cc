#include <array>

#include "model/bitmap.h"
#include "sql/parser/parser_impl.h"

namespace forebay::sql {

using model::DataType;

Result<DataType> Parser::Type() {
  if (++depth_ > kMaxDepth) return tokens_.Unexpected("a type nested less deep");
  auto type = TypeWithoutNullability();
  --depth_;
  if (!type.ok()) return type;
  while (true) {  // postfix collections: INT ARRAY, INT NOT NULL MULTISET
    if (tokens_.AcceptWords("NOT NULL")) {
      type = type->NotNull();
    } else if (tokens_.AcceptWords("NULL")) {
      type = type->Nullable();
    } else if (tokens_.AcceptWords("ARRAY")) {
      type = DataType::Array(*type);
    } else if (tokens_.AcceptWords("MULTISET")) {
      type = DataType::Multiset(*type);
    } else {
      return type;
    }
  }
}

Result<DataType> Parser::TypeWithoutNullability() {
  if (tokens_.Peek().kind != TokenKind::kWord) return tokens_.Unexpected("a type");
  if (tokens_.PeekWords("ARRAY") || tokens_.PeekWords("MULTISET")) {
    bool array = tokens_.Next().upper == "ARRAY";
    RETURN_IF_ERROR(tokens_.ExpectSymbol("<"));
    ASSIGN_OR_RETURN(DataType element, Type());
    if (!AcceptTypeClose()) return tokens_.Unexpected("'>'");
    return array ? DataType::Array(element) : DataType::Multiset(element);
  }
  if (tokens_.AcceptWords("MAP")) {
    RETURN_IF_ERROR(tokens_.ExpectSymbol("<"));
    ASSIGN_OR_RETURN(DataType key, Type());
    RETURN_IF_ERROR(tokens_.ExpectSymbol(","));
    ASSIGN_OR_RETURN(DataType value, Type());
    if (!AcceptTypeClose()) return tokens_.Unexpected("'>'");
    return DataType::Map(key, value);
  }
  if (tokens_.AcceptWords("ROW")) return RowType();
  if (tokens_.PeekWords("TIMESTAMP") || tokens_.PeekWords("TIMESTAMP_LTZ")) return TimestampType();
  if (tokens_.AcceptWords("INTERVAL")) return IntervalType();
  return NamedType();
}

/// `<>` is one token to the lexer, so an empty ROW<> is not asked for here: a plain '>' must
/// follow.
bool Parser::AcceptTypeClose() { return tokens_.AcceptSymbol(">"); }

Result<DataType> Parser::NamedType() {
  struct Simple {
    const char* words;
    DataType type;
  };
  static const std::array<Simple, 15> kSimple = {{{"BOOLEAN", DataType::Boolean()},
                                                  {"TINYINT", DataType::Tinyint()},
                                                  {"SMALLINT", DataType::Smallint()},
                                                  {"INT", DataType::Int()},
                                                  {"INTEGER", DataType::Int()},
                                                  {"BIGINT", DataType::Bigint()},
                                                  {"FLOAT", DataType::Float()},
                                                  {"REAL", DataType::Float()},
                                                  {"DOUBLE PRECISION", DataType::Double()},
                                                  {"DOUBLE", DataType::Double()},
                                                  {"STRING", DataType::String()},
                                                  {"BYTES", DataType::Bytes()},
                                                  {"DATE", DataType::Date()},
                                                  {"BITMAP", model::BitmapType()},
                                                  {"VARIANT", DataType::Variant()}}};
  for (const Simple& simple : kSimple) {
    if (tokens_.AcceptWords(simple.words)) return simple.type;
  }
  constexpr int kMax = DataType::kMaxLength;
  if (tokens_.AcceptWords("VARCHAR") || tokens_.AcceptWords("CHARACTER VARYING") ||
      tokens_.AcceptWords("CHAR VARYING")) {
    ASSIGN_OR_RETURN(int length, OptionalLength(kMax, kMax));
    return DataType::Varchar(length);
  }
  if (tokens_.AcceptWords("CHAR") || tokens_.AcceptWords("CHARACTER")) {
    ASSIGN_OR_RETURN(int length, OptionalLength(1, kMax));
    return DataType::Char(length);
  }
  if (tokens_.AcceptWords("VARBINARY") || tokens_.AcceptWords("BINARY VARYING")) {
    ASSIGN_OR_RETURN(int length, OptionalLength(kMax, kMax));
    return DataType::Varbinary(length);
  }
  if (tokens_.AcceptWords("BINARY")) {
    ASSIGN_OR_RETURN(int length, OptionalLength(1, kMax));
    return DataType::Binary(length);
  }
  if (tokens_.AcceptWords("DECIMAL") || tokens_.AcceptWords("DEC") ||
      tokens_.AcceptWords("NUMERIC")) {
    ASSIGN_OR_RETURN(auto sizes, PrecisionAndScale());
    return DataType::Decimal(sizes.first, sizes.second);
  }
  if (tokens_.AcceptWords("TIME")) {
    ASSIGN_OR_RETURN(int precision, OptionalLength(0, 9));
    tokens_.AcceptWords("WITHOUT TIME ZONE");
    return DataType::Time(precision);
  }
  if (tokens_.PeekWords("RAW")) return tokens_.Unexpected("a type that SQL can build (RAW cannot)");
  return tokens_.Unexpected("a type");
}

Result<int> Parser::OptionalLength(int default_length, int max_length) {
  if (!tokens_.AcceptSymbol("(")) return default_length;
  const Token& token = tokens_.Peek();
  bool in_range = token.kind == TokenKind::kInteger && token.text.size() <= 10 &&
                  std::stoll(token.text) <= max_length;
  if (!in_range) return tokens_.Unexpected(fmt::format("a number up to {}", max_length));
  int length = static_cast<int>(std::stoll(tokens_.Next().text));
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return length;
}

Result<std::pair<int, int>> Parser::PrecisionAndScale() {
  size_t mark = tokens_.mark();
  std::pair<int, int> sizes = {10, 0};
  if (!tokens_.AcceptSymbol("(")) return sizes;
  for (int* size : {&sizes.first, &sizes.second}) {
    const Token& token = tokens_.Peek();
    if (token.kind != TokenKind::kInteger || token.text.size() > 2) {
      return tokens_.Unexpected("a number up to 38");
    }
    *size = std::stoi(tokens_.Next().text);
    if (!tokens_.AcceptSymbol(",")) break;
  }
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  if (sizes.first < 1 || sizes.first > 38 || sizes.second > sizes.first) {
    Error error = InvalidArgument(
        "DECIMAL precision must be 1 to 38 and its scale 0 to the precision, not ({}, {})",
        sizes.first, sizes.second);
    error.position = tokens_.RangeFrom(mark).position;
    return error;
  }
  return sizes;
}

Result<DataType> Parser::TimestampType() {
  bool local = tokens_.Next().upper == "TIMESTAMP_LTZ";
  ASSIGN_OR_RETURN(int precision, OptionalLength(6, 9));
  if (!local) {
    if (tokens_.AcceptWords("WITH LOCAL TIME ZONE")) {
      local = true;
    } else if (tokens_.PeekWords("WITH TIME ZONE")) {
      return tokens_.Unexpected("WITH LOCAL TIME ZONE (Flink has no TIMESTAMP WITH TIME ZONE)");
    } else {
      tokens_.AcceptWords("WITHOUT TIME ZONE");
    }
  }
  return local ? DataType::TimestampLtz(precision) : DataType::Timestamp(precision);
}

Result<DataType> Parser::IntervalType() {
  ASSIGN_OR_RETURN(std::string unit, TimeUnitWord());
  ASSIGN_OR_RETURN(int first, OptionalLength(-1, 9));
  std::string text = unit;
  if (first >= 0) text += fmt::format("({})", first);
  bool months = unit == "YEAR" || unit == "MONTH";
  if (tokens_.AcceptWords("TO")) {
    ASSIGN_OR_RETURN(std::string to, TimeUnitWord());
    ASSIGN_OR_RETURN(int second, OptionalLength(-1, 9));
    text += " TO " + to;
    if (second >= 0) text += fmt::format("({})", second);
  }
  return months ? DataType::IntervalYearMonth(text) : DataType::IntervalDayTime(text);
}

/// ROW<a INT, b STRING 'comment'> or ROW(a INT, b STRING).
Result<DataType> Parser::RowType() {
  bool angle = tokens_.AcceptSymbol("<");
  if (!angle) RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  std::vector<model::RowField> fields;
  do {
    model::RowField field;
    ASSIGN_OR_RETURN(field.name, Identifier());
    ASSIGN_OR_RETURN(field.type, Type());
    if (tokens_.Peek().kind == TokenKind::kString) field.description = tokens_.Next().text;
    fields.push_back(std::move(field));
  } while (tokens_.AcceptSymbol(","));
  if (angle && !AcceptTypeClose()) return tokens_.Unexpected("'>'");
  if (!angle) RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return DataType::Row(std::move(fields));
}

}  // namespace forebay::sql
