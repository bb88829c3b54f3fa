#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "format/text/csv_rows.h"
#include "model/batch.h"

namespace forebay::format {

/// Writes rows as CSV records, as Flink's csv format does: decimals without trailing zeros, 1E+2;
/// quotes around text that is long or has any character up to the quote and the delimiter, and none
/// around digits. A NULL is the null literal, or empty; strings that would be read back as NULL are
/// quoted. MAP and MULTISET cells are written as their CAST to STRING. Thread-compatible.
class CsvRowWriter {
 public:
  explicit CsvRowWriter(CsvOptions options);

  /// A record for each of the rows `rows` of `batch`; valid until the next call.
  std::string_view Write(const model::Batch& batch, std::span<const uint32_t> rows);

 private:
  void PutCell(const model::Column& column, int row);
  void PutInt(int64_t value);
  /// A field that may need quotes; `character`: of a CHAR or VARCHAR column.
  void PutField(std::string_view field, bool character);
  bool NeedsQuotes(std::string_view field, bool character) const;
  void Put(std::string_view text);
  void Put(char c) {
    *Room(1) = c;
    ++at_;
  }
  /// Where `bytes` more have room.
  char* Room(size_t bytes) {
    if (static_cast<size_t>(end_ - at_) < bytes) Grow(bytes);
    return at_;
  }
  void Grow(size_t bytes);

  const CsvOptions options_;
  std::array<bool, 256> is_special_ = {};  ///< bytes that need quotes around them
  std::string cell_;                       ///< of types that are rarely written
  std::unique_ptr<char[]> memory_;
  char* at_ = nullptr;
  char* end_ = nullptr;
};

}  // namespace forebay::format
