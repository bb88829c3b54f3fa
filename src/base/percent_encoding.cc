#include "base/percent_encoding.h"

#include <fmt/format.h>

#include <cstdint>

namespace forebay {

std::string PercentEncoded(std::string_view text) {
  std::string encoded;
  for (char c : text) {
    bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '-' || c == '.' || c == '_' || c == '~';
    encoded += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<uint8_t>(c));
  }
  return encoded;
}

}  // namespace forebay
