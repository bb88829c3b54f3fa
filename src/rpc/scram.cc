#include "rpc/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/ascii_case.h"
#include "base/check.h"
#include "format/text/text_cell.h"

namespace forebay::rpc {

namespace {

constexpr size_t kSaltBytes = 16;
constexpr size_t kNonceBytes = 18;
/// No sensible message is longer.
constexpr size_t kMessageBytesMax = 8 << 10;
constexpr size_t kSaltBytesMax = 1 << 10;
/// What a server may ask of us.
constexpr int kClientIterationsMax = 1'000'000;
/// "We would, but you did not offer it": both are without channel binding.
constexpr std::string_view kNoBinding = "n,,";

const EVP_MD* Digest(ScramHash hash) {
  return hash == ScramHash::kSha256 ? EVP_sha256() : EVP_sha512();
}

size_t DigestBytes(ScramHash hash) { return hash == ScramHash::kSha256 ? 32 : 64; }

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string Hmac(ScramHash hash, std::string_view key, std::string_view text) {
  std::string out(DigestBytes(hash), '\0');
  CHECK(HMAC(Digest(hash), key.data(), static_cast<int>(key.size()), Bytes(text), text.size(),
             reinterpret_cast<unsigned char*>(out.data()), nullptr) != nullptr);
  return out;
}

std::string Hashed(ScramHash hash, std::string_view text) {
  std::string out(DigestBytes(hash), '\0');
  CHECK(EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr,
                   Digest(hash), nullptr) == 1);
  return out;
}

std::string SaltedPassword(ScramHash hash, std::string_view password, std::string_view salt,
                           int iterations) {
  std::string out(DigestBytes(hash), '\0');
  CHECK(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), Bytes(salt),
                          static_cast<int>(salt.size()), iterations, Digest(hash),
                          static_cast<int>(out.size()),
                          reinterpret_cast<unsigned char*>(out.data())) == 1);
  return out;
}

std::string RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) == 1);
  return bytes;
}

std::string Base64(std::string_view bytes) {
  std::string text;
  format::AppendBase64(text, bytes);
  return text;
}

bool Same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string Xor(std::string a, std::string_view b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] = static_cast<char>(a[i] ^ b[i]);
  return a;
}

std::string Escaped(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (c == ',') {
      out += "=2C";
    } else if (c == '=') {
      out += "=3D";
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<std::string> Unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      out += text[i];
      continue;
    }
    std::string_view code = text.substr(i, 3);
    if (code != "=2C" && code != "=3D") return std::nullopt;
    out += code == "=2C" ? ',' : '=';
    i += 2;
  }
  return out;
}

/// Cuts the next "<name>=<value>" off and gives the value; nullopt when it is another attribute.
std::optional<std::string_view> TakeAttribute(std::string_view& rest, char name) {
  if (rest.size() < 2 || rest[0] != name || rest[1] != '=') return std::nullopt;
  size_t end = std::min(rest.find(','), rest.size());
  std::string_view value = rest.substr(2, end - 2);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return value;
}

bool IsNonce(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return c > ' ' && c <= '~' && c != ','; });
}

Error NoMessage(const char* which) { return Corruption("malformed SCRAM message ({})", which); }

Error Refused() { return PermissionDenied("wrong user name or password"); }

}  // namespace

std::string_view MechanismOf(ScramHash hash) {
  return hash == ScramHash::kSha256 ? "SCRAM-SHA-256" : "SCRAM-SHA-512";
}

std::optional<ScramHash> ScramHashOf(std::string_view mechanism) {
  for (ScramHash hash : {ScramHash::kSha256, ScramHash::kSha512}) {
    if (EqualsIgnoringCase(MechanismOf(hash), mechanism)) return hash;
  }
  return std::nullopt;
}

std::string ScramVerifier::NewSalt() { return RandomBytes(kSaltBytes); }

ScramVerifier ScramVerifier::Make(ScramHash hash, std::string_view password, int iterations) {
  return Make(hash, password, NewSalt(), iterations);
}

ScramVerifier ScramVerifier::Make(ScramHash hash, std::string_view password, std::string salt,
                                  int iterations) {
  std::string salted = SaltedPassword(hash, password, salt, iterations);
  return {hash, iterations, std::move(salt), Hashed(hash, Hmac(hash, salted, "Client Key")),
          Hmac(hash, salted, "Server Key")};
}

std::string ScramVerifier::ToString() const {
  return fmt::format("{}${}:{}${}:{}", MechanismOf(hash), iterations, Base64(salt),
                     Base64(stored_key), Base64(server_key));
}

Result<ScramVerifier> ScramVerifier::Parse(std::string_view text) {
  Error bad = InvalidArgument(
      "a SCRAM verifier is '<mechanism>$<iterations>:<salt>$<stored key>:<server key>', with {} to "
      "{} iterations",
      kIterationsMin, kIterationsMax);
  std::vector<std::string> parts(1);
  for (char c : text) {
    // In this order: a '$' after the mechanism, ':', '$', ':'.
    if (c == (parts.size() % 2 == 1 ? '$' : ':')) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  if (parts.size() != 5) return bad;
  auto hash = ScramHashOf(parts[0]);
  if (!hash.has_value()) return bad;
  ScramVerifier verifier;
  verifier.hash = *hash;
  const char* end = parts[1].data() + parts[1].size();
  auto [rest, error] = std::from_chars(parts[1].data(), end, verifier.iterations);
  bool fine = error == std::errc() && rest == end && verifier.iterations >= kIterationsMin &&
              verifier.iterations <= kIterationsMax &&
              format::DecodeBase64(parts[2], verifier.salt) && !verifier.salt.empty() &&
              verifier.salt.size() <= kSaltBytesMax &&
              format::DecodeBase64(parts[3], verifier.stored_key) &&
              format::DecodeBase64(parts[4], verifier.server_key) &&
              verifier.stored_key.size() == DigestBytes(*hash) &&
              verifier.server_key.size() == DigestBytes(*hash);
  if (!fine) return bad;
  return verifier;
}

bool ScramVerifier::Accepts(std::string_view password) const {
  return Same(Make(hash, password, salt, iterations).stored_key, stored_key);
}

ScramServer::ScramServer(Find find, std::string nonce)
    : find_(std::move(find)),
      nonce_(nonce.empty() ? Base64(RandomBytes(kNonceBytes)) : std::move(nonce)) {}

Result<std::string> ScramServer::Answer(std::string_view message) {
  State state = std::exchange(state_, State::kFailed);
  if (message.size() > kMessageBytesMax) return NoMessage("too long");
  if (state == State::kFirst) {
    ASSIGN_OR_RETURN(std::string answer, AnswerFirst(message));
    state_ = State::kFinal;
    return answer;
  }
  if (state != State::kFinal) return NoMessage("the login is over");
  ASSIGN_OR_RETURN(std::string answer, AnswerFinal(message));
  state_ = State::kComplete;
  return answer;
}

/// gs2-header client-first-message-bare of RFC 5802.
Result<std::string> ScramServer::AnswerFirst(std::string_view message) {
  if (message.starts_with("p=")) {
    return Corruption("channel binding is not supported: use the mechanism without -PLUS");
  }
  if (!message.starts_with("n,") && !message.starts_with("y,")) return NoMessage("header");
  std::string_view rest = message.substr(2);
  std::optional<std::string> acting_as;
  if (auto given = TakeAttribute(rest, 'a')) {
    acting_as = Unescaped(*given);
    if (!acting_as.has_value()) return NoMessage("name");
  } else if (rest.starts_with(',')) {
    rest.remove_prefix(1);
  } else {
    return NoMessage("header");
  }
  gs2_header_ = message.substr(0, message.size() - rest.size());
  std::string_view bare = rest;
  auto name = TakeAttribute(rest, 'n');
  auto nonce = TakeAttribute(rest, 'r');
  if (!name.has_value() || !nonce.has_value() || !IsNonce(*nonce)) return NoMessage("first");
  auto user = Unescaped(*name);
  if (!user.has_value() || user->empty()) return NoMessage("name");
  // Nobody may act as somebody else.
  if (acting_as.has_value() && *acting_as != *user) return Refused();
  user_ = std::move(*user);
  verifier_ = find_(user_);
  nonce_ = std::string(*nonce) + nonce_;
  std::string first =
      fmt::format("r={},s={},i={}", nonce_, Base64(verifier_.salt), verifier_.iterations);
  auth_message_ = fmt::format("{},{}", bare, first);
  return first;
}

Result<std::string> ScramServer::AnswerFinal(std::string_view message) {
  size_t proof_begin = message.rfind(",p=");
  if (proof_begin == std::string_view::npos) return NoMessage("final");
  std::string_view without_proof = message.substr(0, proof_begin);
  std::string proof;
  if (!format::DecodeBase64(message.substr(proof_begin + 3), proof)) return NoMessage("proof");
  std::string_view rest = without_proof;
  auto binding = TakeAttribute(rest, 'c');
  auto nonce = TakeAttribute(rest, 'r');
  if (!binding.has_value() || !nonce.has_value()) return NoMessage("final");
  if (*binding != Base64(gs2_header_)) return NoMessage("binding");
  if (!Same(*nonce, nonce_)) return NoMessage("nonce");
  ScramHash hash = verifier_.hash;
  auth_message_.append(",").append(without_proof);
  if (proof.size() != DigestBytes(hash)) return NoMessage("proof");
  std::string client_key = Xor(proof, Hmac(hash, verifier_.stored_key, auth_message_));
  if (!Same(Hashed(hash, client_key), verifier_.stored_key)) return Refused();
  return "v=" + Base64(Hmac(hash, verifier_.server_key, auth_message_));
}

ScramClient::ScramClient(ScramHash hash, std::string_view user, std::string password,
                         std::string nonce)
    : hash_(hash),
      user_(Escaped(user)),
      password_(std::move(password)),
      nonce_(nonce.empty() ? Base64(RandomBytes(kNonceBytes)) : std::move(nonce)) {}

std::string ScramClient::Bare() const { return fmt::format("n={},r={}", user_, nonce_); }
std::string ScramClient::First() const { return std::string(kNoBinding) + Bare(); }

Result<std::string> ScramClient::Final(std::string_view server_first) {
  if (server_first.size() > kMessageBytesMax) return NoMessage("too long");
  std::string_view rest = server_first;
  auto nonce = TakeAttribute(rest, 'r');
  auto salt_text = TakeAttribute(rest, 's');
  auto count = TakeAttribute(rest, 'i');
  std::string salt;
  int iterations = 0;
  bool fine = nonce.has_value() && salt_text.has_value() && count.has_value() &&
              format::DecodeBase64(*salt_text, salt) && !salt.empty();
  if (fine) {
    auto [end, error] = std::from_chars(count->data(), count->data() + count->size(), iterations);
    fine = error == std::errc() && end == count->data() + count->size();
  }
  if (!fine) return NoMessage("the server's first");
  if (!IsNonce(*nonce) || !nonce->starts_with(nonce_) || nonce->size() == nonce_.size()) {
    return NoMessage("the server's nonce");
  }
  if (iterations < ScramVerifier::kIterationsMin || iterations > kClientIterationsMax) {
    return PermissionDenied("the server wants {} SCRAM iterations; {} to {} are fine", iterations,
                            ScramVerifier::kIterationsMin, kClientIterationsMax);
  }
  std::string without_proof = fmt::format("c={},r={}", Base64(kNoBinding), *nonce);
  std::string auth_message = fmt::format("{},{},{}", Bare(), server_first, without_proof);
  std::string salted = SaltedPassword(hash_, password_, salt, iterations);
  std::string client_key = Hmac(hash_, salted, "Client Key");
  std::string proof = Xor(client_key, Hmac(hash_, Hashed(hash_, client_key), auth_message));
  server_signature_ = Hmac(hash_, Hmac(hash_, salted, "Server Key"), auth_message);
  return fmt::format("{},p={}", without_proof, Base64(proof));
}

Status ScramClient::Verify(std::string_view server_final) const {
  std::string_view rest = server_final;
  if (auto error = TakeAttribute(rest, 'e')) {
    return PermissionDenied("the server refused the login: {}", *error);
  }
  auto text = TakeAttribute(rest, 'v');
  std::string signature;
  bool fine = text.has_value() && format::DecodeBase64(*text, signature) &&
              !server_signature_.empty() && Same(signature, server_signature_);
  if (fine) return {};
  return PermissionDenied("the server does not know the user: it may not be who it says");
}

}  // namespace forebay::rpc
