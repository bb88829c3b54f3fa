#include "storage/kv/roaring_union.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "base/bytes.h"
#include "base/crc32c.h"

// Expected bytes were written by Java's RoaringBitmap 1.3.0, as Fluss calls it.

namespace forebay::storage {
namespace {

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}
std::string ToHex(std::string_view bytes) {
  std::string hex;
  for (char c : bytes) hex += fmt::format("{:02x}", static_cast<uint8_t>(c));
  return hex;
}
template <typename T>
void Add(std::string& out, T value) {
  char bytes[sizeof(T)];
  StoreLe(bytes, value);
  out.append(bytes, sizeof(T));
}

constexpr const char* kEmpty32 = "3a30000000000000";
// 1, 5, 70000 and 2, 5, 2^32 - 1.
constexpr const char* kA32 = "3a300000020000000000010001000000180000001c000000010005007011";
constexpr const char* kB32 = "3a3000000200000000000100ffff0000180000001c00000002000500ffff";
constexpr const char* kAorB32 =
    "3a300000030000000000020001000000ffff0000200000002600000028000000"
    "0100020005007011ffff";

std::string Unite32(std::string_view a, std::string_view b) {
  auto united = UniteRoaring32(a, b);
  EXPECT_TRUE(united.ok()) << united.status().ToString();
  return united.ok() ? *united : "";
}
std::string Unite64(std::string_view a, std::string_view b) {
  auto united = UniteRoaring64(a, b);
  EXPECT_TRUE(united.ok()) << united.status().ToString();
  return united.ok() ? *united : "";
}

TEST(RoaringUnionTest, SmallBitmapsOf32Bits) {
  EXPECT_EQ(ToHex(Unite32(FromHex(kA32), FromHex(kB32))), kAorB32);
  EXPECT_EQ(ToHex(Unite32(FromHex(kB32), FromHex(kA32))), kAorB32);
  EXPECT_EQ(ToHex(Unite32(FromHex(kA32), FromHex(kEmpty32))), kA32);
  EXPECT_EQ(ToHex(Unite32(FromHex(kEmpty32), FromHex(kEmpty32))), kEmpty32);
}

TEST(RoaringUnionTest, RunsOf32Bits) {
  // 100 to 199999, and 99, 200000, 300000, 400000, 500000.
  const char* runs =
      "3b3003000f00009bff0100ffff0200ffff03003f0d250000002b00000031000000370000000100640"
      "09bff01000000ffff01000000ffff010000003f0d";
  const char* others =
      "3a30000005000000000000000300000004000000060000000700000030000000320000003400000036"
      "000000380000006300400de093801a20a1";
  EXPECT_EQ(ToHex(Unite32(FromHex(runs), FromHex(others))),
            "3b3006000f00009cff0100ffff0200ffff0300400d0400000006000000070000003d000000430000004900"
            "00004f000000550000005700000059000000010063009cff01000000ffff01000000ffff01000000400de0"
            "93801a20a1");
}

/// The numbers, which rise, as a bitmap of arrays.
std::string Arrays32(const std::vector<uint32_t>& numbers) {
  std::map<uint16_t, std::vector<uint16_t>> containers;
  for (uint32_t number : numbers) {
    containers[static_cast<uint16_t>(number >> 16)].push_back(static_cast<uint16_t>(number));
  }
  std::string bytes;
  Add(bytes, uint32_t{12346});
  Add(bytes, static_cast<uint32_t>(containers.size()));
  for (const auto& [key, array] : containers) {
    Add(bytes, key);
    Add(bytes, static_cast<uint16_t>(array.size() - 1));
  }
  bytes.append(containers.size() * 4, '\0');  // offsets, which nobody needs
  for (const auto& [key, array] : containers) {
    for (uint16_t number : array) Add(bytes, number);
  }
  return bytes;
}

TEST(RoaringUnionTest, LargeContainersOf32Bits) {
  auto multiples = [](uint32_t factor) {
    std::string bitmap = FromHex(kEmpty32);
    std::vector<uint32_t> part;
    for (uint32_t number = 0; number < 200000; number += factor) {
      part.push_back(number);
      if (part.size() < 1000) continue;
      bitmap = Unite32(bitmap, Arrays32(part));
      part.clear();
    }
    return Unite32(bitmap, Arrays32(part.empty() ? std::vector<uint32_t>{0} : part));
  };
  std::string twos = multiples(2), threes = multiples(3);
  EXPECT_EQ(twos.size(), 28008u);
  EXPECT_EQ(Crc32c(twos), 0x62e3b282u);
  EXPECT_EQ(threes.size(), 26878u);
  EXPECT_EQ(Crc32c(threes), 0x5040ffe3u);
  std::string united = Unite32(twos, threes);
  EXPECT_EQ(united.size(), 29138u);
  EXPECT_EQ(Crc32c(united), 0xef5a7ad7u);
}

// 1, 3 * 2^16 + 7, 2^40 and 2^64 - 1, 2, 2^40 + 5.
constexpr const char* kA64 =
    "0103000000000000000002000200000000010000020002000000000300040000000000000000000000000000000000"
    "04"
    "000000000000000003010000000000000004000000000001000000020000000000000001000000fe03000000010201"
    "00"
    "000001000102010000000700010201000000000003000000000000000000000002000000";
constexpr const char* kB64 =
    "010300000000000000000200000000ff00000200010000000100040000000000000000000100000000000000040000"
    "00"
    "000001000000020000000000000004000000ffffffffffff000000000000000001000000fe03000000010201000000"
    "ff"
    "ff0102010000000200010201000000050003000000000000000000000002000000";

TEST(RoaringUnionTest, SmallBitmapsOf64Bits) {
  EXPECT_EQ(ToHex(Unite64(FromHex(kA64), FromHex(kB64))),
            "010400000000000000000200000000ff000002000100000001000002000200000000030004000000"
            "00000000000000000000000000000400000000000000000301000000000000000400000000000100"
            "0000020000000000000004000000ffffffffffff030000000000000001000000fe04000000010202"
            "00000001000200010201000000070001020200000000000500010201000000ffff04000000000000"
            "000000000003000000");
  EXPECT_EQ(ToHex(Unite64(FromHex(kA64), FromHex("00"))), kA64);
  EXPECT_EQ(ToHex(Unite64(FromHex("00"), FromHex("00"))), "00");
}

/// A bitmap of one number: a leaf and an array.
std::string Single64(uint64_t number) {
  std::string bytes(1, '\1');
  Add(bytes, uint64_t{1});
  bytes += FromHex("04000000");
  for (int shift = 56; shift >= 16; shift -= 8) bytes += static_cast<char>(number >> shift);
  Add(bytes, uint64_t{0});
  bytes += FromHex("01000000fe010000000102");
  Add(bytes, uint32_t{1});
  Add(bytes, static_cast<uint16_t>(number));
  bytes += FromHex("01000000000000000000000000000000");
  return bytes;
}

TEST(RoaringUnionTest, TreesOfEveryNodeSize) {
  EXPECT_EQ(
      ToHex(Single64(42)),
      "01010000000000000004000000000000000000000000000000000001000000fe010000000102010000002a0001"
      "000000000000000000000000000000");
  // Java's have some places for containers that are empty, each a byte.
  for (auto [children, size] : {std::pair(10, 675u - 8), {40, 2751u - 14}, {200, 12347u - 74}}) {
    std::string bitmap = FromHex("00");
    for (int i = children - 1; i >= 0; --i) {
      uint64_t number = (static_cast<uint64_t>(i) << 32) + static_cast<uint64_t>(i);
      bitmap = Unite64(bitmap, Single64(number));
      bitmap = Unite64(Single64(number + 65536 * 9), bitmap);
    }
    EXPECT_EQ(bitmap.size(), size);
    EXPECT_EQ(Unite64(bitmap, bitmap), bitmap);
    EXPECT_EQ(Unite64(bitmap, Single64(0)), bitmap);
  }
}

TEST(RoaringUnionTest, BytesThatAreNoBitmapAreRefused) {
  std::string good32 = FromHex(kAorB32), good64 = FromHex(kA64);
  for (size_t size = 0; size < good32.size(); ++size) {
    EXPECT_FALSE(UniteRoaring32(good32.substr(0, size), good32).ok()) << size;
  }
  for (size_t size = 0; size < good64.size() - 16; ++size) {
    EXPECT_FALSE(UniteRoaring64(good64.substr(0, size), good64).ok()) << size;
  }
  // Numbers that fall, runs that overlap, a tree deeper than its keys.
  EXPECT_FALSE(UniteRoaring32(good32, FromHex("3a300000010000000000010010000000"
                                              "05000100"))
                   .ok());
  EXPECT_FALSE(UniteRoaring32(good32, FromHex("3b300000010000040002000500000005000100")).ok());
  std::string deep = FromHex("010100000000000000");
  for (int i = 0; i < 1000; ++i) deep += FromHex("0001000000000000");
  EXPECT_FALSE(UniteRoaring64(deep, good64).ok());
  std::mt19937 random(5);
  for (int i = 0; i < 20000; ++i) {
    std::string mutated = i % 2 == 0 ? good32 : good64;
    for (int k = 0; k < 3; ++k) mutated[random() % mutated.size()] = static_cast<char>(random());
    static_cast<void>(i % 2 == 0 ? UniteRoaring32(mutated, good32)
                                 : UniteRoaring64(mutated, good64));
  }
}

}  // namespace
}  // namespace forebay::storage
