#include <malloc.h>

#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "storage/kv/kv_tablet.h"
#include "storage/storage_server.h"

// What a StorageServer does from time to time.

namespace forebay::storage {

Status StorageServer::ExpireNow() {
  RETURN_IF_ERROR(producer_offsets_->Expire());
  for (const auto& table : AllHosts()) {
    for (const auto& bucket : table->buckets) {
      if (bucket.log == nullptr) continue;
      if (bucket.kv != nullptr) {
        bucket.kv->RetryMove();
        bucket.kv->UpdateRetention();
      }
      RETURN_IF_ERROR(bucket.log->Expire());
    }
  }
  return {};
}

void StorageServer::RunExpiry() {
  std::unique_lock lock(mutex_);
  auto interval = std::chrono::milliseconds(options_.expiry_interval_ms);
  bool is_first = true;
  int64_t next_auto_partition_ms = MonotonicMs() + options_.auto_partition_interval_ms;
  lock.unlock();
  AutoPartitionNow();
  lock.lock();
  while (!stop_expiry_.wait_for(lock, interval, [this] { return closed_; })) {
    lock.unlock();
    Status expired = ExpireNow();
    if (!expired.ok()) {
      Log(LogLevel::kWarning, "storage", "expiry failed, will try again: {}", expired.message());
    }
    if (MonotonicMs() >= next_auto_partition_ms) {
      AutoPartitionNow();
      next_auto_partition_ms = MonotonicMs() + options_.auto_partition_interval_ms;
    }
    // What the start took and freed goes back to the operating system.
    if (std::exchange(is_first, false)) malloc_trim(0);
    lock.lock();
  }
}

}  // namespace forebay::storage
