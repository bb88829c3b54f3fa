#include "sql/parser/lexer.h"

#include <cctype>

namespace forebay::sql {

namespace {

bool IsNameStart(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '$' || (c & 0x80) != 0;
}
bool IsNamePart(char c) { return IsNameStart(c) || std::isdigit(static_cast<unsigned char>(c)); }
bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

Error ErrorAt(SourcePosition position, std::string message, std::string hint = {}) {
  return Error{ErrorKind::kInvalidArgument, std::move(message), std::move(hint), position};
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// Bytes of the well-formed UTF-8 character that begins at `at`; 0 when there is none.
size_t CharacterBytes(std::string_view text, size_t at) {
  auto lead = static_cast<uint8_t>(text[at]);
  if (lead < 0x80) return 1;
  size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || size > text.size() - at) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((text[at + i] & 0xc0) != 0x80) return 0;
  }
  auto second = static_cast<uint8_t>(text[at + 1]);
  // Overlong forms, surrogates, and what lies beyond U+10FFFF.
  bool bad = (lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
             (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f);
  return bad ? 0 : size;
}

void AppendUtf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    if (code < 0x10000) {
      out += static_cast<char>(0xe0 | code >> 12);
    } else {
      out += static_cast<char>(0xf0 | code >> 18);
      out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    }
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

/// The text of a quoted piece, its doubled quotes made single.
std::string Unquote(std::string_view quoted) {
  char quote = quoted.front();
  std::string text;
  for (size_t i = 1; i + 1 < quoted.size(); ++i) {
    text += quoted[i];
    if (quoted[i] == quote) ++i;
  }
  return text;
}

/// The code unit of four hex digits at `at`, or -1. As for Calcite, which reads them as an integer,
/// the first may be a plus sign: \+01F is U+001F, and there are no escapes of six digits.
int32_t HexUnit(std::string_view text, size_t at) {
  int32_t unit = 0;
  for (size_t i = at; i < at + 4; ++i) {
    if (i == at && i < text.size() && text[i] == '+') continue;
    int value = i < text.size() ? HexDigit(text[i]) : -1;
    if (value < 0) return -1;
    unit = unit * 16 + value;
  }
  return unit;
}

/// The character of the escape whose backslash is at `i`, which moves to its last digit. Two
/// surrogates are one character; one alone is none.
Result<uint32_t> UnicodeEscape(std::string_view text, size_t& i, SourcePosition position) {
  int32_t unit = HexUnit(text, i + 1);
  if (unit < 0) return ErrorAt(position, "a \\ in U&'..' needs four hex digits after it");
  i += 4;
  if (unit < 0xd800 || unit > 0xdfff) return static_cast<uint32_t>(unit);
  int32_t low = i + 1 < text.size() && text[i + 1] == '\\' ? HexUnit(text, i + 2) : -1;
  if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff) {
    return ErrorAt(position, fmt::format("\\{:04X} in U&'..' is half a character", unit));
  }
  i += 5;
  return static_cast<uint32_t>(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
}

/// U&'..' escapes: \XXXX and \\.
Result<std::string> UnescapeUnicode(const std::string& text, SourcePosition position) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '\\') {
      out += text[++i];
    } else {
      ASSIGN_OR_RETURN(uint32_t code, UnicodeEscape(text, i, position));
      AppendUtf8(out, code);
    }
  }
  return out;
}

Result<std::string> DecodeHex(const std::string& digits, SourcePosition position) {
  if (digits.size() % 2 != 0) return ErrorAt(position, "X'..' needs an even number of hex digits");
  std::string bytes;
  for (size_t i = 0; i < digits.size(); i += 2) {
    int high = HexDigit(digits[i]);
    int low = HexDigit(digits[i + 1]);
    if (high < 0 || low < 0) return ErrorAt(position, "X'..' may hold hex digits only");
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

/// Longest first.
constexpr std::string_view kSymbols[] = {"<>", "<=", ">=", "!=", "||", "=>", "->", "+", "-", "*",
                                         "/",  "%",  "=",  "<",  ">",  "(",  ")",  "[", "]", "{",
                                         "}",  ",",  ".",  ";",  ":",  "?",  "@",  "|", "^"};

class Lexer {
 public:
  Lexer(std::string_view text, SourcePosition origin) : cursor_(text, origin) {}

  Result<std::vector<Token>> Run() {
    RETURN_IF_ERROR(CheckUtf8());
    std::vector<Token> tokens;
    while (true) {
      SourcePosition before = cursor_.position();
      if (!cursor_.SkipBlanks()) return ErrorAt(before, "comment is not closed", "end it with */");
      begin_ = cursor_.offset();
      position_ = cursor_.position();
      Token token;
      if (!cursor_.AtEnd()) {
        ASSIGN_OR_RETURN(token, Next());
      }
      token.range = {position_, begin_, cursor_.offset()};
      tokens.push_back(std::move(token));
      if (tokens.back().kind == TokenKind::kEnd) return tokens;
    }
  }

 private:
  /// Names and strings go into JSON and to clients, which take nothing else.
  Status CheckUtf8() const {
    TextCursor at = cursor_;
    while (!at.AtEnd()) {
      size_t size = CharacterBytes(at.text(), at.offset());
      if (size == 0) return ErrorAt(at.position(), "the text is not UTF-8");
      at.Advance(size);
    }
    return Status::Ok();
  }

  Result<Token> Next() {
    char c = cursor_.Peek();
    if (c == '\'') return String(TokenKind::kString);
    if (c == '`') return QuotedName();
    if ((c == 'x' || c == 'X') && cursor_.Peek(1) == '\'') {
      cursor_.Advance();
      return Bytes();
    }
    if ((c == 'u' || c == 'U') && cursor_.Peek(1) == '&' && cursor_.Peek(2) == '\'') {
      cursor_.Advance(2);
      ASSIGN_OR_RETURN(Token token, String(TokenKind::kString));
      ASSIGN_OR_RETURN(token.text, UnescapeUnicode(token.text, position_));
      return token;
    }
    if (IsNameStart(c)) return Word();
    if (IsDigit(c) || (c == '.' && IsDigit(cursor_.Peek(1)))) return Number();
    if (c == '/' && cursor_.Peek(1) == '*') return Hint();
    return Symbol();
  }

  Result<Token> String(TokenKind kind) {
    size_t begin = cursor_.offset();
    if (!cursor_.SkipQuoted('\'')) {
      return ErrorAt(position_, "string is not closed", "end it with ', write ' inside as ''");
    }
    return Token{kind, Unquote(cursor_.text().substr(begin, cursor_.offset() - begin)), {}, {}};
  }

  Result<Token> Bytes() {
    ASSIGN_OR_RETURN(Token token, String(TokenKind::kBytes));
    ASSIGN_OR_RETURN(token.text, DecodeHex(token.text, position_));
    return token;
  }

  Result<Token> QuotedName() {
    size_t begin = cursor_.offset();
    if (!cursor_.SkipQuoted('`')) return ErrorAt(position_, "quoted name is not closed");
    std::string name = Unquote(cursor_.text().substr(begin, cursor_.offset() - begin));
    if (name.empty()) return ErrorAt(position_, "a quoted name must not be empty");
    return Token{TokenKind::kQuotedName, std::move(name), {}, {}};
  }

  Result<Token> Word() {
    Token token{TokenKind::kWord, {}, {}, {}};
    while (IsNamePart(cursor_.Peek()) && !cursor_.AtEnd()) {
      token.text += cursor_.Peek();
      token.upper += static_cast<char>(std::toupper(static_cast<unsigned char>(cursor_.Peek())));
      cursor_.Advance();
    }
    return token;
  }

  void TakeDigits(std::string& text) {
    while (IsDigit(cursor_.Peek())) {
      text += cursor_.Peek();
      cursor_.Advance();
    }
  }

  Result<Token> Number() {
    Token token{TokenKind::kInteger, {}, {}, {}};
    TakeDigits(token.text);
    if (cursor_.Peek() == '.') {
      token.kind = TokenKind::kDecimal;
      token.text += '.';
      cursor_.Advance();
      TakeDigits(token.text);
    }
    char e = cursor_.Peek();
    size_t sign = cursor_.Peek(1) == '+' || cursor_.Peek(1) == '-' ? 1 : 0;
    if ((e == 'e' || e == 'E') && IsDigit(cursor_.Peek(1 + sign))) {
      token.kind = TokenKind::kDouble;
      token.text += 'E';
      cursor_.Advance();
      if (sign == 1) {
        token.text += cursor_.Peek();
        cursor_.Advance();
      }
      TakeDigits(token.text);
    }
    if (IsNameStart(cursor_.Peek()) && !cursor_.AtEnd()) {
      return ErrorAt(cursor_.position(), "a number must not run into a name",
                     "quote names that start with a digit: `1st`");
    }
    return token;
  }

  Result<Token> Hint() {
    size_t begin = cursor_.offset() + 3;
    size_t end = cursor_.text().find("*/", begin);
    if (end == std::string_view::npos) return ErrorAt(position_, "hint is not closed");
    Token token{TokenKind::kHint, std::string(cursor_.text().substr(begin, end - begin)), {}, {}};
    cursor_.Advance(end + 2 - cursor_.offset());
    return token;
  }

  Result<Token> Symbol() {
    std::string_view rest = cursor_.text().substr(cursor_.offset());
    for (std::string_view symbol : kSymbols) {
      if (rest.starts_with(symbol)) {
        cursor_.Advance(symbol.size());
        if (symbol == "!=") return ErrorAt(position_, "'!=' is no operator", "write <>");
        return Token{TokenKind::kSymbol, std::string(symbol), {}, {}};
      }
    }
    if (rest[0] == '"') {
      return ErrorAt(position_, "names are quoted with backticks, strings with single quotes",
                     "write `name` or 'text'");
    }
    return ErrorAt(position_, fmt::format("unexpected character '{}'",
                                          rest.substr(0, CharacterBytes(rest, 0))));
  }

  TextCursor cursor_;
  size_t begin_ = 0;
  SourcePosition position_;
};

}  // namespace

void TextCursor::Advance(size_t count) {
  for (; count > 0 && offset_ < text_.size(); --count, ++offset_) {
    unsigned char c = static_cast<unsigned char>(text_[offset_]);
    if (c == '\n') {
      at_ = {at_.line + 1, 1};
    } else if ((c & 0xc0) != 0x80) {  // columns count characters, not UTF-8 bytes
      ++at_.column;
    }
  }
}

bool TextCursor::SkipBlanks() {
  while (!AtEnd()) {
    if (std::isspace(static_cast<unsigned char>(Peek()))) {
      Advance();
    } else if (Peek() == '-' && Peek(1) == '-') {
      while (!AtEnd() && Peek() != '\n') Advance();
    } else if (Peek() == '/' && Peek(1) == '*' && Peek(2) != '+') {
      size_t end = text_.find("*/", offset_ + 2);
      if (end == std::string_view::npos) return false;
      Advance(end + 2 - offset_);
    } else {
      return true;
    }
  }
  return true;
}

bool TextCursor::SkipQuoted(char quote) {
  Advance();
  while (!AtEnd()) {
    if (Peek() == quote && Peek(1) == quote) {
      Advance(2);
    } else if (Peek() == quote) {
      Advance();
      return true;
    } else {
      Advance();
    }
  }
  return false;
}

Result<std::vector<Token>> Tokenize(std::string_view text, SourcePosition origin) {
  return Lexer(text, origin).Run();
}

}  // namespace forebay::sql
