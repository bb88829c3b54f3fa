#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/data_type.h"

namespace forebay::model {

/// The type BITMAP: Flink's own RAW types cannot be written in SQL, so this one has the root alone.
inline DataType BitmapType() { return DataType::Of(TypeRoot::kRaw); }
inline bool IsBitmap(const DataType& type) { return type.Is(TypeRoot::kRaw); }

/// A set of 32-bit integers in order as unsigned numbers: the value of a BITMAP, whose cells hold
/// its bytes in RoaringBitmap's portable format. Sets of up to 4096 values that share their upper
/// half are sorted lists, larger ones bits. Thread-compatible.
class Bitmap {
 public:
  /// kInvalidArgument when the bytes are no bitmap.
  static Result<Bitmap> Parse(std::string_view bytes);

  void Add(uint32_t value);
  bool IsEmpty() const { return containers_.empty(); }
  int64_t Cardinality() const;
  void And(const Bitmap& other);
  void Or(const Bitmap& other);
  void Xor(const Bitmap& other);
  void AndNot(const Bitmap& other);

  /// The bytes Java's RoaringBitmap writes after runOptimize().
  std::string Serialize() const;
  /// "{1,2,3}", cut with "..." behind half a million characters, as Java's toString().
  std::string ToText() const;

  /// Calls f(value) in ascending order.
  template <typename F>
  void ForEach(F&& f) const {
    for (const Container& container : containers_) {
      uint32_t high = uint32_t{container.key} << 16;
      container.ForEachLow([&](uint16_t low) { f(high | low); });
    }
  }

 private:
  using Bits = std::array<uint64_t, 1024>;
  static constexpr size_t kListMax = 4096;

  /// The values with one upper half.
  struct Container {
    uint16_t key = 0;
    int count = 0;
    std::vector<uint16_t> list;  ///< sorted; empty when there are bits
    std::shared_ptr<Bits> bits;  ///< of this container alone, but for copies that nobody changes

    template <typename F>
    void ForEachLow(F&& f) const {
      for (uint16_t low : list) f(low);
      if (bits == nullptr) return;
      for (size_t word = 0; word < bits->size(); ++word) {
        for (uint64_t rest = (*bits)[word]; rest != 0; rest &= rest - 1) {
          f(static_cast<uint16_t>(word * 64 + static_cast<size_t>(__builtin_ctzll(rest))));
        }
      }
    }
    void Add(uint16_t low);
    Bits AllBits() const;
  };
  enum class Operation { kAnd, kOr, kXor, kAndNot };

  static Container Made(uint16_t key, const Bits& bits);
  static Container Combined(const Container& a, const Container& b, Operation operation);
  static void AppendContainer(std::string& out, const Container& container, int runs);
  void Apply(const Bitmap& other, Operation operation);

  std::vector<Container> containers_;  ///< by key, none of them empty
};

}  // namespace forebay::model
