// KvTabletImpl's writes: rows applied in memory, their changelog appended, then both made one.

#include "base/bytes.h"
#include "storage/kv/kv_tablet_impl.h"

namespace forebay::storage {

using format::EncodedKeys;
using model::Batch;
using model::ChangeType;

namespace {

/// Rows go to the row store in batches of about this size: larger ones save work when keys are
/// written again and again.
constexpr int64_t kMoveBytes = 8 << 20;
/// A writer that finds more than this waiting moves rows itself.
constexpr int64_t kDirtyBytesMax = 32 << 20;

}  // namespace

void KvTabletImpl::SetSchema(model::SchemaId id, const model::Schema& schema) {
  std::lock_guard write_lock(write_mutex_);
  schema_id_ = id;
  schema_ = schema;
  types_ = schema.Types();
  reader_ = format::CompactedRowReader(types_);
}

Status KvTabletImpl::Write(const Batch& written, const KvWriteOptions& write, AppendCallback done) {
  auto [writer_id, sequence] = std::pair(write.writer_id, write.sequence);
  ASSIGN_OR_RETURN(EncodedKeys keys, KeysOf(written));
  std::vector<uint64_t> hashes = HashesOf(keys);
  std::lock_guard write_lock(write_mutex_);
  const Batch batch = WidenBatch(written, types_);
  std::optional<PartialUpdate> partial;
  if (!write.target_columns.empty()) {
    ASSIGN_OR_RETURN(partial, PartialUpdate::Make(schema_, write.target_columns));
  }
  if (writer_id >= 0 && log_->AckIfDuplicate(writer_id, sequence, done)) return {};
  // Nobody else changes rows meanwhile, so what is loaded stays true.
  ASSIGN_OR_RETURN(Loaded loaded, Load(keys, hashes));
  auto set = std::make_shared<WriteSet>();
  set->partial = std::move(partial);
  set->changes.reserve(batch.num_rows);  // entries point to them
  ChangelogBuilder changelog(batch, reader_);
  Status applied;
  bool full;
  {
    std::lock_guard lock(mutex_);
    Keep(keys, hashes, std::move(loaded));
    set->failures_before = failures_;
    applied = Apply(batch, keys, hashes, *set, changelog);
    full = dirty_bytes_ > kDirtyBytesMax;
  }
  if (!applied.ok()) {
    std::lock_guard lock(mutex_);
    DropOverlay(*set);
    return applied;
  }
  format::LogBatchOptions options;
  options.schema_id = schema_id_;
  options.writer_id = writer_id;
  options.batch_sequence = sequence;
  options.compression = options_.compression;
  options.format = options_.log_format;
  auto bytes = format::EncodeLogBatch(changelog.Finish(), options);
  Status appended =
      bytes.ok() ? AppendChangelog(std::move(*bytes), set, std::move(done)) : bytes.status();
  if (!appended.ok()) {
    std::lock_guard lock(mutex_);
    DropOverlay(*set);
    return appended;
  }
  if (full) static_cast<void>(MoveDirty());  // its failure shows when rows are read or moved next
  return {};
}

Status KvTabletImpl::Apply(const Batch& batch, const EncodedKeys& keys,
                           const std::vector<uint64_t>& hashes, WriteSet& set,
                           ChangelogBuilder& changelog) {
  for (int row = 0; row < batch.num_rows; ++row) {
    if (row + 8 < batch.num_rows) rows_.Prefetch(hashes[row + 8]);
    RowEntry* entry = rows_.Find(keys[row], hashes[row]);
    if (entry == nullptr) {
      std::vector<std::optional<std::string>> value;
      RETURN_IF_ERROR(store_->Get({keys[row]}, value));
      entry = AddEntry(keys[row], hashes[row], std::move(value[0]));
    }
    RETURN_IF_ERROR(ApplyRow(batch, row, *entry, set, changelog));
  }
  return {};
}

/// A value that was written before the last columns were added.
Result<std::string> KvTabletImpl::InPresentSchema(std::string_view value) const {
  auto schema = schemas_->Get(SchemaIdOf(value));
  if (!schema.ok()) return Corruption("a stored row: {}", schema.message());
  std::string widened(kRowValuePrefixBytes, '\0');
  StoreLe(widened.data(), static_cast<int16_t>(schema_id_.value()));
  RETURN_IF_ERROR(
      format::WidenCompactedRow(RowOf(value), (*schema)->columns.size(), types_.size(), widened));
  return widened;
}

Status KvTabletImpl::ApplyRow(const Batch& batch, int row, RowEntry& entry, WriteSet& set,
                              ChangelogBuilder& changelog) {
  const RowChange* last = entry.overlay != nullptr ? entry.overlay : entry.pending;
  bool was_present = last != nullptr ? last->present : entry.present;
  std::string_view old = last != nullptr ? last->value : entry.value;
  std::string widened;
  if (was_present && SchemaIdOf(old) != schema_id_) {
    ASSIGN_OR_RETURN(widened, InPresentSchema(old));
    old = widened;
  }
  ChangeType change = batch.change(row);
  entry.referenced = true;
  if (change == ChangeType::kUpdateBefore) return {};
  if (!Upserts(change)) {
    if (options_.delete_behavior == DeleteBehavior::kDisable) {
      return NotSupported("deletes are disabled for this table (table.delete.behavior)");
    }
    if (options_.delete_behavior == DeleteBehavior::kIgnore || !was_present) return {};
  }
  std::optional<std::string_view> before;
  if (was_present) before = RowOf(old);
  ASSIGN_OR_RETURN(std::optional<std::string> value, NewValue(batch, row, before, set.partial));
  if (value.has_value()) {
    if (was_present && old == *value) return {};
    if (was_present) RETURN_IF_ERROR(changelog.AddOld(ChangeType::kUpdateBefore, *before));
    ChangeType after = was_present ? ChangeType::kUpdateAfter : ChangeType::kInsert;
    if (!set.partial.has_value()) {
      changelog.AddNew(after, row);
    } else {
      RETURN_IF_ERROR(changelog.AddOld(after, RowOf(*value)));
    }
  } else {
    RETURN_IF_ERROR(changelog.AddOld(ChangeType::kDelete, *before));
  }
  set.changes.push_back({&entry, value.value_or(std::string()), value.has_value()});
  entry.overlay = &set.changes.back();
  entry.pins += 1;
  return {};
}

/// What the row's value becomes; nullopt when it is deleted, which only a row that exists can be.
Result<std::optional<std::string>> KvTabletImpl::NewValue(
    const Batch& batch, int row, std::optional<std::string_view> before,
    const std::optional<PartialUpdate>& partial) const {
  std::string value(kRowValuePrefixBytes, '\0');
  StoreLe(value.data(), static_cast<int16_t>(schema_id_.value()));
  bool upserts = Upserts(batch.change(row));
  if (!partial.has_value()) {
    if (!upserts) return std::optional<std::string>();
    RETURN_IF_ERROR(format::AppendCompactedRow(batch, row, value));
    return std::optional(std::move(value));
  }
  bool stays = true;
  if (upserts) {
    std::string written;
    RETURN_IF_ERROR(format::AppendCompactedRow(batch, row, written));
    RETURN_IF_ERROR(partial->Update(before, written, value));
  } else {
    ASSIGN_OR_RETURN(stays, partial->Delete(*before, value));
  }
  return stays ? std::optional(std::move(value)) : std::nullopt;
}

/// Undoes what Apply did to the entries.
void KvTabletImpl::DropOverlay(const WriteSet& set) {
  for (const RowChange& change : set.changes) {
    change.entry->overlay = nullptr;
    change.entry->pins -= 1;
  }
}

Status KvTabletImpl::AppendChangelog(std::string bytes, std::shared_ptr<WriteSet> set,
                                     AppendCallback done) {
  // Held so that the callback, which needs it, cannot come before the changes are pending.
  std::lock_guard lock(mutex_);
  if (failures_ != set->failures_before) {
    return Unavailable("a write that this one built upon failed");
  }
  auto self = shared_from_this();
  set->log_bytes = std::ssize(bytes);
  RETURN_IF_ERROR(log_->Append(std::move(bytes),
                               [self, set, done = std::move(done)](Result<AppendResult> result) {
                                 self->OnAppended(*set, result);
                                 done(std::move(result));
                               }));
  for (RowChange& change : set->changes) {
    change.entry->overlay = nullptr;
    change.entry->pending = &change;
  }
  return {};
}

void KvTabletImpl::OnAppended(WriteSet& set, const Result<AppendResult>& result) {
  std::lock_guard lock(mutex_);
  for (RowChange& change : set.changes) {
    RowEntry& entry = *change.entry;
    entry.pins -= 1;
    if (entry.pending == &change) entry.pending = nullptr;
    // The writer may be applying a batch upon this very change.
    if (!result.ok()) continue;
    int64_t before = entry.MemoryBytes();
    if (row_count_.has_value()) *row_count_ += int{change.present} - int{entry.present};
    entry.value = std::move(change.value);
    entry.present = change.present;
    int64_t after = entry.MemoryBytes();
    Account(after - before);
    dirty_bytes_ += after;
    if (!std::exchange(entry.dirty, true)) dirty_.push_back(&entry);
  }
  if (!result.ok()) {
    ++failures_;
    return;
  }
  committed_end_ = result->next_offset;
  unmoved_bytes_ += set.log_bytes;
  EvictIfFull();
  if (dirty_bytes_ > kMoveBytes && !std::exchange(move_scheduled_, true)) {
    shared_.mover.Schedule(shared_from_this());
  }
}

}  // namespace forebay::storage
