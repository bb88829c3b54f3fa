#include "app/tests/fluss_handler_fixture.h"
#include "rpc/scram.h"

namespace forebay::serve {
namespace {

using rpc::ScramHash;

/// RFC 7677's user and password.
constexpr const char* kPencil =
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

class FlussLoginTest : public FlussHandlerTest {
 protected:
  static constexpr int kRefused = 46;

  void SetUp() override {
    FlussHandlerTest::SetUp();
    EXPECT_TRUE(users_.Add("ada", "secret").ok());
    EXPECT_TRUE(users_.Add("user", kPencil).ok());
    NewConnection();
  }
  void NewConnection() { session_ = std::make_shared<rpc::Session>(); }
  int ListError() { return ErrorOf(ApiKey::kListDatabases, rpc::ListDatabasesRequest()); }
  int TokenError(const std::string& mechanism, const std::string& token) {
    return ErrorOf(ApiKey::kAuthenticate,
                   rpc::AuthenticateRequest{mechanism, rpc::Payload::Own(token)});
  }
  int PlainError(const std::string& user, const std::string& password,
                 const std::string& acting_as = "") {
    return TokenError("PLAIN", acting_as + '\0' + user + '\0' + password);
  }
  /// What the server answers to a token.
  std::string Send(const std::string& mechanism, const std::string& token) {
    rpc::AuthenticateRequest request{mechanism, rpc::Payload::Own(token)};
    auto response = Ask<rpc::AuthenticateResponse>(ApiKey::kAuthenticate, request);
    return response.challenge ? std::string(response.challenge->bytes) : "";
  }
  /// The error of a login's second token, once the first was taken.
  int ScramError(ScramHash hash, const std::string& user, const std::string& password) {
    std::string mechanism(rpc::MechanismOf(hash));
    rpc::ScramClient client(hash, user, password);
    auto proof = client.Final(Send(mechanism, client.First()));
    EXPECT_TRUE(proof.ok()) << proof.message();
    std::string before = session_->user;
    int error = TokenError(mechanism, *proof);
    EXPECT_EQ(session_->user, error == 0 ? user : before);
    return error;
  }
};

TEST_F(FlussLoginTest, ByPlain) {
  EXPECT_EQ(ListError(), kRefused);
  EXPECT_EQ(ErrorOf(ApiKey::kApiVersions, rpc::ApiVersionsRequest{"test", "1"}), 0);
  for (const auto& [user, password] : std::vector<std::pair<std::string, std::string>>{
           {"ada", "wrong"}, {"ada", "secrets"}, {"ada", ""}, {"eve", ""}, {"user", kPencil}}) {
    NewConnection();
    EXPECT_EQ(PlainError(user, password), kRefused);
    EXPECT_EQ(ListError(), kRefused);
  }
  NewConnection();
  EXPECT_EQ(PlainError("ada", "secret", "user"), kRefused);
  EXPECT_EQ(TokenError("PLAIN", "ada"), kRefused);
  EXPECT_EQ(TokenError("PLAIN", ""), kRefused);
  EXPECT_EQ(TokenError("GSSAPI", ""), kRefused);
  EXPECT_EQ(PlainError("ada", "secret", "ada"), 0);
  EXPECT_EQ(session_->user, "ada");
  EXPECT_EQ(ListError(), 0);
  NewConnection();
  EXPECT_EQ(PlainError("user", "pencil"), 0) << "of whom only the salted form is known";
}

TEST_F(FlussLoginTest, ByScram) {
  EXPECT_EQ(ScramError(ScramHash::kSha256, "ada", "wrong"), kRefused);
  EXPECT_EQ(ListError(), kRefused);
  EXPECT_EQ(ScramError(ScramHash::kSha256, "ada", "secret"), 0);
  EXPECT_EQ(ListError(), 0);
  NewConnection();
  EXPECT_EQ(ScramError(ScramHash::kSha512, "ada", "secret"), 0);
  NewConnection();
  EXPECT_EQ(ScramError(ScramHash::kSha256, "user", "pencil"), 0);
  NewConnection();
  EXPECT_EQ(ScramError(ScramHash::kSha512, "user", "pencil"), kRefused)
      << "there is a verifier for SHA-256 alone";
}

TEST_F(FlussLoginTest, NobodyLearnsWhoIsKnown) {
  auto first = [&](const char* user) {
    NewConnection();
    return Send("SCRAM-SHA-256", std::string("n,,r=x").insert(3, std::string("n=") + user + ","));
  };
  auto salt = [](const std::string& answer) { return answer.substr(answer.find(",s=")); };
  EXPECT_EQ(salt(first("eve")), salt(first("eve"))) << "the same each time, as for a known one";
  EXPECT_NE(salt(first("eve")), salt(first("eva")));
  EXPECT_NE(salt(first("eve")), salt(first("ada")));
  EXPECT_EQ(salt(first("eve")).size(), salt(first("user")).size());
  NewConnection();
  EXPECT_EQ(ScramError(ScramHash::kSha256, "eve", ""), kRefused);
}

TEST_F(FlussLoginTest, AConnectionHasAFewTries) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(PlainError("ada", "wrong"), kRefused);
  EXPECT_EQ(PlainError("ada", "secret"), kRefused);
  NewConnection();
  EXPECT_EQ(PlainError("ada", "secret"), 0);
}

TEST_F(FlussLoginTest, TokensOutOfTurnAreRefused) {
  rpc::ScramClient client(ScramHash::kSha256, "ada", "secret");
  std::string proof = client.Final(Send("SCRAM-SHA-256", client.First())).value();
  EXPECT_EQ(TokenError("SCRAM-SHA-512", proof), kRefused) << "another mechanism in the middle";
  EXPECT_EQ(TokenError("SCRAM-SHA-256", proof), kRefused);
  EXPECT_EQ(TokenError("SCRAM-SHA-256", std::string(100'000, 'x')), kRefused);
  EXPECT_TRUE(session_->user.empty());
  EXPECT_EQ(ScramError(ScramHash::kSha256, "ada", "secret"), 0);
}

TEST(FlussUsersTest, BadOnesAreRefusedWithoutBeingShown) {
  FlussUsers users;
  EXPECT_FALSE(users.Add("", "x").ok());
  EXPECT_FALSE(users.Add("ada", "").ok());
  Status bad = users.Add("ada", "SCRAM-SHA-256$4096:hunter2");
  EXPECT_EQ(bad.kind(), ErrorKind::kInvalidArgument);
  EXPECT_THAT(bad.message(), testing::Not(testing::HasSubstr("hunter2")));
}

}  // namespace
}  // namespace forebay::serve
