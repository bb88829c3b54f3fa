#include "base/thread_priority.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <thread>

namespace forebay {
namespace {

int NiceOfThisThread() { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())); }

TEST(ThreadPriority, OneThreadGivesWayAndThoseItStarts) {
  int before = NiceOfThisThread();
  int given = before, inherited = before;
  std::thread thread([&] {
    GiveWay();
    given = NiceOfThisThread();
    std::thread([&] { inherited = NiceOfThisThread(); }).join();
  });
  thread.join();
  EXPECT_GT(given, before);
  EXPECT_EQ(inherited, given);
  EXPECT_EQ(NiceOfThisThread(), before);
}

}  // namespace
}  // namespace forebay
