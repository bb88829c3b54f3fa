#include "rpc/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <random>
#include <thread>

#include "rpc/messages.h"

namespace forebay::rpc {
namespace {

using testing::HasSubstr;

/// A plain blocking socket, so that any bytes can be sent.
class RawClient {
 public:
  explicit RawClient(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    timeval timeout{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // the server has closed
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }
  template <typename M>
  void Request(int16_t api, int32_t id, const M& message, int16_t version = 0) {
    Send(EncodeRequest({api, version, id}, MessageToBytes(message)));
  }
  /// The next response's payload; empty when the connection is closed.
  std::string Receive() {
    std::string length = ReceiveBytes(kLengthBytes);
    if (length.size() < kLengthBytes) return {};
    return ReceiveBytes(ReadFrameLength(length.data()));
  }

 private:
  std::string ReceiveBytes(size_t count) {
    std::string bytes(count, '\0');
    size_t filled = 0;
    while (filled < count) {
      ssize_t read = ::recv(socket_, bytes.data() + filled, count - filled, 0);
      if (read <= 0) return {};
      filled += static_cast<size_t>(read);
    }
    return bytes;
  }

  int socket_;
};

/// Answers InitWriter with the number of the request, ListTables after a while or never.
class TestHandler : public RequestHandler {
 public:
  void Handle(const Request& request, Scheduler& scheduler, Responder responder) override {
    ++handled;
    switch (request.api->key) {
      case ApiKey::kInitWriter: return responder.Succeed(InitWriterResponse{handled});
      case ApiKey::kDatabaseExists: return;  // forgets the request
      case ApiKey::kListTables: {
        std::lock_guard lock(mutex);
        held.push_back(std::move(responder));
        return;
      }
      case ApiKey::kGetTableSchema:
        return responder.Succeed(
            GetTableSchemaResponse{1, Payload::Own(std::string(1 << 20, 'x'))});
      default:
        scheduler.PostAfter(10, [responder] {
          responder.Fail({ErrorCode::kTableNotExist, "there is no such table"});
        });
    }
  }

  std::atomic<int> handled = 0;
  std::mutex mutex;
  std::vector<Responder> held;
};

class ServerTest : public testing::Test {
 protected:
  void Start(ServerOptions options = {}) {
    auto server = Server::Listen(options, handler_);
    ASSERT_TRUE(server.ok()) << server.message();
    server_ = std::move(*server);
    server_->Run();
  }
  static ErrorResponse ErrorOf(std::string payload) {
    std::string_view rest = payload;
    auto header = ReadResponseHeader(rest);
    EXPECT_TRUE(header.ok());
    EXPECT_EQ(header->type, ResponseHeader::kError);
    auto error = ParseMessage<ErrorResponse>(rest, 1 << 20);
    EXPECT_TRUE(error.ok());
    return *error;
  }
  static int32_t IdOf(std::string_view payload) { return ReadResponseHeader(payload)->request_id; }
  template <typename F>
  static void WaitFor(F&& condition) {
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_TRUE(condition());
  }

  TestHandler handler_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersPipelinedRequestsByTheirIds) {
  Start();
  RawClient client(server_->port());
  client.Request(1008, 1, ListTablesRequest{"db"});
  for (int id = 2; id < 10; ++id) client.Request(1026, id, InitWriterRequest{});
  for (int id = 2; id < 10; ++id) EXPECT_EQ(IdOf(client.Receive()), id);
  WaitFor([&] {
    std::lock_guard lock(handler_.mutex);
    return handler_.held.size() == 1;
  });
  handler_.held[0].Succeed(ListTablesResponse{{"a"}});
  EXPECT_EQ(IdOf(client.Receive()), 1);
}

TEST_F(ServerTest, SaysWhatIsWrongWithARequest) {
  Start();
  RawClient client(server_->port());
  client.Request(999, 1, InitWriterRequest{});
  EXPECT_EQ(ErrorOf(client.Receive()).error_code, 2);
  client.Request(1026, 2, InitWriterRequest{}, 7);
  EXPECT_THAT(*ErrorOf(client.Receive()).error_message, HasSubstr("versions 0 to 0, not 7"));
  client.Request(1007, 3, GetTableInfoRequest{});
  EXPECT_EQ(ErrorOf(client.Receive()).error_code, 7);
  client.Request(1004, 4, DatabaseExistsRequest{"forgotten"});
  EXPECT_EQ(ErrorOf(client.Receive()).error_code, -1);
}

TEST_F(ServerTest, ClosesConnectionsThatSendNoFrames) {
  Start();
  for (std::string_view bytes :
       {std::string_view("\xff\xff\xff\xff garbage", 12), std::string_view("\0\0\0\x01x", 5),
        std::string_view("\0\0\0\0", 4), std::string_view("GET / HTTP/1.1\r\n\r\n")}) {
    RawClient client(server_->port());
    client.Send(bytes);
    EXPECT_EQ(client.Receive(), "");
  }
  RawClient client(server_->port());
  client.Request(1026, 1, InitWriterRequest{});
  EXPECT_EQ(IdOf(client.Receive()), 1);
}

TEST_F(ServerTest, AFrameThatDoesNotComeTakesNoMemory) {
  Start();
  auto taken = [] { return mallinfo2().uordblks + mallinfo2().hblkhd; };
  size_t before = taken();
  constexpr size_t kClients = 50;
  std::vector<std::unique_ptr<RawClient>> clients;
  for (size_t i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<RawClient>(server_->port()));
    clients.back()->Send(std::string_view("\x07\xff\xff\xff\x03\xe8", 6));  // 128 MiB are coming
  }
  WaitFor([&] { return server_->metrics().connections == kClients; });
  // Their lengths have been read when these have been answered.
  for (int i = 0; i < 20; ++i) {
    RawClient client(server_->port());
    client.Request(1026, 1, InitWriterRequest{});
    EXPECT_EQ(IdOf(client.Receive()), 1);
  }
  EXPECT_LT(taken() - before, kClients * (2 << 20)) << "what has arrived, and a little ahead";
  clients.clear();
  RawClient client(server_->port());
  client.Request(1026, 1, InitWriterRequest{});
  EXPECT_EQ(IdOf(client.Receive()), 1);
}

TEST_F(ServerTest, StrangersSendSmallFrames) {
  ServerOptions options;
  options.needs_login = true;
  options.login_frame_bytes_max = 100;
  Start(options);
  RawClient client(server_->port());
  client.Request(1026, 1, InitWriterRequest{});
  EXPECT_EQ(IdOf(client.Receive()), 1);
  client.Request(1011, 2, ListTablesRequest{std::string(200, 'x')});
  EXPECT_EQ(client.Receive(), "") << "the connection is closed";
}

TEST_F(ServerTest, StopsReadingWhenTooManyRequestsAreUnderWay) {
  ServerOptions options;
  options.requests_in_flight_max = 3;
  Start(options);
  RawClient client(server_->port());
  for (int id = 0; id < 10; ++id) client.Request(1008, id, ListTablesRequest{"db"});
  WaitFor([&] { return handler_.handled == 3; });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(handler_.handled, 3);
  for (int answered = 0; answered < 10;) {
    std::vector<Responder> held;
    {
      std::lock_guard lock(handler_.mutex);
      held.swap(handler_.held);
    }
    for (const Responder& responder : held) {
      responder.Succeed(ListTablesResponse{});
      EXPECT_NE(client.Receive(), "");
      ++answered;
    }
  }
}

TEST_F(ServerTest, StopsReadingWhenAnswersAreNotTaken) {
  ServerOptions options;
  options.unsent_bytes_max = 4 << 20;
  Start(options);
  RawClient client(server_->port());
  constexpr int kRequests = 64;
  for (int id = 0; id < kRequests; ++id) {
    client.Request(1011, id, GetTableSchemaRequest{{"db", "t"}, {}});
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_LT(handler_.handled, kRequests);
  for (int id = 0; id < kRequests; ++id) EXPECT_EQ(IdOf(client.Receive()), id);
}

TEST_F(ServerTest, RefusesMoreConnectionsThanAllowed) {
  ServerOptions options;
  options.connections_max = 1;
  Start(options);
  RawClient first(server_->port());
  first.Request(1026, 1, InitWriterRequest{});
  EXPECT_EQ(IdOf(first.Receive()), 1);
  RawClient second(server_->port());
  second.Request(1026, 1, InitWriterRequest{});
  EXPECT_EQ(second.Receive(), "");
}

TEST_F(ServerTest, ClosesIdleConnections) {
  ServerOptions options;
  options.idle_timeout_seconds = 1;
  Start(options);
  RawClient client(server_->port());
  EXPECT_EQ(client.Receive(), "");
  WaitFor([&] { return server_->metrics().connections == 0; });
}

TEST_F(ServerTest, StopsWithRequestsUnderWay) {
  Start();
  RawClient client(server_->port());
  client.Request(1008, 1, ListTablesRequest{"db"});
  WaitFor([&] { return handler_.handled == 1; });
  server_->Stop();
  EXPECT_EQ(client.Receive(), "");
  handler_.held[0].Succeed(ListTablesResponse{});
  handler_.held.clear();
  server_.reset();
}

TEST_F(ServerTest, SurvivesMutatedFrames) {
  Start();
  std::mt19937 random(7);
  std::string frame =
      EncodeRequest({1026, 0, 1}, MessageToBytes(InitWriterRequest{{{"db", "table"}}}));
  for (int i = 0; i < 300; ++i) {
    std::string bad = frame;
    for (int j = 0; j < 3; ++j) bad[random() % bad.size()] = static_cast<char>(random());
    RawClient client(server_->port());
    client.Send(bad);
  }
  RawClient client(server_->port());
  client.Send(frame);
  EXPECT_EQ(IdOf(client.Receive()), 1);
}

TEST_F(ServerTest, SaysThatAPortIsInUse) {
  Start();
  ServerOptions options;
  options.port = server_->port();
  auto second = Server::Listen(options, handler_);
  EXPECT_EQ(second.kind(), ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace forebay::rpc
