#include "model/bitmap.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace forebay::model {
namespace {

std::string Hex(const std::string& bytes) {
  std::string text;
  for (char c : bytes) {
    text += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    text += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

Bitmap Of(const std::vector<uint32_t>& values) {
  Bitmap bitmap;
  for (uint32_t value : values) bitmap.Add(value);
  return bitmap;
}

std::set<uint32_t> SetOf(const Bitmap& bitmap) {
  std::set<uint32_t> values;
  bitmap.ForEach([&](uint32_t value) { values.insert(value); });
  return values;
}

// The bytes are those of real Flink's BITMAP_TO_BYTES (tests/slt/expr/bitmap.expected).
TEST(BitmapTest, BytesAreThoseOfFlink) {
  EXPECT_EQ(Hex(Of({1, 2, 3}).Serialize()), "3a300000010000000000020010000000010002000300");
  EXPECT_EQ(Hex(Of({3, 2147483647, 2147483648U, 4294967295U}).Serialize()),
            "3a3000000400000000000000ff7f000000800000ffff0000280000002a0000002c0000002e000000"
            "0300ffff0000ffff");
  EXPECT_EQ(Hex(Of({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}).Serialize()), "3b3000000100000900010001000900");
  EXPECT_EQ(Hex(Of({0, 1, 2, 3, 4, 5, 6, 8, 10}).Serialize()),
            "3b3000000100000800030000000600080000000a000000");
  EXPECT_EQ(Hex(Bitmap().Serialize()), "3a30000000000000");
}

TEST(BitmapTest, TextIsInUnsignedOrder) {
  EXPECT_EQ(Bitmap().ToText(), "{}");
  EXPECT_EQ(Of({4294967295U, 3, 7, 3}).ToText(), "{3,7,4294967295}");
  Bitmap large;
  for (uint32_t i = 0; i < 200000; ++i) large.Add(i * 7);
  EXPECT_TRUE(large.ToText().ends_with(",...}"));
  EXPECT_NEAR(static_cast<double>(large.ToText().size()), 0x80000, 16);
}

TEST(BitmapTest, OperationsAreThoseOfSets) {
  std::mt19937 random(7);
  for (uint32_t range : {50U, 9000U, 70000U, 300000U}) {
    std::set<uint32_t> left, right;
    Bitmap a, b;
    for (int i = 0; i < 20000; ++i) {
      uint32_t x = random() % range, y = random() % range + range / 3;
      left.insert(x);
      a.Add(x);
      right.insert(y);
      b.Add(y);
    }
    auto check = [&](void (Bitmap::*combine)(const Bitmap&), auto keeps) {
      Bitmap result = a;
      (result.*combine)(b);
      std::set<uint32_t> wanted;
      for (const auto* set : {&left, &right}) {
        for (uint32_t value : *set) {
          if (keeps(left.contains(value), right.contains(value))) wanted.insert(value);
        }
      }
      EXPECT_EQ(SetOf(result), wanted);
      EXPECT_EQ(result.Cardinality(), static_cast<int64_t>(wanted.size()));
      auto again = Bitmap::Parse(result.Serialize());
      ASSERT_TRUE(again.ok());
      EXPECT_EQ(SetOf(*again), wanted);
    };
    check(&Bitmap::And, [](bool x, bool y) { return x && y; });
    check(&Bitmap::Or, [](bool x, bool y) { return x || y; });
    check(&Bitmap::Xor, [](bool x, bool y) { return x != y; });
    check(&Bitmap::AndNot, [](bool x, bool y) { return x && !y; });
    EXPECT_EQ(SetOf(a), left) << "copies are their own";
  }
}

TEST(BitmapTest, BytesThatAreNoBitmapAreRefused) {
  std::string good = Of({1, 2, 3, 70000, 80000}).Serialize();
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(Bitmap::Parse(std::string_view(good).substr(0, size)).ok()) << size;
  }
  std::mt19937 random(11);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = good;
    bytes[random() % bytes.size()] = static_cast<char>(random());
    auto parsed = Bitmap::Parse(bytes);
    if (!parsed.ok()) continue;
    EXPECT_TRUE(Bitmap::Parse(parsed->Serialize()).ok());
  }
}

}  // namespace
}  // namespace forebay::model
