#include "compute/batch/carried_error.h"

namespace forebay::compute {

namespace {

// Control characters that no message has: kBegin, the kind, the message, kBetween, the hint, kEnd.
constexpr char kBegin = '\x02';
constexpr char kBetween = '\x1f';
constexpr char kEnd = '\x03';
constexpr char kFirstKind = 'a';

void AppendPlain(std::string_view text, std::string& out) {
  for (char c : text) out += c == kBegin || c == kBetween || c == kEnd ? ' ' : c;
}

}  // namespace

std::string CarriedText(const Error& error) {
  std::string text = {kBegin, static_cast<char>(kFirstKind + static_cast<int>(error.kind))};
  AppendPlain(error.message, text);
  text += kBetween;
  AppendPlain(error.hint, text);
  text += kEnd;
  return text;
}

std::optional<Error> CarriedError(std::string_view text) {
  size_t begin = text.find(kBegin);
  size_t between = text.find(kBetween, begin == std::string_view::npos ? text.size() : begin);
  size_t end = text.find(kEnd, between == std::string_view::npos ? text.size() : between);
  if (end == std::string_view::npos || between < begin + 2) return std::nullopt;
  int kind = text[begin + 1] - kFirstKind;
  if (kind < 0 || kind > static_cast<int>(ErrorKind::kInternal)) return std::nullopt;
  Error error{static_cast<ErrorKind>(kind),
              std::string(text.substr(begin + 2, between - begin - 2))};
  error.hint = text.substr(between + 1, end - between - 1);
  return error;
}

}  // namespace forebay::compute
