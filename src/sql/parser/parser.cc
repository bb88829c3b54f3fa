#include "sql/parser/parser.h"

#include <algorithm>
#include <array>

#include "sql/parser/lexer.h"
#include "sql/parser/parser_impl.h"

namespace forebay::sql {

namespace {

/// Finds statements in a script: skips over strings, names and comments, and counts statement sets.
class Splitter {
 public:
  explicit Splitter(std::string_view script) : cursor_(script) {}

  std::vector<StatementText> Run() {
    while ((complete_ = cursor_.SkipBlanks()) && !cursor_.AtEnd()) {
      size_t begin = cursor_.offset();
      SourcePosition position = cursor_.position();
      bool ended = SkipStatement();
      std::string_view text = cursor_.text().substr(begin, cursor_.offset() - begin);
      if (!text.empty()) pieces_.push_back({text, position});
      if (!ended) {
        complete_ = false;
        break;
      }
      cursor_.Advance();
    }
    return std::move(pieces_);
  }

  /// Whether the last statement ended with its semicolon; true for a script without any.
  bool complete() const { return complete_; }

 private:
  /// To the semicolon, or the end; false when the end came first.
  bool SkipStatement() {
    words_.clear();
    bool in_set = false;
    while (cursor_.SkipBlanks() && !cursor_.AtEnd()) {
      char c = cursor_.Peek();
      if (c == '\'' || c == '`') {
        if (!cursor_.SkipQuoted(c)) return false;
      } else if (std::isalpha(static_cast<unsigned char>(c))) {
        std::string word = TakeWord();
        if (words_.size() < kWordsMax) words_.push_back(word);
        if (IsStatementSetStart()) in_set = true;
        bool after_semicolon = last_was_semicolon_;
        last_was_semicolon_ = false;
        if (in_set && after_semicolon && word == "END") in_set = false;
      } else if (c == ';') {
        if (!in_set) return true;
        last_was_semicolon_ = true;
        cursor_.Advance();
      } else {
        last_was_semicolon_ = false;
        cursor_.Advance();
      }
    }
    return false;
  }

  std::string TakeWord() {
    std::string word;
    for (char c = cursor_.Peek();
         std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$'; c = cursor_.Peek()) {
      word += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      cursor_.Advance();
    }
    return word;
  }

  bool IsStatementSetStart() const {
    using Words = std::vector<std::string>;
    if (words_ == Words{"BEGIN", "STATEMENT", "SET"}) return true;
    bool may_hold = words_[0] == "EXECUTE" || words_[0] == "EXPLAIN" || words_[0] == "COMPILE";
    return may_hold && words_.size() >= 4 &&
           std::equal(words_.end() - 3, words_.end(),
                      std::array<std::string_view, 3>{"STATEMENT", "SET", "BEGIN"}.begin());
  }

  /// COMPILE AND EXECUTE PLAN '...' FOR STATEMENT SET BEGIN, and EXPLAIN with all its details.
  static constexpr size_t kWordsMax = 12;

  TextCursor cursor_;
  std::vector<StatementText> pieces_;
  std::vector<std::string> words_;  // the first words of the statement
  bool last_was_semicolon_ = false;
  bool complete_ = true;
};

}  // namespace

std::vector<StatementText> SplitStatements(std::string_view script) {
  return Splitter(script).Run();
}

bool IsIncomplete(std::string_view script) {
  Splitter splitter(script);
  splitter.Run();
  return !splitter.complete();
}

Result<StatementAst> ParseStatement(std::string_view text, SourcePosition origin,
                                    FunctionSource* functions) {
  ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(text, origin));
  Parser parser(std::move(tokens), functions);
  ASSIGN_OR_RETURN(StatementAst statement, parser.Statement());
  RETURN_IF_ERROR(parser.ExpectEnd());
  return statement;
}

Result<ExpressionAstPtr> ParseExpression(std::string_view text, FunctionSource* functions) {
  ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(text, {1, 1}));
  Parser parser(std::move(tokens), functions);
  ASSIGN_OR_RETURN(ExpressionAstPtr expression, parser.Expression());
  RETURN_IF_ERROR(parser.ExpectEnd());
  return expression;
}

Result<model::DataType> ParseType(std::string_view text) {
  ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(text, {1, 1}));
  Parser parser(std::move(tokens));
  ASSIGN_OR_RETURN(model::DataType type, parser.Type());
  RETURN_IF_ERROR(parser.ExpectEnd());
  return type;
}

}  // namespace forebay::sql
