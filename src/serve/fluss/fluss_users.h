#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "rpc/scram.h"

namespace forebay::serve {

/// Who may connect; when there is nobody, everybody may. Of a password only its salted form is
/// kept. Thread-safe once it is filled.
class FlussUsers {
 public:
  FlussUsers();

  /// `secret` is a password, or a SCRAM verifier, of which there may be one a mechanism.
  /// kInvalidArgument, which does not repeat the secret, when it begins as a verifier and is none.
  Status Add(const std::string& user, std::string_view secret);
  bool empty() const { return users_.empty(); }

  bool Accepts(const std::string& user, std::string_view password) const;
  /// What to let a client log in against. Who is not known, or not for this mechanism, gets a
  /// verifier that fits no password, always the same: nobody learns by asking who is known.
  rpc::ScramVerifier VerifierOf(const std::string& user, rpc::ScramHash hash) const;

 private:
  std::map<std::string, std::map<rpc::ScramHash, rpc::ScramVerifier>> users_;
  int iterations_ = rpc::ScramVerifier::kIterations;  ///< of the first one
  /// What the verifiers of those who are not known are made of.
  std::string unknown_salt_;
};

}  // namespace forebay::serve
