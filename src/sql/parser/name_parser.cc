#include "sql/parser/parser_impl.h"

// Names, strings and the lists of them that several productions use.

namespace forebay::sql {

Result<std::string> Parser::Identifier() {
  const Token& token = tokens_.Peek();
  bool is_name = token.kind == TokenKind::kQuotedName ||
                 (token.kind == TokenKind::kWord && !IsReservedWord(token.upper));
  if (!is_name) return tokens_.Unexpected("a name");
  return tokens_.Next().text;
}

Result<NameAst> Parser::QualifiedName() {
  size_t mark = tokens_.mark();
  NameAst name;
  do {
    ASSIGN_OR_RETURN(std::string part, Identifier());
    name.parts.push_back(std::move(part));
  } while (tokens_.AcceptSymbol("."));
  name.range = tokens_.RangeFrom(mark);
  return name;
}

Result<std::vector<std::string>> Parser::NameList() {
  RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  std::vector<std::string> names;
  do {
    ASSIGN_OR_RETURN(std::string name, Identifier());
    names.push_back(std::move(name));
  } while (tokens_.AcceptSymbol(","));
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return names;
}

Result<std::string> Parser::StringLiteral() {
  if (tokens_.Peek().kind != TokenKind::kString) return tokens_.Unexpected("a string");
  return tokens_.Next().text;
}

/// ('key' = 'value', ...)
Result<Parser::Options> Parser::OptionList() {
  RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  Options options;
  do {
    SourcePosition position = tokens_.Peek().range.position;
    ASSIGN_OR_RETURN(std::string key, StringLiteral());
    RETURN_IF_ERROR(tokens_.ExpectSymbol("="));
    ASSIGN_OR_RETURN(std::string value, StringLiteral());
    if (!options.emplace(key, std::move(value)).second) {
      Error error = InvalidArgument("option '{}' is given twice", key);
      error.position = position;
      return error;
    }
  } while (tokens_.AcceptSymbol(","));
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return options;
}

/// After PARTITION: (key = value, ...), a value being a literal.
Result<Parser::Options> Parser::PartitionSpec() {
  RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  Options spec;
  do {
    ASSIGN_OR_RETURN(std::string key, Identifier());
    RETURN_IF_ERROR(tokens_.ExpectSymbol("="));
    std::string sign = tokens_.AcceptSymbol("-") ? "-" : "";
    const Token& token = tokens_.Peek();
    bool is_value = token.kind == TokenKind::kString || token.kind == TokenKind::kInteger ||
                    token.kind == TokenKind::kDecimal || token.kind == TokenKind::kWord;
    if (!is_value) return tokens_.Unexpected("the value of a partition key");
    std::string value = sign + tokens_.Next().text;
    if (!spec.try_emplace(key, std::move(value)).second) {
      return tokens_.Unexpected("each partition key once");
    }
  } while (tokens_.AcceptSymbol(","));
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return spec;
}

/// /*+ OPTIONS('key'='value', ...) */ behind a table name.
Result<Parser::Options> Parser::OptionHints() {
  const Token& hint = tokens_.Next();
  SourcePosition inside = hint.range.position;
  inside.column += 3;
  ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(hint.text, inside));
  Parser parser(std::move(tokens));
  RETURN_IF_ERROR(parser.tokens_.ExpectWords("OPTIONS"));
  return parser.OptionList();
}

}  // namespace forebay::sql
