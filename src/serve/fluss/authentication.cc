#include "serve/fluss/authentication.h"

#include "base/ascii_case.h"
#include "base/log.h"

namespace forebay::serve {

using rpc::ErrorCode;
using rpc::ScramHash;
using rpc::ScramServer;

namespace {

/// Every try costs thousands of hashes.
constexpr int kTriesMax = 5;
constexpr size_t kTokenBytesMax = 8 << 10;

/// A connection's way to a user.
struct Login {
  int failures = 0;
  std::optional<ScramHash> hash;
  std::optional<ScramServer> scram;
};

Login& LoginOf(rpc::Session& session) {
  if (session.state == nullptr) session.state = std::make_shared<Login>();
  return *static_cast<Login*>(session.state.get());
}

bool IsPlain(std::string_view mechanism) {
  return EqualsIgnoringCase(mechanism, "PLAIN") || EqualsIgnoringCase(mechanism, "SASL");
}

/// The user of a token "[who to act as] NUL user NUL password". kCorruption, kPermissionDenied.
Result<std::string> PlainUser(const FlussUsers& users, std::string_view token) {
  size_t first = token.find('\0');
  size_t second = first == std::string_view::npos ? first : token.find('\0', first + 1);
  if (second == std::string_view::npos) return Corruption("the client's PLAIN token is malformed");
  std::string user(token.substr(first + 1, second - first - 1));
  std::string_view acting_as = token.substr(0, first);
  bool right = users.Accepts(user, token.substr(second + 1));
  if (right && (acting_as.empty() || acting_as == user)) return user;
  return PermissionDenied("wrong user name or password");
}

Result<rpc::AuthenticateResponse> TakeScram(const FlussUsers& users, ScramHash hash,
                                            std::string_view token, rpc::Session& session) {
  Login& login = LoginOf(session);
  if (!login.scram.has_value() || login.hash != hash) {
    login.hash = hash;
    login.scram.emplace(
        [&users, hash](const std::string& user) { return users.VerifierOf(user, hash); });
  }
  auto answer = login.scram->Answer(token);
  if (!answer.ok()) {
    login.scram.reset();
    return answer.status();
  }
  if (login.scram->is_complete()) {
    session.user = login.scram->user();
    login.scram.reset();
  }
  rpc::AuthenticateResponse response;
  response.challenge = rpc::Payload::Own(std::move(*answer));
  return response;
}

Result<rpc::AuthenticateResponse> TakeToken(const FlussUsers& users,
                                            const rpc::AuthenticateRequest& request,
                                            rpc::Session& session) {
  std::string_view token = request.token.bytes;
  if (token.size() > kTokenBytesMax) return Corruption("a token of {} bytes", token.size());
  if (auto hash = rpc::ScramHashOf(request.protocol)) {
    return TakeScram(users, *hash, token, session);
  }
  ASSIGN_OR_RETURN(session.user, PlainUser(users, token));
  return rpc::AuthenticateResponse();
}

}  // namespace

Outcome<rpc::AuthenticateResponse> Authenticate(const FlussUsers& users,
                                                const rpc::AuthenticateRequest& request,
                                                rpc::Session& session) {
  bool is_known = IsPlain(request.protocol) || rpc::ScramHashOf(request.protocol).has_value();
  if (users.empty() || !is_known) {
    return {ErrorCode::kAuthenticateException,
            fmt::format("this server does not authenticate by '{}', but {}", request.protocol,
                        users.empty() ? "not at all (PLAINTEXT)"
                                      : "by SASL with PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512")};
  }
  Login& login = LoginOf(session);
  if (login.failures >= kTriesMax) {
    return {ErrorCode::kAuthenticateException, "too many failed logins on this connection"};
  }
  auto response = TakeToken(users, request, session);
  if (response.ok()) return std::move(*response);
  login.failures += 1;
  Log(LogLevel::kWarning, "serve", "fluss client refused peer={}", session.peer_address);
  return {ErrorCode::kAuthenticateException, response.message()};
}

}  // namespace forebay::serve
