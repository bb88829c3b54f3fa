#include "storage/kv/row_store.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_buffer_manager.h>

#include <filesystem>
#include <mutex>
#include <set>
#include <shared_mutex>

#include "base/bytes.h"
#include "base/failpoint.h"

namespace forebay::storage {

struct RowStoreServices::Shared {
  std::shared_ptr<rocksdb::Cache> block_cache;
  std::shared_ptr<rocksdb::WriteBufferManager> write_buffers;
};

RowStoreServices::RowStoreServices(int64_t block_cache_bytes, int64_t write_buffer_bytes)
    : shared_(std::make_unique<Shared>()) {
  shared_->block_cache = rocksdb::NewLRUCache(block_cache_bytes);
  shared_->write_buffers = std::make_shared<rocksdb::WriteBufferManager>(write_buffer_bytes);
}
RowStoreServices::~RowStoreServices() = default;

namespace {

constexpr std::string_view kMetaFamily = "meta";
constexpr std::string_view kOffsetKey = "offset";
constexpr std::string_view kNoteKey = "note";
constexpr std::string_view kRowCountKey = "row_count";
/// Stands in `meta` once all SST files can be read by the RocksDB of Fluss's clients.
constexpr std::string_view kTableFormatKey = "table_format";
/// Rows of one memtable: bounds what a start after a crash applies again.
constexpr size_t kMemtableBytes = 8 << 20;
/// What a memtable takes at a time: an empty bucket should cost little.
constexpr size_t kMemtableStepBytes = 64 << 10;
/// Files of Add that may lie over each other before they are merged: merging costs more than
/// asking the filters of so many.
constexpr int kLevel0Files = 10;
constexpr size_t kRowsAhead = 16;
/// The files that Add makes, until RocksDB has them.
constexpr std::string_view kAddedRows = "/added-rows";
constexpr std::string_view kAddedMeta = "/added-meta";
constexpr int kBloomBitsPerKey = 10;
/// Values that a cursor copies at a time.
constexpr size_t kCursorBytes = 64 << 10;

rocksdb::Slice SliceOf(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

Status ToStatus(const rocksdb::Status& status, std::string_view action, const std::string& path) {
  if (status.ok()) return {};
  std::string text = fmt::format("cannot {} {}: {}", action, path, status.ToString());
  if (status.IsNoSpace()) return Error{ErrorKind::kNoSpace, std::move(text)};
  if (status.IsCorruption()) return Error{ErrorKind::kCorruption, std::move(text)};
  return Error{ErrorKind::kIoError, std::move(text)};
}

/// nullopt when there is no such key.
Result<std::optional<int64_t>> ReadInt64(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family,
                                         std::string_view key, rocksdb::ReadTier tier,
                                         const std::string& path) {
  rocksdb::ReadOptions options;
  options.read_tier = tier;
  std::string bytes;
  rocksdb::Status status = db.Get(options, family, SliceOf(key), &bytes);
  if (status.IsNotFound()) return std::optional<int64_t>();
  RETURN_IF_ERROR(ToStatus(status, "read", path));
  if (bytes.size() != sizeof(int64_t)) {
    return Corruption("{} has a number of {} bytes", path, bytes.size());
  }
  return std::optional(LoadLe<int64_t>(bytes.data()));
}

class RocksRowStore : public RowStore {
 public:
  RocksRowStore(std::unique_ptr<rocksdb::DB> db, std::vector<rocksdb::ColumnFamilyHandle*> families,
                std::string path)
      : path_(std::move(path)), db_(std::move(db)), rows_(families[0]), meta_(families[1]) {
    unlogged_.disableWAL = true;
  }
  ~RocksRowStore() override { static_cast<void>(Close()); }

  Result<model::LogOffset> Offset() override { return ReadOffset(rocksdb::kReadAllTier); }
  Result<model::LogOffset> PersistedOffset() override {
    return ReadOffset(rocksdb::kPersistedTier);
  }
  Status Get(const std::vector<std::string_view>& keys,
             std::vector<std::optional<std::string>>& values) override;
  Result<std::vector<std::string>> ValuesWithPrefix(std::string_view prefix,
                                                    int64_t bytes_max) override;
  Status Write(const std::vector<Put>& puts, model::LogOffset offset,
               std::string_view note) override;
  Status Add(const std::vector<Put>& puts, model::LogOffset offset, std::string_view note) override;
  Result<std::string> Note() override;
  void SetRowCount(std::optional<int64_t> count) override { row_count_ = count; }
  Result<std::optional<int64_t>> RowCount() override;
  Result<std::unique_ptr<Cursor>> Scan() override;
  Status FlushSoon() override {
    std::shared_lock lock(mutex_);
    RETURN_IF_ERROR(CheckOpen());
    rocksdb::FlushOptions options;
    options.wait = false;
    options.allow_write_stall = true;
    return ToStatus(db_->Flush(options, {rows_, meta_}), "flush", path_);
  }
  Status Flush() override {
    std::shared_lock lock(mutex_);
    RETURN_IF_ERROR(CheckOpen());
    return ToStatus(db_->Flush({}, {rows_, meta_}), "flush", path_);
  }
  Result<KvCheckpoint> Checkpoint(const std::string& directory) override;
  Status Close() override;
  /// Of a store that was just opened.
  Status Begin();

 private:
  class RocksCursor;
  struct MetaEntry {
    std::string_view key;
    std::optional<std::string> value;  ///< nullopt deletes
  };

  Status CheckOpen() const {
    if (db_ == nullptr) return Unavailable("{} is closed", path_);
    return {};
  }
  Result<model::LogOffset> ReadOffset(rocksdb::ReadTier tier);
  std::vector<MetaEntry> MetaOf(model::LogOffset offset, std::string_view note) const;
  Status MakeFile(std::string_view name, rocksdb::ColumnFamilyHandle* family,
                  const std::vector<Put>& puts);
  Status NoteTableFormat();
  Status RewriteOldTables();

  const std::string path_;
  rocksdb::WriteOptions unlogged_;
  std::optional<int64_t> row_count_;  ///< touched by the writer only
  std::shared_mutex mutex_;           ///< held shared by every use of RocksDB; guards all below
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* rows_;
  rocksdb::ColumnFamilyHandle* meta_;
  std::set<RocksCursor*> cursors_;
};

/// Copies rows out of RocksDB some at a time, so that the store may close while the caller looks at
/// one.
class RocksRowStore::RocksCursor : public Cursor {
 public:
  RocksCursor(RocksRowStore& store, std::unique_ptr<rocksdb::Iterator> iterator)
      : store_(store), iterator_(std::move(iterator)) {
    iterator_->SeekToFirst();
  }
  ~RocksCursor() override {
    std::unique_lock lock(store_.mutex_);
    store_.cursors_.erase(this);
    iterator_.reset();
  }
  Result<std::optional<std::string_view>> Next() override {
    if (next_ == ends_.size()) RETURN_IF_ERROR(Fill());
    if (ends_.empty()) return std::optional<std::string_view>();
    size_t begin = next_ == 0 ? 0 : ends_[next_ - 1];
    size_t end = ends_[next_++];
    return std::optional(std::string_view(bytes_).substr(begin, end - begin));
  }
  /// Called under the store's lock.
  void Close() { iterator_.reset(); }

 private:
  Status Fill() {
    bytes_.clear();
    ends_.clear();
    next_ = 0;
    std::shared_lock lock(store_.mutex_);
    RETURN_IF_ERROR(store_.CheckOpen());
    for (; iterator_->Valid() && bytes_.size() < kCursorBytes; iterator_->Next()) {
      bytes_.append(iterator_->value().data(), iterator_->value().size());
      ends_.push_back(bytes_.size());
    }
    return ToStatus(iterator_->status(), "read", store_.path_);
  }

  RocksRowStore& store_;
  std::unique_ptr<rocksdb::Iterator> iterator_;  ///< nullptr after the store was closed
  std::string bytes_;                            ///< values, one after the other
  std::vector<size_t> ends_;
  size_t next_ = 0;  ///< in `ends_`
};

Status RocksRowStore::Get(const std::vector<std::string_view>& keys,
                          std::vector<std::optional<std::string>>& values) {
  std::vector<rocksdb::Slice> slices;
  slices.reserve(keys.size());
  for (std::string_view key : keys) slices.push_back(SliceOf(key));
  std::vector<rocksdb::Status> statuses(keys.size());
  values.assign(keys.size(), std::nullopt);
  std::shared_lock lock(mutex_);
  RETURN_IF_ERROR(CheckOpen());
  std::vector<rocksdb::PinnableSlice> found(keys.size());
  db_->MultiGet({}, rows_, keys.size(), slices.data(), found.data(), statuses.data());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    RETURN_IF_ERROR(ToStatus(statuses[i], "read", path_));
    values[i].emplace(found[i].data(), found[i].size());
  }
  return {};
}

Result<std::vector<std::string>> RocksRowStore::ValuesWithPrefix(std::string_view prefix,
                                                                 int64_t bytes_max) {
  std::shared_lock lock(mutex_);
  RETURN_IF_ERROR(CheckOpen());
  std::vector<std::string> values;
  std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator({}, rows_));
  rocksdb::Slice wanted = SliceOf(prefix);
  for (iterator->Seek(wanted); iterator->Valid() && iterator->key().starts_with(wanted);
       iterator->Next()) {
    bytes_max -= static_cast<int64_t>(iterator->value().size());
    if (bytes_max < 0) return OutOfRange("too many rows begin with this key");
    values.push_back(iterator->value().ToString());
  }
  RETURN_IF_ERROR(ToStatus(iterator->status(), "read", path_));
  return values;
}

Status RocksRowStore::Write(const std::vector<Put>& puts, model::LogOffset offset,
                            std::string_view note) {
  std::shared_lock lock(mutex_);
  RETURN_IF_ERROR(CheckOpen());
  rocksdb::WriteBatch batch;
  for (const Put& put : puts) {
    rocksdb::Status added = put.value.has_value()
                                ? batch.Put(rows_, SliceOf(put.key), SliceOf(*put.value))
                                : batch.Delete(rows_, SliceOf(put.key));
    RETURN_IF_ERROR(ToStatus(added, "write", path_));
  }
  for (const MetaEntry& entry : MetaOf(offset, note)) {
    rocksdb::Status added = entry.value.has_value()
                                ? batch.Put(meta_, SliceOf(entry.key), SliceOf(*entry.value))
                                : batch.Delete(meta_, SliceOf(entry.key));
    RETURN_IF_ERROR(ToStatus(added, "write", path_));
  }
  return ToStatus(db_->Write(unlogged_, &batch), "write", path_);
}

/// What a write says in `meta`, by key.
std::vector<RocksRowStore::MetaEntry> RocksRowStore::MetaOf(model::LogOffset offset,
                                                            std::string_view note) const {
  auto number = [](int64_t value) {
    std::string bytes(sizeof(value), '\0');
    StoreLe(bytes.data(), value);
    return bytes;
  };
  std::vector<MetaEntry> entries;
  if (!note.empty()) entries.push_back({kNoteKey, std::string(note)});
  entries.push_back({kOffsetKey, number(offset)});
  entries.push_back({kRowCountKey, std::nullopt});
  if (row_count_.has_value()) entries.back().value = number(*row_count_);
  return entries;
}

Status RocksRowStore::MakeFile(std::string_view name, rocksdb::ColumnFamilyHandle* family,
                               const std::vector<Put>& puts) {
  std::string path = path_ + std::string(name);
  rocksdb::Options options = db_->GetOptions(family);
  // The file is merged into others soon, and read from memory until then.
  options.compression = rocksdb::kNoCompression;
  // What a crash left may be a second name of a file that RocksDB has: it must not be overwritten.
  std::error_code code;
  std::filesystem::remove(path, code);
  if (code) return IoError("cannot remove {}: {}", path, code.message());
  // RocksDB reads it at once: it stays in the system's cache.
  constexpr bool kInvalidatePageCache = false;
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), options, family, kInvalidatePageCache);
  RETURN_IF_ERROR(ToStatus(writer.Open(path), "create", path));
  for (size_t i = 0; i < puts.size(); ++i) {
    // Rows that follow each other by key lie anywhere.
    if (i + kRowsAhead < puts.size()) {
      __builtin_prefetch(puts[i + kRowsAhead].key.data());
      __builtin_prefetch(puts[i + kRowsAhead].key.data() + 64);
    }
    const Put& put = puts[i];
    rocksdb::Status added = put.value.has_value()
                                ? writer.Put(SliceOf(put.key), SliceOf(*put.value))
                                : writer.Delete(SliceOf(put.key));
    RETURN_IF_ERROR(ToStatus(added, "write", path));
  }
  return ToStatus(writer.Finish(), "write", path);
}

Status RocksRowStore::Add(const std::vector<Put>& puts, model::LogOffset offset,
                          std::string_view note) {
  std::shared_lock lock(mutex_);
  RETURN_IF_ERROR(CheckOpen());
  std::vector<MetaEntry> entries = MetaOf(offset, note);
  std::vector<Put> meta;
  for (const MetaEntry& entry : entries) meta.push_back({entry.key, entry.value});
  RETURN_IF_ERROR(MakeFile(kAddedRows, rows_, puts));
  RETURN_IF_ERROR(MakeFile(kAddedMeta, meta_, meta));
  rocksdb::IngestExternalFileArg rows, note_file;
  rows.column_family = rows_;
  rows.external_files = {path_ + std::string(kAddedRows)};
  rows.options.move_files = true;
  rows.options.write_global_seqno = false;
  note_file.column_family = meta_;
  note_file.external_files = {path_ + std::string(kAddedMeta)};
  note_file.options = rows.options;
  Failpoint("kv.before_add");
  return ToStatus(db_->IngestExternalFiles({rows, note_file}), "add rows to", path_);
}

Result<std::unique_ptr<RowStore::Cursor>> RocksRowStore::Scan() {
  std::unique_lock lock(mutex_);
  RETURN_IF_ERROR(CheckOpen());
  std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator({}, rows_));
  auto cursor = std::make_unique<RocksCursor>(*this, std::move(iterator));
  cursors_.insert(cursor.get());
  return std::unique_ptr<Cursor>(std::move(cursor));
}

Status RocksRowStore::Close() {
  std::unique_lock lock(mutex_);
  if (db_ == nullptr) return {};
  // Iterators must go before the database.
  for (RocksCursor* cursor : cursors_) cursor->Close();
  db_->DestroyColumnFamilyHandle(rows_);
  db_->DestroyColumnFamilyHandle(meta_);
  rocksdb::Status closed = db_->Close();
  db_.reset();
  return ToStatus(closed, "close", path_);
}

Result<std::string> RocksRowStore::Note() {
  std::shared_lock lock(mutex_);
  RETURN_IF_ERROR(CheckOpen());
  std::string note;
  rocksdb::Status status = db_->Get({}, meta_, SliceOf(kNoteKey), &note);
  if (!status.IsNotFound()) RETURN_IF_ERROR(ToStatus(status, "read", path_));
  return note;
}

Result<model::LogOffset> RocksRowStore::ReadOffset(rocksdb::ReadTier tier) {
  std::shared_lock lock(mutex_);
  RETURN_IF_ERROR(CheckOpen());
  ASSIGN_OR_RETURN(auto offset, ReadInt64(*db_, meta_, kOffsetKey, tier, path_));
  return offset.value_or(0);
}

Status RocksRowStore::NoteTableFormat() {
  return ToStatus(db_->Put(unlogged_, meta_, SliceOf(kTableFormatKey), "1"), "write", path_);
}

Status RocksRowStore::Begin() {
  if (db_->GetLatestSequenceNumber() == 0) {
    RETURN_IF_ERROR(NoteTableFormat());
    char none[sizeof(int64_t)] = {};
    RETURN_IF_ERROR(ToStatus(
        db_->Put(unlogged_, meta_, SliceOf(kRowCountKey), {none, sizeof(none)}), "write", path_));
  }
  ASSIGN_OR_RETURN(row_count_, RowCount());
  return {};
}

Result<std::optional<int64_t>> RocksRowStore::RowCount() {
  std::shared_lock lock(mutex_);
  RETURN_IF_ERROR(CheckOpen());
  return ReadInt64(*db_, meta_, kRowCountKey, rocksdb::kReadAllTier, path_);
}

/// Once, for a store from before snapshots were made of it.
Status RocksRowStore::RewriteOldTables() {
  std::string noted;
  rocksdb::Status found = db_->Get({}, meta_, SliceOf(kTableFormatKey), &noted);
  if (!found.IsNotFound()) return ToStatus(found, "read", path_);
  rocksdb::CompactRangeOptions all;
  all.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  for (rocksdb::ColumnFamilyHandle* family : {rows_, meta_}) {
    RETURN_IF_ERROR(ToStatus(db_->CompactRange(all, family, nullptr, nullptr), "rewrite", path_));
  }
  return NoteTableFormat();
}

/// The files that a reader needs: without RocksDB's own logs and copies of options.
Result<std::vector<KvCheckpoint::File>> CheckpointFiles(const std::string& directory) {
  std::vector<KvCheckpoint::File> files;
  std::error_code code;
  std::filesystem::directory_iterator entry(directory, code);
  for (; !code && entry != std::filesystem::directory_iterator(); entry.increment(code)) {
    std::string name = entry->path().filename().string();
    bool wanted = name.ends_with(".sst") || name == "CURRENT" || name.starts_with("MANIFEST-");
    if (wanted) files.push_back({std::move(name), entry->file_size(code)});
    if (code) break;
  }
  if (code) return IoError("cannot list {}: {}", directory, code.message());
  return files;
}

/// What `meta` says in files that nobody writes any more.
Status ReadMeta(const std::string& directory, KvCheckpoint& checkpoint) {
  rocksdb::Options options;
  options.info_log_level = rocksdb::ERROR_LEVEL;
  std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, options}, {std::string(kMetaFamily), options}};
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  RETURN_IF_ERROR(
      ToStatus(rocksdb::DB::OpenForReadOnly(options, directory, families, &handles, &opened),
               "open", directory));
  std::unique_ptr<rocksdb::DB> db(opened);
  auto offset = ReadInt64(*db, handles[1], kOffsetKey, rocksdb::kReadAllTier, directory);
  auto rows = ReadInt64(*db, handles[1], kRowCountKey, rocksdb::kReadAllTier, directory);
  for (rocksdb::ColumnFamilyHandle* handle : handles) db->DestroyColumnFamilyHandle(handle);
  RETURN_IF_ERROR(internal::ToStatus(offset));
  RETURN_IF_ERROR(internal::ToStatus(rows));
  checkpoint.log_offset = offset->value_or(0);
  checkpoint.row_count = *rows;
  return {};
}

Result<KvCheckpoint> RocksRowStore::Checkpoint(const std::string& directory) {
  KvCheckpoint checkpoint;
  {
    std::shared_lock lock(mutex_);
    RETURN_IF_ERROR(CheckOpen());
    RETURN_IF_ERROR(RewriteOldTables());
    RETURN_IF_ERROR(ToStatus(db_->GetDbIdentity(checkpoint.database_identity), "identify", path_));
    rocksdb::Checkpoint* created = nullptr;
    RETURN_IF_ERROR(ToStatus(rocksdb::Checkpoint::Create(db_.get(), &created), "copy", path_));
    std::unique_ptr<rocksdb::Checkpoint> maker(created);
    RETURN_IF_ERROR(ToStatus(maker->CreateCheckpoint(directory), "copy", path_));
  }
  // The files themselves know best which write they stand for.
  RETURN_IF_ERROR(ReadMeta(directory, checkpoint));
  ASSIGN_OR_RETURN(checkpoint.files, CheckpointFiles(directory));
  return checkpoint;
}

}  // namespace

Result<std::unique_ptr<RowStore>> RowStore::Open(RowStoreServices& services,
                                                 const std::string& directory) {
  Shared& shared = SharedOf(services);
  rocksdb::Options options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.atomic_flush = true;
  options.avoid_flush_during_shutdown = true;
  options.write_buffer_size = kMemtableBytes;
  options.arena_block_size = kMemtableStepBytes;
  options.level0_file_num_compaction_trigger = kLevel0Files;
  options.write_buffer_manager = shared.write_buffers;
  options.compression = rocksdb::kLZ4Compression;
  options.max_open_files = 256;
  options.info_log_level = rocksdb::ERROR_LEVEL;
  options.keep_log_file_num = 2;
  rocksdb::BlockBasedTableOptions table;
  // Clients of Fluss read these files with RocksDB 6.20, which does not know newer checksums. This
  // one needs no instructions of the processor's own, for which RocksDB may not be built.
  table.format_version = 5;
  table.checksum = rocksdb::kxxHash64;
  table.block_cache = shared.block_cache;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, options}, {std::string(kMetaFamily), options}};
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  rocksdb::Status opened = rocksdb::DB::Open(options, directory, families, &handles, &db);
  RETURN_IF_ERROR(ToStatus(opened, "open", directory));
  auto store = std::make_unique<RocksRowStore>(std::unique_ptr<rocksdb::DB>(db), std::move(handles),
                                               directory);
  RETURN_IF_ERROR(store->Begin());
  return std::unique_ptr<RowStore>(std::move(store));
}

}  // namespace forebay::storage
