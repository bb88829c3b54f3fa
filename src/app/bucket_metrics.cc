#include "app/bucket_metrics.h"

#include <prometheus/gauge.h>

#include "storage/kv/kv_tablet.h"

namespace forebay::app {

namespace {

/// Buckets that a page tells of: more would make it too large for those who fetch it.
constexpr int kBucketsMax = 10'000;

using GaugeFamily = prometheus::Family<prometheus::Gauge>;

/// The figures of one page. Thread-compatible.
class BucketGauges {
 public:
  explicit BucketGauges(prometheus::Registry& registry)
      : log_start_(Make(registry, "log_start_offset", "The first offset a bucket's log has")),
        log_end_(Make(registry, "log_end_offset", "The offset behind a bucket's last record")),
        log_size_(Make(registry, "log_size_bytes", "Bytes of a bucket's log on the disk")),
        rows_(Make(registry, "kv_rows", "Rows of a primary-key bucket")),
        offline_(Make(registry, "bucket_offline", "1 when a bucket is out of service")) {}

  void Add(const prometheus::Labels& labels, const storage::HostedTable::Bucket& bucket) {
    offline_.Add(labels).Set(bucket.offline.ok() ? 0 : 1);
    if (bucket.log != nullptr) {
      log_start_.Add(labels).Set(static_cast<double>(bucket.log->log_start()));
      log_end_.Add(labels).Set(static_cast<double>(bucket.log->durable_end()));
      log_size_.Add(labels).Set(static_cast<double>(bucket.log->size_bytes()));
    }
    auto rows = bucket.kv == nullptr ? std::nullopt : bucket.kv->RowCount();
    if (rows.has_value()) rows_.Add(labels).Set(static_cast<double>(*rows));
  }

 private:
  static GaugeFamily& Make(prometheus::Registry& registry, const std::string& name,
                           const std::string& help) {
    return prometheus::BuildGauge().Name("forebay_" + name).Help(help).Register(registry);
  }

  GaugeFamily& log_start_;
  GaugeFamily& log_end_;
  GaugeFamily& log_size_;
  GaugeFamily& rows_;
  GaugeFamily& offline_;
};

}  // namespace

void AddBuckets(prometheus::Registry& registry, storage::StorageServer& storage) {
  BucketGauges gauges(registry);
  int added = 0, left_out = 0;
  for (const auto& table : storage.AllHosts()) {
    prometheus::Labels labels = {{"table", table->info.path.ToString()}};
    if (table->partition.has_value()) labels["partition"] = table->partition->Name();
    for (size_t i = 0; i < table->buckets.size(); ++i) {
      if (added == kBucketsMax) {
        ++left_out;
        continue;
      }
      ++added;
      labels["bucket"] = std::to_string(i);
      gauges.Add(labels, table->buckets[i]);
    }
  }
  prometheus::BuildGauge()
      .Name("forebay_bucket_metrics_left_out")
      .Help("Buckets of which this page does not tell: there are too many")
      .Register(registry)
      .Add({})
      .Set(left_out);
}

}  // namespace forebay::app
