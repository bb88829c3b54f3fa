#include "compute/window/window_emit.h"

#include <algorithm>

#include "compute/operator/emitter.h"
#include "compute/operator/progress.h"

namespace forebay::compute {

using model::Batch;
using model::ChangeType;
using model::Column;
using model::ColumnBuilder;

namespace {

constexpr std::string_view kTable = "emitting_windows";
constexpr size_t kPrefixBytes = sizeof(int64_t);

/// Keys of different windows lie apart; the bits that route a key stay.
uint64_t HashOf(uint64_t key_hash, int64_t end) {
  return key_hash ^ ((static_cast<uint64_t>(end) * 0x9e3779b97f4a7c15) >> 7);
}

std::vector<model::DataType> ResultTypes(const sql::WindowAggregateNode& node) {
  std::vector<model::DataType> types;
  for (const sql::AggregateCall& call : node.calls) types.push_back(call.type);
  return types;
}

}  // namespace

Result<std::unique_ptr<Operator>> WindowEmitOperator::Make(const sql::WindowAggregateNode& node,
                                                           const EvaluationContext& context) {
  ASSIGN_OR_RETURN(Parts parts, MakeParts(node, context, sizeof(State)));
  return std::unique_ptr<Operator>(new WindowEmitOperator(node, std::move(parts)));
}

WindowEmitOperator::WindowEmitOperator(const sql::WindowAggregateNode& node, Parts parts)
    : WindowOperator(node, std::move(parts)),
      changelog_(node.changelog),
      emit_(*node.emit),
      assigner_(node.window),
      results_(ResultTypes(node)),
      table_(codec_.key_bytes() < 0 ? -1 : codec_.key_bytes() + static_cast<int>(kPrefixBytes),
             calls_.payload_bytes()) {}

WindowEmitOperator::~WindowEmitOperator() {
  if (!calls_.NeedsDestroy()) return;
  table_.ForEach([&](Entry* entry) { calls_.Destroy(table_.Payload(entry)); });
}

Status WindowEmitOperator::Accumulate(const Batch& batch) {
  Assign(batch);
  calls_.Update({batch, rows_, payloads_.data(), batch.IsInsertOnly() ? nullptr : signs_.data()});
  RETURN_IF_ERROR(calls_.status());
  std::vector<Entry*> fired;
  for (Entry* entry : touched_) {
    table_.MarkDirty(entry);
    if (FiresNow(entry)) fired.push_back(entry);
  }
  return Answer(fired);
}

/// Finds the state of every row in each of its windows.
void WindowEmitOperator::Assign(const Batch& batch) {
  ++batch_number_;
  rows_.clear();
  payloads_.clear();
  signs_.clear();
  touched_.clear();
  for (int row = 0; row < batch.num_rows; ++row) {
    int sign = model::IsRetraction(batch.change(row)) ? -1 : 1;
    assigner_.WindowEnds(assigner_.SliceEnd(times_[row]), ends_);
    bool is_late = true;
    for (int64_t end : ends_) {
      if (end - 1 + emit_.lateness_ms <= progress_) continue;
      is_late = false;
      Entry* entry = OpenEntry(end, row);
      State* state = StateOf(entry);
      if (state->touched != batch_number_) touched_.push_back(entry);
      state->touched = batch_number_;
      state->rows += sign;
      rows_.push_back(static_cast<uint32_t>(row));
      payloads_.push_back(table_.Payload(entry));
      signs_.push_back(static_cast<int8_t>(sign));
    }
    late_rows_ += is_late ? 1 : 0;
  }
}

KeyedTable::Entry* WindowEmitOperator::OpenEntry(int64_t end, int row) {
  key_.assign(reinterpret_cast<const char*>(&end), kPrefixBytes);
  key_.append(encoded_.rows[row]);
  Entry* entry = table_.FindOrInsertOne(key_, HashOf(encoded_.hashes[row], end));
  State* state = StateOf(entry);
  if (state->touched != 0) return entry;
  state->end = end;
  open_[end].push_back(entry);
  if (end - 1 > progress_) unfired_[end].push_back(entry);
  return entry;
}

bool WindowEmitOperator::FiresNow(Entry* entry) {
  State* state = StateOf(entry);
  bool is_past = state->end - 1 <= progress_;
  if (is_past && state->is_fired == 0) return true;
  std::optional<int64_t> delay = is_past ? emit_.late_ms : emit_.early_ms;
  if (!delay) return false;
  if (*delay == 0) return true;
  if (state->fire_ms == 0) Plan(entry, context_.now_ms() + *delay);
  return false;
}

void WindowEmitOperator::Plan(Entry* entry, int64_t fire_ms) {
  StateOf(entry)->fire_ms = fire_ms;
  if (fire_ms != 0) planned_.emplace(fire_ms, entry);
}

/// Answers what is planned, and plans it again, as long as the window is there.
Status WindowEmitOperator::Tick(int64_t now_ms) {
  std::vector<Entry*> fired;
  while (!planned_.empty() && planned_.begin()->first <= now_ms) {
    auto [fire_ms, entry] = *planned_.begin();
    planned_.erase(planned_.begin());
    if (!table_.IsLive(entry) || StateOf(entry)->fire_ms != fire_ms) continue;
    table_.Preserve(entry);
    table_.MarkDirty(entry);
    bool is_past = StateOf(entry)->end - 1 <= progress_;
    Plan(entry, now_ms + (is_past ? emit_.late_ms : emit_.early_ms).value_or(0));
    fired.push_back(entry);
  }
  RETURN_IF_ERROR(Answer(fired));
  return WindowOperator::Tick(now_ms);
}

Status WindowEmitOperator::FireDue() {
  while (!unfired_.empty() && unfired_.begin()->first - 1 <= progress_) {
    auto window = unfired_.extract(unfired_.begin());
    for (Entry* entry : window.mapped()) {
      table_.Preserve(entry);
      table_.MarkDirty(entry);
      StateOf(entry)->is_fired = 1;
      StateOf(entry)->fire_ms = 0;
    }
    RETURN_IF_ERROR(Answer(window.mapped()));
  }
  while (!open_.empty() && open_.begin()->first - 1 + emit_.lateness_ms <= progress_) {
    auto window = open_.extract(open_.begin());
    for (Entry* entry : window.mapped()) Drop(entry);
  }
  return Status::Ok();
}

void WindowEmitOperator::Drop(Entry* entry) {
  table_.Preserve(entry);
  State* state = StateOf(entry);
  state->fire_ms = 0;
  if (state->sent != nullptr) store_.FreeRow(state->sent);
  state->sent = nullptr;
  calls_.Destroy(table_.Payload(entry));
  table_.Erase(entry);
}

Status WindowEmitOperator::Answer(std::span<Entry* const> entries) {
  // An old and a new row each.
  constexpr size_t kPart = Batch::kMaxRows / 2;
  for (size_t begin = 0; begin < entries.size(); begin += kPart) {
    RETURN_IF_ERROR(
        AnswerSome(entries.subspan(begin, std::min<size_t>(kPart, entries.size() - begin))));
  }
  return Status::Ok();
}

Status WindowEmitOperator::AnswerSome(std::span<Entry* const> entries) {
  std::vector<char*> payloads;
  for (Entry* entry : entries) {
    if (StateOf(entry)->rows > 0) payloads.push_back(table_.Payload(entry));
  }
  std::vector<ColumnBuilder> builders;
  for (const model::DataType& type : results_.types()) builders.emplace_back(type);
  calls_.Emit(payloads, builders);
  RETURN_IF_ERROR(calls_.status());
  Batch results;
  results.num_rows = static_cast<int>(payloads.size());
  for (ColumnBuilder& builder : builders) results.columns.push_back(builder.Finish());
  EncodedRows encoded;
  results_.Encode(results, encoded);
  std::vector<Change> changes;
  int next = 0;
  for (Entry* entry : entries) {
    State* state = StateOf(entry);
    int result = state->rows > 0 ? next++ : -1;
    if (result >= 0 && state->sent != nullptr && state->sent->view() == encoded[result]) continue;
    if (state->sent != nullptr && result < 0) changes.push_back({entry, ChangeType::kDelete, -1});
    if (state->sent != nullptr && result >= 0 && changelog_.update_before) {
      changes.push_back({entry, ChangeType::kUpdateBefore, -1});
    }
    if (result < 0) continue;
    bool is_new = state->sent == nullptr;
    changes.push_back({entry, is_new ? ChangeType::kInsert : ChangeType::kUpdateAfter, result});
  }
  RETURN_IF_ERROR(Send(changes, results.columns));
  for (const Change& change : changes) {
    State* state = StateOf(change.entry);
    if (change.type == ChangeType::kUpdateBefore) continue;
    if (state->sent != nullptr) store_.FreeRow(state->sent);
    state->sent = change.result < 0 ? nullptr : store_.NewRow({}, encoded[change.result], 0);
  }
  return Status::Ok();
}

Status WindowEmitOperator::Send(std::span<const Change> changes,
                                const std::vector<Column>& results) {
  if (changes.empty()) return Status::Ok();
  std::vector<const char*> keys;
  std::vector<const char*> old_rows;
  std::vector<ChangeType> types;
  for (const Change& change : changes) {
    keys.push_back(table_.Key(change.entry).data() + kPrefixBytes);
    types.push_back(change.type);
    if (change.result < 0) old_rows.push_back(StateOf(change.entry)->sent->row());
  }
  std::vector<Column> old = results_.Decode(old_rows);
  Batch batch = KeyColumns(keys);
  for (size_t i = 0; i < results.size(); ++i) {
    ColumnBuilder builder(types_[keys_.size() + i], batch.num_rows);
    int next = 0;
    for (const Change& change : changes) {
      bool is_old = change.result < 0;
      builder.AppendFrom(is_old ? old[i] : results[i], is_old ? next++ : change.result);
    }
    batch.columns.push_back(builder.Finish());
  }
  for (sql::WindowProperty property : properties_) {
    const model::DataType& type = types_[batch.columns.size()];
    ColumnBuilder builder(type, batch.num_rows);
    for (const Change& change : changes) {
      int64_t end = StateOf(change.entry)->end;
      builder.Append<int64_t>(clock_.Property(property, type, assigner_.WindowStart(end), end));
    }
    batch.columns.push_back(builder.Finish());
  }
  batch.changes = ShareChanges(types);
  return EmitAll(*context_.output, batch);
}

Status WindowEmitOperator::BeginSnapshot(StateWriter& writer) {
  table_.BeginSnapshot(writer, kTable, [this](Entry* entry, ByteWriter& value) {
    const State* state = StateOf(entry);
    value.Write<int64_t>(state->rows);
    value.Write<int64_t>(state->fire_ms);
    value.Write<uint8_t>(static_cast<uint8_t>(state->is_fired));
    value.Write<uint8_t>(state->sent != nullptr ? 1 : 0);
    if (state->sent != nullptr) value.WriteString(state->sent->view());
    calls_.Save(table_.Payload(entry), value);
  });
  SaveProgress(writer, context_.shard, progress_);
  return Status::Ok();
}

Status WindowEmitOperator::Restore(StateReader& reader) {
  RETURN_IF_ERROR(LoadProgress(reader, progress_));
  return ForEachStored(reader, kTable, codec_, kPrefixBytes, 0,
                       [this](const StoredEntry& stored) { return LoadEntry(stored); });
}

Status WindowEmitOperator::LoadEntry(const StoredEntry& stored) {
  auto end = LoadLe<int64_t>(stored.prefix.data());
  key_.assign(stored.prefix);
  key_.append(stored.key);
  Entry* entry = table_.FindOrInsertOne(key_, HashOf(stored.hash, end));
  table_.MarkStored(entry);
  State* state = StateOf(entry);
  state->end = end;
  state->touched = ++batch_number_;
  ByteReader value(stored.value);
  ASSIGN_OR_RETURN(state->rows, value.Read<int64_t>());
  ASSIGN_OR_RETURN(int64_t fire_ms, value.Read<int64_t>());
  ASSIGN_OR_RETURN(uint8_t is_fired, value.Read<uint8_t>());
  ASSIGN_OR_RETURN(uint8_t has_sent, value.Read<uint8_t>());
  state->is_fired = is_fired;
  Plan(entry, fire_ms);
  if (has_sent != 0) {
    ASSIGN_OR_RETURN(std::string_view sent, value.ReadString());
    RETURN_IF_ERROR(results_.Check(sent));
    state->sent = store_.NewRow({}, sent, 0);
  }
  open_[end].push_back(entry);
  if (is_fired == 0 && end - 1 > progress_) unfired_[end].push_back(entry);
  return calls_.Load(table_.Payload(entry), value);
}

int64_t WindowEmitOperator::StateBytes() const {
  return table_.MemoryBytes() + store_.MemoryBytes() + calls_.MemoryBytes();
}

}  // namespace forebay::compute
