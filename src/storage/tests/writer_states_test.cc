#include "storage/log/writer_states.h"

#include <gtest/gtest.h>

namespace forebay::storage {
namespace {

constexpr int64_t kDay = 24 * 3600 * 1000;

int64_t OneTime(int64_t number) { return WriterStates::kOneTimeIdMin + number; }

WriterStates Restarted(const WriterStates& states, model::LogOffset end) {
  ByteWriter out;
  states.Encode(end, out);
  std::string bytes = out.Take();
  ByteReader in(bytes);
  auto decoded = WriterStates::Decode(in);
  EXPECT_TRUE(decoded.ok() && in.AtEnd());
  return std::move(*decoded);
}

TEST(WriterStatesTest, OneTimeIdsHaveOneBatchOfAnySequence) {
  WriterStates states;
  EXPECT_TRUE(states.CheckDue(OneTime(1), 77).ok());
  states.Add(OneTime(1), {77, 10, 15, 1000}, 15);
  EXPECT_EQ(states.Find(OneTime(1), 77)->base_offset, 10);
  EXPECT_FALSE(states.Find(OneTime(1), 78).has_value());
  EXPECT_EQ(states.CheckDue(OneTime(1), 78).kind(), ErrorKind::kConflict);
  EXPECT_EQ(*states.LastSequence(OneTime(1)), 77);
  states.CutAt(10);
  EXPECT_TRUE(states.CheckDue(OneTime(1), 78).ok());
}

TEST(WriterStatesTest, TheOldestOneTimeIdsAreForgottenFirst) {
  WriterStates states;
  int64_t count = static_cast<int64_t>(WriterStates::kOneTimeMax) + 100;
  states.Add(5, {0, 0, 1, 0}, 1);
  for (int64_t i = 1; i <= count; ++i) states.Add(OneTime(i), {1, i, i + 1, i}, i + 1);
  EXPECT_EQ(states.size(), WriterStates::kOneTimeMax + 1);
  EXPECT_LT(states.MemoryBytes(), 16 << 20);
  EXPECT_FALSE(states.Find(OneTime(100), 1).has_value());
  EXPECT_TRUE(states.Find(OneTime(101), 1).has_value());
  EXPECT_TRUE(states.Find(5, 0).has_value()) << "ordinary writers are counted apart";
  // What is not durable is never forgotten.
  for (int64_t i = 1; i <= 50; ++i)
    states.Add(OneTime(count + i), {1, count + i, count + i + 1, 0}, 0);
  EXPECT_EQ(states.size(), WriterStates::kOneTimeMax + 51);
  WriterStates restarted = Restarted(states, count + 1);
  EXPECT_EQ(restarted.size(), WriterStates::kOneTimeMax + 1);
  EXPECT_FALSE(restarted.Find(OneTime(count + 1), 1).has_value());
  restarted.ForgetOlderHalf(count + 1);
  EXPECT_EQ(restarted.size(), WriterStates::kOneTimeMax / 2 + 1);
  EXPECT_TRUE(restarted.Find(OneTime(count), 1).has_value());
  EXPECT_FALSE(restarted.Find(OneTime(101), 1).has_value());
}

TEST(WriterStatesTest, OrdinaryWritersAreBoundedAndTheLastThousandAreKept) {
  WriterStates states;
  for (int64_t id = 0; id < 30'000; ++id) states.Add(id, {0, id, id + 1, id}, id + 1);
  EXPECT_LE(states.size(), WriterStates::kWritersMax);
  EXPECT_TRUE(states.Find(29'999, 0).has_value());
  EXPECT_TRUE(states.Find(29'000, 0).has_value());
  EXPECT_FALSE(states.Find(1'000, 0).has_value());
  states.Expire(30 * kDay);
  EXPECT_EQ(states.size(), 0u);
  // A job that writes once a month goes on.
  states.Add(1, {0, 1, 2, 0}, 2);
  states.Expire(30 * kDay);
  EXPECT_TRUE(states.CheckDue(1, 1).ok());
  states.Add(OneTime(1), {0, 2, 3, 0}, 3);
  states.Expire(30 * kDay);
  EXPECT_EQ(states.size(), 1u);
}

TEST(WriterStatesTest, EncodedStatesHoldDurableBatchesOnly) {
  WriterStates states;
  for (int i = 0; i < 9; ++i) states.Add(3, {i, i, i + 1, 0}, 100);
  WriterStates restarted = Restarted(states, 7);
  EXPECT_EQ(*restarted.LastSequence(3), 6);
  EXPECT_FALSE(restarted.Find(3, 3).has_value()) << "five are kept";
  EXPECT_TRUE(restarted.Find(3, 4).has_value());
  EXPECT_TRUE(restarted.CheckDue(3, 7).ok());
  EXPECT_EQ(Restarted(states, 0).size(), 0u);
}

}  // namespace
}  // namespace forebay::storage
