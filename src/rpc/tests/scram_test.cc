#include "rpc/scram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace forebay::rpc {
namespace {

using testing::HasSubstr;

constexpr const char* kClientNonce = "rOprNGfwEbeRWgbNEkqO";
constexpr const char* kServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
constexpr const char* kSalt = "W22ZaJ0SNY7soEsUEjb6gQ==";

/// A login as a whole: what each side says.
struct Exchange {
  ScramHash hash;
  std::string verifier;
  std::string client_final;
  std::string server_final;
};

/// RFC 7677, section 3; for SHA-512, of which the RFCs show none, the same by Python's hashlib.
const Exchange kSha256{
    ScramHash::kSha256,
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="};
const Exchange kSha512{ScramHash::kSha512,
                       "SCRAM-SHA-512$4096:W22ZaJ0SNY7soEsUEjb6gQ==$6AAub3065EYRmyFpM2RNwqK+"
                       "eGnrkYuEWbXn19LsEmBqzu8QaCXNc1FwpnX9NhH2hK/60dzj9DoO5DvVkOHbvg==:"
                       "jZHbYjC1aHh0/hKbxyBuGFjDrgjgKTT1esA7awWiKcRZ0o/"
                       "0b1yWEebBeSVkkCFewf91nLDfKF24mvD5nmE6rA==",
                       "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                       "p=gMGXRcevScNtxZ6/"
                       "8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==",
                       "v=ZQnYEgWQMFmmsM8aQMF0nDDCy/"
                       "AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw=="};

const std::string kServerFirst =
    std::string("r=") + kClientNonce + kServerNonce + ",s=" + kSalt + ",i=4096";

ScramServer ServerOf(const ScramVerifier& verifier, const std::string& nonce = kServerNonce) {
  return ScramServer([verifier](const std::string&) { return verifier; }, nonce);
}

/// Has a user log in; gives what the server knows then.
Status LogIn(ScramServer& server, ScramClient client) {
  ASSIGN_OR_RETURN(std::string first, server.Answer(client.First()));
  ASSIGN_OR_RETURN(std::string proof, client.Final(first));
  ASSIGN_OR_RETURN(std::string last, server.Answer(proof));
  return client.Verify(last);
}

class ScramVectors : public testing::TestWithParam<Exchange> {};
INSTANTIATE_TEST_SUITE_P(, ScramVectors, testing::Values(kSha256, kSha512));

TEST_P(ScramVectors, BothSidesSayWhatTheStandardSays) {
  const Exchange& exchange = GetParam();
  auto verifier = ScramVerifier::Parse(exchange.verifier);
  ASSERT_TRUE(verifier.ok()) << verifier.message();
  EXPECT_EQ(verifier->ToString(), exchange.verifier);
  ScramServer server = ServerOf(*verifier);
  ScramClient client(exchange.hash, "user", "pencil", kClientNonce);
  EXPECT_EQ(client.First(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  EXPECT_EQ(server.Answer(client.First()).value(), kServerFirst);
  EXPECT_EQ(client.Final(kServerFirst).value(), exchange.client_final);
  EXPECT_FALSE(server.is_complete());
  EXPECT_EQ(server.Answer(exchange.client_final).value(), exchange.server_final);
  EXPECT_TRUE(server.is_complete());
  EXPECT_EQ(server.user(), "user");
  EXPECT_TRUE(client.Verify(exchange.server_final).ok());
}

TEST_P(ScramVectors, AVerifierIsMadeOfThePassword) {
  auto known = ScramVerifier::Parse(GetParam().verifier).value();
  EXPECT_EQ(ScramVerifier::Make(known.hash, "pencil", known.salt, 4096).ToString(),
            GetParam().verifier);
  EXPECT_TRUE(known.Accepts("pencil"));
  EXPECT_FALSE(known.Accepts("pencils"));
  EXPECT_FALSE(known.Accepts(""));
  // Salted: twice the same password looks different.
  EXPECT_NE(ScramVerifier::Make(known.hash, "pencil").ToString(),
            ScramVerifier::Make(known.hash, "pencil").ToString());
}

TEST(ScramTest, WrongPasswordsAndImpostorsAreFound) {
  auto verifier = ScramVerifier::Make(ScramHash::kSha256, "secret");
  ScramServer server = ServerOf(verifier, "");
  EXPECT_TRUE(LogIn(server, {ScramHash::kSha256, "ada", "secret"}).ok());
  server = ServerOf(verifier, "");
  EXPECT_EQ(LogIn(server, {ScramHash::kSha256, "ada", "Secret"}).kind(),
            ErrorKind::kPermissionDenied);
  EXPECT_FALSE(server.is_complete());
  // What has failed stays so.
  EXPECT_FALSE(server.Answer("n,,n=ada,r=x").ok());
  // A server that let everybody in does not know the password.
  ScramClient client(ScramHash::kSha256, "ada", "secret");
  EXPECT_FALSE(client.Verify("v=").ok()) << "nothing was asked yet";
  server = ServerOf(ScramVerifier::Make(ScramHash::kSha256, "guess"), "");
  std::string first = server.Answer(client.First()).value();
  ASSERT_TRUE(client.Final(first).ok());
  EXPECT_EQ(client.Verify(kSha256.server_final).kind(), ErrorKind::kPermissionDenied);
  EXPECT_THAT(client.Verify("e=other-error").message(), HasSubstr("other-error"));
}

TEST(ScramTest, NamesWithCommasAndEqualSigns) {
  ScramServer server = ServerOf(ScramVerifier::Make(ScramHash::kSha512, "s,e=cret"), "");
  EXPECT_TRUE(LogIn(server, {ScramHash::kSha512, "a=b,c=2C", "s,e=cret"}).ok());
  EXPECT_EQ(server.user(), "a=b,c=2C");
}

TEST(ScramTest, TheServerRefusesWhatIsNoLogin) {
  auto verifier = ScramVerifier::Parse(kSha256.verifier).value();
  for (const char* bad :
       {"", "n", "n,", "n,,", "n,,n=ada", "n,,r=x,n=ada", "n,,n=,r=x", "n,,n=a=b,r=x",
        "n,,n=ada,r=", "n,,n=ada,r=\x01", "n,,m=x,n=ada,r=x", "x,,n=ada,r=x",
        "p=tls-unique,,n=ada,r=x", "n,a=eva,n=ada,r=x", "n,b,n=ada,r=x"}) {
    EXPECT_FALSE(ServerOf(verifier).Answer(bad).ok()) << bad;
  }
  for (const char* fine : {"n,,n=ada,r=x", "y,,n=ada,r=x", "n,a=ada,n=ada,r=x,ext=1"}) {
    EXPECT_TRUE(ServerOf(verifier).Answer(fine).ok()) << fine;
  }
  std::string nonce = std::string(kClientNonce) + kServerNonce;
  for (const std::string& bad : std::vector<std::string>{
           "", "c=biws", "c=biws,r=" + nonce, "c=biws,r=" + nonce + ",p=", "c=biws,r=x,p=AAAA",
           "c=eSws,r=" + nonce + kSha256.client_final.substr(kSha256.client_final.rfind(",p=")),
           "c=biws,r=" + nonce + ",p=!", std::string(100'000, 'x')}) {
    ScramServer server = ServerOf(verifier);
    ASSERT_TRUE(server.Answer("n,,n=user,r=rOprNGfwEbeRWgbNEkqO").ok());
    EXPECT_FALSE(server.Answer(bad).ok()) << bad;
    EXPECT_FALSE(server.is_complete());
  }
}

TEST(ScramTest, TheClientRefusesWhatIsNoServer) {
  std::string nonce = std::string("r=") + kClientNonce;
  for (const std::string& bad : std::vector<std::string>{
           "", "r=other,s=AAAA,i=4096", nonce + ",s=AAAA,i=4096", nonce + "x,s=,i=4096",
           nonce + "x,s=!,i=4096", nonce + "x,s=AAAA", nonce + "x,s=AAAA,i=1",
           nonce + "x,s=AAAA,i=999999999", nonce + "x,s=AAAA,i=4096x"}) {
    EXPECT_FALSE(ScramClient(ScramHash::kSha256, "user", "pencil", kClientNonce).Final(bad).ok())
        << bad;
  }
}

TEST(ScramTest, VerifiersThatAreNone) {
  for (const char* bad : {"", "secret", "SCRAM-SHA-256", "SCRAM-SHA-256$4096:AAAA$AAAA:AAAA",
                          "SCRAM-SHA-1$4096:AAAA$AAAA:AAAA", "SCRAM-SHA-256$$$$"}) {
    EXPECT_EQ(ScramVerifier::Parse(bad).kind(), ErrorKind::kInvalidArgument) << bad;
  }
  std::string cheap = kSha256.verifier;
  cheap.replace(cheap.find("4096"), 4, "1");
  EXPECT_FALSE(ScramVerifier::Parse(cheap).ok());
  EXPECT_EQ(ScramHashOf("scram-sha-512"), ScramHash::kSha512);
  EXPECT_EQ(ScramHashOf("SCRAM-SHA-256-PLUS"), std::nullopt);
  EXPECT_EQ(ScramHashOf("PLAIN"), std::nullopt);
}

}  // namespace
}  // namespace forebay::rpc
