// KvTabletImpl's writes: rows applied in memory, their changelog appended, then both made one.

#include "base/bytes.h"
#include "storage/kv/kv_tablet_impl.h"

namespace forebay::storage {

using model::Batch;
using model::ChangeType;

namespace {

/// Rows go to the row store in batches of about this size: larger ones save work when keys are
/// written again and again.
constexpr int64_t kMoveBytes = 32 << 20;
/// A writer that finds more than this waiting moves rows itself.
constexpr int64_t kDirtyBytesMax = 48 << 20;

}  // namespace

Status KvTabletImpl::SetSchema(model::SchemaId id, const model::Schema& schema) {
  ASSIGN_OR_RETURN(RowMergers mergers, RowMergers::Make(schema, options_));
  std::lock_guard write_lock(write_mutex_);
  schema_id_ = id;
  schema_ = schema;
  types_ = schema.Types();
  mergers_ = std::move(mergers);
  if (auto_increment_.has_value()) auto_increment_->SetSchema(schema);
  return {};
}

/// What does not depend on the rows there are.
Result<std::shared_ptr<KvTabletImpl::WriteSet>> KvTabletImpl::Prepare(
    const Batch& written, WrittenBytes bytes, const KvWriteOptions& write) const {
  auto set = std::make_shared<WriteSet>();
  if (bytes.keys.has_value()) {
    set->keys = std::move(*bytes.keys);
  } else {
    std::vector<model::Column> columns;
    for (int index : key_indexes_) columns.push_back(written.columns[index]);
    ASSIGN_OR_RETURN(set->keys, format::EncodeKeys(columns));
  }
  set->hashes = HashesOf(set->keys);
  set->row_bytes = std::move(bytes.rows);
  set->changes.reserve(written.num_rows);  // the index points to them
  if (!write.overwrite) set->deletes = options_.delete_behavior;
  return set;
}

Status KvTabletImpl::Write(const Batch& written, WrittenBytes bytes, const KvWriteOptions& write,
                           AppendCallback done) {
  const model::SchemaId rows_schema = bytes.schema_id;
  ASSIGN_OR_RETURN(auto set, Prepare(written, std::move(bytes), write));
  bool full;
  {
    std::lock_guard write_lock(write_mutex_);
    if (rows_schema != schema_id_) set->row_bytes.clear();
    ASSIGN_OR_RETURN(set->merger, mergers_.For(write.target_columns, write.overwrite));
    set->blind = options_.changelog_image == ChangelogImage::kWal && set->merger == nullptr &&
                 !auto_increment_.has_value();
    if (write.writer_id >= 0 && log_->AckIfDuplicate(write.writer_id, write.sequence, done)) {
      return {};
    }
    Status applied = WriteRows(WidenBatch(written, types_), write, set, std::move(done));
    std::lock_guard lock(mutex_);
    if (!applied.ok()) {
      Undo(*set);
      return applied;
    }
    full = rows_.dirty_bytes() > kDirtyBytesMax;
  }
  if (full) static_cast<void>(MoveDirty());  // its failure shows when rows are read or moved next
  return {};
}

Status KvTabletImpl::WriteRows(const Batch& batch, const KvWriteOptions& write,
                               const std::shared_ptr<WriteSet>& set, AppendCallback done) {
  // Nobody else changes rows meanwhile, so what is loaded stays true.
  Loaded loaded;
  if (!set->blind) {
    ASSIGN_OR_RETURN(loaded, Load(*set));
  }
  ChangelogBuilder changelog(batch, types_);
  {
    std::lock_guard lock(mutex_);
    set->failures_before = failures_;
    RETURN_IF_ERROR(Apply(batch, *set, loaded, changelog));
  }
  format::LogBatchOptions options;
  options.schema_id = schema_id_;
  options.writer_id = write.writer_id;
  options.batch_sequence = write.sequence;
  options.compression = options_.compression;
  options.format = options_.log_format;
  ASSIGN_OR_RETURN(Batch changes, changelog.Finish());
  ASSIGN_OR_RETURN(std::string bytes, format::EncodeLogBatch(changes, options));
  return AppendChangelog(std::move(bytes), set, std::move(done));
}

/// Reads what a write must know and memory does not.
Result<KvTabletImpl::Loaded> KvTabletImpl::Load(const WriteSet& set) {
  Loaded loaded;
  {
    std::lock_guard lock(mutex_);
    if (holds_all_) {
      metrics_.kv_cache_hits += set.keys.num_rows();
      return loaded;
    }
    for (int row = 0; row < set.keys.num_rows(); ++row) {
      PrefetchBehind(set.hashes, row);
      if (rows_.Find(set.keys[row], set.hashes[row]) != nullptr) continue;
      if (changes_.Find(set.keys[row], set.hashes[row]) != nullptr) continue;
      loaded.key_rows.push_back(row);
    }
  }
  metrics_.kv_cache_hits += set.keys.num_rows() - std::ssize(loaded.key_rows);
  if (!loaded.key_rows.empty()) RETURN_IF_ERROR(ReadStore(set.keys, loaded));
  return loaded;
}

Status KvTabletImpl::Apply(const Batch& batch, WriteSet& set, const Loaded& loaded,
                           ChangelogBuilder& changelog) {
  size_t next_loaded = 0;
  for (int row = 0; row < batch.num_rows; ++row) {
    PrefetchBehind(set.hashes, row);
    bool is_loaded = next_loaded < loaded.key_rows.size() && loaded.key_rows[next_loaded] == row;
    const std::optional<std::string>* read = is_loaded ? &loaded.values[next_loaded++] : nullptr;
    Target target{set, batch, row, std::nullopt, changelog};
    std::string owned;
    if (!set.blind || !Upserts(batch.change(row))) {
      ASSIGN_OR_RETURN(target.old, LatestOf(set, row, read, owned));
    }
    size_t changes_before = set.changes.size();
    RETURN_IF_ERROR(ApplyRow(target));
    // Rows that stay as they are, of a table that keeps the first for example, may well be written
    // again soon.
    bool stays = changes_before == set.changes.size() && read != nullptr && read->has_value();
    if (stays) Keep(set.keys[row], set.hashes[row], *read);
  }
  return {};
}

/// What a write finds: the row's last change, whether durable or not, in the present schema. It
/// may lie in `owned`, and is valid until the table of rows changes.
Result<std::optional<StoredRow>> KvTabletImpl::LatestOf(const WriteSet& set, int row,
                                                        const std::optional<std::string>* loaded,
                                                        std::string& owned) {
  std::string_view key = set.keys[row];
  std::optional<StoredRow> latest;
  if (const RowChange* change = changes_.Find(key, set.hashes[row])) {
    latest = change->row;
  } else if (RowTable::Row* found = rows_.Find(key, set.hashes[row])) {
    found->MarkUsed();
    if (found->present()) latest = StoredRow::Of(found->value());
  } else if (loaded != nullptr) {
    if (loaded->has_value()) latest = StoredRow::Of(**loaded);
  } else if (!holds_all_) {
    // Evicted since Load looked.
    std::vector<std::optional<std::string>> values;
    RETURN_IF_ERROR(store_->Get({key}, values));
    if (values[0].has_value()) {
      owned = std::move(*values[0]);
      latest = StoredRow::Of(owned);
    }
  }
  RETURN_IF_ERROR(InPresentSchema(latest, owned));
  return latest;
}

/// A row may have been written before the last columns were added.
Status KvTabletImpl::InPresentSchema(std::optional<StoredRow>& row, std::string& owned) const {
  if (!row.has_value() || row->schema_id == schema_id_) return {};
  auto schema = schemas_->Get(row->schema_id);
  if (!schema.ok()) return Corruption("a stored row: {}", schema.message());
  std::string widened;
  RETURN_IF_ERROR(
      format::WidenCompactedRow(row->row, (*schema)->columns.size(), types_.size(), widened));
  owned = std::move(widened);
  row = {schema_id_, owned};
  return {};
}

Status KvTabletImpl::ApplyRow(const Target& target) {
  ChangeType change = target.batch.change(target.row);
  if (change == ChangeType::kUpdateBefore) return {};
  if (Upserts(change)) return ApplyUpsert(target);
  if (target.set.deletes == DeleteBehavior::kIgnore) return {};
  if (target.set.deletes == DeleteBehavior::kAllow) return ApplyDelete(target);
  return NotSupported("deletes are disabled for this table (table.delete.behavior)");
}

namespace {

std::optional<std::string_view> RowIn(const std::optional<StoredRow>& stored) {
  if (!stored.has_value()) return std::nullopt;
  return stored->row;
}

}  // namespace

Status KvTabletImpl::ApplyUpsert(const Target& target) {
  const auto& [set, batch, row, old, changelog] = target;
  MergeOutcome outcome = MergeOutcome::kWritten;
  std::string value;
  if (set.merger != nullptr) {
    ASSIGN_OR_RETURN(outcome, set.merger->Upsert(RowIn(old), batch, row, value));
  }
  if (outcome == MergeOutcome::kUnchanged) return {};
  std::string_view result;
  bool numbered = !old.has_value() && auto_increment_.has_value();
  if (outcome == MergeOutcome::kWritten && !set.row_bytes.empty() && !numbered) {
    result = set.row_bytes[row];
  } else {
    if (outcome == MergeOutcome::kWritten) {
      RETURN_IF_ERROR(format::AppendCompactedRow(batch, row, value));
    }
    if (numbered) RETURN_IF_ERROR(auto_increment_->SetValue(value, 0));
    result = value;
  }
  if (old.has_value() && old->row == result) return {};
  AddUpsert(target, result, outcome == MergeOutcome::kWritten && !numbered);
  AddChange(target, result);
  return {};
}

/// `as_written`: the row is the one that was written.
void KvTabletImpl::AddUpsert(const Target& target, std::string_view value, bool as_written) {
  const auto& [set, batch, row, old, changelog] = target;
  if (old.has_value() && options_.changelog_image == ChangelogImage::kFull) {
    changelog.AddOld(ChangeType::kUpdateBefore, old->row);
  }
  bool updates = old.has_value() || (set.blind && Upserts(batch.change(row)));
  ChangeType after = updates ? ChangeType::kUpdateAfter : ChangeType::kInsert;
  if (!as_written) return changelog.AddOld(after, value);
  changelog.AddNew(after, row);
}

Status KvTabletImpl::ApplyDelete(const Target& target) {
  const auto& old = target.old;
  if (!old.has_value()) return {};
  std::string value;
  bool stays = false;
  if (target.set.merger != nullptr) {
    ASSIGN_OR_RETURN(stays, target.set.merger->Delete(old->row, value));
  }
  if (!stays) {
    target.changelog.AddOld(ChangeType::kDelete, old->row);
    AddChange(target, std::nullopt);
    return {};
  }
  if (old->row == value) return {};
  AddUpsert(target, value, false);
  AddChange(target, value);
  return {};
}

/// What becomes of the target's key.
void KvTabletImpl::AddChange(const Target& target, std::optional<std::string_view> row) {
  WriteSet& set = target.set;
  RowChange& change = set.changes.emplace_back();
  change.key = set.keys[target.row];
  change.hash = set.hashes[target.row];
  change.added_rows = static_cast<int8_t>(int{row.has_value()} - int{target.old.has_value()});
  if (row.has_value()) change.row = StoredRow{schema_id_, set.values.Add(*row)};
  changes_.Add(change);
}

/// Undoes what Apply did.
void KvTabletImpl::Undo(const WriteSet& set) {
  for (size_t i = set.changes.size(); i > 0; --i) changes_.Undo(set.changes[i - 1]);
}

Status KvTabletImpl::AppendChangelog(std::string bytes, std::shared_ptr<WriteSet> set,
                                     AppendCallback done) {
  // Held so that no failure of an earlier append comes in between.
  std::lock_guard lock(mutex_);
  if (failures_ != set->failures_before) {
    return Unavailable("a write that this one built upon failed");
  }
  auto self = shared_from_this();
  set->log_bytes = std::ssize(bytes);
  return log_->Append(std::move(bytes),
                      [self, set, done = std::move(done)](Result<AppendResult> result) {
                        self->OnAppended(*set, result);
                        done(std::move(result));
                      });
}

void KvTabletImpl::OnAppended(WriteSet& set, const Result<AppendResult>& result) {
  std::lock_guard lock(mutex_);
  bool one_a_row = set.changes.size() == set.hashes.size();
  for (size_t i = 0; i < set.changes.size(); ++i) {
    const RowChange& change = set.changes[i];
    if (one_a_row) PrefetchBehind(set.hashes, static_cast<int>(i));
    // The writer may be applying a batch upon this very change.
    changes_.Remove(change);
    if (!result.ok()) continue;
    rows_.Write(change.key, change.hash, change.row);
    if (row_count_.has_value()) *row_count_ += change.added_rows;
  }
  if (!result.ok()) {
    ++failures_;
    return;
  }
  committed_end_ = result->next_offset;
  unmoved_bytes_ += set.log_bytes;
  bool due = rows_.dirty_bytes() > kMoveBytes || unmoved_bytes_ > UnflushedMax() / 2;
  if (due) ScheduleMove();
  EvictIfFull();
}

void KvTabletImpl::ScheduleMove() {
  if (!std::exchange(move_scheduled_, true)) shared_.mover.Schedule(shared_from_this());
}

}  // namespace forebay::storage
