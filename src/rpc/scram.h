#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace forebay::rpc {

/// SCRAM (RFC 5802, RFC 7677): a user shows that it knows a password, and the server that it knows
/// the user, without either sending what would let somebody else do so.
enum class ScramHash { kSha256, kSha512 };

/// "SCRAM-SHA-256" and so on.
std::string_view MechanismOf(ScramHash hash);
/// Ignoring case; nullopt for any other mechanism.
std::optional<ScramHash> ScramHashOf(std::string_view mechanism);

/// What a server keeps of a password: enough to check it, too little to log in with. Passwords are
/// taken as the bytes they are, without SASLprep.
struct ScramVerifier {
  static constexpr int kIterations = 4096;
  static constexpr int kIterationsMin = 4096;
  /// Every login costs the server so many.
  static constexpr int kIterationsMax = 200'000;

  /// Bytes that nobody can guess.
  static std::string NewSalt();
  /// With a new salt.
  static ScramVerifier Make(ScramHash hash, std::string_view password,
                            int iterations = kIterations);
  static ScramVerifier Make(ScramHash hash, std::string_view password, std::string salt,
                            int iterations);
  /// "<mechanism>$<iterations>:<salt>$<stored key>:<server key>" in base64, as PostgreSQL writes
  /// it.
  std::string ToString() const;
  /// kInvalidArgument, which does not repeat the text.
  static Result<ScramVerifier> Parse(std::string_view text);
  /// Whether this is the password; takes as long for any other one.
  bool Accepts(std::string_view password) const;

  ScramHash hash = ScramHash::kSha256;
  int iterations = kIterations;
  std::string salt;
  std::string stored_key;
  std::string server_key;
};

/// The server's side of one login. Thread-compatible.
class ScramServer {
 public:
  /// What is known of a user; also for one that does not exist, so that nobody learns who does.
  using Find = std::function<ScramVerifier(const std::string& user)>;

  /// `nonce` is for tests; by default a random one.
  explicit ScramServer(Find find, std::string nonce = "");
  /// The answer to the client's next message. kPermissionDenied when it is not who it says,
  /// kCorruption for what is no such message; then the login has failed.
  Result<std::string> Answer(std::string_view message);
  /// The last answer ends the login.
  bool is_complete() const { return state_ == State::kComplete; }
  const std::string& user() const { return user_; }

 private:
  enum class State { kFirst, kFinal, kComplete, kFailed };

  Result<std::string> AnswerFirst(std::string_view message);
  Result<std::string> AnswerFinal(std::string_view message);

  Find find_;
  State state_ = State::kFirst;
  std::string nonce_;
  std::string user_;
  std::string gs2_header_;
  std::string auth_message_;
  ScramVerifier verifier_;
};

/// The client's side of one login. Thread-compatible.
class ScramClient {
 public:
  /// `nonce` is for tests; by default a random one.
  ScramClient(ScramHash hash, std::string_view user, std::string password, std::string nonce = "");
  std::string First() const;
  /// The second message, after the server's first. kPermissionDenied, kCorruption.
  Result<std::string> Final(std::string_view server_first);
  /// kPermissionDenied when the server does not know the user's password either.
  Status Verify(std::string_view server_final) const;

 private:
  std::string Bare() const;

  const ScramHash hash_;
  const std::string user_;  ///< escaped
  const std::string password_;
  const std::string nonce_;
  std::string server_signature_;
};

}  // namespace forebay::rpc
