#include "storage/disk_space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/statvfs.h>

namespace forebay::storage {
namespace {

TEST(DiskSpaceTest, WhatWouldLeaveTooLittleIsRefusedWithTheDirectory) {
  std::string directory = ::testing::TempDir();
  struct statvfs disk;
  ASSERT_EQ(statvfs(directory.c_str(), &disk), 0);
  auto free = static_cast<int64_t>(disk.f_bavail) * static_cast<int64_t>(disk.f_frsize);
  DiskSpace space(directory);
  Status all = space.Check(free);
  EXPECT_EQ(all.kind(), ErrorKind::kNoSpace);
  EXPECT_THAT(all.message(), ::testing::HasSubstr(directory));
  constexpr int64_t kMoreThanIsEverKept = 512 << 20;
  if (free > kMoreThanIsEverKept) {
    EXPECT_TRUE(space.Check(free - kMoreThanIsEverKept).ok());
  }
}

TEST(DiskSpaceTest, ADirectoryThatCannotBeAskedRefusesNothing) {
  EXPECT_TRUE(DiskSpace("/no/such/directory").Check(1 << 20).ok());
}

}  // namespace
}  // namespace forebay::storage
