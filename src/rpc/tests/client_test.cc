#include "rpc/client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "base/clock.h"
#include "rpc/messages.h"
#include "rpc/server.h"

namespace forebay::rpc {
namespace {

using testing::HasSubstr;

constexpr int64_t kTimeoutMs = 20'000;

/// A server that speaks the handshake and answers some requests; others it keeps.
class EchoHandler : public RequestHandler {
 public:
  void Handle(const Request& request, Scheduler&, Responder responder) override {
    switch (request.api->key) {
      case ApiKey::kApiVersions: return responder.Succeed(Versions());
      case ApiKey::kAuthenticate: {
        auto message = ParseMessage<AuthenticateRequest>(request.message, budget_);
        token = std::string(message->token.bytes);
        if (token != std::string("\0anna\0secret", 12)) {
          return responder.Fail({ErrorCode::kAuthenticateException, "wrong password"});
        }
        return responder.Succeed(AuthenticateResponse());
      }
      case ApiKey::kListTables: {
        auto message = ParseMessage<ListTablesRequest>(request.message, budget_);
        return responder.Succeed(ListTablesResponse{{message->database_name}});
      }
      case ApiKey::kInitWriter: {
        std::lock_guard lock(mutex);
        held.push_back(std::move(responder));
        return;
      }
      default: responder.Fail({ErrorCode::kTableNotExist, "there is no such table"});
    }
  }

  static ApiVersionsResponse Versions() {
    ApiVersionsResponse response;
    for (ApiKey key : {ApiKey::kListTables, ApiKey::kInitWriter, ApiKey::kGetTableInfo}) {
      response.api_versions.push_back({static_cast<int32_t>(key), 0, 0});
    }
    response.api_versions.push_back({static_cast<int32_t>(ApiKey::kPutKv), 7, 9});
    return response;
  }
  size_t HeldCount() {
    std::lock_guard lock(mutex);
    return held.size();
  }

  std::string token;
  std::mutex mutex;
  std::vector<Responder> held;  ///< of InitWriter

 private:
  int64_t budget_ = 1 << 30;
};

template <typename F>
void WaitFor(F&& condition) {
  int64_t deadline = MonotonicMs() + kTimeoutMs;
  while (!condition() && MonotonicMs() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(condition());
}

class ClientTest : public testing::Test {
 protected:
  void StartServer(uint16_t port = 0) {
    ServerOptions options;
    options.port = port;
    auto server = Server::Listen(options, handler_);
    ASSERT_TRUE(server.ok()) << server.message();
    server_ = std::move(*server);
    server_->Run();
  }
  std::shared_ptr<Channel> Open() { return network_->Open(Address(), options_); }
  ServerAddress Address() const { return {"127.0.0.1", server_->port()}; }
  static Result<Reply<ListTablesResponse>> ListTables(Channel& channel, const std::string& name) {
    return channel.CallAndWait<ListTablesResponse>(ApiKey::kListTables, ListTablesRequest{name},
                                                   kTimeoutMs);
  }

  EchoHandler handler_;
  std::unique_ptr<Server> server_;
  ClientOptions options_;
  std::unique_ptr<ClientNetwork> network_ = ClientNetwork::Start();
};

TEST_F(ClientTest, ManyRequestsAtOnceGetTheirOwnAnswers) {
  StartServer();
  auto channel = Open();
  constexpr int kRequests = 900;
  std::atomic<int> right = 0, answered = 0;
  for (int i = 0; i < kRequests; ++i) {
    std::string name = fmt::format("database {}", i);
    channel->Call<ListTablesResponse>(
        ApiKey::kListTables, ListTablesRequest{name}, kTimeoutMs,
        [&right, &answered, name](Result<Reply<ListTablesResponse>> reply) {
          right += reply.ok() && reply->message.table_name == std::vector{name};
          ++answered;
        });
  }
  WaitFor([&] { return answered == kRequests; });
  EXPECT_EQ(right, kRequests);
  EXPECT_EQ(server_->metrics().connections, 1);
}

TEST_F(ClientTest, TheServersErrorsNameCodeAndServer) {
  StartServer();
  auto channel = Open();
  auto reply = channel->CallAndWait<GetTableInfoResponse>(
      ApiKey::kGetTableInfo, GetTableInfoRequest{{"db", "t"}}, kTimeoutMs);
  EXPECT_EQ(reply.kind(), ErrorKind::kNotFound);
  EXPECT_EQ(reply.message(),
            fmt::format("there is no such table (TABLE_NOT_EXIST from {})", Address().ToString()));
}

TEST_F(ClientTest, VersionsAreNegotiated) {
  StartServer();
  auto channel = Open();
  auto unknown = channel->CallAndWait<ScanKvResponse>(ApiKey::kScanKv, ScanKvRequest(), kTimeoutMs);
  EXPECT_EQ(unknown.kind(), ErrorKind::kNotSupported);
  EXPECT_THAT(unknown.message(), HasSubstr("does not support ScanKv"));
  // The server has versions of this that are too new for us.
  auto newer = channel->CallAndWait<PutKvResponse>(ApiKey::kPutKv, PutKvRequest(), kTimeoutMs);
  EXPECT_EQ(newer.kind(), ErrorKind::kNotSupported);
}

TEST_F(ClientTest, AUserIsAuthenticated) {
  StartServer();
  options_.user = "anna";
  options_.password = "secret";
  EXPECT_TRUE(ListTables(*Open(), "x").ok());
  options_.password = "guess";
  auto refused = ListTables(*Open(), "x");
  EXPECT_EQ(refused.kind(), ErrorKind::kPermissionDenied);
  EXPECT_THAT(refused.message(), HasSubstr("wrong password"));
}

TEST_F(ClientTest, ADeadServerFailsFastAndComesBack) {
  StartServer();
  uint16_t port = server_->port();
  auto channel = Open();
  ASSERT_TRUE(ListTables(*channel, "x").ok());
  server_->Stop();
  server_.reset();
  WaitFor([&] { return ListTables(*channel, "x").kind() == ErrorKind::kUnavailable; });
  auto refused = ListTables(*channel, "x");
  EXPECT_THAT(refused.message(), HasSubstr(fmt::format("cannot reach 127.0.0.1:{}", port)));
  int64_t began = MonotonicMs();
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(ListTables(*channel, "x").ok());
  EXPECT_LT(MonotonicMs() - began, 5000);
  StartServer(port);
  WaitFor([&] { return ListTables(*channel, "x").ok(); });
}

TEST_F(ClientTest, AnAnswerThatDoesNotComeTimesOutAndTheConnectionIsMadeAnew) {
  StartServer();
  auto channel = Open();
  std::atomic<int> lost = 0;
  channel->Call<InitWriterResponse>(
      ApiKey::kInitWriter, InitWriterRequest(), kTimeoutMs,
      [&](auto reply) { lost += reply.kind() == ErrorKind::kIoError; });
  auto late =
      channel->CallAndWait<InitWriterResponse>(ApiKey::kInitWriter, InitWriterRequest(), 100);
  EXPECT_EQ(late.kind(), ErrorKind::kTimeout);
  EXPECT_THAT(late.message(), HasSubstr("did not answer InitWriter within 100 ms"));
  WaitFor([&] { return lost == 1; });
  EXPECT_TRUE(ListTables(*channel, "x").ok());
}

TEST_F(ClientTest, WhatIsUnderWayIsBounded) {
  StartServer();
  options_.requests_in_flight_max = 3;
  auto channel = Open();
  std::atomic<int> answered = 0;
  for (int i = 0; i < 3; ++i) {
    channel->Call<InitWriterResponse>(ApiKey::kInitWriter, InitWriterRequest(), kTimeoutMs,
                                      [&](auto) { ++answered; });
  }
  EXPECT_EQ(ListTables(*channel, "x").kind(), ErrorKind::kUnavailable);
  WaitFor([&] { return handler_.HeldCount() == 3; });
  for (const Responder& one : handler_.held) one.Succeed(InitWriterResponse{1});
  WaitFor([&] { return answered == 3; });
  EXPECT_TRUE(ListTables(*channel, "x").ok());

  options_.in_flight_bytes_max = 100;
  channel = Open();
  // A large one alone is sent all the same.
  EXPECT_TRUE(ListTables(*channel, std::string(1000, 'x')).ok());
}

TEST_F(ClientTest, StoppingFailsWhatIsUnderWayAndWhatComesLater) {
  StartServer();
  auto channel = Open();
  std::atomic<int> failed = 0;
  channel->Call<InitWriterResponse>(
      ApiKey::kInitWriter, InitWriterRequest(), kTimeoutMs,
      [&](auto reply) { failed += reply.kind() == ErrorKind::kUnavailable; });
  WaitFor([&] { return handler_.HeldCount() == 1; });
  bool ran = false;
  EXPECT_TRUE(network_->PostAfter(kTimeoutMs, [&] { ran = true; }));
  network_->Stop();
  EXPECT_EQ(failed, 1);
  EXPECT_TRUE(ran);
  EXPECT_EQ(ListTables(*channel, "x").kind(), ErrorKind::kUnavailable);
  EXPECT_FALSE(network_->PostAfter(0, [] {}));
  auto later = Open();
  EXPECT_FALSE(ListTables(*later, "x").ok());
}

TEST_F(ClientTest, AChannelThatGoesFailsItsRequests) {
  StartServer();
  std::atomic<int> failed = 0;
  auto channel = Open();
  channel->Call<InitWriterResponse>(ApiKey::kInitWriter, InitWriterRequest(), kTimeoutMs,
                                    [&](auto reply) { failed += !reply.ok(); });
  channel.reset();
  WaitFor([&] { return failed == 1; });
  WaitFor([&] { return server_->metrics().connections == 0; });
}

TEST(ServerAddressTest, IsHostAndPort) {
  EXPECT_EQ(ServerAddress::Parse("localhost:9123")->ToString(), "localhost:9123");
  EXPECT_EQ(ServerAddress::Parse("[::1]:9123")->host, "::1");
  for (const char* bad : {"", "localhost", "localhost:", ":9123", "localhost:0", "localhost:70000",
                          "localhost:12x"}) {
    EXPECT_EQ(ServerAddress::Parse(bad).kind(), ErrorKind::kInvalidArgument) << bad;
  }
}

/// Accepts one connection after the other, and says what it is told to say whatever it is asked.
class RudeServer {
 public:
  /// For every connection: the answers to its requests; then it is silent, or closes.
  RudeServer(std::vector<std::string> answers, bool closes)
      : answers_(std::move(answers)), closes_(closes) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~RudeServer() {
    ::shutdown(listener_, SHUT_RDWR);
    for (int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    thread_.join();
    for (int socket : sockets_) ::close(socket);
    ::close(listener_);
  }
  uint16_t port() const { return port_; }

 private:
  void Serve() {
    while (true) {
      int socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) return;
      for (const std::string& answer : answers_) {
        char request[4096];
        if (::recv(socket, request, sizeof(request), 0) <= 0) break;
        ::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
      }
      if (closes_) {
        ::shutdown(socket, SHUT_RDWR);
      }
      sockets_.push_back(socket);
    }
  }

  const std::vector<std::string> answers_;
  const bool closes_;
  int listener_;
  uint16_t port_ = 0;
  std::vector<int> sockets_;
  std::thread thread_;
};

std::string Joined(const OutgoingFrame& frame) {
  std::string bytes;
  for (const Payload& piece : frame) bytes.append(piece.bytes);
  return bytes;
}

std::string Bytes(std::initializer_list<int> values) {
  std::string bytes;
  for (int value : values) bytes.push_back(static_cast<char>(value));
  return bytes;
}

class RudeServerTest : public testing::Test {
 protected:
  Status Ask(std::vector<std::string> answers, bool closes, int64_t timeout_ms = kTimeoutMs) {
    RudeServer server(std::move(answers), closes);
    ClientOptions options;
    options.connect_timeout_ms = 300;
    options.frame_bytes_max = 1 << 20;
    auto network = ClientNetwork::Start();
    auto channel = network->Open({"127.0.0.1", server.port()}, options);
    auto reply = channel->CallAndWait<ListTablesResponse>(ApiKey::kListTables,
                                                          ListTablesRequest{"db"}, timeout_ms);
    EXPECT_FALSE(reply.ok());
    channel.reset();
    network.reset();
    return reply.status();
  }
  static std::string Hello() { return Joined(EncodeResponse(0, EchoHandler::Versions())); }
};

TEST_F(RudeServerTest, HandshakesThatGoWrong) {
  EXPECT_EQ(Ask({}, false).kind(), ErrorKind::kUnavailable);  // silence
  EXPECT_EQ(Ask({}, true).kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(Ask({Hello().substr(0, 9)}, true).kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(Ask({Hello().substr(0, 9)}, false).kind(), ErrorKind::kUnavailable);
  // An HTTP server's frame would have 1.2 GB.
  Status http = Ask({"HTTP/1.1 400 Bad Request\r\n\r\n"}, false);
  EXPECT_EQ(http.kind(), ErrorKind::kCorruption);
  EXPECT_THAT(http.message(), HasSubstr("a frame of 1213486160 bytes"));
  // An alert of TLS.
  EXPECT_THAT(Ask({Bytes({0x15, 3, 1, 0, 2, 2, 0x46})}, false).message(), HasSubstr("expects TLS"));
  EXPECT_EQ(Ask({Bytes({0, 0, 0, 0})}, false).kind(), ErrorKind::kCorruption);
  EXPECT_EQ(Ask({Joined(EncodeResponse(5, EchoHandler::Versions()))}, false).kind(),
            ErrorKind::kCorruption);
  EXPECT_EQ(Ask({Bytes({0, 0, 0, 7, 0, 0, 0, 0, 0, 0xff, 0xff})}, false).kind(),
            ErrorKind::kCorruption);
}

TEST_F(RudeServerTest, AnswersThatAreNone) {
  std::string answer = Joined(EncodeResponse(1, ListTablesResponse{{"t"}}));
  // Cut off, then nothing or the end.
  EXPECT_EQ(Ask({Hello(), answer.substr(0, 11)}, true).kind(), ErrorKind::kIoError);
  EXPECT_EQ(Ask({Hello(), answer.substr(0, 11)}, false, 100).kind(), ErrorKind::kTimeout);
  EXPECT_EQ(Ask({Hello()}, true).kind(), ErrorKind::kIoError);
  // Of another request, of no type there is, of a length that is too large, that is no message.
  Status other = Ask({Hello(), Joined(EncodeResponse(77, ListTablesResponse{{"t"}}))}, false);
  EXPECT_EQ(other.kind(), ErrorKind::kCorruption);
  EXPECT_THAT(other.message(), HasSubstr("request 77, which was not made"));
  EXPECT_EQ(Ask({Hello(), Bytes({0, 0, 0, 5, 9, 0, 0, 0, 1})}, false).kind(),
            ErrorKind::kCorruption);
  EXPECT_EQ(Ask({Hello(), Bytes({0x7f, 0xff, 0xff, 0xff})}, false).kind(), ErrorKind::kCorruption);
  EXPECT_EQ(Ask({Hello(), Bytes({0, 0, 0, 6, 0, 0, 0, 0, 1, 0xff})}, false).kind(),
            ErrorKind::kCorruption);
  // The same answer again finds nobody.
  EXPECT_EQ(Ask({Hello(), Bytes({0, 0, 0, 1, 2})}, false).kind(), ErrorKind::kCorruption);
}

}  // namespace
}  // namespace forebay::rpc
