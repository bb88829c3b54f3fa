#include "serve/fluss/sts_request.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/percent_encoding.h"

namespace forebay::serve {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kSignedHeaders = "content-type;host;x-amz-date";
constexpr std::string_view kVersion = "2011-06-15";
constexpr size_t kDigestBytes = 32;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (char byte : bytes) hex += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  return hex;
}

std::string Sha256Hex(std::string_view text) {
  std::string digest(kDigestBytes, '\0');
  CHECK(EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()),
                   nullptr, EVP_sha256(), nullptr) == 1);
  return Hex(digest);
}

std::string Hmac(std::string_view key, std::string_view text) {
  std::string out(kDigestBytes, '\0');
  CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Bytes(text), text.size(),
             reinterpret_cast<unsigned char*>(out.data()), nullptr) != nullptr);
  return out;
}

std::string Unescaped(std::string_view xml) {
  constexpr std::array<std::pair<std::string_view, char>, 5> kEntities = {
      {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}};
  std::string text;
  while (!xml.empty()) {
    size_t taken = 1;
    char c = xml[0];
    for (const auto& [entity, meaning] : kEntities) {
      if (!xml.starts_with(entity)) continue;
      taken = entity.size();
      c = meaning;
    }
    text += c;
    xml.remove_prefix(taken);
  }
  return text;
}

/// The text of the first element of that name.
std::optional<std::string> ElementOf(std::string_view xml, std::string_view name) {
  std::string open = fmt::format("<{}>", name), close = fmt::format("</{}>", name);
  size_t begin = xml.find(open);
  if (begin == std::string_view::npos) return std::nullopt;
  begin += open.size();
  size_t end = xml.find(close, begin);
  if (end == std::string_view::npos) return std::nullopt;
  return Unescaped(xml.substr(begin, end - begin));
}

/// Milliseconds of "2026-01-31T23:59:59Z", with or without parts of a second.
std::optional<int64_t> TimeOf(std::string_view text) {
  auto number = [&](size_t begin, size_t size) -> int {
    int value = -1;
    if (begin + size > text.size()) return -1;
    const char* end = text.data() + begin + size;
    auto [at, error] = std::from_chars(text.data() + begin, end, value);
    return error == std::errc() && at == end ? value : -1;
  };
  bool is_time = text.size() >= 20 && text[4] == '-' && text[7] == '-' && text[10] == 'T' &&
                 text[13] == ':' && text[16] == ':' && text.ends_with('Z');
  if (!is_time) return std::nullopt;
  std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                  std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                  std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  if (!day.ok() || hour < 0 || minute < 0 || second < 0) return std::nullopt;
  int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000;
}

}  // namespace

std::string SignedPost::Authorization() const {
  std::string_view day = std::string_view(date).substr(0, 8);
  std::string scope = fmt::format("{}/{}/{}/aws4_request", day, region, service);
  std::string request = fmt::format("POST\n/\n\ncontent-type:{}\nhost:{}\nx-amz-date:{}\n\n{}\n{}",
                                    content_type, host, date, kSignedHeaders, Sha256Hex(body));
  std::string to_sign = fmt::format("{}\n{}\n{}\n{}", kAlgorithm, date, scope, Sha256Hex(request));
  std::string key = Hmac("AWS4" + secret_key, day);
  for (std::string_view part :
       {std::string_view(region), std::string_view(service), std::string_view("aws4_request")}) {
    key = Hmac(key, part);
  }
  return fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm, access_key,
                     scope, kSignedHeaders, Hex(Hmac(key, to_sign)));
}

std::string StsDate(int64_t ms) {
  std::chrono::sys_seconds time{std::chrono::seconds(ms / 1000)};
  auto days = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day day(days);
  std::chrono::hh_mm_ss clock(time - days);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(day.year()),
                     static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string StsBody(const std::string& role_arn, const std::string& session_name) {
  if (role_arn.empty()) return fmt::format("Action=GetSessionToken&Version={}", kVersion);
  return fmt::format("Action=AssumeRole&Version={}&RoleArn={}&RoleSessionName={}", kVersion,
                     PercentEncoded(role_arn), PercentEncoded(session_name));
}

Result<SessionKey> ParseStsAnswer(std::string_view xml) {
  auto access_key = ElementOf(xml, "AccessKeyId"), secret_key = ElementOf(xml, "SecretAccessKey");
  auto token = ElementOf(xml, "SessionToken"), expires = ElementOf(xml, "Expiration");
  if (auto code = ElementOf(xml, "Code"); code.has_value() && !access_key.has_value()) {
    return Unavailable("{}: {}", *code, ElementOf(xml, "Message").value_or(""));
  }
  if (!access_key.has_value() || !secret_key.has_value() || !token.has_value()) {
    return Corruption("an answer of {} bytes without keys", xml.size());
  }
  auto expires_ms = TimeOf(expires.value_or(""));
  if (!expires_ms.has_value()) return Corruption("keys that hold until '{}'", expires.value_or(""));
  return SessionKey{*access_key, *secret_key, *token, *expires_ms};
}

}  // namespace forebay::serve
