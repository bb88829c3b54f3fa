#include "sql/parser/expression_text.h"

#include "model/data_type.h"
#include "sql/parser/lexer.h"
#include "sql/parser/parser.h"

namespace forebay::sql {

std::string QuoteNamesInExpression(std::string_view text) {
  std::string quoted;
  TextCursor cursor(text);
  auto is_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || (c & 0x80) != 0;
  };
  while (!cursor.AtEnd()) {
    size_t begin = cursor.offset();
    char c = cursor.Peek();
    if (c == '\'' || c == '`') {
      if (!cursor.SkipQuoted(c)) return std::string(text);
      quoted += text.substr(begin, cursor.offset() - begin);
      continue;
    }
    while (is_name(cursor.Peek())) cursor.Advance();
    if (cursor.offset() == begin) {
      quoted += c;
      cursor.Advance();
      continue;
    }
    std::string_view word = text.substr(begin, cursor.offset() - begin);
    size_t ahead = 0;
    while (cursor.Peek(ahead) == ' ') ++ahead;
    bool number = c >= '0' && c <= '9';
    // Flink prints the functions of its own newer stack as names.
    bool call = cursor.Peek(ahead) == '(' && word != "SOURCE_WATERMARK";
    bool plain = number || call || IsReservedWord(word);
    quoted += plain ? std::string(word) : model::QuoteIdentifier(std::string(word));
  }
  return quoted;
}

}  // namespace forebay::sql
