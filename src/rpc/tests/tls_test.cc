#include "rpc/tls.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <openssl/opensslv.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

#include "base/clock.h"
#include "rpc/client.h"
#include "rpc/messages.h"
#include "rpc/server.h"
#include "rpc/tests/test_authority.h"

namespace forebay::rpc {
namespace {

using testing::HasSubstr;

constexpr int64_t kTimeoutMs = 20'000;

/// Answers ListTables with the name that was asked for, made large.
class LargeEcho : public RequestHandler {
 public:
  static constexpr size_t kBytes = 300'000;
  void Handle(const Request& request, Scheduler&, Responder responder) override {
    if (request.api->key == ApiKey::kApiVersions) {
      ApiVersionsResponse versions;
      versions.api_versions.push_back({static_cast<int32_t>(ApiKey::kListTables), 0, 0});
      return responder.Succeed(versions);
    }
    auto message = ParseMessage<ListTablesRequest>(request.message, 1 << 20);
    if (!message.ok()) return responder.Fail({ErrorCode::kCorruptMessage, message.message()});
    responder.Succeed(ListTablesResponse{
        {message->database_name, std::string(kBytes, message->database_name[0])}});
  }
};

class TlsTest : public testing::Test {
 protected:
  Status StartServer(const TestAuthority::Files& files, const std::string& client_ca = "") {
    options_.tls = {files.certificate, files.key, client_ca};
    auto server = Server::Listen(options_, handler_);
    if (!server.ok()) return server.status();
    server_ = std::move(*server);
    server_->Run();
    return {};
  }
  Result<Reply<ListTablesResponse>> Ask(const std::string& host, const ClientTls& tls,
                                        const std::string& name = "x") {
    ClientOptions options;
    options.tls = tls;
    options.connect_timeout_ms = kTimeoutMs;
    auto channel = network_->Open({host, server_->port()}, options);
    return channel->CallAndWait<ListTablesResponse>(ApiKey::kListTables, ListTablesRequest{name},
                                                    kTimeoutMs);
  }
  ClientTls Trusting() const { return {.is_on = true, .ca_file = authority_.ca_file()}; }

  TestAuthority authority_;
  LargeEcho handler_;
  ServerOptions options_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<ClientNetwork> network_ = ClientNetwork::Start();
};

/// The program's libraries bring another OpenSSL: two of them must not be mixed.
TEST(OpensslTest, IsTheOneWeAreBuiltWith) {
  EXPECT_EQ(OpenSSL_version_num(), static_cast<unsigned long>(OPENSSL_VERSION_NUMBER));
}

TEST_F(TlsTest, CarriesRequestsAndLargeAnswers) {
  ASSERT_TRUE(StartServer(authority_.Issue("IP:127.0.0.1")).ok());
  ClientOptions options;
  options.tls = Trusting();
  auto channel = network_->Open({"127.0.0.1", server_->port()}, options);
  constexpr int kRequests = 200;
  std::atomic<int> right = 0, answered = 0;
  for (int i = 0; i < kRequests; ++i) {
    std::string name = fmt::format("{} database", i);
    channel->Call<ListTablesResponse>(
        ApiKey::kListTables, ListTablesRequest{name}, kTimeoutMs,
        [&, name](const Result<Reply<ListTablesResponse>>& reply) {
          right += reply.ok() && reply->message.table_name ==
                                     std::vector{name, std::string(LargeEcho::kBytes, name[0])};
          ++answered;
        });
  }
  int64_t deadline = MonotonicMs() + kTimeoutMs;
  while (answered < kRequests && MonotonicMs() < deadline) usleep(1000);
  EXPECT_EQ(right, kRequests);
  // A request larger than what is read at once.
  auto large = channel->CallAndWait<ListTablesResponse>(
      ApiKey::kListTables, ListTablesRequest{std::string(900'000, 'q')}, kTimeoutMs);
  ASSERT_TRUE(large.ok()) << large.message();
  EXPECT_EQ(large->message.table_name.at(0).size(), 900'000u);
}

TEST_F(TlsTest, TheServerMustBeWhoItSays) {
  ASSERT_TRUE(StartServer(authority_.Issue("DNS:localhost")).ok());
  auto named = Ask("localhost", Trusting());
  EXPECT_TRUE(named.ok()) << named.message();
  auto other = Ask("127.0.0.1", Trusting());
  EXPECT_EQ(other.kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(other.message(), HasSubstr("certificate verify failed"));
  ClientTls careless = Trusting();
  careless.checks_host = false;
  EXPECT_TRUE(Ask("127.0.0.1", careless).ok());
  // One that somebody else vouches for, or nobody.
  TestAuthority foreign;
  ClientTls trusts_other{.is_on = true, .ca_file = foreign.ca_file()};
  auto unknown = Ask("localhost", trusts_other);
  EXPECT_THAT(unknown.message(), HasSubstr("certificate signature failure"));
  EXPECT_FALSE(Ask("localhost", ClientTls{.is_on = true}).ok());
}

TEST_F(TlsTest, ACertificateThatHasEndedIsRefused) {
  ASSERT_TRUE(StartServer(authority_.Issue("IP:127.0.0.1", true)).ok());
  EXPECT_THAT(Ask("127.0.0.1", Trusting()).message(), HasSubstr("certificate has expired"));
}

TEST_F(TlsTest, ClientsMayHaveToShowACertificate) {
  TestAuthority staff;
  ASSERT_TRUE(StartServer(authority_.Issue("IP:127.0.0.1"), staff.ca_file()).ok());
  EXPECT_FALSE(Ask("127.0.0.1", Trusting()).ok());
  ClientTls shown = Trusting();
  auto own = staff.Issue("DNS:client");
  shown.certificate_file = own.certificate;
  shown.key_file = own.key;
  auto reply = Ask("127.0.0.1", shown);
  EXPECT_TRUE(reply.ok()) << reply.message();
  auto foreign = authority_.Issue("DNS:client");
  shown.certificate_file = foreign.certificate;
  shown.key_file = foreign.key;
  EXPECT_FALSE(Ask("127.0.0.1", shown).ok());
}

TEST_F(TlsTest, OneSideWithoutTlsIsAnError) {
  ASSERT_TRUE(StartServer(authority_.Issue("IP:127.0.0.1")).ok());
  auto plain = Ask("127.0.0.1", ClientTls());
  EXPECT_FALSE(plain.ok());
  EXPECT_THAT(plain.message(), HasSubstr("expects TLS"));
  options_.tls = {};
  auto server = Server::Listen(options_, handler_);
  ASSERT_TRUE(server.ok());
  server_ = std::move(*server);
  server_->Run();
  EXPECT_THAT(Ask("127.0.0.1", Trusting()).message(), HasSubstr("TLS handshake failed"));
}

TEST_F(TlsTest, WhoDoesNotShakeHandsIsSentAway) {
  options_.tls_handshake_seconds = 1;
  ASSERT_TRUE(StartServer(authority_.Issue("IP:127.0.0.1")).ok());
  int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server_->port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  timeval timeout{10, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
  char byte;
  EXPECT_LE(::recv(socket, &byte, 1, 0), 0);
  ::close(socket);
  EXPECT_EQ(server_->metrics().requests, 0);
}

TEST_F(TlsTest, FilesThatAreNoneStopTheServer) {
  auto files = authority_.Issue("IP:127.0.0.1");
  std::string junk = authority_.Write("junk.pem", "no certificate");
  Status bad = StartServer({junk, files.key});
  EXPECT_EQ(bad.kind(), ErrorKind::kInvalidArgument);
  EXPECT_THAT(bad.message(), HasSubstr("cannot use the certificate in " + junk));
  EXPECT_THAT(StartServer({files.certificate, junk}).message(), HasSubstr("private key"));
  auto other = authority_.Issue("IP:127.0.0.1");
  EXPECT_THAT(StartServer({files.certificate, other.key}).message(), HasSubstr("mismatch"));
  EXPECT_THAT(StartServer(files, junk).message(), HasSubstr("authorities"));
  ASSERT_TRUE(StartServer(files).ok());
  EXPECT_THAT(Ask("127.0.0.1", {.is_on = true, .ca_file = junk}).message(),
              HasSubstr("cannot use the authorities in " + junk));
}

}  // namespace
}  // namespace forebay::rpc
