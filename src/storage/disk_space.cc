#include "storage/disk_space.h"

#include <sys/statvfs.h>

#include <algorithm>

namespace forebay::storage {

namespace {

/// A twentieth of the disk is kept free, within these.
constexpr int64_t kKeptFreeMin = 64 << 20;
constexpr int64_t kKeptFreeMax = 256 << 20;
constexpr int64_t kKeptFreePart = 20;

}  // namespace

Status DiskSpace::Check(int64_t bytes) const {
  struct statvfs disk;
  if (statvfs(directory_.c_str(), &disk) != 0) return {};  // the write itself will say more
  auto block = static_cast<int64_t>(disk.f_frsize);
  int64_t free = static_cast<int64_t>(disk.f_bavail) * block;
  int64_t kept = std::clamp(static_cast<int64_t>(disk.f_blocks) * block / kKeptFreePart,
                            kKeptFreeMin, kKeptFreeMax);
  if (free - kept >= bytes) return {};
  return NoSpace("the disk of {} has {} MiB free, of which {} are kept for the server's own files",
                 directory_, free >> 20, kept >> 20);
}

}  // namespace forebay::storage
