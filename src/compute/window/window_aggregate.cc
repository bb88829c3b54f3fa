#include "compute/window/window_aggregate.h"

#include <algorithm>

#include "base/clock.h"
#include "compute/operator/emitter.h"
#include "compute/operator/progress.h"

namespace forebay::compute {

using model::Batch;
using model::Column;
using model::ColumnBuilder;

namespace {

constexpr std::string_view kTable = "slices";
constexpr int kHeaderBytes = 16;  // int64 rows: accumulated minus retracted; 8 unused
/// A stored key begins with the slice's end and, for attached windows, the window's start.
constexpr size_t kPrefixBytes = 16;

int64_t& RowsOf(char* payload) { return *reinterpret_cast<int64_t*>(payload); }

std::string PrefixOf(int64_t slice_end, int64_t window_start) {
  ByteWriter prefix;
  prefix.Write<int64_t>(slice_end);
  prefix.Write<int64_t>(window_start);
  return prefix.Take();
}

}  // namespace

Result<std::unique_ptr<Operator>> WindowAggregateOperator::Make(
    const sql::WindowAggregateNode& node, const EvaluationContext& context) {
  ASSIGN_OR_RETURN(Parts parts, MakeParts(node, context, kHeaderBytes));
  return std::unique_ptr<Operator>(new WindowAggregateOperator(node, std::move(parts)));
}

WindowAggregateOperator::WindowAggregateOperator(const sql::WindowAggregateNode& node, Parts parts)
    : WindowOperator(node, std::move(parts)), window_(node.window), assigner_(node.window) {}

WindowAggregateOperator::~WindowAggregateOperator() {
  for (auto& [end, slice] : slices_) DestroyTable(*slice.table);
  for (auto& [end, slice] : dropped_) {
    if (slice.table->IsSnapshotPending()) DestroyTable(*slice.table);
  }
}

void WindowAggregateOperator::DestroyTable(KeyedTable& table) {
  if (!calls_.NeedsDestroy()) return;
  table.ForEach([&](KeyedTable::Entry* entry) { calls_.Destroy(table.Payload(entry)); });
}

Status WindowAggregateOperator::Accumulate(const Batch& batch) {
  SplitBySlice(batch);
  for (size_t i = 0; i < num_slices_; ++i) {
    const SliceRows& part = slice_rows_[i];
    if (part.rows.empty()) continue;
    int64_t start = 0;
    if (IsAttached()) {
      const Column& column = batch.columns[window_.window_start_column];
      start = ToMs(column.Get<int64_t>(static_cast<int>(part.rows[0])), UnitsPerMs(column.type()));
    }
    AccumulateSlice(batch, *OpenSlice(part.slice_end, start).table, part.rows);
  }
  return calls_.status();
}

/// Most batches lie in one or two slices, so the last one found is tried first.
void WindowAggregateOperator::SplitBySlice(const Batch& batch) {
  num_slices_ = 0;
  int64_t begin = 0, end = 0;  // of the slice of the row before
  SliceRows* part = nullptr;
  bool late = false;
  for (int row = 0; row < batch.num_rows; ++row) {
    int64_t time = times_[row];
    if (part == nullptr || time < begin || time >= end) {
      end = IsAttached() ? time : assigner_.SliceEnd(time);
      begin = IsAttached() ? time : end - assigner_.slice_ms();
      if (IsAttached()) end = time + 1;
      int64_t slice_end = IsAttached() ? time : end;
      int64_t last = LastWindowEnd(slice_end);
      late = last == kMinWatermark || last - 1 <= progress_;
      size_t i = 0;
      while (i < num_slices_ && slice_rows_[i].slice_end != slice_end) ++i;
      if (i == num_slices_) {
        if (slice_rows_.size() == num_slices_) slice_rows_.emplace_back();
        slice_rows_[num_slices_].slice_end = slice_end;
        slice_rows_[num_slices_++].rows.clear();
      }
      part = &slice_rows_[i];
    }
    if (late) {
      ++late_rows_;
    } else {
      part->rows.push_back(static_cast<uint32_t>(row));
    }
  }
}

WindowAggregateOperator::Slice& WindowAggregateOperator::OpenSlice(int64_t slice_end,
                                                                   int64_t window_start) {
  auto [it, inserted] = slices_.try_emplace(slice_end);
  if (!inserted) return it->second;
  it->second.table = std::make_unique<KeyedTable>(codec_.key_bytes(), calls_.payload_bytes());
  it->second.window_start = window_start;
  if (IsAttached()) {
    pending_.insert(slice_end);
  } else {
    assigner_.WindowEnds(slice_end, window_ends_);
    for (int64_t end : window_ends_) {
      if (end - 1 > progress_) pending_.insert(end);
    }
  }
  return it->second;
}

void WindowAggregateOperator::AccumulateSlice(const Batch& batch, KeyedTable& table,
                                              std::span<const uint32_t> rows) {
  table.FindOrInsert(encoded_, rows, entries_);
  payloads_.resize(rows.size());
  signs_.resize(batch.IsInsertOnly() ? 0 : rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    payloads_[i] = table.Payload(entries_[i]);
    table.MarkDirty(entries_[i]);
    int sign = 1;
    if (!batch.IsInsertOnly()) {
      sign = model::IsRetraction(batch.changes[rows[i]]) ? -1 : 1;
      signs_[i] = static_cast<int8_t>(sign);
    }
    RowsOf(payloads_[i]) += sign;
  }
  calls_.Update({batch, rows, payloads_.data(), batch.IsInsertOnly() ? nullptr : signs_.data()});
}

Status WindowAggregateOperator::FireDue() {
  while (!pending_.empty() && *pending_.begin() - 1 <= progress_) {
    int64_t end = *pending_.begin();
    pending_.erase(pending_.begin());
    RETURN_IF_ERROR(Fire(end));
    DropSlices(end);
  }
  return Status::Ok();
}

Status WindowAggregateOperator::Fire(int64_t window_end) {
  if (IsAttached()) {
    Slice& slice = slices_.at(window_end);
    return EmitWindow(*slice.table, slice.window_start, window_end);
  }
  int64_t start = assigner_.WindowStart(window_end);
  auto begin = slices_.upper_bound(start);
  auto end = slices_.upper_bound(window_end);
  if (begin == end) return Status::Ok();
  if (std::next(begin) == end) return EmitWindow(*begin->second.table, start, window_end);
  KeyedTable merged(codec_.key_bytes(), calls_.payload_bytes());
  for (auto it = begin; it != end; ++it) MergeSlice(*it->second.table, merged);
  Status status = EmitWindow(merged, start, window_end);
  DestroyTable(merged);
  return status;
}

void WindowAggregateOperator::MergeSlice(KeyedTable& from, KeyedTable& into) {
  std::vector<KeyedTable::Entry*> sources;
  std::vector<KeyedTable::Entry*> targets;
  auto merge = [&] {
    into.FindOrInsertKeysOf(from, sources, targets);
    for (size_t i = 0; i < sources.size(); ++i) {
      RowsOf(into.Payload(targets[i])) += RowsOf(from.Payload(sources[i]));
      calls_.Merge(into.Payload(targets[i]), from.Payload(sources[i]));
    }
    sources.clear();
  };
  from.ForEach([&](KeyedTable::Entry* entry) {
    sources.push_back(entry);
    if (sources.size() == Batch::kMaxRows) merge();
  });
  merge();
}

Status WindowAggregateOperator::EmitWindow(KeyedTable& table, int64_t start, int64_t end) {
  std::vector<KeyedTable::Entry*> chunk;
  Status status;
  table.ForEach([&](KeyedTable::Entry* entry) {
    if (!status.ok() || RowsOf(table.Payload(entry)) <= 0) return;
    chunk.push_back(entry);
    if (chunk.size() < Batch::kMaxRows) return;
    status = EmitEntries(table, chunk, start, end);
    chunk.clear();
  });
  if (!status.ok() || chunk.empty()) return status;
  return EmitEntries(table, chunk, start, end);
}

Status WindowAggregateOperator::EmitEntries(KeyedTable& table,
                                            std::span<KeyedTable::Entry* const> entries,
                                            int64_t start, int64_t end) {
  std::vector<const char*> keys;
  std::vector<char*> payloads;
  for (KeyedTable::Entry* entry : entries) {
    keys.push_back(table.Key(entry).data());
    payloads.push_back(table.Payload(entry));
  }
  Batch batch = KeyColumns(keys);
  std::vector<ColumnBuilder> results;
  for (int i = 0; i < calls_.size(); ++i) {
    results.emplace_back(types_[keys_.size() + i], batch.num_rows);
  }
  calls_.Emit(payloads, results);
  RETURN_IF_ERROR(calls_.status());
  for (ColumnBuilder& builder : results) batch.columns.push_back(builder.Finish());
  for (sql::WindowProperty property : properties_) {
    const model::DataType& type = types_[batch.columns.size()];
    batch.columns.push_back(
        ConstantTime(type, clock_.Property(property, type, start, end), batch.num_rows));
  }
  return context_.output->Emit(std::move(batch));
}

void WindowAggregateOperator::DropSlices(int64_t fired_end) {
  while (!slices_.empty() && LastWindowEnd(slices_.begin()->first) <= fired_end) {
    auto slice = slices_.extract(slices_.begin());
    KeyedTable& table = *slice.mapped().table;
    bool is_wanted = table.IsSnapshotPending();
    if (!is_wanted) DestroyTable(table);
    if (is_wanted || table.HasStored()) dropped_.insert(std::move(slice));
  }
}

Status WindowAggregateOperator::BeginSnapshot(StateWriter& writer) {
  ContinueSnapshot(INT64_MAX);
  writer_ = &writer;
  deleted_.swap(dropped_);
  for (auto& [end, slice] : slices_) {
    KeyedTable* table = slice.table.get();
    table->BeginSnapshot(
        writer, kTable,
        [this, table](KeyedTable::Entry* entry, ByteWriter& value) {
          value.Write<int64_t>(RowsOf(table->Payload(entry)));
          calls_.Save(table->Payload(entry), value);
        },
        PrefixOf(end, slice.window_start));
  }
  SaveProgress(writer, context_.shard, progress_);
  return Status::Ok();
}

bool WindowAggregateOperator::ContinueSnapshot(int64_t deadline_ns) {
  while (!deleted_.empty()) {
    auto& [end, slice] = *deleted_.begin();
    std::string prefix = PrefixOf(end, slice.window_start);
    if (!slice.table->ContinueDrop(*writer_, kTable, prefix, deadline_ns)) return false;
    deleted_.erase(deleted_.begin());
    if (MonotonicNs() >= deadline_ns) return false;
  }
  return ContinueDropped(deadline_ns) && ContinueSlices(deadline_ns);
}

bool WindowAggregateOperator::ContinueSlices(int64_t deadline_ns) {
  for (auto& [end, slice] : slices_) {
    if (!slice.table->IsSnapshotPending()) continue;
    if (!slice.table->ContinueSnapshot(deadline_ns) || MonotonicNs() >= deadline_ns) return false;
  }
  return true;
}

/// Those that fired since the snapshot began.
bool WindowAggregateOperator::ContinueDropped(int64_t deadline_ns) {
  for (auto it = dropped_.begin(); it != dropped_.end();) {
    KeyedTable& table = *it->second.table;
    if (!table.IsSnapshotPending()) {
      ++it;
      continue;
    }
    if (!table.ContinueSnapshot(deadline_ns)) return false;
    DestroyTable(table);
    it = table.HasStored() ? std::next(it) : dropped_.erase(it);
    if (MonotonicNs() >= deadline_ns) return false;
  }
  return true;
}

Status WindowAggregateOperator::Restore(StateReader& reader) {
  RETURN_IF_ERROR(LoadProgress(reader, progress_));
  return ForEachStored(
      reader, kTable, codec_, kPrefixBytes, 0, [&](const StoredEntry& stored) -> Status {
        Slice& slice = OpenSlice(LoadLe<int64_t>(stored.prefix.data()),
                                 LoadLe<int64_t>(stored.prefix.data() + 8));
        KeyedTable::Entry* entry = slice.table->FindOrInsertOne(stored.key, stored.hash);
        slice.table->MarkStored(entry);
        ByteReader value(stored.value);
        char* payload = slice.table->Payload(entry);
        ASSIGN_OR_RETURN(RowsOf(payload), value.Read<int64_t>());
        return calls_.Load(payload, value);
      });
}

int64_t WindowAggregateOperator::StateBytes() const {
  int64_t bytes = calls_.MemoryBytes();
  for (const auto& [end, slice] : slices_) bytes += slice.table->MemoryBytes();
  return bytes;
}

}  // namespace forebay::compute
