#include "compute/expression/json_filter.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/ascii_case.h"
#include "compute/expression/regex.h"

namespace forebay::compute {

namespace {

/// A number as sign, digits without leading and trailing zeros, and where the point stands before
/// them: numbers are compared with all their digits.
struct Digits {
  bool negative = false;
  std::string digits;
  int64_t point = 0;
};

/// No number has so many digits that exponents beyond it would not be all alike.
constexpr int64_t kExponentMax = int64_t{1} << 40;

std::optional<Digits> DigitsOf(std::string_view text) {
  Digits number;
  if (text.starts_with('-') || text.starts_with('+')) {
    number.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  size_t exponent_at = std::min(text.find_first_of("eE"), text.size());
  int64_t exponent = 0;
  if (exponent_at < text.size()) {
    std::string_view digits = text.substr(exponent_at + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    exponent = std::clamp(exponent, -kExponentMax, kExponentMax);
  }
  std::string_view mantissa = text.substr(0, exponent_at);
  size_t whole = std::min(mantissa.find('.'), mantissa.size());
  for (size_t i = 0; i < mantissa.size(); ++i) {
    if (i == whole) continue;
    if (mantissa[i] < '0' || mantissa[i] > '9') return std::nullopt;
    number.digits += mantissa[i];
  }
  if (number.digits.empty()) return std::nullopt;
  number.point = static_cast<int64_t>(whole) + exponent;
  size_t zeros = std::min(number.digits.find_first_not_of('0'), number.digits.size());
  number.digits.erase(0, zeros);
  number.point -= static_cast<int64_t>(zeros);
  number.digits.erase(number.digits.find_last_not_of('0') + 1);
  if (number.digits.empty()) number = Digits();
  return number;
}

int Sign(const Digits& number) {
  if (number.digits.empty()) return 0;
  return number.negative ? -1 : 1;
}

int CompareNumbers(const Digits& a, const Digits& b) {
  if (Sign(a) != Sign(b)) return Sign(a) < Sign(b) ? -1 : 1;
  if (Sign(a) == 0) return 0;
  int size = a.point != b.point ? (a.point < b.point ? -1 : 1) : a.digits.compare(b.digits);
  size = (size > 0) - (size < 0);
  return a.negative ? -size : size;
}

}  // namespace

/// Reads a filter by recursive descent; an error leaves `failed_`.
class JsonFilterParser {
 public:
  explicit JsonFilterParser(std::string_view text) : text_(text) {}

  std::shared_ptr<const JsonFilter> Whole() {
    auto filter = Or(0);
    Blanks();
    return failed_ || at_ < text_.size() ? nullptr : filter;
  }

 private:
  using FilterPtr = std::shared_ptr<const JsonFilter>;
  using Kind = JsonFilter::Kind;
  using ValueKind = JsonFilter::ValueKind;
  /// Nesting beyond this is refused.
  static constexpr int kMaxDepth = 64;

  void Blanks() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool Take(std::string_view word) {
    Blanks();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  char Next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  FilterPtr Fail() {
    failed_ = true;
    return nullptr;
  }

  FilterPtr Chain(Kind kind, std::string_view word, int depth) {
    auto filter = std::make_shared<JsonFilter>();
    filter->kind_ = kind;
    do {
      filter->parts_.push_back(kind == Kind::kOr ? Chain(Kind::kAnd, "&&", depth) : Unary(depth));
    } while (!failed_ && Take(word));
    return filter->parts_.size() == 1 ? filter->parts_[0] : filter;
  }
  FilterPtr Or(int depth) { return Chain(Kind::kOr, "||", depth); }

  FilterPtr Unary(int depth) {
    if (depth > kMaxDepth || failed_) return Fail();
    if (Take("!")) {
      auto filter = std::make_shared<JsonFilter>();
      filter->kind_ = Kind::kNot;
      filter->parts_.push_back(Unary(depth + 1));
      return filter;
    }
    if (!Take("(")) return Test();
    FilterPtr inner = Or(depth + 1);
    return Take(")") ? inner : Fail();
  }

  FilterPtr Test() {
    auto filter = std::make_shared<JsonFilter>();
    if (!Value(filter->left_)) return Fail();
    filter->op_ = Operator();
    if (filter->op_.empty()) {
      return filter->left_.path.has_value() && !failed_ ? filter : Fail();
    }
    filter->kind_ = Kind::kCompare;
    return Value(filter->right_) ? filter : Fail();
  }

  std::string Operator() {
    Blanks();
    if (at_ >= text_.size() || Next() == ')' || Next() == '&' || Next() == '|') return "";
    size_t begin = at_;
    constexpr std::string_view kSigns = "<>=!~";
    if (kSigns.find(Next()) != kSigns.npos) {
      while (at_ < text_.size() && kSigns.find(Next()) != kSigns.npos) ++at_;
    } else {
      while (at_ < text_.size() && Next() != ' ') ++at_;
    }
    std::string op = LowerAscii(text_.substr(begin, at_ - begin));
    static const std::set<std::string> kKnown = {"==",  "!=",       "===",  "!==",  "<",
                                                 "<=",  ">",        ">=",   "=~",   "in",
                                                 "nin", "contains", "size", "empty"};
    if (!kKnown.contains(op)) failed_ = true;
    return op;
  }

  bool Value(JsonFilter::Operand& operand) {
    Blanks();
    if (Next() == '@' || Next() == '$') return Path(operand);
    if (Next() == '\'' || Next() == '"') return Quoted(Next(), ValueKind::kString, operand.literal);
    if (Next() == '/') return Quoted('/', ValueKind::kPattern, operand.literal);
    size_t begin = at_;
    if (Next() == '[' || Next() == '{') {
      if (!SkipBrackets()) return false;
    } else {
      while (at_ < text_.size() &&
             std::string_view(" )&|<>=!~").find(Next()) == std::string::npos) {
        ++at_;
      }
    }
    // Jayway reads lists in single quotes, too.
    std::string json(text_.substr(begin, at_ - begin));
    if (json.find('"') == json.npos) std::replace(json.begin(), json.end(), '\'', '"');
    auto parsed = JsonText::Parse(json);
    if (!parsed) return false;
    operand.literal = JsonFilter::ValueOf(*parsed);
    return true;
  }

  bool Quoted(char quote, ValueKind kind, JsonFilter::Value& value) {
    value.kind = kind;
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      bool escape = text_[at_] == '\\' && at_ + 1 < text_.size();
      if (escape && (kind == ValueKind::kString || text_[at_ + 1] == quote)) ++at_;
      value.text += text_[at_];
    }
    if (at_ >= text_.size()) return false;
    ++at_;
    if (kind == ValueKind::kPattern && Next() == 'i') {
      value.text = "(?i)" + value.text;
      ++at_;
    }
    return true;
  }

  bool SkipBrackets() {
    size_t length = BracketsLength(text_.substr(at_));
    if (length == text_.npos) return false;
    at_ += length;
    return true;
  }

  bool Path(JsonFilter::Operand& operand) {
    size_t begin = at_;
    operand.from_root = Next() == '$';
    ++at_;
    while (at_ < text_.size()) {
      if (Next() == '[') {
        if (!SkipBrackets()) return false;
      } else if (text_.substr(at_).starts_with("()")) {
        at_ += 2;
      } else if (std::string_view(" )&|<>=!~").find(Next()) != std::string::npos) {
        break;
      } else {
        ++at_;
      }
    }
    operand.path = JsonPath::Parse("$" + std::string(text_.substr(begin + 1, at_ - begin - 1)));
    return operand.path.has_value();
  }

  std::string_view text_;
  size_t at_ = 0;
  bool failed_ = false;
};

std::shared_ptr<const JsonFilter> JsonFilter::Parse(std::string_view text) {
  return JsonFilterParser(text).Whole();
}

bool JsonFilter::Accepts(const JsonText& item, const JsonText& root, bool lax) const {
  auto accepts = [&](const auto& part) { return part->Accepts(item, root, lax); };
  switch (kind_) {
    case Kind::kAnd: return std::all_of(parts_.begin(), parts_.end(), accepts);
    case Kind::kOr: return std::any_of(parts_.begin(), parts_.end(), accepts);
    case Kind::kNot: return !accepts(parts_[0]);
    case Kind::kExists: {
      auto found = left_.path->Find(left_.from_root ? root : item);
      return found && !found->is_error;
    }
    case Kind::kCompare:
      return Compare(Read(left_, item, root, lax), op_, Read(right_, item, root, lax));
  }
  return false;
}

JsonFilter::Value JsonFilter::ValueOf(const JsonText& place) {
  char first = place.text()[0];
  if (place.IsObject() || place.IsArray()) return {ValueKind::kJson, std::string(place.text())};
  if (place.IsNull()) return {ValueKind::kNull, ""};
  ValueKind kind = ValueKind::kNumber;
  if (first == '"') kind = ValueKind::kString;
  if (first == 't' || first == 'f') kind = ValueKind::kBoolean;
  return {kind, place.Scalar()};
}

JsonFilter::Value JsonFilter::Read(const Operand& operand, const JsonText& item,
                                   const JsonText& root, bool lax) {
  if (!operand.path) return operand.literal;
  auto found = operand.path->Find(operand.from_root ? root : item);
  if (!found || found->is_error) return {lax ? ValueKind::kNull : ValueKind::kUndefined, ""};
  if (!found->is_list) return ValueOf(found->values[0]);
  Value list{ValueKind::kJson, "["};
  for (const JsonText& value : found->values) {
    if (list.text.size() > 1) list.text += ',';
    list.text += value.text();
  }
  list.text += ']';
  return list;
}

bool JsonFilter::Compare(const Value& left, const std::string& op, const Value& right) {
  if (op == "==") return Equals(left, right);
  if (op == "!=") return !Equals(left, right);
  if (op == "===") return left.kind == right.kind && Equals(left, right);
  if (op == "!==") return left.kind != right.kind || !Equals(left, right);
  if (op == "=~") return Matches(left, right);
  if (op == "in") return Contains(right, left);
  if (op == "nin") return !Contains(right, left);
  if (op == "size" || op == "empty") return HasSize(left, op, right);
  if (op == "contains") {
    bool text = left.kind == ValueKind::kString && right.kind == ValueKind::kString;
    return text ? left.text.find(right.text) != std::string::npos : Contains(left, right);
  }
  std::optional<int> order = Order(left, right);
  if (!order) return false;
  if (op == "<") return *order < 0;
  if (op == "<=") return *order <= 0;
  return op == ">" ? *order > 0 : *order >= 0;
}

/// A string that is a number equals that number.
bool JsonFilter::Equals(const Value& left, const Value& right) {
  if (left.kind == ValueKind::kNumber &&
      (right.kind == ValueKind::kNumber || right.kind == ValueKind::kString)) {
    auto a = DigitsOf(left.text), b = DigitsOf(right.text);
    return a && b && CompareNumbers(*a, *b) == 0;
  }
  if (left.kind == ValueKind::kString && right.kind == ValueKind::kNumber) {
    return left.text == right.text;
  }
  if (left.kind != right.kind || left.kind == ValueKind::kUndefined) return false;
  if (left.kind != ValueKind::kJson) return left.text == right.text;
  std::string a, b;
  JsonText::Parse(left.text)->AppendCanonical(a);
  JsonText::Parse(right.text)->AppendCanonical(b);
  return a == b;
}

std::optional<int> JsonFilter::Order(const Value& left, const Value& right) {
  auto is_scalar = [](const Value& value) {
    return value.kind == ValueKind::kNumber || value.kind == ValueKind::kString;
  };
  if (!is_scalar(left) || !is_scalar(right)) return std::nullopt;
  if (left.kind == ValueKind::kNumber && right.kind == ValueKind::kNumber) {
    auto a = DigitsOf(left.text), b = DigitsOf(right.text);
    return a && b ? std::optional(CompareNumbers(*a, *b)) : std::nullopt;
  }
  return left.text.compare(right.text);
}

bool JsonFilter::Contains(const Value& list, const Value& value) {
  if (list.kind != ValueKind::kJson) return false;
  for (const JsonText& element : JsonText::Parse(list.text)->Children()) {
    if (Equals(ValueOf(element), value)) return true;
  }
  return false;
}

bool JsonFilter::Matches(const Value& left, const Value& right) {
  bool left_pattern = left.kind == ValueKind::kPattern;
  if (left_pattern == (right.kind == ValueKind::kPattern)) return false;
  const Value& pattern = left_pattern ? left : right;
  const Value& input = left_pattern ? right : left;
  thread_local RegexCache cache;
  Regex* regex = cache.Get("\\A(?:" + pattern.text + ")\\z");
  if (regex == nullptr) return false;
  if (input.kind != ValueKind::kJson) return regex->Find(input.text);
  auto places = JsonText::Parse(input.text)->Children();
  return std::any_of(places.begin(), places.end(),
                     [&](const JsonText& place) { return regex->Find(ValueOf(place).text); });
}

/// `@.a size 2`, `@.a empty true`.
bool JsonFilter::HasSize(const Value& left, const std::string& op, const Value& right) {
  int64_t size = 0;
  if (left.kind == ValueKind::kString) {
    size = std::count_if(left.text.begin(), left.text.end(),
                         [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; });
  } else if (left.kind == ValueKind::kJson) {
    size = std::ssize(JsonText::Parse(left.text)->Children());
  } else {
    return false;
  }
  if (op == "empty")
    return right.kind == ValueKind::kBoolean && (size == 0) == (right.text == "true");
  return right.kind == ValueKind::kNumber && right.text == std::to_string(size);
}

}  // namespace forebay::compute
