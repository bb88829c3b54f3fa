#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/parser/lexer.h"

namespace forebay::sql {

/// The tokens of one statement with a place in them. Thread-compatible.
class TokenStream {
 public:
  explicit TokenStream(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  const Token& Peek(size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  const Token& Next() {
    const Token& token = tokens_[at_];
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  bool AtEnd() const { return Peek().kind == TokenKind::kEnd; }

  /// Whether the next words are `words`, which are separated by single spaces.
  bool PeekWords(std::string_view words, size_t ahead = 0) const;
  /// Takes the words if they are next.
  bool AcceptWords(std::string_view words);
  bool PeekSymbol(std::string_view symbol, size_t ahead = 0) const {
    return Peek(ahead).IsSymbol(symbol);
  }
  bool AcceptSymbol(std::string_view symbol);
  Status ExpectWords(std::string_view words);
  Status ExpectSymbol(std::string_view symbol);

  /// An error at the next token: "expected `wanted`, found ...".
  Error Unexpected(std::string_view wanted) const;

  size_t mark() const { return at_; }
  void Rewind(size_t mark) { at_ = mark; }
  /// From the token at `mark` to the last token taken.
  SourceRange RangeFrom(size_t mark) const;

 private:
  std::vector<Token> tokens_;
  size_t at_ = 0;
};

}  // namespace forebay::sql
