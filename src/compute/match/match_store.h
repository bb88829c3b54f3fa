#pragma once

#include <cstring>
#include <string_view>

#include "compute/state/byte_arena.h"

namespace forebay::compute {

/// A row that waits for its time or stands in a match: its sort key and its encoded bytes follow.
struct MatchRow {
  int64_t time;
  uint64_t number;  ///< in the order in which rows are asked; given when it is this one's turn
  uint32_t references;
  uint32_t key_bytes;
  uint32_t size;  ///< of key and row
  // The key's rows that wait, in the order in which they came:
  MatchRow* previous_waiting;
  MatchRow* next_waiting;

  char* bytes() { return reinterpret_cast<char*>(this + 1); }
  const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
  const char* row() const { return bytes() + key_bytes; }
  std::string_view key() const { return {bytes(), key_bytes}; }
  std::string_view row_view() const { return {row(), size - key_bytes}; }
};

/// A row of a partial match and the one before it: partial matches with the same beginning share
/// it.
struct MatchLink {
  MatchLink* previous;
  const MatchLink* first;  ///< the first of the rows in a line that `variable` has
  MatchRow* row;
  uint32_t references;
  int32_t variable;
  uint32_t position;  ///< in the match
};

/// Owns the rows and links of an operator, which are counted. Belongs to one thread at a time.
class MatchStore {
 public:
  MatchRow* NewRow(std::string_view key, std::string_view row, int64_t time) {
    size_t size = key.size() + row.size();
    auto* made = reinterpret_cast<MatchRow*>(arena_.Allocate(sizeof(MatchRow) + size));
    *made = {.time = time,
             .number = 0,
             .references = 1,
             .key_bytes = static_cast<uint32_t>(key.size()),
             .size = static_cast<uint32_t>(size),
             .previous_waiting = nullptr,
             .next_waiting = nullptr};
    if (!key.empty()) std::memcpy(made->bytes(), key.data(), key.size());
    std::memcpy(made->bytes() + key.size(), row.data(), row.size());
    return made;
  }
  void Release(MatchRow* row) {
    if (--row->references > 0) return;
    arena_.Free(reinterpret_cast<char*>(row), sizeof(MatchRow) + row->size);
  }
  /// `previous` (null: none) is shared, as is `row`.
  MatchLink* NewLink(MatchLink* previous, MatchRow* row, int variable) {
    auto* link = reinterpret_cast<MatchLink*>(arena_.Allocate(sizeof(MatchLink)));
    bool continues = previous != nullptr && previous->variable == variable;
    *link = {previous, continues ? previous->first : link,
             row,      1,
             variable, previous == nullptr ? 0 : previous->position + 1};
    if (previous != nullptr) ++previous->references;
    ++row->references;
    return link;
  }
  static MatchLink* Share(MatchLink* link) {
    if (link != nullptr) ++link->references;
    return link;
  }
  void Release(MatchLink* link) {
    while (link != nullptr && --link->references == 0) {
      MatchLink* previous = link->previous;
      Release(link->row);
      arena_.Free(reinterpret_cast<char*>(link), sizeof(MatchLink));
      link = previous;
    }
  }
  int64_t MemoryBytes() const { return arena_.bytes_reserved(); }

 private:
  ByteArena arena_;
};

}  // namespace forebay::compute
