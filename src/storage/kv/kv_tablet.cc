#include "storage/kv/kv_tablet.h"

namespace forebay::storage {

struct KvServices::Shared {};

KvServices::KvServices(StorageMetrics& metrics, int64_t)
    : metrics_(metrics), shared_(std::make_unique<Shared>()) {}
KvServices::~KvServices() = default;

Result<std::shared_ptr<KvTablet>> KvTablet::Open(KvServices&, io::FileSystem&, std::string,
                                                 const model::TableInfo&, const TableOptions&,
                                                 std::shared_ptr<LogTablet>) {
  return NotSupported("primary-key tables");
}

}  // namespace forebay::storage
