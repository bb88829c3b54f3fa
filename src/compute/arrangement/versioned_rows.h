#pragma once

#include <deque>
#include <span>
#include <vector>

#include "compute/state/keyed_table.h"
#include "compute/state/row_list.h"
#include "model/table.h"

namespace forebay::compute {

/// How far each bucket of a table has been read: all changes below the offset, none from it on.
/// Index = bucket.
using Frontier = std::vector<model::LogOffset>;

/// A piece of a bucket's changelog: its first row has the offset `base`, the next ones follow.
struct LogPiece {
  model::Batch batch;
  model::LogOffset base = 0;
};

/// Copies of rows that a lookup found. Reused from batch to batch.
struct FoundVersions {
  std::vector<uint32_t> rows;  ///< the rows of the batch that asked, ascending
  std::vector<char> bytes;
  std::vector<size_t> places;  ///< of each found row, a StoredRow, in `bytes`

  StoredRow* At(size_t i) { return reinterpret_cast<StoredRow*>(bytes.data() + places[i]); }
  void Clear();
};

/// The rows of a table with a primary key, by key columns of any choice, as they are at any
/// frontier from the base to what has been applied: each row is held with the offset of the change
/// that made it and of the one that ended it. A row with a NULL among its key columns is left out:
/// joins never look for one.
///
/// Find may be called by several threads at once, the rest by one that excludes all others.
class VersionedRows {
 public:
  /// `types` of all columns of the table.
  VersionedRows(std::vector<model::DataType> types, std::vector<int> key_columns, int num_buckets);

  /// Rows that are there from the beginning.
  void AddSnapshot(int bucket, const model::Batch& batch);
  /// The changes that follow what is known of the bucket. kCorruption when one takes away a row
  /// that is not there.
  Status Apply(int bucket, const LogPiece& piece);
  /// The changes from an older offset up to `known`, from where on everything is known: makes the
  /// index able to tell of the time between.
  Status ApplyPast(int bucket, std::span<const LogPiece> pieces, model::LogOffset known);
  /// Forgets rows that ended before `frontier`.
  void Compact(const Frontier& frontier);

  /// The rows under the keys of rows `rows` of `keys` (in codec()'s form) at `frontier`.
  void Find(const EncodedKeys& keys, std::span<const uint32_t> rows, const Frontier& frontier,
            FoundVersions& found) const;

  const KeyCodec& codec() const { return codec_; }
  const RowCodec& rows() const { return rows_; }
  int64_t bytes() const { return table_.MemoryBytes() + store_.MemoryBytes(); }
  int64_t num_versions() const { return num_versions_; }

 private:
  /// Before the row's bytes in a StoredRow, whose tag is the offset of the change that made it, or
  /// kAlways.
  struct Head {
    model::LogOffset end;  ///< of the change that ended it, or kNever
    int64_t bucket;
  };
  static constexpr model::LogOffset kAlways = -1;
  static constexpr model::LogOffset kNever = INT64_MAX;
  /// A version that ended, and may go some day.
  struct Ended {
    model::LogOffset end;
    KeyedTable::Entry* entry;
    StoredRow* row;
  };

  static Head HeadOf(const StoredRow* row);
  static void SetEnd(StoredRow* row, model::LogOffset end);
  RowList& ListOf(KeyedTable::Entry* entry) const {
    return *reinterpret_cast<RowList*>(table_.Payload(entry));
  }
  /// Encodes a batch and finds its keys' entries: keyed_, entries_ and bytes_.
  void Encode(const model::Batch& batch);
  StoredRow* Add(KeyedTable::Entry* entry, int bucket, std::string_view row, model::LogOffset begin,
                 model::LogOffset end);
  /// The version of a row in a bucket that began before `begin_max` and ends at or after `end_min`.
  StoredRow* FindVersion(KeyedTable::Entry* entry, int bucket, std::string_view row,
                         model::LogOffset begin_max, model::LogOffset end_min) const;
  void Remove(const Ended& ended);

  const std::vector<int> key_columns_;
  const KeyCodec codec_;
  const RowCodec rows_;
  mutable KeyedTable table_;  ///< its lookups change nothing, as there are no snapshots of it
  RowStore store_;
  int64_t num_versions_ = 0;
  std::vector<std::deque<Ended>> ended_;  ///< by bucket, in the order of `end`

  // Scratch of a batch.
  EncodedKeys keys_;
  EncodedRows bytes_;
  std::vector<uint32_t> keyed_;
  std::vector<KeyedTable::Entry*> entries_;
};

}  // namespace forebay::compute
