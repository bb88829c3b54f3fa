#include "serve/fluss/fluss_users.h"

namespace forebay::serve {

using rpc::ScramHash;
using rpc::ScramVerifier;

namespace {

/// Passwords do not begin so.
constexpr std::string_view kVerifierPrefix = "SCRAM-SHA-";
constexpr size_t kUnknownSaltBytes = 16;

}  // namespace

FlussUsers::FlussUsers() : unknown_salt_(ScramVerifier::NewSalt()) {}

Status FlussUsers::Add(const std::string& user, std::string_view secret) {
  if (user.empty() || secret.empty()) return InvalidArgument("a user has a name and a password");
  bool is_first = users_.empty();
  auto& verifiers = users_[user];
  if (secret.starts_with(kVerifierPrefix)) {
    auto verifier = ScramVerifier::Parse(secret);
    if (!verifier.ok()) return verifier.status().WithContext(fmt::format("user '{}'", user));
    if (is_first) iterations_ = verifier->iterations;
    verifiers[verifier->hash] = std::move(*verifier);
    return {};
  }
  for (ScramHash hash : {ScramHash::kSha256, ScramHash::kSha512}) {
    verifiers[hash] = ScramVerifier::Make(hash, secret);
  }
  return {};
}

bool FlussUsers::Accepts(const std::string& user, std::string_view password) const {
  auto found = users_.find(user);
  if (found == users_.end()) {
    // As much work as for others.
    (void)VerifierOf(user, ScramHash::kSha256).Accepts(password);
    return false;
  }
  return found->second.begin()->second.Accepts(password);
}

ScramVerifier FlussUsers::VerifierOf(const std::string& user, ScramHash hash) const {
  auto found = users_.find(user);
  if (found != users_.end()) {
    auto verifier = found->second.find(hash);
    if (verifier != found->second.end()) return verifier->second;
  }
  ScramVerifier unknown;
  unknown.hash = hash;
  unknown.iterations = iterations_;
  // No password's: keys of which nobody knows what they were made from.
  ScramVerifier made = ScramVerifier::Make(hash, user, unknown_salt_, 1);
  unknown.salt = made.stored_key.substr(0, kUnknownSaltBytes);
  made = ScramVerifier::Make(hash, unknown_salt_ + user, unknown_salt_, 1);
  unknown.stored_key = made.stored_key;
  unknown.server_key = made.server_key;
  return unknown;
}

}  // namespace forebay::serve
