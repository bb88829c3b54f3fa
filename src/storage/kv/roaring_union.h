#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace forebay::storage {

// Unions of compressed bitmaps as Fluss's functions rbm32 and rbm64 store them. kCorruption for
// bytes that are no such bitmap. What is allocated is at most a small multiple of the bytes given.

/// RoaringBitmap's portable format.
Result<std::string> UniteRoaring32(std::string_view a, std::string_view b);
/// What Java's Roaring64Bitmap.serialize writes: a radix tree of the upper 48 bits, whose leaves
/// number the containers of the lower 16 bits.
Result<std::string> UniteRoaring64(std::string_view a, std::string_view b);

}  // namespace forebay::storage
