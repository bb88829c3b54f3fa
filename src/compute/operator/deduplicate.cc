#include "compute/operator/deduplicate.h"

#include <numeric>

#include "compute/operator/emitter.h"
#include "compute/window/window_assigner.h"

namespace forebay::compute {

using model::Batch;
using model::ChangeType;
using model::Column;

namespace {

constexpr std::string_view kTable = "rows";
constexpr uint32_t kPresent = 1;
constexpr uint32_t kFinal = 2;
constexpr uint32_t kTimed = uint32_t{1} << 31;  ///< saved with it: the time of the last write

}  // namespace

Result<std::unique_ptr<Operator>> DeduplicateOperator::Make(const sql::DeduplicateNode& node,
                                                            std::shared_ptr<Evaluator> condition) {
  std::vector<model::DataType> input = node.inputs[0]->OutputTypes();
  bool last_by_arrival = node.keep_last && !node.is_rowtime;
  if (!node.inputs[0]->changelog.IsInsertOnly() && !last_by_arrival) {
    return NotSupported("deduplication by time of an input with updates");
  }
  std::unique_ptr<DeduplicateOperator> made(
      new DeduplicateOperator(node, KeyCodec::Of(input, node.keys)));
  made->condition_ = std::move(condition);
  return std::unique_ptr<Operator>(std::move(made));
}

DeduplicateOperator::DeduplicateOperator(const sql::DeduplicateNode& node, KeyCodec codec)
    : keys_(node.keys),
      time_column_(node.time_column),
      keep_last_(node.keep_last),
      is_rowtime_(node.is_rowtime),
      units_per_ms_(UnitsPerMs(node.inputs[0]->output[node.time_column].type)),
      normalizes_(node.normalizes),
      changelog_(node.changelog),
      rows_(node.inputs[0]->OutputTypes()),
      codec_(std::move(codec)),
      table_(codec_.key_bytes(), sizeof(Kept), node.StateTtlMs() > 0),
      ttl_{node.StateTtlMs()},
      expiry_(table_, ttl_),
      all_rows_(Batch::kMaxRows) {
  std::iota(all_rows_.begin(), all_rows_.end(), 0);
  store_.KeepTimes(ttl_.ms);
}

Status DeduplicateOperator::Process(int, Batch batch) {
  if (is_rowtime_ && batch.columns[time_column_].MayHaveNulls()) {
    for (int row = 0; row < batch.num_rows; ++row) {
      if (!batch.columns[time_column_].IsNull(row)) continue;
      return InvalidArgument("the time column of a deduplication is NULL");
    }
  }
  codec_.Encode(batch, keys_, encoded_);
  table_.FindOrInsert(encoded_, std::span(all_rows_).first(batch.num_rows), entries_);
  if (ttl_.IsOn()) {
    now_ms_ = context_.now_ms();
    store_.SetNow(now_ms_);
    for (KeyedTable::Entry* entry : entries_) {
      if (expiry_.IsDue(entry, now_ms_)) Expire(entry);
    }
  }
  RETURN_IF_ERROR(Filter(batch));
  Choose(batch);
  EncodeChosen(batch);
  RETURN_IF_ERROR(SendChanges(batch));
  StoreRows();
  Sweep(StateExpiry::kBatchBudgetNs);
  return Status::Ok();
}

/// Leaves the key as if it had never had a row.
void DeduplicateOperator::Expire(KeyedTable::Entry* entry) {
  Kept* kept = KeptOf(entry);
  if (kept->row != nullptr) store_.FreeRow(kept->row);
  *kept = {};
  table_.Due(entry) = StateTtl::kNever;
}

void DeduplicateOperator::Sweep(int64_t budget_ns) {
  expiry_.Sweep(now_ms_, budget_ns, [this](KeyedTable::Entry* entry) {
    Expire(entry);
    table_.Erase(entry);
  });
}

Status DeduplicateOperator::Tick(int64_t now_ms) {
  if (ttl_.IsOn()) now_ms_ = now_ms;
  Sweep(StateExpiry::kTickBudgetNs);
  return Status::Ok();
}

Status DeduplicateOperator::Filter(const Batch& batch) {
  passes_.assign(batch.num_rows, condition_ == nullptr ? 1 : 0);
  if (condition_ == nullptr) return Status::Ok();
  RETURN_IF_ERROR(condition_->Select(0, batch, selected_));
  for (uint32_t row : selected_) passes_[row] = 1;
  return Status::Ok();
}

/// Finds the row every key is left with after the batch.
void DeduplicateOperator::Choose(const Batch& batch) {
  ++batch_number_;
  touched_.clear();
  const int64_t* times = is_rowtime_ ? batch.columns[time_column_].values<int64_t>() : nullptr;
  for (int row = 0; row < batch.num_rows; ++row) {
    Kept* kept = KeptOf(entries_[row]);
    if (kept->touched != batch_number_) {
      kept->touched = batch_number_;
      kept->slot = static_cast<uint32_t>(touched_.size());
      touched_.push_back({entries_[row], kept->row, kept->is_set != 0, -1, 0});
    }
    Touched& touched = touched_[kept->slot];
    bool added = !model::IsRetraction(batch.change(row));
    if (!added || passes_[row] == 0) {
      bool goes = added || batch.change(row) == ChangeType::kDelete;
      kept->is_set = goes ? 0 : kept->is_set;
      if (kept->is_set == 0) touched.new_row = -1;
      continue;
    }
    int64_t time = times == nullptr ? 0 : times[row];
    bool better = kept->is_set == 0 || (keep_last_ ? kept->time <= time : time < kept->time);
    if (!better || kept->is_set == kFinal) continue;
    kept->is_set = kPresent;
    kept->time = time;
    touched.new_row = row;
  }
}

void DeduplicateOperator::EncodeChosen(const Batch& batch) {
  if (!RemembersRow()) return;
  // Only the rows that are kept are encoded.
  std::vector<uint32_t> rows;
  for (const Touched& touched : touched_) {
    if (touched.new_row >= 0) rows.push_back(static_cast<uint32_t>(touched.new_row));
  }
  rows_.Encode(batch.Gather(rows), chosen_);
  size_t next = 0;
  for (Touched& touched : touched_) {
    if (touched.new_row < 0) continue;
    touched.encoded = next++;
    // With a TTL state behind must not expire before this one.
    bool same = normalizes_ && !ttl_.IsOn() && touched.old_row != nullptr &&
                touched.old_row->row_view() == chosen_[touched.encoded];
    if (same) touched.new_row = -1;
  }
}

Status DeduplicateOperator::SendChanges(const Batch& batch) {
  if (WaitsForWatermark()) return Status::Ok();
  std::vector<const char*> old_rows;
  std::vector<uint32_t> sources;  // of the old rows, then of the batch's
  std::vector<ChangeType> changes;
  std::vector<uint32_t> is_new;
  auto send = [&](const Touched& touched, ChangeType change, bool from_batch) {
    is_new.push_back(from_batch ? 1 : 0);
    sources.push_back(static_cast<uint32_t>(from_batch ? touched.new_row : old_rows.size()));
    if (!from_batch) old_rows.push_back(touched.old_row->row());
    changes.push_back(change);
  };
  for (const Touched& touched : touched_) {
    bool is_set = KeptOf(touched.entry)->is_set != 0;
    if (touched.was_set && !is_set) {
      send(touched, ChangeType::kDelete, false);
    } else if (touched.new_row >= 0) {
      if (touched.was_set && changelog_.update_before)
        send(touched, ChangeType::kUpdateBefore, false);
      send(touched, touched.was_set ? ChangeType::kUpdateAfter : ChangeType::kInsert, true);
    }
  }
  if (changes.empty()) return Status::Ok();
  Batch result;
  result.num_rows = static_cast<int>(changes.size());
  if (old_rows.empty()) {
    result = batch.Gather(sources);
  } else {
    model::BatchBuilder builder(rows_.types(), result.num_rows);
    Batch old(static_cast<int>(old_rows.size()), rows_.Decode(old_rows));
    for (size_t i = 0; i < changes.size(); ++i) {
      builder.AppendRow(is_new[i] != 0 ? batch : old, static_cast<int>(sources[i]), changes[i]);
    }
    result = builder.Finish();
  }
  result.changes = ShareChanges(changes);
  return EmitAll(*context_.output, result);
}

void DeduplicateOperator::StoreRows() {
  for (const Touched& touched : touched_) {
    Kept* kept = KeptOf(touched.entry);
    bool gone = kept->is_set == 0;
    if ((touched.new_row >= 0 || gone) && touched.old_row != nullptr) {
      store_.FreeRow(touched.old_row);
      kept->row = nullptr;
    }
    if (gone) {
      table_.Erase(touched.entry);
      continue;
    }
    if (touched.new_row < 0) continue;
    table_.MarkDirty(touched.entry);
    // A row that waits for the watermark stays; that its key had one is forgotten.
    bool expires = ttl_.IsOn() && !WaitsForWatermark();
    if (expires) table_.Due(touched.entry) = ttl_.DueAfter(now_ms_);
    if (RemembersRow()) kept->row = store_.NewRow({}, chosen_[touched.encoded], kept->time);
    if (WaitsForWatermark()) waiting_.emplace(ToMs(kept->time, units_per_ms_), touched.entry);
  }
}

Status DeduplicateOperator::ProcessWatermark(Watermark watermark) {
  if (condition_ != nullptr) condition_->SetWatermark(watermark);
  std::vector<const char*> rows;
  std::vector<Kept*> sent;
  while (!waiting_.empty() && waiting_.begin()->first <= watermark) {
    auto [time, entry] = *waiting_.begin();
    waiting_.erase(waiting_.begin());
    Kept* kept = KeptOf(entry);
    if (!table_.IsLive(entry)) continue;
    if (kept->is_set != kPresent || ToMs(kept->time, units_per_ms_) != time) continue;
    table_.Preserve(entry);
    kept->is_set = kFinal;
    table_.MarkDirty(entry);
    if (ttl_.IsOn()) table_.Due(entry) = ttl_.DueAfter(context_.now_ms());
    rows.push_back(kept->row->row());
    sent.push_back(kept);
  }
  if (rows.empty()) return Status::Ok();
  Batch result(static_cast<int>(rows.size()), rows_.Decode(rows));
  for (Kept* kept : sent) {
    store_.FreeRow(kept->row);
    kept->row = nullptr;
  }
  return EmitAll(*context_.output, result);
}

Status DeduplicateOperator::BeginSnapshot(StateWriter& writer) {
  table_.BeginSnapshot(writer, kTable, [this](KeyedTable::Entry* entry, ByteWriter& value) {
    const Kept* kept = KeptOf(entry);
    value.Write<int64_t>(kept->time);
    value.Write<uint32_t>(kept->is_set | (ttl_.IsOn() ? kTimed : 0));
    expiry_.SaveTime(entry, value);
    if (kept->row != nullptr) value.WriteBytes(kept->row->row_view());
  });
  return Status::Ok();
}

Status DeduplicateOperator::Restore(StateReader& reader) {
  if (ttl_.IsOn()) now_ms_ = context_.now_ms();
  store_.SetNow(now_ms_);
  RETURN_IF_ERROR(ForEachStored(reader, kTable, codec_, 0, 0,
                                [this](const StoredEntry& stored) { return LoadRow(stored); }));
  expiry_.OnRestore();
  return Status::Ok();
}

Status DeduplicateOperator::LoadRow(const StoredEntry& stored) {
  KeyedTable::Entry* entry = table_.FindOrInsertOne(stored.key, stored.hash);
  table_.MarkStored(entry);
  Kept* kept = KeptOf(entry);
  ByteReader value(stored.value);
  ASSIGN_OR_RETURN(kept->time, value.Read<int64_t>());
  ASSIGN_OR_RETURN(kept->is_set, value.Read<uint32_t>());
  bool is_timed = (kept->is_set & kTimed) != 0;
  kept->is_set &= ~kTimed;
  RETURN_IF_ERROR(expiry_.LoadTime(entry, is_timed, now_ms_, value));
  bool waits = WaitsForWatermark() && kept->is_set == kPresent;
  if (ttl_.IsOn() && waits) table_.Due(entry) = StateTtl::kNever;
  ASSIGN_OR_RETURN(std::string_view row, value.ReadBytes(value.remaining()));
  if (row.empty()) return Status::Ok();
  RETURN_IF_ERROR(rows_.Check(row));
  kept->row = store_.NewRow({}, row, kept->time);
  if (waits) waiting_.emplace(ToMs(kept->time, units_per_ms_), entry);
  return Status::Ok();
}

int64_t DeduplicateOperator::StateBytes() const {
  return table_.MemoryBytes() + store_.MemoryBytes();
}

}  // namespace forebay::compute
