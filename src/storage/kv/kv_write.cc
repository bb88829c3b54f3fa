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

Status KvTabletImpl::SetSchema(model::SchemaId id, const model::Schema& schema) {
  ASSIGN_OR_RETURN(RowMergers mergers, RowMergers::Make(schema, options_));
  std::lock_guard write_lock(write_mutex_);
  schema_id_ = id;
  schema_ = schema;
  types_ = schema.Types();
  reader_ = format::CompactedRowReader(types_);
  mergers_ = std::move(mergers);
  if (auto_increment_.has_value()) auto_increment_->SetSchema(schema);
  return {};
}

Result<KvTabletImpl::WriteSet> KvTabletImpl::Prepare(const KvWriteOptions& write,
                                                     int num_rows) const {
  WriteSet set;
  ASSIGN_OR_RETURN(set.merger, mergers_.For(write.target_columns, write.overwrite));
  if (!write.overwrite) set.deletes = options_.delete_behavior;
  set.blind = options_.changelog_image == ChangelogImage::kWal && set.merger == nullptr &&
              !auto_increment_.has_value();
  set.changes.reserve(num_rows);  // entries point to them
  return set;
}

Status KvTabletImpl::Write(const Batch& written, const KvWriteOptions& write, AppendCallback done) {
  auto [writer_id, sequence] = std::pair(write.writer_id, write.sequence);
  ASSIGN_OR_RETURN(EncodedKeys keys, KeysOf(written));
  std::vector<uint64_t> hashes = HashesOf(keys);
  std::lock_guard write_lock(write_mutex_);
  const Batch batch = WidenBatch(written, types_);
  ASSIGN_OR_RETURN(WriteSet prepared, Prepare(write, batch.num_rows));
  auto set = std::make_shared<WriteSet>(std::move(prepared));
  if (writer_id >= 0 && log_->AckIfDuplicate(writer_id, sequence, done)) return {};
  // Nobody else changes rows meanwhile, so what is loaded stays true.
  Loaded loaded;
  if (!set->blind) {
    ASSIGN_OR_RETURN(loaded, Load(keys, hashes));
  }
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
    bool needs_old = !set.blind || !Upserts(batch.change(row));
    if (entry == nullptr) {
      entry = AddEntry(keys[row], hashes[row], std::nullopt);
      entry->known = false;
    }
    if (needs_old && !entry->HasLatest()) {
      std::vector<std::optional<std::string>> value;
      RETURN_IF_ERROR(store_->Get({keys[row]}, value));
      SetDurable(*entry, std::move(value[0]));
    }
    RETURN_IF_ERROR(ApplyRow(batch, row, *entry, set, changelog));
  }
  return {};
}

/// A value that was written before the last columns were added.
Result<std::string> KvTabletImpl::InPresentSchema(std::string_view value) const {
  auto schema = schemas_->Get(SchemaIdOf(value));
  if (!schema.ok()) return Corruption("a stored row: {}", schema.message());
  std::string widened = ValuePrefix();
  RETURN_IF_ERROR(
      format::WidenCompactedRow(RowOf(value), (*schema)->columns.size(), types_.size(), widened));
  return widened;
}

Status KvTabletImpl::ApplyRow(const Batch& batch, int row, RowEntry& entry, WriteSet& set,
                              ChangelogBuilder& changelog) {
  ChangeType change = batch.change(row);
  entry.referenced = true;
  if (change == ChangeType::kUpdateBefore) return {};
  if (Upserts(change)) return ApplyUpsert(batch, row, entry, set, changelog);
  if (set.deletes == DeleteBehavior::kIgnore) return {};
  if (set.deletes == DeleteBehavior::kAllow) return ApplyDelete(entry, set, changelog);
  return NotSupported("deletes are disabled for this table (table.delete.behavior)");
}

namespace {

std::optional<std::string_view> RowIn(std::optional<std::string_view> value) {
  if (!value.has_value()) return std::nullopt;
  return RowOf(*value);
}

}  // namespace

/// What a write finds: the row's last change, whether durable or not, in the present schema;
/// `widened` holds it when it was written in another.
Result<std::optional<std::string_view>> KvTabletImpl::LatestOf(const RowEntry& entry,
                                                               std::string& widened) const {
  const RowChange* last = entry.overlay != nullptr ? entry.overlay : entry.pending;
  bool present = last != nullptr ? last->present : entry.present;
  if (!present) return std::optional<std::string_view>();
  std::string_view value = last != nullptr ? last->value : entry.value;
  if (SchemaIdOf(value) == schema_id_) return std::optional(value);
  ASSIGN_OR_RETURN(widened, InPresentSchema(value));
  return std::optional<std::string_view>(widened);
}

std::string KvTabletImpl::ValuePrefix() const {
  std::string prefix(kRowValuePrefixBytes, '\0');
  StoreLe(prefix.data(), static_cast<int16_t>(schema_id_.value()));
  return prefix;
}

Status KvTabletImpl::ApplyUpsert(const Batch& batch, int row, RowEntry& entry, WriteSet& set,
                                 ChangelogBuilder& changelog) {
  std::string widened;
  std::optional<std::string_view> old;
  if (!set.blind) {
    ASSIGN_OR_RETURN(old, LatestOf(entry, widened));
  }
  std::string value = ValuePrefix();
  MergeOutcome outcome = MergeOutcome::kWritten;
  if (set.merger != nullptr) {
    ASSIGN_OR_RETURN(outcome, set.merger->Upsert(RowIn(old), batch, row, value));
  }
  if (outcome == MergeOutcome::kUnchanged) return {};
  if (outcome == MergeOutcome::kWritten) {
    RETURN_IF_ERROR(format::AppendCompactedRow(batch, row, value));
  }
  if (!old.has_value() && auto_increment_.has_value()) {
    RETURN_IF_ERROR(auto_increment_->SetValue(value, kRowValuePrefixBytes));
    outcome = MergeOutcome::kMerged;
  }
  if (old == value) return {};
  int written_row = outcome == MergeOutcome::kWritten ? row : -1;
  RETURN_IF_ERROR(AddUpsert(RowIn(old), RowOf(value), written_row, set.blind, changelog));
  set.Add(entry, std::move(value), true);
  return {};
}

/// `written_row` is -1 for a row that is not the one that was written.
Status KvTabletImpl::AddUpsert(std::optional<std::string_view> before, std::string_view row,
                               int written_row, bool blind, ChangelogBuilder& changelog) {
  if (before.has_value() && options_.changelog_image == ChangelogImage::kFull) {
    RETURN_IF_ERROR(changelog.AddOld(ChangeType::kUpdateBefore, *before));
  }
  ChangeType after = before.has_value() || blind ? ChangeType::kUpdateAfter : ChangeType::kInsert;
  if (written_row < 0) return changelog.AddOld(after, row);
  changelog.AddNew(after, written_row);
  return {};
}

Status KvTabletImpl::ApplyDelete(RowEntry& entry, WriteSet& set, ChangelogBuilder& changelog) {
  std::string widened;
  ASSIGN_OR_RETURN(std::optional<std::string_view> old, LatestOf(entry, widened));
  if (!old.has_value()) return {};
  std::string value = ValuePrefix();
  bool stays = false;
  if (set.merger != nullptr) {
    ASSIGN_OR_RETURN(stays, set.merger->Delete(RowOf(*old), value));
  }
  if (!stays) {
    RETURN_IF_ERROR(changelog.AddOld(ChangeType::kDelete, RowOf(*old)));
    set.Add(entry, std::string(), false);
    return {};
  }
  if (*old == value) return {};
  RETURN_IF_ERROR(AddUpsert(RowOf(*old), RowOf(value), -1, false, changelog));
  set.Add(entry, std::move(value), true);
  return {};
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
    entry.known = true;
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
