#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/calendar.h"
#include "model/column.h"

namespace forebay::format {

/// What Fluss's row formats have in common in the bytes of single cells.

template <typename T>
void AppendRaw(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

/// The shortest big-endian two's complement, as Java's BigInteger.toByteArray.
class BigEndian {
 public:
  explicit BigEndian(model::Int128 value) {
    for (int i = 0; i < 16; ++i) bytes_[15 - i] = static_cast<char>(value >> (8 * i));
    char fill = value < 0 ? '\xff' : '\0';
    while (begin_ < 15 && bytes_[begin_] == fill && ((bytes_[begin_ + 1] ^ fill) & 0x80) == 0) {
      ++begin_;
    }
  }
  std::string_view view() const { return {bytes_ + begin_, static_cast<size_t>(16 - begin_)}; }

 private:
  char bytes_[16];
  int begin_ = 0;
};

/// kCorruption unless there are 1 to 16 bytes.
inline Result<model::Int128> ReadBigEndian(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > 16) return Corruption("a DECIMAL of {} bytes", bytes.size());
  unsigned __int128 value = (bytes[0] & 0x80) != 0 ? ~static_cast<unsigned __int128>(0) : 0;
  for (char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return static_cast<model::Int128>(value);
}

inline constexpr int64_t kNanosPerMilli = 1000000;

/// A time as Fluss splits it.
struct MilliTime {
  int64_t ms = 0;
  int64_t nanos = 0;  ///< of the millisecond
};

/// Cells of one TIMESTAMP precision a millisecond.
inline int64_t UnitsPerMilli(const model::DataType& type) {
  switch (type.time_unit()) {
    case model::TimeUnit::kMilli: return 1;
    case model::TimeUnit::kMicro: return 1000;
    case model::TimeUnit::kNano: return kNanosPerMilli;
  }
  return 1;
}

inline MilliTime SplitTimestamp(const model::DataType& type, int64_t value) {
  int64_t units = UnitsPerMilli(type);
  return {model::FloorDiv(value, units), model::FloorMod(value, units) * (kNanosPerMilli / units)};
}

/// A cell of TIMESTAMP type `type`. kCorruption when the time does not fit it.
inline Result<int64_t> JoinTimestamp(const model::DataType& type, MilliTime time) {
  int64_t units = UnitsPerMilli(type);
  int64_t value = 0;
  if (time.nanos < 0 || time.nanos >= kNanosPerMilli) {
    return Corruption("{} nanoseconds in a millisecond", time.nanos);
  }
  if (__builtin_mul_overflow(time.ms, units, &value) ||
      __builtin_add_overflow(value, time.nanos / (kNanosPerMilli / units), &value)) {
    return Corruption("the time of {} ms does not fit {}", time.ms, type.ToString());
  }
  return value;
}

}  // namespace forebay::format
