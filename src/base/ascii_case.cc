#include "base/ascii_case.h"

#include <algorithm>

namespace forebay {

namespace {

constexpr char kCaseBit = 'a' - 'A';

char Lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + kCaseBit) : c; }
char Raised(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - kCaseBit) : c; }

}  // namespace

std::string LowerAscii(std::string_view text) {
  std::string changed(text);
  std::transform(changed.begin(), changed.end(), changed.begin(), Lowered);
  return changed;
}

std::string UpperAscii(std::string_view text) {
  std::string changed(text);
  std::transform(changed.begin(), changed.end(), changed.begin(), Raised);
  return changed;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lowered(x) == Lowered(y); });
}

}  // namespace forebay
