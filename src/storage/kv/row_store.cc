#include "storage/kv/row_store.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include "base/bytes.h"

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
/// Rows of one memtable: bounds what a start after a crash applies again.
constexpr size_t kMemtableBytes = 32 << 20;
constexpr int kBloomBitsPerKey = 10;

rocksdb::Slice SliceOf(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

Status ToStatus(const rocksdb::Status& status, std::string_view action, const std::string& path) {
  if (status.ok()) return {};
  std::string text = fmt::format("cannot {} {}: {}", action, path, status.ToString());
  if (status.IsNoSpace()) return Error{ErrorKind::kNoSpace, std::move(text)};
  if (status.IsCorruption()) return Error{ErrorKind::kCorruption, std::move(text)};
  return Error{ErrorKind::kIoError, std::move(text)};
}

class RocksRowStore : public RowStore {
 public:
  RocksRowStore(std::unique_ptr<rocksdb::DB> db, std::vector<rocksdb::ColumnFamilyHandle*> families,
                std::string path)
      : db_(std::move(db)), rows_(families[0]), meta_(families[1]), path_(std::move(path)) {
    unlogged_.disableWAL = true;
  }
  ~RocksRowStore() override {
    db_->DestroyColumnFamilyHandle(rows_);
    db_->DestroyColumnFamilyHandle(meta_);
    db_->Close();
  }

  Result<model::LogOffset> Offset() override { return ReadOffset(rocksdb::kReadAllTier); }
  Result<model::LogOffset> PersistedOffset() override {
    return ReadOffset(rocksdb::kPersistedTier);
  }

  Status Get(const std::vector<std::string_view>& keys,
             std::vector<std::optional<std::string>>& values) override {
    std::vector<rocksdb::Slice> slices;
    slices.reserve(keys.size());
    for (std::string_view key : keys) slices.push_back(SliceOf(key));
    std::vector<rocksdb::PinnableSlice> found(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    db_->MultiGet({}, rows_, keys.size(), slices.data(), found.data(), statuses.data());
    values.assign(keys.size(), std::nullopt);
    for (size_t i = 0; i < keys.size(); ++i) {
      if (statuses[i].IsNotFound()) continue;
      RETURN_IF_ERROR(ToStatus(statuses[i], "read", path_));
      values[i].emplace(found[i].data(), found[i].size());
    }
    return {};
  }

  Status Write(const std::vector<Put>& puts, model::LogOffset offset) override {
    rocksdb::WriteBatch batch;
    for (const Put& put : puts) {
      rocksdb::Status added = put.value.has_value()
                                  ? batch.Put(rows_, SliceOf(put.key), SliceOf(*put.value))
                                  : batch.Delete(rows_, SliceOf(put.key));
      RETURN_IF_ERROR(ToStatus(added, "write", path_));
    }
    char bytes[sizeof(offset)];
    StoreLe(bytes, offset);
    RETURN_IF_ERROR(ToStatus(
        batch.Put(meta_, SliceOf(kOffsetKey), {bytes, sizeof(bytes)}), "write", path_));
    return ToStatus(db_->Write(unlogged_, &batch), "write", path_);
  }

  Result<std::unique_ptr<Cursor>> Scan() override {
    std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator({}, rows_));
    iterator->SeekToFirst();
    return std::unique_ptr<Cursor>(std::make_unique<RocksCursor>(std::move(iterator), path_));
  }

  Status Flush() override { return ToStatus(db_->Flush({}, {rows_, meta_}), "flush", path_); }

 private:
  class RocksCursor : public Cursor {
   public:
    RocksCursor(std::unique_ptr<rocksdb::Iterator> iterator, std::string path)
        : iterator_(std::move(iterator)), path_(std::move(path)) {}
    Result<std::optional<std::string_view>> Next() override {
      if (started_ && iterator_->Valid()) iterator_->Next();
      started_ = true;
      if (!iterator_->Valid()) {
        RETURN_IF_ERROR(ToStatus(iterator_->status(), "read", path_));
        return std::optional<std::string_view>();
      }
      rocksdb::Slice value = iterator_->value();
      return std::optional(std::string_view(value.data(), value.size()));
    }

   private:
    std::unique_ptr<rocksdb::Iterator> iterator_;
    std::string path_;
    bool started_ = false;
  };

  Result<model::LogOffset> ReadOffset(rocksdb::ReadTier tier) {
    rocksdb::ReadOptions options;
    options.read_tier = tier;
    std::string bytes;
    rocksdb::Status status = db_->Get(options, meta_, SliceOf(kOffsetKey), &bytes);
    if (status.IsNotFound()) return model::LogOffset{0};
    RETURN_IF_ERROR(ToStatus(status, "read", path_));
    if (bytes.size() != sizeof(model::LogOffset)) {
      return Corruption("{} has an offset of {} bytes", path_, bytes.size());
    }
    return LoadLe<model::LogOffset>(bytes.data());
  }

  const std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* const rows_;
  rocksdb::ColumnFamilyHandle* const meta_;
  const std::string path_;
  rocksdb::WriteOptions unlogged_;
};

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
  options.max_write_buffer_number = 3;
  options.write_buffer_manager = shared.write_buffers;
  options.compression = rocksdb::kLZ4Compression;
  options.max_open_files = 256;
  options.info_log_level = rocksdb::ERROR_LEVEL;
  options.keep_log_file_num = 2;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = shared.block_cache;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, options}, {std::string(kMetaFamily), options}};
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  rocksdb::Status opened = rocksdb::DB::Open(options, directory, families, &handles, &db);
  RETURN_IF_ERROR(ToStatus(opened, "open", directory));
  return std::unique_ptr<RowStore>(std::make_unique<RocksRowStore>(
      std::unique_ptr<rocksdb::DB>(db), std::move(handles), directory));
}

}  // namespace forebay::storage
