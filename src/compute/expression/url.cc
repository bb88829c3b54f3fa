#include <charconv>
#include <optional>

#include "compute/expression/row_kernel.h"
#include "compute/expression/utf16.h"

// URLs and internet addresses.

namespace forebay::compute {

namespace {

/// The parts of "scheme://user@host:port/path?query#ref".
struct Url {
  std::string_view scheme, authority, user, host, path, query, ref, file;

  static std::optional<Url> Parse(std::string_view text) {
    Url url;
    size_t colon = text.find("://");
    if (colon == text.npos || colon == 0) return std::nullopt;
    url.scheme = text.substr(0, colon);
    text.remove_prefix(colon + 3);
    size_t hash = text.find('#');
    if (hash != text.npos) url.ref = text.substr(hash + 1);
    text = text.substr(0, hash);
    size_t path = text.find_first_of("/?");
    url.authority = text.substr(0, path);
    url.file = path == text.npos ? std::string_view() : text.substr(path);
    size_t question = url.file.find('?');
    url.path = url.file.substr(0, question);
    if (question != url.file.npos) url.query = url.file.substr(question + 1);
    size_t at = url.authority.rfind('@');
    if (at != url.authority.npos) url.user = url.authority.substr(0, at);
    url.host = at == url.authority.npos ? url.authority : url.authority.substr(at + 1);
    url.host = url.host.substr(0, url.host.rfind(':'));
    return url;
  }

  std::optional<std::string_view> Part(std::string_view name) const {
    if (name == "HOST") return host;
    if (name == "PATH") return path;
    if (name == "QUERY") return query.data() == nullptr ? std::nullopt : std::optional(query);
    if (name == "REF") return ref.data() == nullptr ? std::nullopt : std::optional(ref);
    if (name == "PROTOCOL") return scheme;
    if (name == "AUTHORITY") return authority;
    if (name == "FILE") return file;
    if (name == "USERINFO") return user.data() == nullptr ? std::nullopt : std::optional(user);
    return std::nullopt;
  }
};

std::optional<std::string_view> QueryValue(std::string_view query, std::string_view key) {
  while (!query.empty()) {
    std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    size_t equals = pair.find('=');
    if (equals != pair.npos && pair.substr(0, equals) == key) return pair.substr(equals + 1);
  }
  return std::nullopt;
}

Result<Kernel> MakeParseUrl(const CallSite& call) {
  auto part = [](RowWriter& out, std::string_view text, std::string_view name) {
    auto url = Url::Parse(text);
    auto found = url ? url->Part(name) : std::nullopt;
    found ? out.Share(*found) : out.Null();
  };
  if (call.args.size() == 2) return RowKernel<std::string_view, std::string_view>(call, part);
  return RowKernel<std::string_view, std::string_view, std::string_view>(
      call, [](RowWriter& out, std::string_view text, std::string_view name, std::string_view key) {
        auto url = Url::Parse(text);
        auto found = url && name == "QUERY" ? QueryValue(url->query, key) : std::nullopt;
        found ? out.Share(*found) : out.Null();
      });
}

// ---- application/x-www-form-urlencoded

Result<Kernel> MakeUrlEncode(const CallSite& call) {
  return RowKernel<std::string_view>(call, [](RowWriter& out, std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string encoded;
    for (char c : text) {
      auto byte = static_cast<uint8_t>(c);
      bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (letter || c == '.' || c == '-' || c == '*' || c == '_') {
        encoded += c;
      } else if (c == ' ') {
        encoded += '+';
      } else {
        encoded += '%';
        encoded += kDigits[byte >> 4];
        encoded += kDigits[byte & 15];
      }
    }
    out.Text(encoded);
  });
}

/// NULL when a % is not followed by two hexadecimal digits; bytes that are no UTF-8 become U+FFFD.
Result<Kernel> MakeUrlDecode(const CallSite& call) {
  return RowKernel<std::string_view>(call, [](RowWriter& out, std::string_view text) {
    std::string decoded;
    bool escapes = false;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '%') {
        decoded += text[i] == '+' ? ' ' : text[i];
        continue;
      }
      uint8_t byte = 0;
      const char* digits = text.data() + i + 1;
      if (i + 2 >= text.size()) return out.Null();
      auto [end, error] = std::from_chars(digits, digits + 2, byte, 16);
      if (error != std::errc() || end != digits + 2) return out.Null();
      decoded += static_cast<char>(byte);
      escapes = true;
      i += 2;
    }
    out.Text(escapes ? FromUtf16(ToUtf16(decoded)) : decoded);
  });
}

// ---- Internet addresses

/// The number of a dotted address. Of one with less than four parts the last is what is left of
/// it, as in MySQL: 1.2 is 1.0.0.2.
std::optional<int64_t> AddressNumber(std::string_view text) {
  int64_t parts[4] = {};
  size_t count = 0;
  while (true) {
    size_t dot = text.find('.');
    std::string_view part = text.substr(0, dot);
    bool digits = !part.empty() && part.find_first_not_of("0123456789") == part.npos;
    if (!digits || count == 4) return std::nullopt;
    auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), parts[count]);
    if (error != std::errc() || parts[count] > 255) return std::nullopt;
    ++count;
    if (dot == text.npos) break;
    text.remove_prefix(dot + 1);
  }
  int64_t number = 0;
  for (size_t i = 0; i + 1 < count; ++i) number |= parts[i] << (8 * (3 - i));
  return number | parts[count - 1];
}

Result<Kernel> MakeInetAton(const CallSite& call) {
  return RowKernel<std::string_view>(call, [](RowWriter& out, std::string_view text) {
    auto number = AddressNumber(text);
    number ? out.Set(*number) : out.Null();
  });
}

Result<Kernel> MakeInetNtoa(const CallSite& call) {
  return RowKernel<int64_t>(call, [](RowWriter& out, int64_t number) {
    if (number < 0 || number > 0xffffffff) return out.Null();
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) {
      text += std::to_string(number >> shift & 0xff);
      if (shift > 0) text += '.';
    }
    out.Text(text);
  });
}

constexpr FunctionEntry kEntries[] = {
    {"PARSE_URL", "ss?s", kNoFlags, MakeParseUrl}, {"URL_ENCODE", "s", kNoFlags, MakeUrlEncode},
    {"URL_DECODE", "s", kNoFlags, MakeUrlDecode},  {"INET_ATON", "s", kNoFlags, MakeInetAton},
    {"INET_NTOA", "l", kNoFlags, MakeInetNtoa},
};

}  // namespace

std::span<const FunctionEntry> UrlFunctions() { return kEntries; }

}  // namespace forebay::compute
