#include "compute/operator/over_aggregate.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "compute/operator/emitter.h"
#include "compute/operator/progress.h"
#include "compute/state/slice_clock.h"
#include "compute/window/window_assigner.h"

namespace forebay::compute {

using model::Batch;
using sql::FrameBound;

namespace {

constexpr std::string_view kGroupTable = "over_groups";
constexpr std::string_view kRowTable = "over_rows";

int64_t NumberOf(const StoredRow& row) { return LoadLe<int64_t>(row.bytes()); }

/// The calls with their arguments as columns of a batch that has nothing but arguments.
std::vector<sql::AggregateCall> OverArguments(const std::vector<sql::AggregateCall>& calls,
                                              std::vector<int>& arguments) {
  std::vector<sql::AggregateCall> remapped = calls;
  for (sql::AggregateCall& call : remapped) {
    for (int& arg : call.args) {
      auto it = std::find(arguments.begin(), arguments.end(), arg);
      if (it == arguments.end()) it = arguments.insert(arguments.end(), arg);
      arg = static_cast<int>(it - arguments.begin());
    }
  }
  return remapped;
}

}  // namespace

Result<std::unique_ptr<Operator>> OverAggregateOperator::Make(const sql::OverAggregateNode& node) {
  std::vector<model::DataType> input = node.inputs[0]->OutputTypes();
  sql::FrameBoundKind start = node.frame.start.kind;
  bool is_bounded = start != sql::FrameBoundKind::kUnboundedPreceding;
  if (start == sql::FrameBoundKind::kFollowing ||
      start == sql::FrameBoundKind::kUnboundedFollowing) {
    return InvalidArgument("an OVER window that ends with CURRENT ROW cannot begin after it");
  }
  std::vector<int> arguments;
  std::vector<sql::AggregateCall> calls = OverArguments(node.calls, arguments);
  std::vector<model::DataType> types;
  for (int column : arguments) types.push_back(input[column]);
  ASSIGN_OR_RETURN(AccumulatorSet set,
                   AccumulatorSet::Make(calls, types, is_bounded, sizeof(Group)));
  return std::unique_ptr<Operator>(new OverAggregateOperator(node, KeyCodec::Of(input, node.keys),
                                                             std::move(set), std::move(arguments)));
}

OverAggregateOperator::OverAggregateOperator(const sql::OverAggregateNode& node, KeyCodec codec,
                                             AccumulatorSet calls, std::vector<int> arguments)
    : node_(node),
      time_column_(node.order[0].column),
      is_proctime_(node.inputs[0]->output[time_column_].time_attribute ==
                   sql::TimeAttribute::kProctime),
      is_bounded_(node.frame.start.kind != sql::FrameBoundKind::kUnboundedPreceding),
      has_peers_(!node.frame.is_rows && (is_bounded_ || !is_proctime_)),
      codec_(std::move(codec)),
      rows_(node.inputs[0]->OutputTypes()),
      calls_(std::move(calls)),
      arguments_(std::move(arguments)),
      table_(codec_.key_bytes(), calls_.payload_bytes(), node.StateTtlMs() > 0),
      ttl_{is_bounded_ && !node.frame.is_rows ? 0 : node.StateTtlMs()},
      expiry_(table_, ttl_) {
  for (const sql::AggregateCall& call : node_.calls) results_.emplace_back(call.type);
}

OverAggregateOperator::~OverAggregateOperator() {
  if (!calls_.NeedsDestroy()) return;
  table_.ForEach([&](KeyedTable::Entry* entry) { calls_.Destroy(table_.Payload(entry)); });
}

Status OverAggregateOperator::ReadTimes(const Batch& batch) {
  if (is_proctime_) {
    progress_ = context_.now_ms();
    times_.assign(batch.num_rows, progress_);
    return Status::Ok();
  }
  const model::Column& column = batch.columns[time_column_];
  int64_t units = UnitsPerMs(column.type());
  times_.resize(batch.num_rows);
  for (int row = 0; row < batch.num_rows; ++row) {
    if (column.IsNull(row)) return InvalidArgument("the rowtime of an OVER window is NULL");
    times_[row] = ToMs(column.Get<int64_t>(row), units);
  }
  return Status::Ok();
}

Status OverAggregateOperator::Process(int, Batch batch) {
  RETURN_IF_ERROR(ReadTimes(batch));
  kept_.clear();
  for (int row = 0; row < batch.num_rows; ++row) {
    bool is_late = !is_bounded_ && !is_proctime_ && times_[row] <= progress_;
    if (!is_late) kept_.push_back(static_cast<uint32_t>(row));
  }
  codec_.Encode(batch, node_.keys, encoded_);
  rows_.Encode(batch, row_bytes_);
  table_.FindOrInsert(encoded_, kept_, entries_);
  if (ttl_.IsOn()) {
    now_ms_ = context_.now_ms();
    for (KeyedTable::Entry* entry : entries_) {
      if (expiry_.IsDue(entry, now_ms_)) Expire(entry);
      Renew(entry);
    }
  }
  for (size_t i = 0; i < kept_.size(); ++i) {
    int64_t time = times_[kept_[i]];
    const Group* group = GroupOf(entries_[i]);
    bool is_late = !is_proctime_ && group->fired && time <= group->last_fired;
    if (!is_late) Hold(entries_[i], row_bytes_[kept_[i]], time);
  }
  if (is_proctime_) RETURN_IF_ERROR(Fire());
  Sweep(StateExpiry::kBatchBudgetNs);
  return Status::Ok();
}

/// A group over processing time from the first row on expires as all state does. For the others
/// Flink has timers of their own (KeyedProcessFunctionWithCleanupState): a group is kept for one to
/// one and a half TTLs, and longer while rows wait for the watermark.
void OverAggregateOperator::Renew(KeyedTable::Entry* entry) {
  int64_t& due = table_.Due(entry);
  if (is_proctime_ && !is_bounded_) {
    due = ttl_.DueAfter(now_ms_);
  } else if (due == StateTtl::kNever || ttl_.DueAfter(now_ms_) > due) {
    due = StateTtl{ttl_.ms + ttl_.ms / 2}.DueAfter(now_ms_);
  }
}

/// Leaves the key as if it had never had a row, unless rows wait.
void OverAggregateOperator::Expire(KeyedTable::Entry* entry) {
  Group* group = GroupOf(entry);
  table_.Due(entry) = StateTtl::kNever;
  if (group->waiting > 0) return Renew(entry);
  for (StoredRow* row : group->rows) Free({entry, row});
  store_.Clear(group->rows);
  calls_.Destroy(table_.Payload(entry));
  std::memset(table_.Payload(entry), 0, static_cast<size_t>(calls_.payload_bytes()));
}

void OverAggregateOperator::Sweep(int64_t budget_ns) {
  expiry_.Sweep(now_ms_, budget_ns, [this](KeyedTable::Entry* entry) {
    Expire(entry);
    if (table_.Due(entry) == StateTtl::kNever) table_.Erase(entry);
  });
}

Status OverAggregateOperator::Tick(int64_t now_ms) {
  if (ttl_.IsOn()) now_ms_ = now_ms;
  Sweep(StateExpiry::kTickBudgetNs);
  return Status::Ok();
}

void OverAggregateOperator::Hold(KeyedTable::Entry* entry, std::string_view row, int64_t time) {
  ByteWriter number;
  number.Write<int64_t>(next_number_++);
  Due due{entry, store_.NewRow(number.view(), row, time)};
  fresh_.push_back(due);
  pending_[time].push_back(due);
  ++GroupOf(entry)->waiting;
}

Status OverAggregateOperator::ProcessWatermark(Watermark watermark) {
  if (is_proctime_) return Status::Ok();
  progress_ = std::max(progress_, watermark);
  if (ttl_.IsOn()) now_ms_ = context_.now_ms();
  RETURN_IF_ERROR(Fire());
  DropExpired();
  return Status::Ok();
}

Status OverAggregateOperator::Fire() {
  ++round_number_;
  while (!pending_.empty() && pending_.begin()->first <= progress_) {
    auto due = pending_.extract(pending_.begin());
    auto in_round = [&](const Due& row) { return GroupOf(row.entry)->round == round_number_; };
    // Peers must not be torn apart, so the round ends before the first of them.
    const auto& rows = due.mapped();
    if (has_peers_ && std::any_of(rows.begin(), rows.end(), in_round)) FlushRound();
    for (const Due& row : rows) {
      if (!has_peers_ && in_round(row)) FlushRound();
      table_.Preserve(row.entry);
      Group* group = GroupOf(row.entry);
      group->round = round_number_;
      group->last_fired = row.row->tag;
      group->fired = true;
      --group->waiting;
      round_.push_back(row);
    }
    if (sent_.size() + round_.size() < Batch::kMaxRows) continue;
    FlushRound();
    RETURN_IF_ERROR(Send());
  }
  FlushRound();
  return Send();
}

void OverAggregateOperator::FlushRound() {
  for (const Due& due : round_) {
    table_.MarkDirty(due.entry);
    if (ttl_.IsOn()) Renew(due.entry);
    if (is_bounded_) TakeBack(due.entry, due.row->tag);
  }
  if (!taken_back_.empty()) Accumulate(taken_back_, -1);
  freed_.insert(freed_.end(), taken_back_.begin(), taken_back_.end());
  taken_back_.clear();
  if (!round_.empty()) Accumulate(round_, 1);
  std::vector<char*> payloads;
  for (const Due& due : round_) {
    payloads.push_back(table_.Payload(due.entry));
    sent_.push_back(due.row->row());
    if (is_bounded_) {
      store_.Append(GroupOf(due.entry)->rows, due.row);
    } else {
      freed_.push_back(due);
    }
  }
  calls_.Emit(payloads, results_);
  if (is_bounded_ && !node_.frame.is_rows && !is_proctime_) {
    for (const Due& due : round_) ScheduleExpiry(due.entry, due.row->tag);
  }
  round_.clear();
  ++round_number_;
}

/// What leaves the frame of a row at `time` that is about to be added.
void OverAggregateOperator::TakeBack(KeyedTable::Entry* entry, int64_t time) {
  RowList& rows = GroupOf(entry)->rows;
  bool to_current = node_.frame.start.kind == sql::FrameBoundKind::kCurrentRow;
  int64_t preceding = to_current ? 0 : node_.frame.start.offset;
  auto leaves = [&] {
    if (rows.count == 0) return false;
    return node_.frame.is_rows ? rows.count > preceding : rows[0]->tag < time - preceding;
  };
  while (leaves()) taken_back_.push_back({entry, store_.Remove(rows, 0)});
}

void OverAggregateOperator::Accumulate(std::span<const Due> rows, int8_t sign) {
  std::vector<const char*> bytes;
  std::vector<char*> payloads;
  for (const Due& due : rows) {
    bytes.push_back(due.row->row());
    payloads.push_back(table_.Payload(due.entry));
  }
  Batch batch;
  batch.num_rows = static_cast<int>(rows.size());
  for (int column : arguments_) {
    model::ColumnBuilder builder(rows_.types()[column], batch.num_rows);
    rows_.DecodeColumn(column, bytes, builder);
    batch.columns.push_back(builder.Finish());
  }
  std::vector<uint32_t> indexes(rows.size());
  std::iota(indexes.begin(), indexes.end(), 0);
  std::vector<int8_t> signs(rows.size(), sign);
  calls_.Update({batch, indexes, payloads.data(), sign > 0 ? nullptr : signs.data()});
}

Status OverAggregateOperator::Send() {
  RETURN_IF_ERROR(calls_.status());
  if (sent_.empty()) return Status::Ok();
  Batch batch(static_cast<int>(sent_.size()), rows_.Decode(sent_));
  for (size_t i = 0; i < results_.size(); ++i) {
    batch.columns.push_back(results_[i].Finish());
    results_[i] = model::ColumnBuilder(node_.calls[i].type);
  }
  sent_.clear();
  for (const Due& freed : freed_) Free(freed);
  freed_.clear();
  return EmitAll(*context_.output, batch);
}

StateString OverAggregateOperator::StoredKey(const Due& row) const {
  StateString key(table_.Key(row.entry));
  key.append(row.row->head());
  return key;
}

void OverAggregateOperator::Free(const Due& freed) {
  int64_t number = NumberOf(*freed.row);
  if (number < snapshot_floor_) {
    // The snapshot that is being written may still want it.
    int64_t place = number - written_floor_;
    if (place >= 0 && place < std::ssize(written_) && written_[place].row != nullptr) {
      WriteRow(std::exchange(written_[place], Due{}));
    }
    deleted_.emplace_back(freed.entry->hash, StoredKey(freed));
  } else {
    fresh_[number - fresh_floor_].row = nullptr;
    // Without snapshots it must not grow for ever.
    for (; !fresh_.empty() && fresh_.front().row == nullptr; ++fresh_floor_) fresh_.pop_front();
  }
  store_.FreeRow(freed.row);
}

void OverAggregateOperator::ScheduleExpiry(KeyedTable::Entry* entry, int64_t time) {
  expiries_[time + node_.frame.start.offset + 1].push_back(entry);
}

/// An entry may stand here for a key that went long ago: what counts is what it holds now.
void OverAggregateOperator::DropExpired() {
  while (!expiries_.empty() && expiries_.begin()->first <= progress_) {
    auto expired = expiries_.extract(expiries_.begin());
    for (KeyedTable::Entry* entry : expired.mapped()) {
      if (!table_.IsLive(entry)) continue;
      Group* group = GroupOf(entry);
      bool is_needed = group->waiting > 0 || !group->fired ||
                       group->last_fired + node_.frame.start.offset >= progress_;
      if (is_needed) continue;
      table_.Preserve(entry);
      for (StoredRow* row : group->rows) Free({entry, row});
      store_.Clear(group->rows);
      calls_.Destroy(table_.Payload(entry));
      table_.Erase(entry);
    }
  }
}

void OverAggregateOperator::WriteRow(const Due& due) {
  ByteWriter value;
  value.Write<int64_t>(due.row->tag);
  value.WriteBytes(due.row->row_view());
  writer_->Put(kRowTable, KeyGroupOf(due.entry->hash), StoredKey(due), value.view());
}

Status OverAggregateOperator::BeginSnapshot(StateWriter& writer) {
  ContinueSnapshot(INT64_MAX);
  writer_ = &writer;
  written_.swap(fresh_);
  written_floor_ = fresh_floor_;
  fresh_floor_ = snapshot_floor_ = next_number_;
  written_deleted_.swap(deleted_);
  table_.BeginSnapshot(writer, kGroupTable, [this](KeyedTable::Entry* entry, ByteWriter& value) {
    value.Write<int64_t>(GroupOf(entry)->last_fired);
    calls_.Save(table_.Payload(entry), value);
    expiry_.SaveTime(entry, value);
  });
  if (!is_proctime_) SaveProgress(writer, context_.shard, progress_);
  return Status::Ok();
}

bool OverAggregateOperator::ContinueSnapshot(int64_t deadline_ns) {
  SliceClock clock(deadline_ns);
  while (!written_deleted_.empty()) {
    const auto& [hash, key] = written_deleted_.back();
    writer_->Delete(kRowTable, KeyGroupOf(hash), key);
    written_deleted_.pop_back();
    if (clock.IsPast()) return false;
  }
  while (!written_.empty()) {
    if (written_.front().row != nullptr) WriteRow(written_.front());
    written_.pop_front();
    ++written_floor_;
    if (clock.IsPast()) return false;
  }
  return table_.ContinueSnapshot(deadline_ns);
}

Status OverAggregateOperator::Restore(StateReader& reader) {
  if (ttl_.IsOn()) now_ms_ = context_.now_ms();
  RETURN_IF_ERROR(LoadProgress(reader, progress_));
  RETURN_IF_ERROR(
      ForEachStored(reader, kGroupTable, codec_, 0, 0, [&](const StoredEntry& stored) -> Status {
        KeyedTable::Entry* entry = table_.FindOrInsertOne(stored.key, stored.hash);
        table_.MarkStored(entry);
        ByteReader value(stored.value);
        Group* group = GroupOf(entry);
        ASSIGN_OR_RETURN(group->last_fired, value.Read<int64_t>());
        group->fired = true;
        RETURN_IF_ERROR(calls_.Load(table_.Payload(entry), value));
        return expiry_.LoadTime(entry, value.remaining() > 0, now_ms_, value);
      }));
  std::multimap<std::pair<int64_t, int64_t>, Due> by_time;  // time and number
  RETURN_IF_ERROR(ForEachStored(
      reader, kRowTable, codec_, 0, sizeof(int64_t), [&](const StoredEntry& stored) -> Status {
        ByteReader value(stored.value);
        ASSIGN_OR_RETURN(int64_t time, value.Read<int64_t>());
        ASSIGN_OR_RETURN(std::string_view row, value.ReadBytes(value.remaining()));
        RETURN_IF_ERROR(rows_.Check(row));
        KeyedTable::Entry* entry = table_.FindOrInsertOne(stored.key, stored.hash);
        if (ttl_.IsOn() && table_.Due(entry) == StateTtl::kNever) Renew(entry);
        Due due{entry, store_.NewRow(stored.suffix, row, time)};
        by_time.emplace(std::pair(time, NumberOf(*due.row)), due);
        next_number_ = std::max(next_number_, NumberOf(*due.row) + 1);
        return Status::Ok();
      }));
  fresh_floor_ = snapshot_floor_ = next_number_;
  expiry_.OnRestore();
  for (const auto& [key, due] : by_time) {
    Group* group = GroupOf(due.entry);
    if (group->fired && key.first <= group->last_fired) {
      store_.Append(group->rows, due.row);
      if (!node_.frame.is_rows && !is_proctime_) ScheduleExpiry(due.entry, key.first);
    } else {
      pending_[key.first].push_back(due);
      ++group->waiting;
    }
  }
  return Status::Ok();
}

int64_t OverAggregateOperator::StateBytes() const {
  return table_.MemoryBytes() + store_.MemoryBytes() + calls_.MemoryBytes();
}

}  // namespace forebay::compute
