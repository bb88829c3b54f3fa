#include <algorithm>
#include <cctype>
#include <charconv>

#include "compute/expression/json_path.h"

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
