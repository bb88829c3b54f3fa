#include "compute/operator/sorted_over.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "compute/operator/emitter.h"

namespace forebay::compute {

using model::Batch;
using model::ChangeType;

namespace {

constexpr std::string_view kTable = "sorted_over";
constexpr size_t kAlignment = 16;

}  // namespace

Result<std::unique_ptr<Operator>> SortedOverOperator::Make(const sql::OverAggregateNode& node) {
  std::vector<model::DataType> input = node.inputs[0]->OutputTypes();
  ASSIGN_OR_RETURN(AccumulatorSet calls, AccumulatorSet::Make(node.calls, input, false, 0));
  std::unique_ptr<SortedOverOperator> over(
      new SortedOverOperator(node, KeyCodec::Of(input, node.keys), std::move(calls)));
  RETURN_IF_ERROR(over->order_.Check(input));
  return std::unique_ptr<Operator>(std::move(over));
}

SortedOverOperator::SortedOverOperator(const sql::OverAggregateNode& node, KeyCodec codec,
                                       AccumulatorSet calls)
    : node_(node),
      rows_(node.inputs[0]->OutputTypes()),
      order_(node.order),
      codec_(std::move(codec)),
      calls_(std::move(calls)),
      table_(codec_.key_bytes(), sizeof(RowList), node.StateTtlMs() > 0),
      ttl_{node.StateTtlMs()},
      expiry_(table_, ttl_),
      all_rows_(Batch::kMaxRows) {
  std::iota(all_rows_.begin(), all_rows_.end(), 0);
  for (const sql::AggregateCall& call : node_.calls) results_.emplace_back(call.type);
  store_.KeepTimes(ttl_.ms);
}

Status SortedOverOperator::Process(int, Batch batch) {
  codec_.Encode(batch, node_.keys, encoded_);
  rows_.Encode(batch, row_bytes_);
  table_.FindOrInsert(encoded_, std::span(all_rows_).first(batch.num_rows), entries_);
  if (ttl_.IsOn()) ExpireLookedUp();
  for (int row = 0; row < batch.num_rows; ++row) {
    order_.Encode(batch, row, sort_key_);
    table_.MarkDirty(entries_[row]);
    if (model::IsRetraction(batch.change(row))) {
      Retract(entries_[row], row_bytes_[row]);
    } else {
      Insert(entries_[row], row_bytes_[row], batch.change(row));
    }
    if (sent_.size() >= Batch::kMaxRows) RETURN_IF_ERROR(Flush());
  }
  RETURN_IF_ERROR(calls_.status());
  RETURN_IF_ERROR(Flush());
  for (StoredRow* row : removed_) store_.FreeRow(row);
  removed_.clear();
  Sweep(StateExpiry::kBatchBudgetNs);
  return Status::Ok();
}

/// A key's rows go together: the results of the later ones are made of the earlier ones.
void SortedOverOperator::Expire(KeyedTable::Entry* entry) {
  RowList& list = ListOf(entry);
  RowStore::Touch(list, 0);
  for (StoredRow* row : list) store_.FreeRow(row);
  store_.Clear(list);
  table_.MarkDirty(entry);
  table_.Due(entry) = StateTtl::kNever;
}

void SortedOverOperator::ExpireLookedUp() {
  now_ms_ = context_.now_ms();
  store_.SetNow(now_ms_);
  for (KeyedTable::Entry* entry : entries_) {
    if (expiry_.IsDue(entry, now_ms_)) Expire(entry);
  }
  for (KeyedTable::Entry* entry : entries_) table_.Due(entry) = ttl_.DueAfter(now_ms_);
}

void SortedOverOperator::Sweep(int64_t budget_ns) {
  expiry_.Sweep(now_ms_, budget_ns, [this](KeyedTable::Entry* entry) {
    Expire(entry);
    // What a checkpoint has goes with the next one.
    if (ListOf(entry).stored == 0) table_.Erase(entry);
  });
}

Status SortedOverOperator::Tick(int64_t now_ms) {
  if (ttl_.IsOn()) now_ms_ = now_ms;
  Sweep(StateExpiry::kTickBudgetNs);
  return Status::Ok();
}

void SortedOverOperator::Insert(KeyedTable::Entry* entry, std::string_view row, ChangeType change) {
  RowList& list = ListOf(entry);
  std::vector<StoredRow*> before(list.begin(), list.end());
  StoredRow* const* place = std::upper_bound(
      list.begin(), list.end(), std::string_view(sort_key_),
      [](std::string_view key, const StoredRow* stored) { return key < stored->head(); });
  StoredRow* added = store_.NewRow(sort_key_, row, 0);
  store_.Insert(list, static_cast<uint32_t>(place - list.begin()), added);
  bool is_update = change == ChangeType::kUpdateAfter;
  Compare(before, {list.begin(), list.count}, added,
          is_update ? ChangeType::kUpdateAfter : ChangeType::kInsert);
}

void SortedOverOperator::Retract(KeyedTable::Entry* entry, std::string_view row) {
  RowList& list = ListOf(entry);
  StoredRow* const* place = std::lower_bound(
      list.begin(), list.end(), std::string_view(sort_key_),
      [](const StoredRow* stored, std::string_view key) { return stored->head() < key; });
  for (; place != list.end() && (*place)->head() == sort_key_; ++place) {
    if ((*place)->row_view() != row) continue;
    std::vector<StoredRow*> before(list.begin(), list.end());
    StoredRow* removed = store_.Remove(list, static_cast<uint32_t>(place - list.begin()));
    removed_.push_back(removed);
    // Flink calls every row that goes a deletion, also the old row of an update.
    return Compare(before, {list.begin(), list.count}, removed, ChangeType::kDelete);
  }
}

size_t SortedOverOperator::GroupEnd(std::span<StoredRow* const> rows, size_t begin) const {
  size_t end = begin + 1;
  if (node_.frame.is_rows) return end;
  while (end < rows.size() && rows[end]->head() == rows[begin]->head()) ++end;
  return end;
}

void SortedOverOperator::Compare(std::span<StoredRow* const> old_rows,
                                 std::span<StoredRow* const> new_rows, StoredRow* changed,
                                 ChangeType change) {
  bool adds = !model::IsRetraction(change);
  std::span<StoredRow* const> with = adds ? new_rows : old_rows;
  std::span<StoredRow* const> without = adds ? old_rows : new_rows;
  auto place = static_cast<size_t>(std::find(with.begin(), with.end(), changed) - with.begin());
  size_t begin = place;
  while (!node_.frame.is_rows && begin > 0 && with[begin - 1]->head() == changed->head()) --begin;
  Start(old_);
  Start(new_);
  Accumulate(old_, with.first(begin));
  Accumulate(new_, with.first(begin));
  Run& run_with = adds ? new_ : old_;
  Run& run_without = adds ? old_ : new_;
  // The row itself and those that share its result.
  size_t end = GroupEnd(with, begin);
  Accumulate(run_with, with.subspan(begin, end - begin));
  size_t others = end - begin - 1;
  Accumulate(run_without, without.subspan(begin, others));
  bool is_moved = StateOf(old_) != StateOf(new_);
  for (size_t i = begin; i < end; ++i) {
    if (with[i] == changed) {
      Send(changed, change, run_with);
    } else if (is_moved) {
      Send(with[i], ChangeType::kUpdateBefore, old_);
      Send(with[i], ChangeType::kUpdateAfter, new_);
    }
  }
  // Those behind, up to the first whose result is what it was.
  for (begin += others; begin < without.size(); begin = end) {
    end = GroupEnd(without, begin);
    std::span<StoredRow* const> group = without.subspan(begin, end - begin);
    Accumulate(old_, group);
    Accumulate(new_, group);
    if (StateOf(old_) == StateOf(new_)) break;
    for (StoredRow* row : group) {
      Send(row, ChangeType::kUpdateBefore, old_);
      Send(row, ChangeType::kUpdateAfter, new_);
    }
  }
  calls_.Destroy(old_.payload);
  calls_.Destroy(new_.payload);
}

void SortedOverOperator::Start(Run& run) {
  size_t bytes = static_cast<size_t>(calls_.payload_bytes()) + kAlignment;
  if (run.memory == nullptr) run.memory = std::make_unique<char[]>(bytes);
  std::memset(run.memory.get(), 0, bytes);
  size_t space = bytes;
  void* begin = run.memory.get();
  run.payload = static_cast<char*>(
      std::align(kAlignment, static_cast<size_t>(calls_.payload_bytes()), begin, space));
}

void SortedOverOperator::Accumulate(Run& run, std::span<StoredRow* const> rows) {
  for (size_t begin = 0; begin < rows.size(); begin += Batch::kMaxRows) {
    auto part = rows.subspan(begin, std::min<size_t>(Batch::kMaxRows, rows.size() - begin));
    std::vector<const char*> bytes;
    for (const StoredRow* row : part) bytes.push_back(row->row());
    Batch batch(static_cast<int>(part.size()), rows_.Decode(bytes));
    std::vector<char*> payloads(part.size(), run.payload);
    calls_.Update(
        {batch, std::span<const uint32_t>(all_rows_).first(part.size()), payloads.data(), nullptr});
  }
}

std::string SortedOverOperator::StateOf(const Run& run) const {
  ByteWriter state;
  calls_.Save(run.payload, state);
  return state.Take();
}

void SortedOverOperator::Send(const StoredRow* row, ChangeType change, Run& run) {
  if (change == ChangeType::kUpdateBefore && !node_.changelog.update_before &&
      !node_.changelog.remove) {
    return;
  }
  sent_.push_back(row->row());
  changes_.push_back(change);
  calls_.Emit(std::span<char* const>(&run.payload, 1), results_);
}

Status SortedOverOperator::Flush() {
  if (sent_.empty()) return Status::Ok();
  Batch batch(static_cast<int>(sent_.size()), rows_.Decode(sent_), ShareChanges(changes_));
  for (size_t i = 0; i < results_.size(); ++i) {
    batch.columns.push_back(results_[i].Finish());
    results_[i] = model::ColumnBuilder(node_.calls[i].type);
  }
  sent_.clear();
  changes_.clear();
  return EmitAll(*context_.output, batch);
}

Status SortedOverOperator::BeginSnapshot(StateWriter& writer) {
  table_.BeginChanges(
      [this, &writer](KeyedTable::Entry* entry) {
        RowList& list = ListOf(entry);
        store_.Save(writer, kTable, entry->hash, table_.Key(entry), 0, list);
        if (list.count == 0) emptied_.Add(entry);
      },
      [](uint64_t, std::string_view) {});
  return Status::Ok();
}

bool SortedOverOperator::ContinueSnapshot(int64_t deadline_ns) {
  if (!table_.ContinueSnapshot(deadline_ns)) return false;
  return emptied_.Continue(deadline_ns, [this](KeyedTable::Entry* entry) {
    // Rows may have come since.
    if (!table_.IsLive(entry) || ListOf(entry).count + ListOf(entry).stored > 0) return;
    store_.Clear(ListOf(entry));
    table_.Erase(entry);
  });
}

Status SortedOverOperator::LoadRows(StateReader& reader) {
  return ForEachStored(
      reader, kTable, codec_, 0, RowStore::kSuffixBytes, [&](const StoredEntry& stored) -> Status {
        KeyedTable::Entry* entry = table_.FindOrInsertOne(stored.key, stored.hash);
        table_.MarkStored(entry);
        ASSIGN_OR_RETURN(std::string_view row, RowStore::SavedRow(stored.value));
        RETURN_IF_ERROR(rows_.Check(row));
        return store_.Load(ListOf(entry), LoadLe<uint32_t>(stored.suffix.data() + 1), stored.value);
      });
}

Status SortedOverOperator::Restore(StateReader& reader) {
  if (ttl_.IsOn()) now_ms_ = context_.now_ms();
  store_.SetNow(now_ms_);
  RETURN_IF_ERROR(LoadRows(reader));
  expiry_.OnRestore();
  if (!ttl_.IsOn()) return Status::Ok();
  table_.ForEach([this](KeyedTable::Entry* entry) {
    int64_t newest = 0;
    for (const StoredRow* row : ListOf(entry)) newest = std::max(newest, RowStore::WrittenAt(row));
    table_.Due(entry) = ttl_.DueAfter(newest);
  });
  return Status::Ok();
}

}  // namespace forebay::compute
