#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/parser/ast.h"

namespace forebay::sql {

enum class TokenKind : uint8_t {
  kEnd,
  kWord,        ///< unquoted identifier or keyword: text as written, upper = upper-case
  kQuotedName,  ///< `name`: text without quotes
  kString,      ///< '..': text unescaped
  kBytes,       ///< X'..': text holds the bytes
  kInteger,
  kDecimal,
  kDouble,
  kSymbol,  ///< operator or punctuation: text
  kHint,    ///< /*+ .. */: text between
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;
  std::string upper;  ///< kWord
  SourceRange range;

  bool IsSymbol(std::string_view symbol) const {
    return kind == TokenKind::kSymbol && text == symbol;
  }
  bool IsWord(std::string_view word) const { return kind == TokenKind::kWord && upper == word; }
};

/// Cuts `text` into tokens, the last one kEnd. `origin` is the position of the first character.
Result<std::vector<Token>> Tokenize(std::string_view text, SourcePosition origin);

/// Walks over SQL text without building tokens: finds where strings, quoted names and comments end.
/// Used to split scripts.
class TextCursor {
 public:
  explicit TextCursor(std::string_view text, SourcePosition origin = {1, 1})
      : text_(text), at_(origin) {}

  bool AtEnd() const { return offset_ >= text_.size(); }
  char Peek(size_t ahead = 0) const {
    return offset_ + ahead < text_.size() ? text_[offset_ + ahead] : '\0';
  }
  void Advance(size_t count = 1);
  /// Skips white space and comments, but not hints; false when a comment is left open.
  bool SkipBlanks();
  /// Skips a string or quoted name that starts here with `quote`; false when it is left open.
  bool SkipQuoted(char quote);

  size_t offset() const { return offset_; }
  SourcePosition position() const { return at_; }
  std::string_view text() const { return text_; }

 private:
  std::string_view text_;
  size_t offset_ = 0;
  SourcePosition at_;
};

}  // namespace forebay::sql
