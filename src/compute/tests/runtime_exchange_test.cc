#include <gtest/gtest.h>

#include <thread>

#include "compute/exchange/channel.h"

namespace forebay::compute {
namespace {

TEST(SpscRingTest, FullRingRefusesAndKeepsTheItem) {
  SpscRing<std::unique_ptr<int>> ring(2);
  for (int i = 0; i < 2; ++i) {
    auto item = std::make_unique<int>(i);
    EXPECT_TRUE(ring.TryPush(item));
  }
  auto third = std::make_unique<int>(3);
  EXPECT_FALSE(ring.TryPush(third));
  EXPECT_NE(third, nullptr);
  EXPECT_EQ(**ring.TryPop(), 0);
  EXPECT_TRUE(ring.TryPush(third));
  EXPECT_EQ(**ring.TryPop(), 1);
  EXPECT_EQ(**ring.TryPop(), 3);
  EXPECT_FALSE(ring.TryPop().has_value());
}

TEST(SpscRingTest, KeepsOrderBetweenThreads) {
  constexpr int64_t kItems = 200'000;
  SpscRing<int64_t> ring(64);
  std::thread producer([&] {
    for (int64_t i = 0; i < kItems;) {
      int64_t item = i;
      if (ring.TryPush(item)) ++i;
    }
  });
  for (int64_t expected = 0; expected < kItems;) {
    std::optional<int64_t> item = ring.TryPop();
    if (!item.has_value()) continue;
    ASSERT_EQ(*item, expected);
    ++expected;
  }
  producer.join();
}

TEST(ChannelTest, SleepingReceiverIsWokenForEveryMessage) {
  constexpr int64_t kMessages = 100'000;
  Waker sender, receiver;
  Channel channel(sender, receiver);
  std::thread producer([&] {
    for (int64_t i = 0; i < kMessages; ++i) {
      channel.Send(Message::Of(MessageKind::kWatermark, i));
      while (channel.HasOverflow()) {
        if (!channel.Flush()) sender.Sleep(10'000);
      }
    }
  });
  auto started = std::chrono::steady_clock::now();
  for (int64_t expected = 0; expected < kMessages;) {
    std::optional<Message> message = channel.Receive();
    if (!message.has_value()) {
      receiver.Sleep(10'000);
      continue;
    }
    ASSERT_EQ(message->value, expected);
    ++expected;
  }
  producer.join();
  // A lost wake-up would cost ten seconds.
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(9));
}

}  // namespace
}  // namespace forebay::compute
