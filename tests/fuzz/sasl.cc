// The first byte says which mechanism is spoken; the rest is tokens with a newline between them, of
// a client to the server, or of a server to the client.

#include "serve/fluss/authentication.h"
#include "tests/fuzz/fuzz_target.h"

#include "base/check.h"

namespace forebay {

namespace {

constexpr const char* kMechanisms[] = {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};

/// Made once: it costs thousands of hashes.
const serve::FlussUsers& Users() {
  static const serve::FlussUsers users = [] {
    serve::FlussUsers made;
    CHECK_OK(made.Add("user", "pencil"));
    return made;
  }();
  return users;
}

void TellServer(const char* mechanism, std::string_view tokens) {
  rpc::Session session;
  bool was_let_in = false;
  while (!tokens.empty()) {
    std::string_view token = tokens.substr(0, tokens.find('\n'));
    tokens.remove_prefix(std::min(token.size() + 1, tokens.size()));
    rpc::AuthenticateRequest request{mechanism, rpc::Payload::Of(token, nullptr)};
    auto outcome = Authenticate(Users(), request, session);
    was_let_in |= outcome.response() != nullptr;
    CHECK(was_let_in || session.user.empty());
  }
}

void TellClient(rpc::ScramHash hash, std::string_view tokens) {
  rpc::ScramClient client(hash, "user", "pencil", "rOprNGfwEbeRWgbNEkqO");
  size_t end = std::min(tokens.find('\n'), tokens.size());
  std::string_view first = tokens.substr(0, end);
  // Not the many iterations that a client would put up with.
  if (first.size() > 5 && first.find(",i=4096") == std::string_view::npos) return;
  (void)client.Final(first);
  (void)client.Verify(tokens.substr(std::min(end + 1, tokens.size())));
}

}  // namespace

FUZZ_TARGET(sasl) {
  if (input.empty()) return;
  auto kind = static_cast<uint8_t>(input[0]);
  input.remove_prefix(1);
  TellServer(kMechanisms[kind % 3], input);
  TellClient((kind & 4) != 0 ? rpc::ScramHash::kSha512 : rpc::ScramHash::kSha256, input);
  (void)rpc::ScramVerifier::Parse(input);
}

}  // namespace forebay
