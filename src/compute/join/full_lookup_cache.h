#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "client/connection.h"
#include "compute/state/row_codec.h"
#include "compute/state/state_allocator.h"
#include "model/table.h"

namespace forebay::compute {

/// All rows of a lookup table by the columns that are looked up ('lookup.cache' = 'FULL'; Flink's
/// CachingLookupFunction over a CacheLoader). They are read when the first row asks, and again when
/// a row asks after the time to reload has come: that row waits for it. Every shard has its own.
/// They lie where the job's state does: they count against its budget, and beyond it they are on
/// disk; not part of checkpoints. Belongs to one thread at a time.
class FullLookupCache {
 public:
  /// 'lookup.full-cache.*'
  struct Options {
    enum class Mode {
      kFixedDelay,  ///< interval_ms after a load has ended
      kFixedRate,   ///< interval_ms after it has begun
      kTimed        ///< at time_of_day_ms, UTC, each interval_ms
    };
    Mode mode = Mode::kFixedDelay;
    int64_t interval_ms = 0;
    int64_t time_of_day_ms = 0;
  };
  /// Nothing when 'lookup.cache' is not FULL.
  static Result<std::optional<Options>> OptionsOf(
      const std::map<std::string, std::string>& options);
  /// When rows that were read from `began_ms` to `ended_ms` are to be read again.
  static int64_t NextLoad(const Options& options, int64_t began_ms, int64_t ended_ms);

  /// `keys`: the columns that are looked up, `projection`: those of the rows that are found.
  /// `connection` must outlive the cache.
  FullLookupCache(Options options, client::Connection& connection, model::TableInfo table,
                  std::vector<int> keys, std::vector<int> projection);
  /// The rows of each of `keys`, one after another, and in `key_of_row` whose they are. `now_ms`
  /// is asked for the time.
  Result<model::Batch> Find(const model::Batch& keys, int64_t (*now_ms)(),
                            std::vector<uint32_t>& key_of_row);
  int64_t loads() const { return loads_; }
  /// Of the rows and their keys.
  int64_t bytes() const { return bytes_; }

 private:
  struct KeyHash {
    using is_transparent = void;
    size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  };
  using Rows =
      std::unordered_map<StateString, StateVector<StateString>, KeyHash, std::equal_to<>,
                         StateAllocator<std::pair<const StateString, StateVector<StateString>>>>;

  Status Load();
  Status LoadBucket(const model::BucketId& bucket);

  Options options_;
  client::Connection& connection_;
  model::TableInfo table_;
  std::vector<int> columns_;     ///< what is read: ascending
  std::vector<int> key_places_;  ///< in columns_
  std::vector<int> row_places_;
  RowCodec key_codec_;
  RowCodec row_codec_;
  Rows rows_;
  int64_t bytes_ = 0;
  std::optional<int64_t> next_load_ms_;
  int64_t loads_ = 0;
};

}  // namespace forebay::compute
