#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace forebay::serve {

/// Keys of an object store that hold for some time (org.apache.fluss.fs.token.Credentials).
struct SessionKey {
  std::string access_key;
  std::string secret_key;
  std::string token;
  int64_t expires_ms = 0;
};

/// A POST of Amazon's protocol, signed by its version 4: the signature says that whoever has the
/// secret key asks for exactly this, now.
struct SignedPost {
  std::string host;  ///< with the port, unless it is the scheme's own
  std::string region;
  std::string service;
  std::string content_type;
  std::string body;
  std::string date;  ///< 20150830T123600Z
  std::string access_key;
  std::string secret_key;

  /// The value of the header `Authorization`, which signs the headers content-type, host and
  /// x-amz-date.
  std::string Authorization() const;
};

/// The moment as SignedPost::date has it.
std::string StsDate(int64_t ms);
/// What to send to a security token service: AssumeRole, or GetSessionToken without a role.
std::string StsBody(const std::string& role_arn, const std::string& session_name);
/// Its answer. kCorruption for bytes that are none, kUnavailable when it says an error.
Result<SessionKey> ParseStsAnswer(std::string_view xml);

}  // namespace forebay::serve
