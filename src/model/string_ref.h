#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace forebay::model {

/// A string cell of 16 bytes: up to 12 bytes lie in it, longer ones keep a 4-byte prefix and a
/// pointer. The layout is that of DuckDB's duckdb_string_t (the "German string" of Neumann and
/// Freitag, Umbra, CIDR 2020), so string columns go to DuckDB without a copy. Unused inline bytes
/// are zero, which lets equality compare words. The bytes behind the pointer belong to the column's
/// heap.
class StringRef {
 public:
  static constexpr uint32_t kInlineBytes = 12;

  StringRef() { std::memset(this, 0, sizeof(*this)); }
  /// Refers to `text` when it is longer than kInlineBytes: the bytes must outlive every use.
  explicit StringRef(std::string_view text) {
    std::memset(this, 0, sizeof(*this));
    size_ = static_cast<uint32_t>(text.size());
    if (size_ <= kInlineBytes) {
      std::memcpy(value_.inlined, text.data(), size_);
    } else {
      std::memcpy(value_.pointer.prefix, text.data(), 4);
      value_.pointer.data = text.data();
    }
  }

  uint32_t size() const { return size_; }
  bool IsInlined() const { return size_ <= kInlineBytes; }
  const char* data() const { return IsInlined() ? value_.inlined : value_.pointer.data; }
  std::string_view view() const { return {data(), size_}; }
  /// Points a long string at another copy of the same bytes.
  void Rebase(const char* data) { value_.pointer.data = data; }

  friend bool operator==(const StringRef& a, const StringRef& b) {
    uint64_t head_a, head_b;
    std::memcpy(&head_a, &a, 8);
    std::memcpy(&head_b, &b, 8);
    if (head_a != head_b) return false;
    if (!a.IsInlined()) {
      return std::memcmp(a.value_.pointer.data, b.value_.pointer.data, a.size_) == 0;
    }
    return std::memcmp(a.value_.inlined + 4, b.value_.inlined + 4, 8) == 0;
  }
  /// By unsigned bytes, as Flink's BinaryStringData.compareTo.
  friend auto operator<=>(const StringRef& a, const StringRef& b) {
    return a.view().compare(b.view()) <=> 0;
  }

 private:
  uint32_t size_;
  union {
    char inlined[kInlineBytes];
    struct __attribute__((packed)) {
      char prefix[4];
      const char* data;
    } pointer;
  } value_;
};

static_assert(sizeof(StringRef) == 16);

}  // namespace forebay::model
