#include "compute/expression/json_path.h"

#include <charconv>

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
    bool pair = code >= 0xd800 && code < 0xdc00 && text.substr(i + 1).starts_with("\\u");
    if (pair) {
      code =
          0x10000 + ((code - 0xd800) << 10) + ((HexDigits(text.substr(i + 3, 4)) - 0xdc00) & 0x3ff);
      i += 6;
    }
    AppendUtf8(out, code);
  }
  return out;
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
  Scanner scanner(text_);
  scanner.Take('{');
  do {
    scanner.Blanks();
    size_t begin = scanner.at();
    if (!scanner.String()) break;
    std::string_view key = scanner.From(begin);
    bool same =
        key.find('\\') == key.npos ? key.substr(1, key.size() - 2) == name : Unescape(key) == name;
    scanner.Blanks();
    scanner.Take(':');
    scanner.Blanks();
    begin = scanner.at();
    scanner.Value();
    if (same) found = JsonText(scanner.From(begin));
    scanner.Blanks();
  } while (scanner.Take(','));
  return found;
}

std::optional<JsonText> JsonText::Element(size_t index) const {
  if (!IsArray()) return std::nullopt;
  Scanner scanner(text_);
  scanner.Take('[');
  do {
    scanner.Blanks();
    size_t begin = scanner.at();
    if (!scanner.Value()) break;
    if (index-- == 0) return JsonText(scanner.From(begin));
    scanner.Blanks();
  } while (scanner.Take(','));
  return std::nullopt;
}

std::string JsonText::Scalar() const {
  return text_[0] == '"' ? Unescape(text_) : std::string(text_);
}

std::string JsonText::Compact() const {
  std::string out;
  bool quoted = false;
  for (size_t i = 0; i < text_.size(); ++i) {
    char c = text_[i];
    if (quoted && c == '\\') {
      out += c;
      c = text_[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && std::string_view(" \t\n\r").find(c) != std::string_view::npos) {
      continue;
    }
    out += c;
  }
  return out;
}

std::optional<JsonPath> JsonPath::Parse(std::string_view text) {
  JsonPath path;
  if (text.starts_with("strict ")) {
    path.strict_ = true;
    text.remove_prefix(7);
  } else if (text.starts_with("lax ")) {
    text.remove_prefix(4);
  }
  if (!text.starts_with("$")) return std::nullopt;
  text.remove_prefix(1);
  while (!text.empty()) {
    Step step;
    if (text[0] == '.') {
      size_t end = text.find_first_of(".[", 1);
      step.member = text.substr(1, end == text.npos ? end : end - 1);
      if (step.member.empty() || step.member == "*") return std::nullopt;
      text = end == text.npos ? std::string_view() : text.substr(end);
    } else if (text.starts_with("['") || text.starts_with("[\"")) {
      size_t end = text.find(text[1], 2);
      if (end == text.npos || end + 1 >= text.size() || text[end + 1] != ']') return std::nullopt;
      step.member = text.substr(2, end - 2);
      text.remove_prefix(end + 2);
    } else if (text[0] == '[') {
      size_t index = 0;
      auto end = std::from_chars(text.data() + 1, text.data() + text.size(), index);
      size_t size = static_cast<size_t>(end.ptr - text.data());
      if (end.ec != std::errc() || size >= text.size() || text[size] != ']') return std::nullopt;
      step.index = index;
      text.remove_prefix(size + 1);
    } else {
      return std::nullopt;
    }
    path.steps_.push_back(std::move(step));
  }
  return path;
}

std::optional<JsonText> JsonPath::Find(const JsonText& root) const {
  std::optional<JsonText> place = root;
  for (const Step& step : steps_) {
    place = step.index ? place->Element(*step.index) : place->Member(step.member);
    if (!place) return std::nullopt;
  }
  return place;
}

}  // namespace forebay::compute
