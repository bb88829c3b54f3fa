#include "compute/join/lookup_cache.h"

#include <charconv>

#include "base/ascii_case.h"
#include "base/duration.h"

namespace forebay::compute {

namespace {

Result<std::optional<int64_t>> DurationOf(const std::map<std::string, std::string>& options,
                                          const std::string& key) {
  auto found = options.find(key);
  if (found == options.end()) return std::optional<int64_t>();
  auto duration = ParseDurationMs(found->second);
  if (!duration.ok()) return duration.status().WithContext("option " + key);
  return std::optional<int64_t>(*duration);
}

}  // namespace

Result<std::optional<LookupCache::Options>> LookupCache::OptionsOf(
    const std::map<std::string, std::string>& options) {
  auto cache = options.find("lookup.cache");
  std::string kind = cache == options.end() ? "NONE" : UpperAscii(cache->second);
  if (kind == "NONE" || kind == "FULL") return std::optional<Options>();
  if (kind != "PARTIAL") {
    return InvalidArgument("'lookup.cache' is NONE, PARTIAL or FULL, not '{}'", cache->second);
  }
  Options read;
  const std::string prefix = "lookup.partial-cache.";
  ASSIGN_OR_RETURN(read.expire_after_write_ms, DurationOf(options, prefix + "expire-after-write"));
  ASSIGN_OR_RETURN(read.expire_after_access_ms,
                   DurationOf(options, prefix + "expire-after-access"));
  if (auto rows = options.find(prefix + "max-rows"); rows != options.end()) {
    const std::string& text = rows->second;
    int64_t count = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size() || count <= 0) {
      return InvalidArgument("option {}max-rows is no number of rows: '{}'", prefix, text);
    }
    read.rows_max = count;
  }
  if (auto missing = options.find(prefix + "cache-missing-key"); missing != options.end()) {
    read.caches_missing = UpperAscii(missing->second) == "TRUE";
  }
  return std::optional<Options>(read);
}

bool LookupCache::IsTooOld(const Cached& cached, int64_t now_ms) const {
  auto is_over = [&](const std::optional<int64_t>& limit, int64_t since) {
    return limit.has_value() && now_ms - since >= *limit;
  };
  return is_over(options_.expire_after_write_ms, cached.written_ms) ||
         is_over(options_.expire_after_access_ms, cached.asked_ms);
}

int64_t LookupCache::BytesOf(const std::string& key, const Row& row) {
  // The key is in the map and in the list, each with its pointers and the allocator's.
  constexpr size_t kBeside = sizeof(Cached) + 2 * sizeof(std::string) + 80;
  size_t bytes = kBeside + 2 * key.size();
  if (row != nullptr) bytes += sizeof(std::string) + row->size();
  return static_cast<int64_t>(bytes);
}

void LookupCache::Erase(Rows::iterator at) {
  bytes_ -= BytesOf(at->first, at->second.row);
  order_.erase(at->second.place);
  rows_.erase(at);
}

std::optional<LookupCache::Row> LookupCache::Find(const std::string& key, int64_t now_ms) {
  auto found = rows_.find(key);
  if (found == rows_.end()) return std::nullopt;
  if (IsTooOld(found->second, now_ms)) {
    Erase(found);
    return std::nullopt;
  }
  found->second.asked_ms = now_ms;
  order_.splice(order_.begin(), order_, found->second.place);
  return found->second.row;
}

void LookupCache::Put(const std::string& key, Row row, int64_t now_ms) {
  if (row == nullptr && !options_.caches_missing) return;
  auto found = rows_.find(key);
  if (found != rows_.end()) Erase(found);
  order_.push_front(key);
  bytes_ += BytesOf(key, row);
  rows_[key] = {std::move(row), now_ms, now_ms, order_.begin()};
  bool is_full = options_.rows_max && static_cast<int64_t>(rows_.size()) > *options_.rows_max;
  if (is_full) Erase(rows_.find(order_.back()));
}

}  // namespace forebay::compute
