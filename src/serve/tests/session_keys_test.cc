#include "serve/fluss/session_keys.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio.hpp>
#include <future>

namespace forebay::serve {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// The case post-x-www-form-urlencoded of Amazon's test suite for signatures of version 4.
TEST(StsRequestTest, SignsAsAmazonDoes) {
  SignedPost post;
  post.host = "example.amazonaws.com";
  post.region = "us-east-1";
  post.service = "service";
  post.content_type = "application/x-www-form-urlencoded";
  post.body = "Param1=value1";
  post.date = "20150830T123600Z";
  post.access_key = "AKIDEXAMPLE";
  post.secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  EXPECT_EQ(post.Authorization(),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
}

TEST(StsRequestTest, BodiesAndDates) {
  EXPECT_EQ(StsBody("", "s"), "Action=GetSessionToken&Version=2011-06-15");
  EXPECT_EQ(StsBody("arn:aws:iam::1:role/a b", "s-1"),
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa%20b"
            "&RoleSessionName=s-1");
  EXPECT_EQ(StsDate(1440938160000), "20150830T123600Z");
}

std::string AnswerUntil(const std::string& expiration) {
  return "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AK</AccessKeyId>"
         "<SecretAccessKey>S/K&amp;&lt;</SecretAccessKey><SessionToken>tok=</SessionToken>"
         "<Expiration>" +
         expiration + "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
}

TEST(StsRequestTest, AnswersAreRead) {
  auto key = ParseStsAnswer(AnswerUntil("2015-08-30T12:36:00Z"));
  ASSERT_TRUE(key.ok()) << key.message();
  EXPECT_EQ(key->access_key, "AK");
  EXPECT_EQ(key->secret_key, "S/K&<");
  EXPECT_EQ(key->token, "tok=");
  EXPECT_EQ(key->expires_ms, 1440938160000);
  EXPECT_EQ(ParseStsAnswer(AnswerUntil("2015-08-30T12:36:00.123Z"))->expires_ms, 1440938160000);
  EXPECT_EQ(ParseStsAnswer(AnswerUntil("soon")).kind(), ErrorKind::kCorruption);
  EXPECT_EQ(ParseStsAnswer("<AccessKeyId>AK").kind(), ErrorKind::kCorruption);
  auto refused = ParseStsAnswer("<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
  EXPECT_EQ(refused.kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(refused.message(), "AccessDenied: no");
}

/// A service that answers each connection's request alike, on a thread of its own.
class TokenService {
 public:
  explicit TokenService(std::string body) : body_(std::move(body)) {
    thread_ = std::thread([this] { Serve(); });
  }
  ~TokenService() {
    stops_ = true;
    tcp::socket wake(loop_);
    boost::system::error_code ignored;
    wake.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  std::string endpoint() const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }
  int requests() const { return requests_; }
  /// Read after an answer came.
  const std::string& last_request() const { return last_request_; }

 private:
  void Serve() {
    while (true) {
      tcp::socket socket = acceptor_.accept();
      if (stops_) return;
      boost::system::error_code error;
      std::string request;
      asio::read_until(socket, asio::dynamic_buffer(request), "Version=2011-06-15", error);
      last_request_ = request;
      ++requests_;
      std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body_.size()) +
                           "\r\nConnection: close\r\n\r\n" + body_;
      asio::write(socket, asio::buffer(answer), error);
    }
  }

  asio::io_context loop_;
  tcp::acceptor acceptor_{loop_, {asio::ip::address_v4::loopback(), 0}};
  const std::string body_;
  std::atomic<bool> stops_ = false;
  std::atomic<int> requests_ = 0;
  std::string last_request_;
  std::thread thread_;
};

class SettableClock : public Clock {
 public:
  int64_t NowMs() const override { return now_ms; }
  std::atomic<int64_t> now_ms = 1440934560000;  // an hour before the keys end
};

Result<SessionKey> KeyOf(SessionKeys& keys) {
  std::promise<Result<SessionKey>> promise;
  keys.Get([&](const Result<SessionKey>& key) { promise.set_value(key); });
  return promise.get_future().get();
}

TEST(SessionKeysTest, ServeUntilHalfOfTheirTimeIsOver) {
  TokenService service(AnswerUntil("2015-08-30T12:36:00Z"));
  SettableClock clock;
  SessionKeys keys({service.endpoint(), "eu-west-1", "", "AK", "secret"}, clock);
  ASSERT_EQ(KeyOf(keys)->token, "tok=");
  EXPECT_NE(service.last_request().find("Credential=AK/20150830/eu-west-1/sts/aws4_request"),
            std::string::npos);
  clock.now_ms += 1'799'000;
  ASSERT_TRUE(KeyOf(keys).ok());
  EXPECT_EQ(service.requests(), 1);
  clock.now_ms += 1'000;
  ASSERT_TRUE(KeyOf(keys).ok());
  EXPECT_EQ(service.requests(), 2);
}

TEST(SessionKeysTest, FailuresAreTold) {
  SettableClock clock;
  {
    TokenService service("<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
    SessionKeys keys({service.endpoint(), "eu-west-1", "role", "AK", "secret"}, clock);
    auto refused = KeyOf(keys);
    EXPECT_EQ(refused.kind(), ErrorKind::kUnavailable);
    EXPECT_NE(refused.message().find("AccessDenied: no"), std::string::npos);
  }
  asio::io_context loop;
  tcp::acceptor unused(loop, {asio::ip::address_v4::loopback(), 0});
  std::string endpoint = "http://127.0.0.1:" + std::to_string(unused.local_endpoint().port());
  unused.close();
  SessionKeys keys({endpoint, "eu-west-1", "", "AK", "secret"}, clock);
  EXPECT_EQ(KeyOf(keys).kind(), ErrorKind::kUnavailable);
  keys.Stop();
  EXPECT_EQ(KeyOf(keys).kind(), ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace forebay::serve
