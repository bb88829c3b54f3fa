#include "serve/session/background_fetch.h"

#include <gmock/gmock.h>

#include <atomic>
#include <future>

namespace forebay::serve {
namespace {

model::Batch RowsOf(int count) {
  model::Batch batch;
  batch.num_rows = count;
  return batch;
}

TEST(BackgroundFetch, NothingIsFetchedBeforeItIsAskedFor) {
  std::atomic<int> calls = 0;
  BackgroundFetch fetch([&]() -> Result<model::Batch> { return RowsOf(++calls); });
  EXPECT_EQ(calls, 0);
  for (int expected : {1, 2, 3}) {
    auto batch = fetch.Next(-1);
    ASSERT_TRUE(batch.ok());
    EXPECT_EQ(batch->num_rows, expected);
    EXPECT_EQ(calls, expected);
  }
}

TEST(BackgroundFetch, WaitsNoLongerThanAskedAndLosesNothing) {
  std::promise<void> go;
  BackgroundFetch fetch([&, once = go.get_future().share()]() -> Result<model::Batch> {
    once.wait();
    return RowsOf(7);
  });
  for (int i = 0; i < 2; ++i) {
    auto nothing = fetch.Next(1);
    ASSERT_FALSE(nothing.ok());
    EXPECT_EQ(nothing.kind(), ErrorKind::kTimeout);
  }
  go.set_value();
  auto batch = fetch.Next(-1);
  ASSERT_TRUE(batch.ok());
  EXPECT_EQ(batch->num_rows, 7);
}

TEST(BackgroundFetch, HandsErrorsOn) {
  BackgroundFetch fetch([]() -> Result<model::Batch> { return Cancelled("stopped"); });
  auto failed = fetch.Next(-1);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.kind(), ErrorKind::kCancelled);
}

TEST(BackgroundFetch, MayBeDroppedWhileItFetches) {
  std::promise<void> go;
  std::atomic<bool> done = false;
  std::thread release;
  {
    BackgroundFetch fetch([&, once = go.get_future().share()]() -> Result<model::Batch> {
      once.wait();
      done = true;
      return RowsOf(1);
    });
    EXPECT_FALSE(fetch.Next(1).ok());
    release = std::thread([&] { go.set_value(); });
  }
  // It waited for the call that ran, which uses what is about to go.
  EXPECT_TRUE(done);
  release.join();
}

}  // namespace
}  // namespace forebay::serve
