#include "storage/tests/remote_work.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>

#include "base/failpoint.h"

namespace forebay::storage {
namespace {

class FixedClock : public Clock {
 public:
  explicit FixedClock(int64_t now_ms) : now_ms_(now_ms) {}
  int64_t NowMs() const override { return now_ms_; }

 private:
  const int64_t now_ms_;
};

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

int RemoteWorkInOtherProcess(const StorageOptions& options, const std::string& failpoint) {
  std::string program = std::filesystem::read_symlink("/proc/self/exe");
  std::string command = fmt::format(
      "REMOTE_WORK_DATA={} REMOTE_WORK_DIRECTORY={} REMOTE_WORK_NOW={} REMOTE_WORK_FAILPOINT={} "
      "{} --gtest_also_run_disabled_tests --gtest_filter=RemoteWork.DISABLED_Once > /dev/null 2>&1",
      options.data_dir, options.remote.directory, options.clock->NowMs(), failpoint, program);
  int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// What RemoteWorkInOtherProcess runs there.
TEST(RemoteWork, DISABLED_Once) {
  auto fs = io::MakePosixFileSystem();
  FixedClock clock(std::stoll(Variable("REMOTE_WORK_NOW")));
  StorageOptions options;
  options.data_dir = Variable("REMOTE_WORK_DATA");
  options.clock = &clock;
  options.expiry_interval_ms = 3'600'000;
  options.log.segment_bytes = 2048;
  options.log.ttl_ms = 3'600'000;
  options.remote.directory = Variable("REMOTE_WORK_DIRECTORY");
  options.remote.log_segments_per_task = 100;
  options.remote.kv_snapshot_interval_ms = 1'000;
  auto storage = StorageServer::Open(options, *fs);
  ASSERT_TRUE(storage.ok()) << storage.status().ToString();
  (*storage)->remote().Stop();
  ASSERT_TRUE(ArmFailpoints(Variable("REMOTE_WORK_FAILPOINT") + "=1").ok());
  for (const model::TableInfo& info : (*storage)->metadata().AllTables()) {
    auto table = (*storage)->GetTable(info.path);
    ASSERT_TRUE(table.ok());
    (*table)->buckets[0].remote->Run(MonotonicMs() + 2'000'000, (*storage)->remote().leases());
  }
}

}  // namespace forebay::storage
