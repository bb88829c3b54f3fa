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

namespace {

/// Cuts "lax" or "strict", in any case, off a path; a path without a mode is strict.
bool TakeMode(std::string_view& text) {
  std::string_view rest = text;
  auto skip_blanks = [&] {
    while (!rest.empty() && isspace(static_cast<unsigned char>(rest[0]))) rest.remove_prefix(1);
  };
  skip_blanks();
  std::string word;
  while (!rest.empty() && isalpha(static_cast<unsigned char>(rest[0]))) {
    word += static_cast<char>(tolower(rest[0]));
    rest.remove_prefix(1);
  }
  bool mode = (word == "lax" || word == "strict") && !rest.empty() && rest[0] != '$';
  if (!mode) return true;
  skip_blanks();
  text = rest;
  return word == "strict";
}

}  // namespace

namespace {

std::optional<int64_t> Number(std::string_view text) {
  size_t begin = text.find_first_not_of(' ');
  if (begin == text.npos) return std::nullopt;
  text = text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
  int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

/// "0,2", "1:3", "1:" or ":3".
bool JsonPath::ParsePlaces(std::string_view text, Step& step) {
  size_t colon = text.find(':');
  if (colon != text.npos) {
    std::string_view first = text.substr(0, colon), last = text.substr(colon + 1);
    bool blank_first = first.find_first_not_of(' ') == first.npos;
    bool blank_last = last.find_first_not_of(' ') == last.npos;
    step.slice_first = Number(first);
    step.slice_last = Number(last);
    step.slice = true;
    return (blank_first || step.slice_first) && (blank_last || step.slice_last) &&
           !(blank_first && blank_last);
  }
  while (true) {
    size_t comma = text.find(',');
    auto index = Number(text.substr(0, comma));
    if (!index) return false;
    step.indices.push_back(*index);
    if (comma == text.npos) return true;
    text.remove_prefix(comma + 1);
  }
}

std::optional<JsonPath::Step> JsonPath::TakeStep(std::string_view& text) {
  Step step;
  if (text.starts_with("..")) {
    step.descends = true;
    text.remove_prefix(text.starts_with("..[") ? 2 : 1);
  }
  if (text[0] == '.') {
    size_t end = text.find_first_of(".[", 1);
    step.member = text.substr(1, end == text.npos ? end : end - 1);
    text = end == text.npos ? std::string_view() : text.substr(end);
    if (step.member == "*") step.wildcard = true;
    if (step.member.empty() || step.member.find_first_of("()?@") != step.member.npos) return {};
    return step;
  }
  if (text.starts_with("[*]")) {
    step.wildcard = true;
    text.remove_prefix(3);
    return step;
  }
  if (text.starts_with("['") || text.starts_with("[\"")) {
    size_t end = text.find(text[1], 2);
    if (end == text.npos || end + 1 >= text.size() || text[end + 1] != ']') return {};
    step.member = text.substr(2, end - 2);
    text.remove_prefix(end + 2);
    return step;
  }
  if (text[0] != '[') return {};
  if (size_t close = text.find(']'); close != text.npos) {
    std::string_view places = text.substr(1, close - 1);
    if (places.find_first_of(",:") != places.npos) {
      if (!ParsePlaces(places, step)) return {};
      text.remove_prefix(close + 1);
      return step;
    }
  }
  int64_t index = 0;
  auto end = std::from_chars(text.data() + 1, text.data() + text.size(), index);
  size_t size = static_cast<size_t>(end.ptr - text.data());
  if (end.ec != std::errc() || size >= text.size() || text[size] != ']') return {};
  step.index = index;
  text.remove_prefix(size + 1);
  return step;
}

std::optional<JsonPath> JsonPath::Parse(std::string_view text) {
  JsonPath path;
  path.strict_ = TakeMode(text);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (!text.starts_with("$")) return std::nullopt;
  text.remove_prefix(1);
  while (!text.empty()) {
    std::optional<Step> step = TakeStep(text);
    if (!step) return std::nullopt;
    path.steps_.push_back(*std::move(step));
  }
  return path;
}

void JsonPath::Apply(const Step& step, const JsonText& place, std::vector<JsonText>& found) {
  if (step.slice) {
    std::vector<JsonText> elements = place.IsArray() ? place.Children() : std::vector<JsonText>();
    int64_t size = std::ssize(elements);
    auto bound = [size](std::optional<int64_t> at, int64_t otherwise) {
      int64_t index = at.value_or(otherwise);
      return std::clamp<int64_t>(index < 0 ? index + size : index, 0, size);
    };
    for (int64_t i = bound(step.slice_first, 0); i < bound(step.slice_last, size); ++i) {
      found.push_back(elements[static_cast<size_t>(i)]);
    }
  } else if (!step.indices.empty()) {
    for (int64_t index : step.indices) {
      if (auto element = place.Element(index)) found.push_back(*element);
    }
  } else if (step.wildcard) {
    for (const JsonText& child : place.Children()) found.push_back(child);
  } else {
    auto value = step.index ? place.Element(*step.index) : place.Member(step.member);
    if (value) found.push_back(*value);
  }
  if (!step.descends) return;
  for (const JsonText& child : place.Children()) Apply(step, child, found);
}

std::optional<JsonPath::Found> JsonPath::Find(const JsonText& root) const {
  Found found{false, {root}};
  for (const Step& step : steps_) {
    std::vector<JsonText> next;
    for (const JsonText& place : found.values) Apply(step, place, next);
    found.is_list = found.is_list || step.FindsList();
    if (next.empty() && !found.is_list) {
      // In lax mode a path that could have found several finds none.
      bool list = !strict_ && std::any_of(steps_.begin(), steps_.end(),
                                          [](const Step& each) { return each.FindsList(); });
      if (!list) return std::nullopt;
      return Found{true, {}};
    }
    found.values = std::move(next);
  }
  return found;
}

}  // namespace forebay::compute
