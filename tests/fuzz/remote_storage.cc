// What remote storage says of a bucket: its log's manifest, or a snapshot's metadata.

#include "base/check.h"
#include "storage/remote/kv_snapshot.h"
#include "storage/remote/remote_log_manifest.h"
#include "tests/fuzz/fuzz_target.h"

namespace forebay {

FUZZ_TARGET(remote_storage) {
  if (auto manifest = storage::RemoteLogManifestFromJson(input); manifest.ok()) {
    CHECK(manifest->empty() || manifest->Find(manifest->start()) != nullptr);
  }
  auto snapshot = storage::KvSnapshotFromJson(input);
  if (!snapshot.ok()) return;
  std::string text = storage::KvSnapshotToJson(*snapshot);
  auto again = storage::KvSnapshotFromJson(text);
  CHECK(again.ok() && storage::KvSnapshotToJson(*again) == text);
}

}  // namespace forebay
