#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "model/batch.h"

namespace forebay::compute {

/// The three kinds of Nexmark events, with the numbers of the column event_type.
enum class NexmarkEvent : uint8_t { kPerson, kAuction, kBid };

/// A field of an event; all are BIGINT or TIMESTAMP(3) (8 bytes), or strings (a StringRef).
struct NexmarkField {
  std::string_view name;
  enum class Type : uint8_t { kBigint, kTimestamp, kString } type;

  int width() const { return type == Type::kString ? 16 : 8; }
};

/// The fields of one kind of event and where these events stand among fifty.
struct NexmarkEventSpec {
  std::string_view name;
  int first;  ///< of 50 events, numbers first .. first + count - 1 are of this kind
  int count;
  std::span<const NexmarkField> fields;
};

/// 1 person, 3 auctions, 46 bids.
inline constexpr int kNexmarkCycle = 50;
const std::array<NexmarkEventSpec, 3>& NexmarkEvents();

/// 2,000 consecutive events in columns: for each field of each kind an array of the events of that
/// kind only, all in one piece of memory, in the order of NexmarkEvents(). The longer strings'
/// bytes are elsewhere: the StringRefs hold addresses, or in a file offsets from the heap's begin.
struct NexmarkBlockLayout {
  static constexpr int kEvents = 2000;
  static_assert(kEvents % kNexmarkCycle == 0 && kEvents <= model::Batch::kMaxRows);

  static int RowsOf(NexmarkEvent event);
  /// Where the array of a field begins.
  static size_t OffsetOf(NexmarkEvent event, int field);
  static size_t bytes();
};

/// Turns blocks into batches of the table (event_type INT, person ROW<...>, auction ROW<...>,
/// bid ROW<...>): the row of an event has one of the three ROWs, the others are NULL. Holds what is
/// the same for every block. Thread-compatible.
class NexmarkBatchMaker {
 public:
  /// Makes the table's columns `columns`; of ROW columns only fields with used_fields[i][field],
  /// the others are all NULL. `types` are those of `columns`.
  NexmarkBatchMaker(std::vector<model::DataType> types, std::vector<int> columns,
                    std::vector<std::vector<bool>> used_fields);

  /// `cells` is a block; `heap` is added to the addresses of long strings. `owner` keeps both.
  model::Batch Make(const char* cells, const char* heap, const model::Owner& owner) const;

 private:
  model::Column MakeEvent(size_t index, const char* cells, const char* heap,
                          const model::Owner& owner) const;

  const std::vector<model::DataType> types_;
  const std::vector<int> columns_;
  const std::vector<std::vector<bool>> used_fields_;
  model::Column event_type_;
  std::array<std::shared_ptr<uint64_t[]>, 3> validity_;
  std::shared_ptr<char[]> zeros_;  ///< the cells of fields that nothing reads
  std::shared_ptr<uint64_t[]> no_rows_;
};

}  // namespace forebay::compute
