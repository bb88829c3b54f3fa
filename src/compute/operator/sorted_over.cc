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
      calls_(std::move(calls)),
      keys_(kTable, std::move(codec), rows_, {node.StateTtlMs()}),
      all_rows_(Batch::kMaxRows) {
  std::iota(all_rows_.begin(), all_rows_.end(), 0);
  for (const sql::AggregateCall& call : node_.calls) results_.emplace_back(call.type);
}

Status SortedOverOperator::Process(int, Batch batch) {
  rows_.Encode(batch, row_bytes_);
  keys_.FindOrInsert(batch, node_.keys, NowMs(), entries_);
  for (int row = 0; row < batch.num_rows; ++row) {
    order_.Encode(batch, row, sort_key_);
    RowList& list = keys_.ListOf(entries_[row]);
    if (model::IsRetraction(batch.change(row))) {
      Retract(list, row_bytes_[row]);
    } else {
      Insert(list, row_bytes_[row], batch.change(row));
    }
    if (sent_.size() >= Batch::kMaxRows) RETURN_IF_ERROR(Flush());
  }
  RETURN_IF_ERROR(calls_.status());
  RETURN_IF_ERROR(Flush());
  keys_.EndBatch();
  return Status::Ok();
}

void SortedOverOperator::Insert(RowList& list, std::string_view row, ChangeType change) {
  std::vector<StoredRow*> before(list.begin(), list.end());
  StoredRow* const* place = std::upper_bound(
      list.begin(), list.end(), std::string_view(sort_key_),
      [](std::string_view key, const StoredRow* stored) { return key < stored->head(); });
  StoredRow* added =
      keys_.Insert(list, static_cast<uint32_t>(place - list.begin()), sort_key_, row);
  bool is_update = change == ChangeType::kUpdateAfter;
  Compare(before, {list.begin(), list.count}, added,
          is_update ? ChangeType::kUpdateAfter : ChangeType::kInsert);
}

void SortedOverOperator::Retract(RowList& list, std::string_view row) {
  StoredRow* const* place = std::lower_bound(
      list.begin(), list.end(), std::string_view(sort_key_),
      [](const StoredRow* stored, std::string_view key) { return stored->head() < key; });
  for (; place != list.end() && (*place)->head() == sort_key_; ++place) {
    if ((*place)->row_view() != row) continue;
    std::vector<StoredRow*> before(list.begin(), list.end());
    StoredRow* removed = keys_.Remove(list, static_cast<uint32_t>(place - list.begin()));
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

}  // namespace forebay::compute
