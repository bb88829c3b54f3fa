#include "rpc/error_code.h"

#include <gtest/gtest.h>

#include "rpc/api_key.h"

namespace forebay::rpc {
namespace {

TEST(ErrorCodeTest, HasANameAndAKindForEveryCode) {
  EXPECT_EQ(ErrorCodeName(7), "TABLE_NOT_EXIST");
  EXPECT_EQ(ErrorCodeName(31), "OUT_OF_ORDER_SEQUENCE");
  EXPECT_EQ(ErrorCodeName(74), "INVALID_BUCKET_ROUTING");
  EXPECT_EQ(ErrorCodeName(-5), "UNKNOWN_SERVER_ERROR");
  EXPECT_EQ(ErrorCodeName(75), "UNKNOWN_SERVER_ERROR");
  EXPECT_EQ(KindOf(4), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(14), ErrorKind::kCorruption);
  EXPECT_EQ(KindOf(12345), ErrorKind::kInternal);
  for (int code = kErrorCodeMin; code <= kErrorCodeMax; ++code) {
    EXPECT_FALSE(ErrorCodeName(code).empty()) << code;
  }
}

TEST(ErrorCodeTest, TakesTheRequestsMeaningFirst) {
  Status missing = NotFound("no database");
  EXPECT_EQ(FailureOf(missing).code, ErrorCode::kTableNotExist);
  EXPECT_EQ(FailureOf(missing, {{ErrorKind::kNotFound, ErrorCode::kDatabaseNotExist}}).code,
            ErrorCode::kDatabaseNotExist);
  Error hinted = InvalidArgument("bad");
  hinted.hint = "try good";
  EXPECT_EQ(FailureOf(hinted).message, "bad (try good)");
}

TEST(ErrorCodeTest, BusyServersAreTriedAgain) {
  // Codes whose exceptions the Java client retries.
  EXPECT_EQ(CodeOf(ErrorKind::kUnavailable), ErrorCode::kStorageException);
  EXPECT_EQ(CodeOf(ErrorKind::kNoSpace), ErrorCode::kDiskWriteLocked);
  EXPECT_EQ(CodeOf(ErrorKind::kTimeout), ErrorCode::kRequestTimeOut);
}

TEST(ApiKeyTest, FindsEveryKeyOnce) {
  int16_t last = 0;
  for (const ApiInfo& api : AllApis()) {
    auto key = static_cast<int16_t>(api.key);
    EXPECT_GT(key, last);
    last = key;
    EXPECT_EQ(FindApi(key), &api);
  }
  EXPECT_EQ(FindApi(999), nullptr);
  EXPECT_EQ(FindApi(1013), nullptr);
  EXPECT_EQ(FindApi(1067), nullptr);
  EXPECT_EQ(FindApi(1016)->version_max, 2);
}

}  // namespace
}  // namespace forebay::rpc
