#include <algorithm>

#include "base/bytes.h"
#include "base/failpoint.h"
#include "base/hash.h"
#include "base/log.h"
#include "storage/kv/changelog_replay.h"
#include "storage/kv/kv_tablet_impl.h"

namespace forebay::storage {
namespace {

using format::EncodedKeys;
using model::Batch;
using model::ChangeType;
using model::LogOffset;

/// Changelog of all tablets that a start after a crash may have to apply again: rows are flushed to
/// RocksDB's files for each share of it. Small shares would make many small files.
constexpr int64_t kUnflushedBytesMax = 96 << 20;
constexpr int64_t kUnflushedShareMin = 8 << 20;

}  // namespace

KvServices::KvServices(StorageMetrics& metrics, int64_t row_cache_bytes)
    : metrics_(metrics), shared_(std::make_unique<Shared>(row_cache_bytes)) {}
KvServices::~KvServices() = default;

void KvServices::Stop() { shared_->mover.Stop(); }

Result<EncodedKeys> KvTabletImpl::KeysOf(const Batch& batch) const {
  std::vector<model::Column> columns;
  for (int index : key_indexes_) columns.push_back(batch.columns[index]);
  return format::EncodeKeys(columns);
}

Status KvTabletImpl::Recover(const model::TableInfo& info) {
  ASSIGN_OR_RETURN(LogOffset offset, store_->Offset());
  LogOffset start = log_->log_start(), end = log_->durable_end();
  if (offset < start || offset > end) {
    return Corruption("the rows reach changelog offset {}, but the changelog holds {} to {}",
                      offset, start, end);
  }
  AutoIncrement* values = auto_increment_.has_value() ? &*auto_increment_ : nullptr;
  if (values != nullptr) {
    ASSIGN_OR_RETURN(std::string note, store_->Note());
    RETURN_IF_ERROR(values->Restore(note));
  }
  ASSIGN_OR_RETURN(
      unflushed_bytes_,
      ChangelogReplay(*log_, *store_, info, schemas_, options_, values).Run(offset, end));
  committed_end_ = end;
  if (options_.changelog_image == ChangelogImage::kFull) {
    ASSIGN_OR_RETURN(row_count_, store_->RowCount());
  }
  // A long replay is not repeated by the next start, and gives its memory back.
  if (unflushed_bytes_ > kUnflushedShareMin) {
    RETURN_IF_ERROR(store_->FlushSoon());
    unflushed_bytes_ = 0;
  }
  UpdateRetention();
  return {};
}

RowEntry* KvTabletImpl::AddEntry(std::string_view key, uint64_t hash,
                                 std::optional<std::string> value) {
  RowEntry* entry = rows_.Insert(key, hash);
  entry->present = value.has_value();
  if (value.has_value()) entry->value = std::move(*value);
  Account(entry->MemoryBytes());
  return entry;
}

/// What the row store has of the entry's row, which is now read.
void KvTabletImpl::SetDurable(RowEntry& entry, std::optional<std::string> value) {
  int64_t before = entry.MemoryBytes();
  entry.known = true;
  entry.present = value.has_value();
  if (value.has_value()) entry.value = std::move(*value);
  Account(entry.MemoryBytes() - before);
}

Result<KvTabletImpl::Loaded> KvTabletImpl::Load(const EncodedKeys& keys,
                                                const std::vector<uint64_t>& hashes) {
  Loaded loaded;
  {
    std::lock_guard lock(mutex_);
    for (int row = 0; row < keys.num_rows(); ++row) {
      if (row + 8 < keys.num_rows()) rows_.Prefetch(hashes[row + 8]);
      RowEntry* entry = rows_.Find(keys[row], hashes[row]);
      if (entry == nullptr || !entry->known) loaded.key_rows.push_back(row);
    }
  }
  metrics_.kv_cache_hits += keys.num_rows() - std::ssize(loaded.key_rows);
  if (loaded.key_rows.empty()) return loaded;
  std::vector<std::string_view> wanted;
  for (int row : loaded.key_rows) wanted.push_back(keys[row]);
  RETURN_IF_ERROR(store_->Get(wanted, loaded.values));
  return loaded;
}

void KvTabletImpl::Keep(const EncodedKeys& keys, const std::vector<uint64_t>& hashes,
                        Loaded loaded) {
  for (size_t i = 0; i < loaded.key_rows.size(); ++i) {
    int row = loaded.key_rows[i];
    if (rows_.Find(keys[row], hashes[row]) != nullptr) continue;
    AddEntry(keys[row], hashes[row], std::move(loaded.values[i]));
  }
}

void KvTabletImpl::EvictIfFull() {
  int64_t surplus = shared_.row_bytes - shared_.row_bytes_max;
  if (surplus <= 0) return;
  int64_t freed = rows_.Evict(surplus);
  if (freed > 0) ++evictions_;
  Account(-freed);
}

std::vector<uint64_t> HashesOf(const EncodedKeys& keys) {
  std::vector<uint64_t> hashes(keys.num_rows());
  for (int row = 0; row < keys.num_rows(); ++row) hashes[row] = HashBytes(keys[row]);
  return hashes;
}

bool KvTabletImpl::FlushOnce() {
  Status moved = closed_ ? Status() : MoveDirty();
  if (!moved.ok() && !closed_) {
    Log(LogLevel::kError, "storage", "rows not moved to the row store: {}", moved.message());
  }
  std::lock_guard lock(mutex_);
  move_scheduled_ = false;
  return false;
}

Status KvTabletImpl::MoveDirty() {
  std::lock_guard move_lock(move_mutex_);
  std::vector<RowEntry*> moving;
  std::vector<std::string> values;
  std::vector<RowStore::Put> puts;
  LogOffset end;
  int64_t moved_bytes;
  std::optional<int64_t> row_count;
  std::string note;
  {
    std::lock_guard lock(mutex_);
    if (dirty_.empty() && moved_end_ == committed_end_) return {};
    moving.swap(dirty_);
    dirty_bytes_ = 0;
    moved_bytes = std::exchange(unmoved_bytes_, 0);
    end = committed_end_;
    row_count = row_count_;
    if (auto_increment_.has_value()) note = auto_increment_->Note();
    values.reserve(moving.size());
    puts.reserve(moving.size());
    for (RowEntry* entry : moving) {
      entry->dirty = false;
      entry->moving = true;
      values.push_back(entry->value);
      puts.push_back({entry->key, std::nullopt});
      if (entry->present) puts.back().value = values.back();
    }
  }
  // RocksDB takes rows in order several times as fast.
  std::sort(puts.begin(), puts.end(),
            [](const RowStore::Put& a, const RowStore::Put& b) { return a.key < b.key; });
  Failpoint("kv.before_move");
  store_->SetRowCount(row_count);
  Status written = store_->Write(puts, end, note);
  Failpoint("kv.after_move");
  metrics_.kv_flushes += 1;
  if (written.ok()) FlushIfDue(moved_bytes);
  std::lock_guard lock(mutex_);
  if (written.ok()) moved_end_ = end;
  for (RowEntry* entry : moving) {
    entry->moving = false;
    if (!written.ok() && !std::exchange(entry->dirty, true)) dirty_.push_back(entry);
  }
  EvictIfFull();
  return written;
}

void KvTabletImpl::FlushIfDue(int64_t moved_bytes) {
  unflushed_bytes_ += moved_bytes;
  int64_t share = kUnflushedBytesMax / std::max<int64_t>(1, metrics_.kv_tablets);
  if (unflushed_bytes_ < std::max(share, kUnflushedShareMin)) return;
  unflushed_bytes_ = 0;
  Status begun = store_->FlushSoon();
  // A start would take longer, that is all.
  if (!begun.ok()) Log(LogLevel::kWarning, "storage", "rows not flushed: {}", begun.message());
}

Result<KvValues> KvTabletImpl::Lookup(const EncodedKeys& keys) {
  if (closed_) return Unavailable("the table is closed");
  metrics_.kv_lookups += keys.num_rows();
  std::vector<uint64_t> hashes = HashesOf(keys);
  uint64_t evictions;
  {
    std::lock_guard lock(mutex_);
    evictions = evictions_;
  }
  ASSIGN_OR_RETURN(Loaded loaded, Load(keys, hashes));
  KvValues values;
  values.slots.resize(keys.num_rows());
  size_t next_loaded = 0;
  std::lock_guard lock(mutex_);
  for (int row = 0; row < keys.num_rows(); ++row) {
    if (row + 8 < keys.num_rows()) rows_.Prefetch(hashes[row + 8]);
    bool is_loaded = next_loaded < loaded.key_rows.size() && loaded.key_rows[next_loaded] == row;
    const std::optional<std::string>* read = is_loaded ? &loaded.values[next_loaded++] : nullptr;
    RowEntry* entry = rows_.Find(keys[row], hashes[row]);
    if (entry != nullptr && !entry->known) entry = nullptr;
    std::optional<std::string> late;
    if (entry == nullptr && read == nullptr) {
      // Evicted since Load looked.
      std::vector<std::optional<std::string>> value;
      RETURN_IF_ERROR(store_->Get({keys[row]}, value));
      late = std::move(value[0]);
      read = &late;
    }
    if (entry != nullptr) entry->referenced = true;
    bool present = entry != nullptr ? entry->present : read->has_value();
    if (!present) continue;
    std::string_view found = entry != nullptr ? entry->value : **read;
    values.slots[row] = {values.bytes.size(), found.size(), true};
    values.bytes.append(found);
  }
  // A row that was written, moved and evicted since it was read is newer than what was read.
  if (evictions == evictions_) Keep(keys, hashes, std::move(loaded));
  EvictIfFull();
  return values;
}

Result<std::vector<std::string>> KvTabletImpl::PrefixLookup(std::string_view prefix,
                                                            int64_t bytes_max) {
  if (closed_) return Unavailable("the table is closed");
  metrics_.kv_lookups += 1;
  RETURN_IF_ERROR(MoveDirty());
  return store_->ValuesWithPrefix(prefix, bytes_max);
}

namespace {

class StoreSnapshot : public KvSnapshot {
 public:
  StoreSnapshot(std::shared_ptr<RowStore> store, std::unique_ptr<RowStore::Cursor> cursor,
                LogOffset offset)
      : store_(std::move(store)), cursor_(std::move(cursor)), offset_(offset) {}
  LogOffset log_offset() const override { return offset_; }
  Result<std::optional<std::string_view>> Next() override { return cursor_->Next(); }

 private:
  const std::shared_ptr<RowStore> store_;
  const std::unique_ptr<RowStore::Cursor> cursor_;
  const LogOffset offset_;
};

}  // namespace

Result<std::unique_ptr<KvSnapshot>> KvTabletImpl::Snapshot() {
  RETURN_IF_ERROR(MoveDirty());
  // A move may come between; the store's own offset says which rows the cursor sees only while no
  // move runs.
  std::lock_guard move_lock(move_mutex_);
  ASSIGN_OR_RETURN(LogOffset offset, store_->Offset());
  ASSIGN_OR_RETURN(auto cursor, store_->Scan());
  return std::unique_ptr<KvSnapshot>(
      std::make_unique<StoreSnapshot>(store_, std::move(cursor), offset));
}

Result<KvCheckpoint> KvTabletImpl::Checkpoint(const std::string& directory) {
  if (closed_) return Unavailable("the table is closed");
  RETURN_IF_ERROR(MoveDirty());
  return store_->Checkpoint(directory);
}

void KvTabletImpl::UpdateRetention() {
  auto offset = store_->PersistedOffset();
  log_->SetRetained(offset.ok() ? *offset : 0);
}

Status KvTabletImpl::Close() {
  if (closed_.exchange(true)) return {};
  Status saved = MoveDirty();
  if (saved.ok()) saved = store_->Flush();
  Status closed = store_->Close();
  return saved.ok() ? closed : saved;
}

void KvTabletImpl::Abandon() {
  if (closed_.exchange(true)) return;
  static_cast<void>(store_->Close());  // nobody needs what it could not write
}

namespace {

/// Puts damaged rows aside, when the changelog is whole and they can be made from it.
Result<std::unique_ptr<RowStore>> OpenStore(RowStoreServices& services, io::FileSystem& fs,
                                            const std::string& directory, LogTablet& log) {
  auto opened = RowStore::Open(services, directory);
  if (opened.ok() || opened.kind() != ErrorKind::kCorruption || log.log_start() > 0) return opened;
  std::string aside = directory + ".damaged";
  Log(LogLevel::kError, "storage", "rows are made anew from the changelog, moved to {}: {}", aside,
      opened.message());
  RETURN_IF_ERROR(fs.RemoveAll(aside));
  RETURN_IF_ERROR(fs.Rename(directory, aside));
  RETURN_IF_ERROR(fs.CreateDirectories(directory));
  return RowStore::Open(services, directory);
}

}  // namespace

Result<std::shared_ptr<KvTablet>> KvTablet::Open(
    KvServices& services, io::FileSystem& fs, std::string directory, const model::TableInfo& info,
    const TableOptions& options, std::shared_ptr<LogTablet> log,
    std::shared_ptr<const SchemaRegistry> schemas, ReserveValues reserve_values) {
  RETURN_IF_ERROR(format::CheckRowTypes(info.descriptor.schema.Types()));
  ASSIGN_OR_RETURN(RowMergers mergers, RowMergers::Make(info.descriptor.schema, options));
  RETURN_IF_ERROR(fs.CreateDirectories(directory));
  ASSIGN_OR_RETURN(auto store, OpenStore(services.shared_->stores, fs, directory, *log));
  auto tablet = std::make_shared<KvTabletImpl>(
      *services.shared_, services.metrics_, info, options, std::move(mergers), std::move(log),
      std::shared_ptr<RowStore>(std::move(store)), std::move(schemas), std::move(reserve_values));
  RETURN_IF_ERROR(tablet->Recover(info));
  return std::shared_ptr<KvTablet>(std::move(tablet));
}

}  // namespace forebay::storage
