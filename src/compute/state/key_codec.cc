#include "compute/state/key_codec.h"

#include "compute/state/hash_batch.h"

namespace forebay::compute {

KeyCodec KeyCodec::Of(const std::vector<model::DataType>& input, std::span<const int> columns,
                      RowCodec::Purpose purpose) {
  std::vector<model::DataType> types;
  for (int column : columns) types.push_back(input[column]);
  return KeyCodec(std::move(types), purpose);
}

void KeyCodec::Encode(const model::Batch& batch, std::span<const int> columns,
                      EncodedKeys& keys) const {
  rows_.Encode(batch, columns, keys.rows);
  if (columns.empty()) {
    keys.hashes.assign(batch.num_rows, 0);
  } else {
    HashRows(batch, columns, keys.hashes);
  }
}

namespace {

/// Collects stored entries so that their keys are hashed a batch at a time.
class StoredEntryBatch {
 public:
  StoredEntryBatch(const KeyCodec& codec, size_t prefix_bytes, size_t suffix_bytes,
                   const std::function<Status(const StoredEntry&)>& entry)
      : codec_(codec), prefix_bytes_(prefix_bytes), suffix_bytes_(suffix_bytes), entry_(entry) {
    for (size_t i = 0; i < codec.rows().types().size(); ++i) {
      columns_.push_back(static_cast<int>(i));
    }
  }

  Status Add(std::string_view key, std::string_view value) {
    if (key.size() < prefix_bytes_ + suffix_bytes_) {
      return Corruption("a stored key has only {} bytes", key.size());
    }
    size_t key_bytes = key.size() - prefix_bytes_ - suffix_bytes_;
    RETURN_IF_ERROR(codec_.rows().Check(key.substr(prefix_bytes_, key_bytes)));
    keys_.emplace_back(key);
    values_.emplace_back(value);
    return keys_.size() < model::Batch::kMaxRows ? Status::Ok() : Flush();
  }

  Status Flush() {
    if (keys_.empty()) return Status::Ok();
    std::vector<const char*> rows;
    for (const std::string& key : keys_) rows.push_back(key.data() + prefix_bytes_);
    std::vector<uint64_t> hashes(keys_.size(), 0);
    if (!columns_.empty()) {
      model::Batch batch(static_cast<int>(keys_.size()), codec_.rows().Decode(rows));
      HashRows(batch, columns_, hashes);
    }
    for (size_t i = 0; i < keys_.size(); ++i) {
      std::string_view key = keys_[i];
      size_t end = key.size() - suffix_bytes_;
      RETURN_IF_ERROR(
          entry_({key.substr(0, prefix_bytes_), key.substr(prefix_bytes_, end - prefix_bytes_),
                  key.substr(end), hashes[i], values_[i]}));
    }
    keys_.clear();
    values_.clear();
    return Status::Ok();
  }

 private:
  const KeyCodec& codec_;
  size_t prefix_bytes_;
  size_t suffix_bytes_;
  const std::function<Status(const StoredEntry&)>& entry_;
  std::vector<int> columns_;
  std::vector<std::string> keys_;
  std::vector<std::string> values_;
};

}  // namespace

Status ForEachStored(StateReader& reader, std::string_view table, const KeyCodec& codec,
                     size_t prefix_bytes, size_t suffix_bytes,
                     const std::function<Status(const StoredEntry&)>& entry) {
  StoredEntryBatch batch(codec, prefix_bytes, suffix_bytes, entry);
  RETURN_IF_ERROR(reader.ForEach(
      table, [&](std::string_view key, std::string_view value) { return batch.Add(key, value); }));
  return batch.Flush();
}

}  // namespace forebay::compute
