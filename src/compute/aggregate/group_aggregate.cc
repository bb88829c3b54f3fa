#include "compute/aggregate/group_aggregate.h"

#include <bit>
#include <cstring>
#include <numeric>
#include <type_traits>
#include <unordered_map>

#include "base/bytes.h"
#include "compute/operator/emitter.h"
#include "compute/state/row_codec.h"

namespace forebay::compute {

using model::Batch;
using model::ChangeType;
using model::Column;
using model::ColumnBuilder;
using model::PhysicalType;

namespace {

constexpr std::string_view kTable = "groups";

/// Whether an element of an ARRAY or a value of a MAP is NULL.
bool HoldsNull(const Column& column, int row) {
  if (column.offsets() == nullptr) return false;
  const Column& elements = column.children().back();
  if (!elements.MayHaveNulls()) return false;
  for (int i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i) {
    if (elements.IsNull(i)) return true;
  }
  return false;
}

/// As Flink compares results (EqualiserCodeGenerator): what holds NULL equals nothing, ROWs are
/// compared by their bytes.
bool EqualNested(const Column& column, int a, int b) {
  if (column.IsNull(a) || column.IsNull(b)) return column.IsNull(a) == column.IsNull(b);
  if (HoldsNull(column, a)) return false;
  ByteWriter of_a;
  ByteWriter of_b;
  WriteCell(column, a, of_a);
  WriteCell(column, b, of_b);
  return of_a.view() == of_b.view();
}

/// Clears same[i] where the old and the new cell of touched[i] differ. NaNs are equal: a result
/// that stays NaN did not change.
template <typename Touched>
void CompareCells(const Column& column, const std::vector<Touched>& touched,
                  std::vector<uint8_t>& same) {
  bool nulls = column.MayHaveNulls();
  if (model::PhysicalSize(column.physical()) == 0) {
    for (size_t i = 0; i < touched.size(); ++i) {
      int before = touched[i].old_result, after = touched[i].new_result;
      if (before >= 0 && after >= 0) same[i] &= EqualNested(column, before, after) ? 1 : 0;
    }
    return;
  }
  model::DispatchPhysical(column.physical(), [&]<typename T>(T*) {
    const T* values = column.values<T>();
    for (size_t i = 0; i < touched.size(); ++i) {
      int before = touched[i].old_result, after = touched[i].new_result;
      if (before < 0 || after < 0) continue;
      bool equal;
      if (nulls && (column.IsNull(before) || column.IsNull(after))) {
        equal = column.IsNull(before) == column.IsNull(after);
      } else if constexpr (std::is_floating_point_v<T>) {
        using Bits = std::conditional_t<sizeof(T) == sizeof(uint32_t), uint32_t, uint64_t>;
        equal = std::bit_cast<Bits>(values[before]) == std::bit_cast<Bits>(values[after]);
      } else {
        equal = values[before] == values[after];
      }
      same[i] &= equal ? 1 : 0;
    }
  });
}

}  // namespace

Result<std::unique_ptr<Operator>> GroupAggregateOperator::Make(const sql::AggregateNode& node) {
  std::vector<model::DataType> input = node.inputs[0]->OutputTypes();
  bool retracting = !node.inputs[0]->changelog.IsInsertOnly();
  ASSIGN_OR_RETURN(AccumulatorSet calls,
                   AccumulatorSet::Make(node.calls, input, retracting, sizeof(Header),
                                        StateTtl{node.StateTtlMs()}));
  return std::unique_ptr<Operator>(new GroupAggregateOperator(
      node, KeyCodec::Of(input, node.keys, RowCodec::Purpose::kGroup), std::move(calls)));
}

GroupAggregateOperator::GroupAggregateOperator(const sql::AggregateNode& node, KeyCodec codec,
                                               AccumulatorSet calls)
    : keys_(node.keys),
      types_(node.OutputTypes()),
      changelog_(node.changelog),
      codec_(std::move(codec)),
      calls_(std::move(calls)),
      table_(codec_.key_bytes(), calls_.payload_bytes(), node.StateTtlMs() > 0),
      ttl_{node.StateTtlMs()},
      expiry_(table_, ttl_),
      all_rows_(Batch::kMaxRows) {
  std::iota(all_rows_.begin(), all_rows_.end(), 0);
}

GroupAggregateOperator::~GroupAggregateOperator() {
  if (!calls_.NeedsDestroy()) return;
  table_.ForEach([&](KeyedTable::Entry* entry) { calls_.Destroy(table_.Payload(entry)); });
}

Status GroupAggregateOperator::Process(int, Batch batch) {
  codec_.Encode(batch, keys_, encoded_);
  table_.FindOrInsert(encoded_, std::span(all_rows_).first(batch.num_rows), entries_);
  if (ttl_.IsOn()) Expire();
  CountRows(batch);
  std::vector<ColumnBuilder> results;
  for (size_t i = keys_.size(); i < types_.size(); ++i) {
    results.emplace_back(types_[i], static_cast<int>(touched_.size()) * 2);
  }
  EmitOld(results);
  calls_.Update({batch, rows_, payloads_.data(), batch.IsInsertOnly() ? nullptr : signs_.data()});
  EmitNew(results);
  RETURN_IF_ERROR(calls_.status());
  std::vector<Column> columns;
  for (ColumnBuilder& builder : results) columns.push_back(builder.Finish());
  Compare(batch, columns);
  RETURN_IF_ERROR(Send(columns));
  for (const Touched& touched : touched_) {
    if (touched.rows_before > 0) table_.MarkDirty(touched.entry);
    if (HeaderOf(touched.entry)->rows > 0) {
      table_.MarkDirty(touched.entry);
      if (ttl_.IsOn()) table_.Due(touched.entry) = ttl_.DueAfter(now_ms_);
    } else {
      calls_.Destroy(table_.Payload(touched.entry));
      table_.Erase(touched.entry);
    }
  }
  if (ttl_.IsOn()) Sweep(StateExpiry::kBatchBudgetNs);
  return Status::Ok();
}

void GroupAggregateOperator::Expire() {
  now_ms_ = context_.now_ms();
  calls_.SetNow(now_ms_);
  for (KeyedTable::Entry* entry : entries_) {
    if (!expiry_.IsDue(entry, now_ms_)) continue;
    char* payload = table_.Payload(entry);
    calls_.Destroy(payload);
    std::memset(payload, 0, static_cast<size_t>(calls_.payload_bytes()));
    table_.Due(entry) = StateTtl::kNever;
  }
}

void GroupAggregateOperator::CountRows(const Batch& batch) {
  ++batch_number_;
  touched_.clear();
  rows_.clear();
  payloads_.clear();
  signs_.clear();
  for (int row = 0; row < batch.num_rows; ++row) {
    Header* header = HeaderOf(entries_[row]);
    if (header->touched != batch_number_) {
      header->touched = batch_number_;
      touched_.push_back({entries_[row], header->rows, -1, -1});
    }
    int sign = 1;
    if (!batch.IsInsertOnly()) {
      sign = model::IsRetraction(batch.changes[row]) ? -1 : 1;
      if (sign < 0 && header->rows == 0) continue;
      signs_.push_back(static_cast<int8_t>(sign));
    }
    header->rows += sign;
    rows_.push_back(static_cast<uint32_t>(row));
    payloads_.push_back(table_.Payload(entries_[row]));
  }
}

void GroupAggregateOperator::EmitOld(std::vector<ColumnBuilder>& results) {
  std::vector<char*> old;
  for (Touched& touched : touched_) {
    if (touched.rows_before == 0) continue;
    touched.old_result = static_cast<int>(old.size());
    old.push_back(table_.Payload(touched.entry));
  }
  calls_.Emit(old, results);
}

void GroupAggregateOperator::EmitNew(std::vector<ColumnBuilder>& results) {
  int next = 0;
  for (const Touched& touched : touched_) next += touched.old_result >= 0;
  std::vector<char*> now;
  for (Touched& touched : touched_) {
    if (HeaderOf(touched.entry)->rows == 0) continue;
    touched.new_result = next++;
    now.push_back(table_.Payload(touched.entry));
  }
  calls_.Emit(now, results);
}

void GroupAggregateOperator::MarkVariances(const Batch& batch, std::vector<uint8_t>& same) const {
  std::vector<const sql::AggregateCall*> variances;
  for (int i = 0; i < calls_.size(); ++i) {
    if (calls_.call(i).function.starts_with("VAR_")) variances.push_back(&calls_.call(i));
  }
  if (variances.empty()) return;
  std::unordered_map<const char*, size_t> places;
  for (size_t i = 0; i < touched_.size(); ++i) places[table_.Payload(touched_[i].entry)] = i;
  for (size_t i = 0; i < rows_.size(); ++i) {
    auto row = static_cast<int>(rows_[i]);
    for (const sql::AggregateCall* call : variances) {
      bool counts = call->filter < 0 || (!batch.columns[call->filter].IsNull(row) &&
                                         batch.columns[call->filter].Get<uint8_t>(row) != 0);
      if (counts && !batch.columns[call->args[0]].IsNull(row)) same[places.at(payloads_[i])] = 0;
    }
  }
}

void GroupAggregateOperator::Compare(const Batch& batch, const std::vector<Column>& results) {
  changes_.clear();
  std::vector<uint8_t> same(touched_.size(), 1);
  for (const Column& column : results) CompareCells(column, touched_, same);
  MarkVariances(batch, same);
  for (size_t i = 0; i < touched_.size(); ++i) {
    const Touched& touched = touched_[i];
    auto old_row = static_cast<uint32_t>(touched.old_result);
    auto new_row = static_cast<uint32_t>(touched.new_result);
    if (touched.old_result < 0) {
      if (touched.new_result >= 0)
        changes_.push_back({touched.entry, new_row, ChangeType::kInsert});
      continue;
    }
    if (touched.new_result < 0) {
      changes_.push_back({touched.entry, old_row, ChangeType::kDelete});
      continue;
    }
    if (same[i] != 0 && !ttl_.IsOn()) continue;
    if (changelog_.update_before) {
      changes_.push_back({touched.entry, old_row, ChangeType::kUpdateBefore});
    }
    changes_.push_back({touched.entry, new_row, ChangeType::kUpdateAfter});
  }
}

Status GroupAggregateOperator::Send(const std::vector<Column>& results) {
  if (changes_.empty()) return Status::Ok();
  std::vector<const char*> keys;
  std::vector<uint32_t> rows;
  std::vector<ChangeType> types;
  for (const Change& change : changes_) {
    keys.push_back(table_.Key(change.entry).data());
    rows.push_back(change.result);
    types.push_back(change.type);
  }
  Batch batch;
  batch.num_rows = static_cast<int>(changes_.size());
  batch.columns = codec_.rows().Decode(keys);
  for (size_t i = 0; i < keys_.size(); ++i) {
    batch.columns[i] = batch.columns[i].WithType(types_[i]);
  }
  for (const Column& column : results) batch.columns.push_back(column.Gather(rows));
  batch.changes = ShareChanges(types);
  return EmitAll(*context_.output, batch);
}

Status GroupAggregateOperator::BeginSnapshot(StateWriter& writer) {
  table_.BeginSnapshot(writer, kTable, [this](KeyedTable::Entry* entry, ByteWriter& value) {
    value.Write<int64_t>(HeaderOf(entry)->rows);
    calls_.Save(table_.Payload(entry), value);
    expiry_.SaveTime(entry, value);
  });
  return Status::Ok();
}

Status GroupAggregateOperator::Restore(StateReader& reader) {
  if (ttl_.IsOn()) {
    now_ms_ = context_.now_ms();
    calls_.SetNow(now_ms_);
  }
  RETURN_IF_ERROR(LoadGroups(reader));
  expiry_.OnRestore();
  return Status::Ok();
}

Status GroupAggregateOperator::LoadGroups(StateReader& reader) {
  return ForEachStored(reader, kTable, codec_, 0, 0, [&](const StoredEntry& stored) -> Status {
    KeyedTable::Entry* entry = table_.FindOrInsertOne(stored.key, stored.hash);
    table_.MarkStored(entry);
    ByteReader value(stored.value);
    ASSIGN_OR_RETURN(HeaderOf(entry)->rows, value.Read<int64_t>());
    RETURN_IF_ERROR(calls_.Load(table_.Payload(entry), value));
    // The time stands behind the accumulators, when the job had a TTL.
    return expiry_.LoadTime(entry, value.remaining() > 0, now_ms_, value);
  });
}

Status GroupAggregateOperator::Tick(int64_t now_ms) {
  if (!ttl_.IsOn()) return Status::Ok();
  now_ms_ = now_ms;
  Sweep(StateExpiry::kTickBudgetNs);
  return Status::Ok();
}

void GroupAggregateOperator::Sweep(int64_t budget_ns) {
  expiry_.Sweep(now_ms_, budget_ns, [this](KeyedTable::Entry* entry) {
    calls_.Destroy(table_.Payload(entry));
    table_.Erase(entry);
  });
}

int64_t GroupAggregateOperator::StateBytes() const {
  return table_.MemoryBytes() + calls_.MemoryBytes();
}

}  // namespace forebay::compute
