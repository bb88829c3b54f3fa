#include "sql/parser/token_stream.h"

#include "sql/parser/parser.h"

namespace forebay::sql {

namespace {

/// Calls `f` for each word of `words` until it returns false; returns whether it never did.
template <typename F>
bool EachWord(std::string_view words, F&& f) {
  while (!words.empty()) {
    size_t space = words.find(' ');
    if (!f(words.substr(0, space))) return false;
    words = space == std::string_view::npos ? std::string_view() : words.substr(space + 1);
  }
  return true;
}

std::string Describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::kEnd: return "the end of the statement";
    case TokenKind::kString: return fmt::format("the string '{}'", token.text);
    case TokenKind::kQuotedName: return fmt::format("`{}`", token.text);
    case TokenKind::kHint: return "a hint";
    case TokenKind::kWord:
      if (IsReservedWord(token.upper)) return fmt::format("the keyword {}", token.upper);
      return fmt::format("'{}'", token.text);
    default: return fmt::format("'{}'", token.text);
  }
}

}  // namespace

bool TokenStream::PeekWords(std::string_view words, size_t ahead) const {
  return EachWord(words, [&](std::string_view word) { return Peek(ahead++).IsWord(word); });
}

bool TokenStream::AcceptWords(std::string_view words) {
  if (!PeekWords(words)) return false;
  EachWord(words, [&](std::string_view) {
    Next();
    return true;
  });
  return true;
}

bool TokenStream::AcceptSymbol(std::string_view symbol) {
  if (!PeekSymbol(symbol)) return false;
  Next();
  return true;
}

Status TokenStream::ExpectWords(std::string_view words) {
  if (AcceptWords(words)) return Status::Ok();
  return Unexpected(words);
}

Status TokenStream::ExpectSymbol(std::string_view symbol) {
  if (AcceptSymbol(symbol)) return Status::Ok();
  return Unexpected(fmt::format("'{}'", symbol));
}

Error TokenStream::Unexpected(std::string_view wanted) const {
  Error error = InvalidArgument("syntax error: expected {}, found {}", wanted, Describe(Peek()));
  error.position = Peek().range.position;
  if (Peek().kind == TokenKind::kWord && IsReservedWord(Peek().upper) && wanted == "a name") {
    error.hint = fmt::format("{} is a reserved word: quote it as `{}`", Peek().upper, Peek().text);
  }
  return error;
}

SourceRange TokenStream::RangeFrom(size_t mark) const {
  SourceRange range = tokens_[mark].range;
  if (at_ > mark) range.end = tokens_[at_ - 1].range.end;
  return range;
}

}  // namespace forebay::sql
