#include "serve/fluss/authentication.h"

#include <algorithm>
#include <cctype>

#include "base/log.h"

namespace forebay::serve {

using rpc::ErrorCode;

namespace {

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

/// Takes as long for a nearly right password as for a wrong one.
bool SamePassword(std::string_view given, std::string_view right) {
  unsigned char difference = given.size() == right.size() ? 0 : 1;
  for (size_t i = 0; i < given.size(); ++i) {
    char expected = right.empty() ? '\0' : right[i % right.size()];
    difference |= static_cast<unsigned char>(given[i] ^ expected);
  }
  return difference == 0;
}

}  // namespace

Outcome<rpc::AuthenticateResponse> Authenticate(const FlussUsers& users,
                                                const rpc::AuthenticateRequest& request,
                                                rpc::Session& session) {
  bool is_plain =
      EqualsIgnoringCase(request.protocol, "PLAIN") || EqualsIgnoringCase(request.protocol, "SASL");
  if (users.empty() || !is_plain) {
    return {ErrorCode::kAuthenticateException,
            fmt::format("this server does not authenticate by '{}', but {}", request.protocol,
                        users.empty() ? "not at all (PLAINTEXT)" : "by SASL with PLAIN")};
  }
  // [who to act as] NUL user NUL password
  std::string_view token = request.token.bytes;
  size_t first = token.find('\0');
  size_t second = first == std::string_view::npos ? first : token.find('\0', first + 1);
  if (second == std::string_view::npos) {
    return {ErrorCode::kAuthenticateException, "the client's PLAIN token is malformed"};
  }
  std::string user(token.substr(first + 1, second - first - 1));
  std::string_view acting_as = token.substr(0, first);
  auto known = users.find(user);
  bool right = SamePassword(token.substr(second + 1), known == users.end() ? "" : known->second);
  if (known == users.end() || !right || (!acting_as.empty() && acting_as != user)) {
    Log(LogLevel::kWarning, "serve", "fluss client refused peer={}", session.peer_address);
    return {ErrorCode::kAuthenticateException, "wrong user name or password"};
  }
  session.user = std::move(user);
  return rpc::AuthenticateResponse();
}

}  // namespace forebay::serve
