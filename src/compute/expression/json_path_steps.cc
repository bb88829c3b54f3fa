#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "compute/expression/json_filter.h"
#include "compute/expression/json_path.h"
#include "model/value_text.h"

// JsonPath: the steps of a path, read and applied.

namespace forebay::compute {

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

std::optional<int64_t> Number(std::string_view text) {
  size_t begin = text.find_first_not_of(' ');
  if (begin == text.npos) return std::nullopt;
  text = text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
  int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Paths and filters stand in each other; beyond this they are refused.
constexpr int kBracketDepthMax = 64;

/// Whether that many brackets stand in each other; those in quotes count, too.
bool IsTooDeep(std::string_view text) {
  int depth = 0;
  for (char c : text) {
    if (c == '[' && ++depth > kBracketDepthMax) return true;
    if (c == ']') --depth;
  }
  return false;
}

}  // namespace

size_t BracketsLength(std::string_view text) {
  const char open = text[0], close = open == '[' ? ']' : '}';
  int depth = 0;
  char quote = '\0';
  for (size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    if (quote != '\0') {
      if (c == '\\') {
        ++at;
      } else if (c == quote) {
        quote = '\0';
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == open) {
      ++depth;
    } else if (c == close && --depth == 0) {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

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
  if (text[0] == '[') {
    if (!TakeBrackets(text, step)) return std::nullopt;
    return step;
  }
  if (text[0] != '.') return std::nullopt;
  if (TakeFunction(text, step)) return step;
  size_t end = text.find_first_of(".[", 1);
  step.member = text.substr(1, end == text.npos ? end : end - 1);
  text = end == text.npos ? std::string_view() : text.substr(end);
  if (step.member == "*") step.wildcard = true;
  if (step.member.empty() || step.member.find_first_of("()?@ ") != step.member.npos) return {};
  return step;
}

/// ".length()", when nothing follows.
bool JsonPath::TakeFunction(std::string_view& text, Step& step) {
  static constexpr std::string_view kNames[] = {"length", "size",   "min",   "max", "avg",
                                                "sum",    "stddev", "first", "last"};
  if (!text.ends_with("()") || step.descends) return false;
  std::string_view name = text.substr(1, text.size() - 3);
  if (std::find(std::begin(kNames), std::end(kNames), name) == std::end(kNames)) return false;
  step.function = name;
  text = {};
  return true;
}

/// ['a'] or ["a", "b"].
bool JsonPath::TakeNames(std::string_view& text, Step& step) {
  size_t at = 1;
  auto blanks = [&] {
    while (at < text.size() && text[at] == ' ') ++at;
  };
  do {
    blanks();
    if (at >= text.size() || (text[at] != '\'' && text[at] != '"')) return false;
    char quote = text[at];
    std::string name;
    for (++at; at < text.size() && text[at] != quote; ++at) {
      if (text[at] == '\\' && at + 1 < text.size()) ++at;
      name += text[at];
    }
    if (at++ >= text.size()) return false;
    step.names.push_back(std::move(name));
    blanks();
  } while (at < text.size() && text[at++] == ',');
  if (at > text.size() || text[at - 1] != ']') return false;
  text.remove_prefix(at);
  if (step.names.size() > 1) return true;
  step.member = step.names[0];
  step.names.clear();
  return true;
}

/// [?(...)], to the bracket that closes it.
bool JsonPath::TakeFilter(std::string_view& text, Step& step) {
  size_t length = BracketsLength(text);
  if (length == text.npos) return false;
  std::string_view inner = text.substr(1, length - 2);
  size_t begin = inner.find('('), end = inner.rfind(')');
  bool well_formed = begin != inner.npos && end != inner.npos && end > begin &&
                     inner.substr(end + 1).find_first_not_of(' ') == inner.npos;
  if (!well_formed) return false;
  step.filter = JsonFilter::Parse(inner.substr(begin + 1, end - begin - 1));
  text.remove_prefix(length);
  return step.filter != nullptr;
}

bool JsonPath::TakeBrackets(std::string_view& text, Step& step) {
  if (text.starts_with("[*]")) {
    step.wildcard = true;
    text.remove_prefix(3);
    return true;
  }
  size_t first = text.find_first_not_of(' ', 1);
  if (first == text.npos) return false;
  if (text[first] == '\'' || text[first] == '"') return TakeNames(text, step);
  if (text[first] == '?') return TakeFilter(text, step);
  size_t close = text.find(']');
  if (close == text.npos) return false;
  std::string_view places = text.substr(1, close - 1);
  text.remove_prefix(close + 1);
  if (places.find_first_of(",:") != places.npos) return ParsePlaces(places, step);
  step.index = Number(places);
  return step.index.has_value();
}

std::optional<JsonPath> JsonPath::Parse(std::string_view text) {
  if (IsTooDeep(text)) return std::nullopt;
  JsonPath path;
  path.strict_ = TakeMode(text);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (!text.starts_with("$")) return std::nullopt;
  text.remove_prefix(1);
  bool finds_list = false;
  while (!text.empty()) {
    std::optional<Step> step = TakeStep(text);
    if (!step) return std::nullopt;
    bool one_place = !finds_list && (path.steps_.empty() || path.steps_.back().names.empty());
    if (!step->function.empty() && !one_place) return std::nullopt;
    finds_list = finds_list || step->FindsList();
    path.makes_ = path.makes_ || !step->names.empty() || !step->function.empty();
    path.steps_.push_back(*std::move(step));
  }
  return path;
}

void JsonPath::ApplySlice(const Step& step, const JsonText& place, std::vector<JsonText>& found) {
  std::vector<JsonText> elements = place.IsArray() ? place.Children() : std::vector<JsonText>();
  int64_t size = std::ssize(elements);
  auto bound = [size](std::optional<int64_t> at, int64_t otherwise) {
    int64_t index = at.value_or(otherwise);
    return std::clamp<int64_t>(index < 0 ? index + size : index, 0, size);
  };
  for (int64_t i = bound(step.slice_first, 0); i < bound(step.slice_last, size); ++i) {
    found.push_back(elements[static_cast<size_t>(i)]);
  }
}

void JsonPath::ApplyNames(const Step& step, bool is_last, const JsonText& place, Walk& walk) {
  if (!place.IsObject()) return;
  std::string object = "{";
  for (const std::string& name : step.names) {
    std::optional<JsonText> value = place.Member(name);
    if (!value) continue;
    if (!is_last) walk.found.push_back(*value);
    if (object.size() > 1) object += ',';
    AppendJsonString(object, name);
    object += ':';
    object += value->text();
  }
  if (!is_last) return;
  walk.made->push_back(object + "}");
  walk.found.push_back(*JsonText::Parse(walk.made->back()));
}

/// As Jayway's functions: those of numbers look at the numbers of an array and give a DOUBLE.
void JsonPath::ApplyFunction(const std::string& name, const JsonText& place, Walk& walk) {
  std::vector<JsonText> children = place.Children();
  std::string result = "null";
  if (name == "length" || name == "size") {
    if (place.IsObject() || place.IsArray()) result = std::to_string(children.size());
  } else if (name == "first" || name == "last") {
    if (!place.IsArray() || children.empty()) return;
    result = (name == "first" ? children.front() : children.back()).text();
  } else {
    double sum = 0, squares = 0, low = INFINITY, high = -INFINITY, count = 0;
    for (const JsonText& child : place.IsArray() ? children : std::vector<JsonText>()) {
      char first = child.text()[0];
      if (first != '-' && (first < '0' || first > '9')) continue;
      double value = std::strtod(std::string(child.text()).c_str(), nullptr);
      sum += value;
      squares += value * value;
      low = std::min(low, value);
      high = std::max(high, value);
      ++count;
    }
    if (count == 0) return;
    double number = sum;
    if (name == "min") number = low;
    if (name == "max") number = high;
    if (name == "avg") number = sum / count;
    if (name == "stddev") number = std::sqrt(squares / count - sum * sum / count / count);
    result.clear();
    model::AppendDouble(result, number);
  }
  walk.made->push_back(std::move(result));
  if (auto value = JsonText::Parse(walk.made->back())) walk.found.push_back(*value);
}

void JsonPath::Apply(const Step& step, bool is_last, const JsonText& place, Walk& walk) {
  std::vector<JsonText>& found = walk.found;
  if (step.slice) {
    ApplySlice(step, place, found);
  } else if (!step.names.empty()) {
    ApplyNames(step, is_last, place, walk);
  } else if (!step.function.empty()) {
    ApplyFunction(step.function, place, walk);
  } else if (step.filter != nullptr) {
    std::vector<JsonText> items = place.IsArray() ? place.Children() : std::vector<JsonText>();
    if (place.IsObject()) items.push_back(place);
    for (const JsonText& item : items) {
      if (step.filter->Accepts(item, walk.root, walk.lax)) found.push_back(item);
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
  for (const JsonText& child : place.Children()) Apply(step, is_last, child, walk);
}

std::optional<JsonPath::Found> JsonPath::Find(const JsonText& root) const {
  Found found{false, {root}};
  if (makes_) found.made = std::make_shared<std::deque<std::string>>();
  for (const Step& step : steps_) {
    bool is_last = &step == &steps_.back();
    Walk walk{root, {}, found.made, !strict_};
    bool filters_scalar = step.filter != nullptr && !found.is_list && !step.descends &&
                          !found.values[0].IsObject() && !found.values[0].IsArray();
    if (filters_scalar) return Found{.values = {}, .is_error = true};
    for (const JsonText& place : found.values) Apply(step, is_last, place, walk);
    found.is_list = found.is_list || step.FindsList() || (!step.names.empty() && !is_last);
    if (walk.found.empty() && !found.is_list) {
      // In lax mode a path that could have found several finds none.
      bool list = !strict_ && std::any_of(steps_.begin(), steps_.end(),
                                          [](const Step& each) { return each.FindsList(); });
      if (!list) return std::nullopt;
      return Found{true, {}};
    }
    found.values = std::move(walk.found);
  }
  return found;
}

}  // namespace forebay::compute
