#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.h"

namespace forebay::compute {

/// What lookups have found before (Flink's DefaultLookupCache): by encoded key the encoded row, or
/// that there is none. What is too old, or the least recently asked for when it is full, goes. Not
/// part of checkpoints. Belongs to one thread at a time.
class LookupCache {
 public:
  struct Options {
    std::optional<int64_t> rows_max;
    std::optional<int64_t> expire_after_write_ms;
    std::optional<int64_t> expire_after_access_ms;
    bool caches_missing = true;
  };
  /// A row, or null when there is none under the key.
  using Row = std::shared_ptr<const std::string>;

  /// The options 'lookup.cache' and 'lookup.partial-cache.*' of a table; nothing without
  /// such a cache.
  static Result<std::optional<Options>> OptionsOf(
      const std::map<std::string, std::string>& options);

  explicit LookupCache(Options options) : options_(options) {}
  /// Nothing when it is not known.
  std::optional<Row> Find(const std::string& key, int64_t now_ms);
  void Put(const std::string& key, Row row, int64_t now_ms);
  /// Of what is remembered, roughly.
  int64_t bytes() const { return bytes_; }

 private:
  struct Cached {
    Row row;
    int64_t written_ms;
    int64_t asked_ms;
    std::list<std::string>::iterator place;  ///< in order_
  };
  using Rows = std::unordered_map<std::string, Cached>;
  bool IsTooOld(const Cached& cached, int64_t now_ms) const;
  void Erase(Rows::iterator at);
  static int64_t BytesOf(const std::string& key, const Row& row);

  Options options_;
  Rows rows_;
  std::list<std::string> order_;  ///< keys, the last asked for first
  int64_t bytes_ = 0;
};

}  // namespace forebay::compute
