#include "compute/expression/json_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

namespace forebay::compute {

namespace {

/// Nesting beyond this is refused: the scanner calls itself once a level.
constexpr int kMaxDepth = 512;

/// Steps over tokens; every function leaves `at_` behind what it took.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  void Blanks() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != text_.npos) ++at_;
  }
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool String() {
    if (!Take('"')) return false;
    while (at_ < text_.size()) {
      unsigned char c = static_cast<unsigned char>(text_[at_++]);
      if (c == '"') return true;
      if (c < 0x20) return false;
      if (c != '\\') continue;
      if (at_ >= text_.size()) return false;
      char escape = text_[at_++];
      if (escape == 'u') {
        for (int i = 0; i < 4; ++i, ++at_) {
          if (at_ >= text_.size() || !isxdigit(static_cast<unsigned char>(text_[at_])))
            return false;
        }
      } else if (std::string_view("\"\\/bfnrt").find(escape) == text_.npos) {
        return false;
      }
    }
    return false;
  }
  bool Value(int depth = 0) {
    if (depth > kMaxDepth || at_ >= text_.size()) return false;
    switch (text_[at_]) {
      case '{': return Container('{', '}', depth);
      case '[': return Container('[', ']', depth);
      case '"': return String();
      case 't': return Word("true");
      case 'f': return Word("false");
      case 'n': return Word("null");
      default: return Number();
    }
  }
  size_t at() const { return at_; }
  bool AtEnd() const { return at_ == text_.size(); }
  std::string_view From(size_t begin) const { return text_.substr(begin, at_ - begin); }

 private:
  bool Word(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  bool Digits() {
    size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ > begin;
  }
  bool Number() {
    Take('-');
    bool zero = at_ < text_.size() && text_[at_] == '0';
    size_t begin = at_;
    if (!Digits() || (zero && at_ - begin > 1)) return false;
    if (Take('.') && !Digits()) return false;
    if (!Take('e') && !Take('E')) return true;
    if (!Take('+')) Take('-');
    return Digits();
  }
  bool Container(char open, char close, int depth) {
    Take(open);
    Blanks();
    if (Take(close)) return true;
    do {
      Blanks();
      if (open == '{') {
        if (!String()) return false;
        Blanks();
        if (!Take(':')) return false;
        Blanks();
      }
      if (!Value(depth + 1)) return false;
      Blanks();
    } while (Take(','));
    return Take(close);
  }

  std::string_view text_;
  size_t at_ = 0;
};

void AppendUtf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  int tail = code < 0x800 ? 1 : (code < 0x10000 ? 2 : 3);
  constexpr unsigned kLead[] = {0, 0xc0, 0xe0, 0xf0};
  out += static_cast<char>(kLead[tail] | code >> (6 * tail));
  while (tail-- > 0) out += static_cast<char>(0x80 | (code >> (6 * tail) & 0x3f));
}

uint32_t HexDigits(std::string_view text) {
  uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

/// The characters of a valid JSON string with its quotes.
std::string Unescape(std::string_view quoted) {
  std::string_view text = quoted.substr(1, quoted.size() - 2);
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    char escape = text[++i];
    constexpr std::string_view kFrom = "bfnrt", kTo = "\b\f\n\r\t";
    if (escape != 'u') {
      size_t at = kFrom.find(escape);
      out += at == kFrom.npos ? escape : kTo[at];
      continue;
    }
    uint32_t code = HexDigits(text.substr(i + 1, 4));
    i += 4;
    bool high = code >= 0xd800 && code < 0xdc00;
    uint32_t low = high && text.substr(i + 1).starts_with("\\u") && i + 7 <= text.size()
                       ? HexDigits(text.substr(i + 3, 4))
                       : 0;
    if (low >= 0xdc00 && low < 0xe000) {
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      i += 6;
    } else if (code >= 0xd800 && code < 0xe000) {
      code = '?';  // half a character, as Java writes it
    }
    AppendUtf8(out, code);
  }
  return out;
}

/// Calls f(name with its quotes, value) for each member of an object.
template <typename F>
void ForEachMember(std::string_view object, F&& f) {
  Scanner scanner(object);
  scanner.Take('{');
  do {
    scanner.Blanks();
    size_t begin = scanner.at();
    if (!scanner.String()) return;
    std::string_view name = scanner.From(begin);
    scanner.Blanks();
    scanner.Take(':');
    scanner.Blanks();
    begin = scanner.at();
    scanner.Value();
    f(name, scanner.From(begin));
    scanner.Blanks();
  } while (scanner.Take(','));
}

/// Calls f(value) for each element of an array.
template <typename F>
void ForEachElement(std::string_view array, F&& f) {
  Scanner scanner(array);
  scanner.Take('[');
  do {
    scanner.Blanks();
    size_t begin = scanner.at();
    if (!scanner.Value()) return;
    f(scanner.From(begin));
    scanner.Blanks();
  } while (scanner.Take(','));
}

std::string NameOf(std::string_view quoted) {
  bool escaped = quoted.find('\\') != quoted.npos;
  return escaped ? Unescape(quoted) : std::string(quoted.substr(1, quoted.size() - 2));
}

/// digits * 10^-scale as BigDecimal.toString shows it.
void AppendScaled(std::string& out, const std::string& digits, int64_t scale) {
  int64_t count = std::ssize(digits);
  int64_t adjusted = count - 1 - scale;
  if (scale >= 0 && adjusted >= -6) {
    std::string padded(static_cast<size_t>(std::max<int64_t>(0, scale + 1 - count)), '0');
    padded += digits;
    size_t whole = padded.size() - static_cast<size_t>(scale);
    out.append(padded, 0, whole);
    if (scale > 0) out.append(1, '.').append(padded, whole);
    return;
  }
  out += digits[0];
  if (count > 1) out.append(1, '.').append(digits, 1);
  out += 'E';
  if (adjusted >= 0) out += '+';
  out += std::to_string(adjusted);
}

/// A JSON number as Java's BigInteger or BigDecimal.toString shows it.
void AppendNumber(std::string& out, std::string_view number) {
  size_t exponent_at = number.find_first_of("eE");
  size_t point = number.find('.');
  if (exponent_at == number.npos && point == number.npos) {
    out += number == "-0" ? "0" : number;
    return;
  }
  int64_t exponent = 0;
  std::string_view mantissa = number.substr(0, exponent_at);
  if (exponent_at != number.npos) {
    std::string_view digits = number.substr(exponent_at + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  }
  if (mantissa.starts_with('-')) {
    out += '-';
    mantissa.remove_prefix(1);
  }
  std::string digits;
  for (char c : mantissa) {
    if (c != '.') digits += c;
  }
  size_t fraction = mantissa.find('.');
  int64_t scale = -exponent;
  if (fraction != mantissa.npos) scale += std::ssize(mantissa) - 1 - static_cast<int64_t>(fraction);
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  AppendScaled(out, digits, scale);
}

}  // namespace

std::optional<JsonText> JsonText::Parse(std::string_view text) {
  Scanner scanner(text);
  scanner.Blanks();
  size_t begin = scanner.at();
  if (!scanner.Value()) return std::nullopt;
  std::string_view value = scanner.From(begin);
  scanner.Blanks();
  if (!scanner.AtEnd()) return std::nullopt;
  return JsonText(value);
}

std::optional<JsonText> JsonText::Member(std::string_view name) const {
  if (!IsObject()) return std::nullopt;
  std::optional<JsonText> found;
  ForEachMember(text_, [&](std::string_view quoted, std::string_view value) {
    if (NameOf(quoted) == name) found = JsonText(value);
  });
  return found;
}

std::optional<JsonText> JsonText::Element(int64_t index) const {
  if (!IsArray()) return std::nullopt;
  std::vector<JsonText> elements = Children();
  if (index < 0) index += std::ssize(elements);
  if (index < 0 || index >= std::ssize(elements)) return std::nullopt;
  return elements[static_cast<size_t>(index)];
}

std::vector<JsonText> JsonText::Children() const {
  std::vector<JsonText> children;
  auto add = [&](std::string_view value) { children.push_back(JsonText(value)); };
  if (IsObject()) {
    // Of equal names the last value stays, at the place of the first.
    std::map<std::string, size_t> places;
    ForEachMember(text_, [&](std::string_view name, std::string_view value) {
      auto [known, is_new] = places.emplace(NameOf(name), children.size());
      is_new ? add(value) : void(children[known->second] = JsonText(value));
    });
  }
  if (IsArray()) ForEachElement(text_, add);
  return children;
}

std::string JsonText::Scalar() const {
  std::string out;
  if (text_[0] == '"') return Unescape(text_);
  bool number = text_[0] == '-' || (text_[0] >= '0' && text_[0] <= '9');
  number ? AppendNumber(out, text_) : void(out += text_);
  return out;
}

void JsonText::AppendCanonical(std::string& out) const {
  if (text_[0] == '"') return AppendJsonString(out, Unescape(text_));
  if (!IsObject() && !IsArray()) {
    out += Scalar();
    return;
  }
  bool first = true;
  auto separate = [&] {
    if (!std::exchange(first, false)) out += ',';
  };
  if (IsArray()) {
    out += '[';
    for (const JsonText& element : Children()) {
      separate();
      element.AppendCanonical(out);
    }
    out += ']';
    return;
  }
  std::map<std::string, std::string_view> members;  // of equal names the last
  ForEachMember(
      text_, [&](std::string_view name, std::string_view value) { members[NameOf(name)] = value; });
  out += '{';
  for (const auto& [name, value] : members) {
    separate();
    AppendJsonString(out, name);
    out += ':';
    JsonText(value).AppendCanonical(out);
  }
  out += '}';
}

void AppendJsonString(std::string& out, std::string_view text) {
  constexpr std::string_view kFrom = "\"\\\b\f\n\r\t", kTo = "\"\\bfnrt";
  out += '"';
  for (char c : text) {
    if (size_t at = kFrom.find(c); at != kFrom.npos) {
      out += '\\';
      out += kTo[at];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04X}", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace forebay::compute
