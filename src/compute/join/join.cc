#include "compute/join/join.h"

#include <algorithm>

#include "compute/operator/emitter.h"
#include "compute/state/state_fetch.h"

namespace forebay::compute {

using model::Batch;
using model::ChangeType;
using model::Column;
using sql::JoinKind;

namespace {

constexpr std::string_view kTable = "rows";
/// Says which side a checkpoint has no rows of, under the shard's number.
constexpr std::string_view kSharedTable = "shared";

/// Rows `rows` of a column; -1 gives NULL.
Column GatherOrNull(const Column& column, std::span<const int> rows, const model::DataType& type) {
  model::ColumnBuilder builder(type, static_cast<int>(rows.size()));
  for (int row : rows) {
    if (row < 0) {
      builder.AppendNull();
    } else {
      builder.AppendFrom(column, row);
    }
  }
  return builder.Finish();
}

}  // namespace

Result<std::unique_ptr<Operator>> JoinOperator::Make(const sql::JoinNode& node,
                                                     std::shared_ptr<Evaluator> condition) {
  std::vector<model::DataType> left = node.inputs[0]->OutputTypes();
  std::vector<model::DataType> right = node.inputs[1]->OutputTypes();
  for (size_t i = 0; i < node.left_keys.size(); ++i) {
    const model::DataType& a = left[node.left_keys[i]];
    const model::DataType& b = right[node.right_keys[i]];
    if (a.physical() != b.physical()) {
      return NotSupported("joining {} with {}", a.ToString(), b.ToString());
    }
  }
  std::unique_ptr<JoinOperator> join(new JoinOperator(node, KeyCodec::Of(left, node.left_keys)));
  join->condition_ = std::move(condition);
  return std::unique_ptr<Operator>(std::move(join));
}

JoinOperator::JoinOperator(const sql::JoinNode& node, KeyCodec codec)
    : kind_(node.join),
      types_(node.inputs[0]->OutputTypes()),
      codec_(std::move(codec)),
      table_(codec_.key_bytes(), sizeof(Sides), !node.state_ttl_ms.empty()),
      ttls_{{node.StateTtlMs(0)}, {node.StateTtlMs(1)}},
      expiry_(table_, {StateTtl::Earlier(ttls_[0].ms, ttls_[1].ms)}) {
  store_.KeepTimes(StateTtl::Earlier(ttls_[0].ms, ttls_[1].ms));
  keys_[0] = node.left_keys;
  keys_[1] = node.right_keys;
  rows_[0] = RowCodec(types_);
  rows_[1] = RowCodec(node.inputs[1]->OutputTypes());
  for (const model::DataType& type : rows_[1].types()) types_.push_back(type);
  // Outer joins make columns nullable.
  for (size_t i = 0; i < node.output.size(); ++i) types_[i] = node.output[i].type;
}

bool JoinOperator::KeepsUnmatched(int side) const {
  if (kind_ == JoinKind::kFull) return true;
  if (side == 0) return kind_ == JoinKind::kLeft || kind_ == JoinKind::kAnti;
  return kind_ == JoinKind::kRight;
}

Status JoinOperator::Process(int input, Batch batch) {
  if (IsShared(input)) shared_->Advance(batch);
  SelectRows(batch, keys_[input]);
  codec_.Encode(batch, keys_[input], encoded_);
  if (IsShared(input)) {
    table_.Find(encoded_, keyed_rows_, entries_);
  } else {
    rows_[input].Encode(batch, row_bytes_);
    table_.FindOrInsert(encoded_, keyed_rows_, entries_);
  }
  if (expiry_.IsOn()) ExpireLookedUp();
  RETURN_IF_ERROR(CollectPairs(input));
  RETURN_IF_ERROR(FilterPairs(input, batch));
  sent_.clear();
  changes_.clear();
  own_matches_.assign(batch.num_rows, 0);
  Match(input, batch);
  RETURN_IF_ERROR(Flush(input, batch));
  UpdateState(input, batch);
  Sweep(StateExpiry::kBatchBudgetNs);
  return Status::Ok();
}

void JoinOperator::ExpireLookedUp() {
  now_ms_ = context_.now_ms();
  store_.SetNow(now_ms_);
  for (KeyedTable::Entry* entry : entries_) {
    if (expiry_.IsDue(entry, now_ms_)) Expire(entry);
  }
}

void JoinOperator::Expire(KeyedTable::Entry* entry) {
  int64_t due = StateTtl::kNever;
  for (int side = 0; side < 2; ++side) {
    if (!ttls_[side].IsOn()) continue;
    RowList& list = SidesOf(entry)->lists[side];
    if (store_.RemoveExpired(list, now_ms_ - ttls_[side].ms)) table_.MarkDirty(entry);
    int64_t oldest = RowStore::OldestOf(list);
    if (oldest != RowStore::kNoRow) due = StateTtl::Earlier(due, ttls_[side].DueAfter(oldest));
  }
  table_.Due(entry) = due;
}

void JoinOperator::Sweep(int64_t budget_ns) {
  expiry_.Sweep(now_ms_, budget_ns, [this](KeyedTable::Entry* entry) {
    Expire(entry);
    EraseIfUnused(entry);
  });
}

void JoinOperator::EraseIfUnused(KeyedTable::Entry* entry) {
  if (!table_.IsLive(entry)) return;
  std::span<RowList, 2> lists(SidesOf(entry)->lists);
  for (const RowList& list : lists) {
    if (list.count + list.stored > 0) return;
  }
  for (RowList& list : lists) store_.Clear(list);
  table_.Erase(entry);
}

Status JoinOperator::Tick(int64_t now_ms) {
  if (expiry_.IsOn()) now_ms_ = now_ms;
  Sweep(StateExpiry::kTickBudgetNs);
  return Status::Ok();
}

void JoinOperator::SelectRows(const Batch& batch, const std::vector<int>& keys) {
  keyed_rows_.clear();
  has_key_.assign(batch.num_rows, 1);
  for (int key : keys) {
    const Column& column = batch.columns[key];
    if (!column.MayHaveNulls()) continue;
    for (int row = 0; row < batch.num_rows; ++row) has_key_[row] &= column.IsNull(row) ? 0 : 1;
  }
  for (int row = 0; row < batch.num_rows; ++row) {
    if (has_key_[row] != 0) keyed_rows_.push_back(static_cast<uint32_t>(row));
  }
}

Status JoinOperator::CollectPairs(int side) {
  pairs_.clear();
  if (IsShared(1 - side)) {
    RETURN_IF_ERROR(shared_->Find(encoded_, keyed_rows_, found_));
    for (size_t i = 0; i < found_.rows.size(); ++i) {
      pairs_.push_back({static_cast<int>(found_.rows[i]), found_.At(i)});
    }
    return Status::Ok();
  }
  FetchRows(1 - side);
  for (size_t i = 0; i < keyed_rows_.size(); ++i) {
    if (entries_[i] == nullptr) continue;  // the batch is of a shared side
    for (StoredRow* stored : SidesOf(entries_[i])->lists[1 - side]) {
      __builtin_prefetch(stored);
      pairs_.push_back({static_cast<int>(keyed_rows_[i]), stored});
    }
  }
  return Status::Ok();
}

/// Of a key with many rows they are in pages of their own behind the list.
void JoinOperator::FetchRows(int side) {
  StateFetch fetch;
  if (!fetch.IsNeeded()) return;
  for (KeyedTable::Entry* entry : entries_) {
    if (entry != nullptr) fetch.Add(SidesOf(entry)->lists[side].many);
  }
  fetch.Go();
  for (KeyedTable::Entry* entry : entries_) {
    if (entry == nullptr || SidesOf(entry)->lists[side].capacity == 0) continue;
    for (const StoredRow* row : SidesOf(entry)->lists[side]) fetch.Add(row);
  }
  fetch.Go();
}

/// Keeps the pairs for which the condition is true.
Status JoinOperator::FilterPairs(int side, const Batch& batch) {
  matched_.clear();
  if (condition_ == nullptr) {
    matched_.swap(pairs_);
    return Status::Ok();
  }
  std::span<const Pair> all(pairs_);
  for (size_t begin = 0; begin < all.size(); begin += Batch::kMaxRows) {
    auto part = all.subspan(begin, std::min<size_t>(Batch::kMaxRows, all.size() - begin));
    RETURN_IF_ERROR(condition_->Select(0, Build(side, batch, part, true), selected_));
    for (uint32_t i : selected_) matched_.push_back(part[i]);
  }
  return Status::Ok();
}

void JoinOperator::Send(int row, StoredRow* stored, ChangeType change) {
  sent_.push_back({row, stored});
  changes_.push_back(change);
}

/// Decides what is sent, row by row in order of arrival.
void JoinOperator::Match(int side, const Batch& batch) {
  size_t next = 0;
  for (int row = 0; row < batch.num_rows; ++row) {
    size_t begin = next;
    while (next < matched_.size() && matched_[next].row == row) ++next;
    MatchOne(side, row, batch.change(row), begin, next);
  }
}

/// As Flink: a pair has the kind of the row that makes it, unless a padded row may come or go with
/// it. A row that leaves puts back only rows of the other side, which have their own kinds.
ChangeType JoinOperator::KindOfPair(int side, ChangeType change) const {
  if (model::IsRetraction(change)) return KeepsUnmatched(side) ? ChangeType::kDelete : change;
  bool plain = KeepsUnmatched(0) || KeepsUnmatched(1);
  return plain ? ChangeType::kInsert : change;
}

void JoinOperator::MatchOne(int side, int row, ChangeType change, size_t begin, size_t end) {
  bool add = !model::IsRetraction(change);
  if (change == ChangeType::kAppendOnly) change = ChangeType::kInsert;
  auto matches = static_cast<int64_t>(end - begin);
  own_matches_[row] = matches;
  if (!EmitsRightColumns() && side == 0) {
    bool wanted = (matches > 0) == (kind_ == JoinKind::kSemi);
    if (wanted) Send(row, nullptr, change);
    return;
  }
  if (matches == 0 && KeepsUnmatched(side)) {
    Send(row, nullptr, add ? ChangeType::kInsert : ChangeType::kDelete);
    return;
  }
  for (size_t i = begin; i < end; ++i) {
    StoredRow* other = matched_[i].stored;
    int64_t before = other->tag;
    if (CountsMatches(1 - side)) {
      other->tag += add ? 1 : -1;
      if (store_.HasTimes()) store_.Renew(other);
    }
    bool first_or_last = add ? before == 0 : other->tag == 0;
    if (!EmitsRightColumns()) {  // a right row of SEMI or ANTI
      if (!first_or_last) continue;
      ChangeType opposite = add ? ChangeType::kDelete : ChangeType::kInsert;
      Send(-1, other, kind_ == JoinKind::kSemi ? change : opposite);
      continue;
    }
    bool unpad = KeepsUnmatched(1 - side) && first_or_last;
    if (unpad && add) Send(-1, other, ChangeType::kDelete);
    Send(row, other, KindOfPair(side, change));
    if (unpad && !add) Send(-1, other, ChangeType::kInsert);
  }
}

Status JoinOperator::Flush(int side, const Batch& batch) {
  std::span<const Pair> all(sent_);
  for (size_t begin = 0; begin < all.size(); begin += Batch::kMaxRows) {
    auto part = all.subspan(begin, std::min<size_t>(Batch::kMaxRows, all.size() - begin));
    Batch result = Build(side, batch, part, EmitsRightColumns());
    std::vector<ChangeType> changes(changes_.begin() + static_cast<long>(begin),
                                    changes_.begin() + static_cast<long>(begin + part.size()));
    result.changes = ShareChanges(changes);
    RETURN_IF_ERROR(context_.output->Emit(std::move(result)));
  }
  return Status::Ok();
}

Batch JoinOperator::Build(int side, const Batch& batch, std::span<const Pair> pairs,
                          bool right_columns) const {
  std::vector<int> own;
  std::vector<uint32_t> own_all;
  std::vector<const char*> others;
  bool complete = true;
  for (const Pair& pair : pairs) {
    own.push_back(pair.row);
    own_all.push_back(static_cast<uint32_t>(pair.row));
    complete = complete && pair.row >= 0;
    others.push_back(pair.stored == nullptr ? nullptr : pair.stored->row());
  }
  Batch result;
  result.num_rows = static_cast<int>(pairs.size());
  size_t type = 0;
  for (int s = 0; s < (right_columns ? 2 : 1); ++s) {
    for (size_t c = 0; c < rows_[s].types().size(); ++c, ++type) {
      if (s != side) {
        model::ColumnBuilder builder(types_[type], result.num_rows);
        if (IsShared(s)) {
          shared_->DecodeColumn(static_cast<int>(c), others, builder);
        } else {
          rows_[s].DecodeColumn(static_cast<int>(c), others, builder);
        }
        result.columns.push_back(builder.Finish());
      } else if (complete) {
        result.columns.push_back(batch.columns[c].Gather(own_all).WithType(types_[type]));
      } else {
        result.columns.push_back(GatherOrNull(batch.columns[c], own, types_[type]));
      }
    }
  }
  return result;
}

void JoinOperator::UpdateState(int side, const Batch& batch) {
  // Counted matches of the other side changed in place.
  if (CountsMatches(1 - side)) {
    for (KeyedTable::Entry* entry : entries_) {
      if (entry == nullptr) continue;
      RowStore::Touch(SidesOf(entry)->lists[1 - side], 0);
      table_.MarkDirty(entry);
    }
  }
  if (IsShared(side)) return;
  for (size_t i = 0; i < keyed_rows_.size(); ++i) {
    int row = static_cast<int>(keyed_rows_[i]);
    RowList& list = SidesOf(entries_[i])->lists[side];
    std::string_view bytes = row_bytes_[row];
    table_.MarkDirty(entries_[i]);
    if (!model::IsRetraction(batch.change(row))) {
      store_.Append(list, store_.NewRow({}, bytes, own_matches_[row]));
      if (expiry_.IsOn()) expiry_.AddDue(entries_[i], ttls_[side].DueAfter(now_ms_));
    } else if (StoredRow* removed = RemoveRow(list, bytes); removed != nullptr) {
      store_.FreeRow(removed);
    }
  }
}

/// The newest equal row is the cheapest to find when changes undo what came just before.
StoredRow* JoinOperator::RemoveRow(RowList& list, std::string_view row) {
  for (uint32_t i = list.count; i-- > 0;) {
    if (list[i]->view() == row) return store_.Remove(list, i);
  }
  return nullptr;
}

Status JoinOperator::ProcessWatermark(Watermark watermark) {
  if (condition_ != nullptr) condition_->SetWatermark(watermark);
  return Status::Ok();
}

Status JoinOperator::BeginSnapshot(StateWriter& writer) {
  if (shared_ != nullptr && !is_marked_) {
    writer.Put(kSharedTable, kUnkeyed, std::to_string(context_.shard),
               std::to_string(shared_->side()));
    is_marked_ = true;
  }
  table_.BeginChanges(
      [this, &writer](KeyedTable::Entry* entry) {
        Sides* sides = SidesOf(entry);
        if (sides->lists[0].count + sides->lists[1].count == 0) emptied_.Add(entry);
        for (int side = 0; side < 2; ++side) {
          store_.Save(writer, kTable, entry->hash, table_.Key(entry), static_cast<char>(side),
                      sides->lists[side]);
        }
      },
      [](uint64_t, std::string_view) {});
  return Status::Ok();
}

bool JoinOperator::ContinueSnapshot(int64_t deadline_ns) {
  if (!table_.ContinueSnapshot(deadline_ns)) return false;
  return emptied_.Continue(deadline_ns, [this](KeyedTable::Entry* entry) { EraseIfUnused(entry); });
}

/// State with and without a shared side cannot stand for each other.
Status JoinOperator::CheckSharing(StateReader& reader) {
  bool was_shared = false;
  RETURN_IF_ERROR(reader.ForEach(kSharedTable, [&](std::string_view, std::string_view) {
    was_shared = true;
    return Status::Ok();
  }));
  if (!was_shared || shared_ != nullptr) return Status::Ok();
  Error error =
      Conflict("the state of a join was shared with other jobs and is not in the checkpoint");
  error.hint = "SET 'table.exec.shared-arrangements' = 'true'";
  return error;
}

Status JoinOperator::Restore(StateReader& reader) {
  RETURN_IF_ERROR(CheckSharing(reader));
  if (expiry_.IsOn()) store_.SetNow(context_.now_ms());
  RETURN_IF_ERROR(LoadRows(reader));
  expiry_.OnRestore();
  if (!expiry_.IsOn()) return Status::Ok();
  // Says when the rows are due, and takes out what already is.
  now_ms_ = context_.now_ms();
  table_.ForEach([this](KeyedTable::Entry* entry) { Expire(entry); });
  return Status::Ok();
}

Status JoinOperator::LoadRows(StateReader& reader) {
  return ForEachStored(
      reader, kTable, codec_, 0, RowStore::kSuffixBytes, [&](const StoredEntry& stored) -> Status {
        int side = static_cast<uint8_t>(stored.suffix[0]);
        if (side != 0 && side != 1) return Corruption("a stored join row of side {}", side);
        if (IsShared(side)) {
          return Conflict("the checkpoint holds rows of a join's side that is to be shared now");
        }
        KeyedTable::Entry* entry = table_.FindOrInsertOne(stored.key, stored.hash);
        table_.MarkStored(entry);
        ASSIGN_OR_RETURN(std::string_view row, RowStore::SavedRow(stored.value));
        RETURN_IF_ERROR(rows_[side].Check(row));
        return store_.Load(SidesOf(entry)->lists[side], LoadLe<uint32_t>(stored.suffix.data() + 1),
                           stored.value);
      });
}

int64_t JoinOperator::StateBytes() const { return table_.MemoryBytes() + store_.MemoryBytes(); }

}  // namespace forebay::compute
