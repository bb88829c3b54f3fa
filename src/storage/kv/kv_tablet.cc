#include <malloc.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/clock.h"
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
/// Rows that are moved before there are enough of them, when there is no memory for others.
constexpr int64_t kPressedBytesMin = 1 << 20;
/// Tablets that were not used for so long give their memory to others.
constexpr int64_t kIdleMs = 500;
constexpr int64_t kAskEveryMs = 100;
constexpr int64_t kTrimEveryMs = 1000;
/// A move of so many bytes takes far longer than to look for free pages behind it.
constexpr int64_t kLargeMoveBytes = 4 << 20;
/// Rows that are worth a file of their own.
constexpr int64_t kAddBytesMin = 2 << 20;

}  // namespace

KvServices::KvServices(StorageMetrics& metrics, int64_t row_cache_bytes)
    : metrics_(metrics), shared_(std::make_unique<Shared>(row_cache_bytes)) {}
KvServices::~KvServices() = default;

void KvServices::Stop() { shared_->mover.Stop(); }

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
  holds_all_ = end == 0;
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

/// Puts what the row store has of a key into memory.
void KvTabletImpl::Keep(std::string_view key, uint32_t hash,
                        const std::optional<std::string>& value) {
  if (rows_.Find(key, hash) != nullptr) return;
  std::optional<StoredRow> row;
  if (value.has_value()) row = StoredRow::Of(*value);
  rows_.Keep(key, hash, row);
}

void KvTabletImpl::Account() {
  int64_t bytes = rows_.memory_bytes();
  shared_.row_bytes += bytes - std::exchange(accounted_bytes_, bytes);
}

void KvTabletImpl::EvictIfFull() {
  used_ms_ = MonotonicMs();
  Account();
  int64_t surplus = shared_.row_bytes - shared_.row_bytes_max;
  if (surplus <= 0) return;
  bool others_have_more = accounted_bytes_ < shared_.row_bytes_max - shared_.row_bytes_max / 16;
  if (others_have_more) shared_.AskIdle();
  // Rows that are used now go only when nobody else gives some away in time.
  if (!others_have_more || surplus > shared_.row_bytes_max / 16) Evict(surplus);
}

void KvTabletImpl::Evict(int64_t bytes) {
  if (bytes <= 0) return;
  RowTable::Eviction eviction = rows_.Evict(bytes);
  if (eviction.bytes > 0) ++evictions_;
  if (eviction.lost_rows) holds_all_ = false;
  Account();
  // What is left are rows that must be moved first.
  if (shared_.row_bytes > shared_.row_bytes_max && rows_.dirty_bytes() > kPressedBytesMin) {
    ScheduleMove();
  }
}

namespace {

/// One round of Shared::AskIdle.
class IdleRows : public Flushable {
 public:
  explicit IdleRows(KvTabletImpl::Shared& shared) : shared_(shared) {}

  bool FlushOnce() override {
    auto tablets = Tablets();
    std::sort(tablets.begin(), tablets.end(),
              [](const auto& a, const auto& b) { return a->used_ms() < b->used_ms(); });
    int64_t idle_since_ms = MonotonicMs() - kIdleMs;
    for (const auto& tablet : tablets) {
      if (shared_.row_bytes <= shared_.row_bytes_max || tablet->used_ms() > idle_since_ms) break;
      tablet->Shrink();
    }
    return false;
  }

 private:
  std::vector<std::shared_ptr<KvTabletImpl>> Tablets() {
    std::lock_guard lock(shared_.mutex);
    std::vector<std::shared_ptr<KvTabletImpl>> tablets;
    for (KvTabletImpl* tablet : shared_.tablets) {
      if (auto held = tablet->weak_from_this().lock()) tablets.push_back(std::move(held));
    }
    return tablets;
  }

  KvTabletImpl::Shared& shared_;
};

}  // namespace

void KvServices::Shared::TrimIfDue(int64_t moved_bytes) {
  int64_t now_ms = MonotonicMs();
  if (moved_bytes < kLargeMoveBytes && now_ms < trimmed_ms + kTrimEveryMs) return;
  trimmed_ms = now_ms;
  malloc_trim(0);
}

void KvServices::Shared::AskIdle() {
  int64_t now_ms = MonotonicMs(), before_ms = asked_ms;
  if (now_ms < before_ms + kAskEveryMs) return;
  if (!asked_ms.compare_exchange_strong(before_ms, now_ms)) return;
  mover.Schedule(std::make_shared<IdleRows>(*this));
}

std::vector<uint32_t> HashesOf(const EncodedKeys& keys) {
  std::vector<uint32_t> hashes(keys.num_rows());
  for (int row = 0; row < keys.num_rows(); ++row) hashes[row] = RowTable::HashOf(keys[row]);
  return hashes;
}

/// What the row store has of the keys `loaded.key_rows`.
Status KvTabletImpl::ReadStore(const EncodedKeys& keys, Loaded& loaded) {
  std::vector<std::string_view> wanted;
  wanted.reserve(loaded.key_rows.size());
  for (int row : loaded.key_rows) wanted.push_back(keys[row]);
  return store_->Get(wanted, loaded.values);
}

bool KvTabletImpl::FlushOnce() {
  int64_t dirty_bytes = DirtyBytes();
  Status moved = closed_ ? Status() : MoveDirty();
  if (!moved.ok() && !closed_) {
    Log(LogLevel::kError, "storage", "rows not moved to the row store: {}", moved.message());
  }
  shared_.TrimIfDue(dirty_bytes);
  std::lock_guard lock(mutex_);
  move_scheduled_ = false;
  return false;
}

int64_t KvTabletImpl::DirtyBytes() {
  std::lock_guard lock(mutex_);
  return rows_.dirty_bytes();
}

Status KvTabletImpl::MoveDirty() {
  std::lock_guard move_lock(move_mutex_);
  std::vector<RowStore::Put> puts;
  LogOffset end;
  int64_t log_bytes;
  std::string note;
  {
    std::lock_guard lock(mutex_);
    if (!rows_.has_dirty() && moved_end_ == committed_end_) return {};
    puts = rows_.BeginMove();
    log_bytes = std::exchange(unmoved_bytes_, 0);
    end = committed_end_;
    store_->SetRowCount(row_count_);
    if (auto_increment_.has_value()) note = auto_increment_->Note();
  }
  Failpoint("kv.before_move");
  Status written = WriteToStore(std::move(puts), end, log_bytes, note);
  Failpoint("kv.after_move");
  metrics_.kv_flushes += 1;
  std::lock_guard lock(mutex_);
  rows_.EndMove(written.ok());
  move_failed_ = !written.ok();
  if (written.ok()) moved_end_ = end;
  EvictIfFull();
  return written;
}

Status KvTabletImpl::WriteToStore(std::vector<RowStore::Put> puts, LogOffset end, int64_t log_bytes,
                                  std::string_view note) {
  RowStore::SortByKey(puts);
  int64_t bytes = 0;
  for (const RowStore::Put& put : puts)
    bytes += std::ssize(put.key) + std::ssize(put.value.value_or(""));
  if (bytes >= kAddBytesMin) {
    RETURN_IF_ERROR(store_->Add(puts, end, note));
    unflushed_bytes_ = 0;
    return {};
  }
  RETURN_IF_ERROR(store_->Write(puts, end, note));
  unflushed_bytes_ += log_bytes;
  FlushIfDue();
  return {};
}

int64_t KvTabletImpl::UnflushedMax() const {
  int64_t share = kUnflushedBytesMax / std::max<int64_t>(1, metrics_.kv_tablets);
  return std::max(share, kUnflushedShareMin);
}

void KvTabletImpl::FlushIfDue() {
  if (unflushed_bytes_ < UnflushedMax()) return;
  unflushed_bytes_ = 0;
  Status begun = store_->FlushSoon();
  // A start would take longer, that is all.
  if (!begun.ok()) Log(LogLevel::kWarning, "storage", "rows not flushed: {}", begun.message());
}

Result<KvValues> KvTabletImpl::Lookup(const EncodedKeys& keys) {
  if (closed_) return Unavailable("the table is closed");
  const int count = keys.num_rows();
  metrics_.kv_lookups += count;
  used_ms_ = MonotonicMs();
  std::vector<uint32_t> hashes = HashesOf(keys);
  KvValues values;
  values.slots.resize(count);
  auto add = [&](int row, std::string_view value) {
    values.slots[row] = {values.bytes.size(), value.size(), true};
    values.bytes.append(value);
  };
  Loaded loaded;
  uint64_t evictions;
  {
    std::lock_guard lock(mutex_);
    evictions = evictions_;
    for (int row = 0; row < count; ++row) {
      PrefetchBehind(hashes, row);
      RowTable::Row* found = rows_.Find(keys[row], hashes[row]);
      if (found == nullptr) {
        if (!holds_all_) loaded.key_rows.push_back(row);
        continue;
      }
      found->MarkUsed();
      if (found->present()) add(row, found->value());
    }
  }
  metrics_.kv_cache_hits += count - std::ssize(loaded.key_rows);
  if (loaded.key_rows.empty()) return values;
  RETURN_IF_ERROR(ReadStore(keys, loaded));
  for (size_t i = 0; i < loaded.key_rows.size(); ++i) {
    if (loaded.values[i].has_value()) add(loaded.key_rows[i], *loaded.values[i]);
  }
  std::lock_guard lock(mutex_);
  // A row that was written, moved and evicted since it was read is newer than what was read.
  if (evictions != evictions_) return values;
  for (size_t i = 0; i < loaded.key_rows.size(); ++i) {
    int row = loaded.key_rows[i];
    Keep(keys[row], hashes[row], loaded.values[i]);
  }
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
