#include "compute/join/lookup_join.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

namespace forebay::compute {

using model::Batch;
using model::Column;

namespace {

constexpr std::string_view kTable = "waiting";

}  // namespace

Result<std::unique_ptr<Operator>> LookupJoinOperator::Make(const sql::LookupJoinNode& node,
                                                           const EvaluationContext& context,
                                                           client::Connection* connection) {
  if (node.table.IsForeign()) {
    return NotSupported("a lookup join with a table of connector '{}'", node.table.connector());
  }
  if (connection == nullptr) return Internal("a lookup join has no connection to storage");
  std::unique_ptr<LookupJoinOperator> join(new LookupJoinOperator());
  join->types_ = node.OutputTypes();
  join->input_columns_ = node.inputs[0]->output.size();
  join->input_codec_ = RowCodec(node.inputs[0]->OutputTypes());
  join->left_outer_ = node.left_outer;
  join->unordered_ = node.unordered && node.inputs[0]->changelog.IsInsertOnly();
  join->retries_ = node.retries;
  join->retry_delay_ms_ = node.retry_delay_ms;
  ASSIGN_OR_RETURN(join->table_, LookupTable::Open(node, *connection));
  ASSIGN_OR_RETURN(join->keys_, Evaluator::Make(node.keys, context));
  if (node.condition != nullptr) {
    ASSIGN_OR_RETURN(join->condition_, Evaluator::Make({node.condition}, context));
  }
  return std::unique_ptr<Operator>(std::move(join));
}

Result<LookupJoinOperator::Asked> LookupJoinOperator::Ask(Batch batch) const {
  ASSIGN_OR_RETURN(std::vector<Column> keys, keys_->Evaluate(batch));
  Asked asked;
  asked.missed.resize(static_cast<size_t>(batch.num_rows));
  std::iota(asked.missed.begin(), asked.missed.end(), 0u);
  for (const Column& key : keys) {
    if (!key.MayHaveNulls()) continue;
    std::erase_if(asked.missed, [&](uint32_t row) { return key.IsNull(static_cast<int>(row)); });
  }
  asked.keys = Batch(batch.num_rows, std::move(keys)).Gather(asked.missed);
  asked.rows = std::move(batch);
  asked.attempts_left = retries_ + 1;
  asked.before = watermark_;
  return asked;
}

void LookupJoinOperator::AddFound(Asked& asked, LookupTable::Found late) const {
  for (uint32_t& key : late.key_of_row) key = asked.missed[key];
  if (asked.own.empty()) {
    asked.found = std::move(late.rows);
    asked.own = std::move(late.key_of_row);
    return;
  }
  std::vector<uint32_t> own = std::exchange(asked.own, {});
  model::BatchBuilder builder(table_->row_types(), asked.found.num_rows + late.rows.num_rows);
  size_t i = 0;
  size_t k = 0;
  while (i < own.size() || k < late.key_of_row.size()) {
    bool is_late = i == own.size() || (k < late.key_of_row.size() && late.key_of_row[k] < own[i]);
    asked.own.push_back(is_late ? late.key_of_row[k] : own[i]);
    size_t& row = is_late ? k : i;
    builder.AppendRow(is_late ? late.rows : asked.found, static_cast<int>(row++));
  }
  asked.found = builder.Finish();
}

Status LookupJoinOperator::LookUp(Asked& asked, bool again) {
  --asked.attempts_left;
  if (asked.missed.empty()) return Status::Ok();
  ASSIGN_OR_RETURN(LookupTable::Found found, table_->Find(asked.keys, again, context_.now_ms));
  std::vector<uint32_t> keys;
  std::vector<uint32_t> missed;
  size_t next = 0;
  for (uint32_t i = 0; i < asked.missed.size() && asked.attempts_left > 0; ++i) {
    bool is_met = next < found.key_of_row.size() && found.key_of_row[next] == i;
    while (next < found.key_of_row.size() && found.key_of_row[next] == i) ++next;
    if (is_met) continue;
    keys.push_back(i);
    missed.push_back(asked.missed[i]);
  }
  if (!found.key_of_row.empty()) AddFound(asked, std::move(found));
  asked.keys = asked.keys.Gather(keys);
  asked.missed = std::move(missed);
  asked.due_ms = context_.now_ms() + retry_delay_ms_;
  return Status::Ok();
}

Result<Batch> LookupJoinOperator::Joined(const Asked& asked, std::vector<uint32_t>& own) {
  own = asked.own;
  Batch joined;
  if (own.empty()) return joined;
  joined = asked.rows.Gather(own);
  for (int column : table_->order()) {
    joined.columns.push_back(asked.found.columns[column].WithType(types_[joined.columns.size()]));
  }
  if (condition_ == nullptr) return joined;
  std::vector<uint32_t> passed;
  RETURN_IF_ERROR(condition_->Select(0, joined, passed));
  std::vector<uint32_t> kept;
  for (uint32_t row : passed) kept.push_back(own[row]);
  own = std::move(kept);
  return joined.Gather(passed);
}

Status LookupJoinOperator::Answer(const Asked& asked) {
  const Batch& batch = asked.rows;
  std::vector<uint32_t> own;
  ASSIGN_OR_RETURN(Batch joined, Joined(asked, own));
  // An outer join in which every row has found something is an inner one.
  int met = 0;
  for (size_t i = 0; i < own.size(); ++i) met += i == 0 || own[i] != own[i - 1] ? 1 : 0;
  if (!left_outer_ || met == batch.num_rows) {
    return joined.num_rows == 0 ? Status::Ok() : context_.output->Emit(std::move(joined));
  }
  model::BatchBuilder builder(types_, batch.num_rows);
  size_t next = 0;
  for (int row = 0; row < batch.num_rows; ++row) {
    bool is_found = next < own.size() && own[next] == static_cast<uint32_t>(row);
    while (next < own.size() && own[next] == static_cast<uint32_t>(row)) {
      builder.AppendRow(joined, static_cast<int>(next++), batch.change(row));
    }
    if (is_found) continue;
    for (size_t i = 0; i < types_.size(); ++i) {
      if (i < input_columns_) {
        builder.column(static_cast<int>(i)).AppendFrom(batch.columns[i], row);
      } else {
        builder.column(static_cast<int>(i)).AppendNull();
      }
    }
    builder.FinishRow(batch.change(row));
  }
  return context_.output->Emit(builder.Finish());
}

Status LookupJoinOperator::Process(int, Batch batch) {
  ASSIGN_OR_RETURN(Asked asked, Ask(std::move(batch)));
  RETURN_IF_ERROR(LookUp(asked, false));
  bool may_pass = waiting_.empty() || unordered_;
  if (asked.missed.empty() && may_pass) return Answer(asked);
  Hold(std::move(asked));
  return Release();
}

void LookupJoinOperator::Hold(Asked asked) {
  asked.places.resize(static_cast<size_t>(asked.rows.num_rows));
  std::iota(asked.places.begin(), asked.places.end(), next_place_);
  next_place_ += asked.rows.num_rows;
  Count(asked);
  waiting_.push_back(std::move(asked));
}

void LookupJoinOperator::Count(Asked& asked) {
  asked.bytes = asked.rows.MemoryBytes() + asked.keys.MemoryBytes() + asked.found.MemoryBytes();
  held_rows_ += asked.rows.num_rows;
  held_bytes_ += asked.bytes;
  held_charge_.Set(held_bytes_);
}

void LookupJoinOperator::Uncount(const Asked& asked) {
  held_rows_ -= asked.rows.num_rows;
  held_bytes_ -= asked.bytes;
  held_charge_.Set(held_bytes_);
}

std::vector<uint32_t> LookupJoinOperator::ReadyRows(const Asked& asked) const {
  auto count = static_cast<uint32_t>(asked.rows.num_rows);
  std::vector<uint32_t> ready;
  size_t next = 0;
  for (uint32_t row = 0; row < count; ++row) {
    bool waits = next < asked.missed.size() && asked.missed[next] == row;
    if (!waits) {
      ready.push_back(row);
    } else if (unordered_) {
      ++next;
    } else {
      break;
    }
  }
  return ready;
}

LookupJoinOperator::Asked LookupJoinOperator::PartOf(const Asked& asked,
                                                     const std::vector<uint32_t>& rows) {
  std::vector<int64_t> place_in_part(static_cast<size_t>(asked.rows.num_rows), -1);
  Asked part;
  for (size_t i = 0; i < rows.size(); ++i) {
    place_in_part[rows[i]] = static_cast<int64_t>(i);
    part.places.push_back(asked.places[rows[i]]);
  }
  auto choose = [&](const std::vector<uint32_t>& of, std::vector<uint32_t>& theirs) {
    std::vector<uint32_t> chosen;
    for (uint32_t i = 0; i < of.size(); ++i) {
      if (place_in_part[of[i]] < 0) continue;
      chosen.push_back(i);
      theirs.push_back(static_cast<uint32_t>(place_in_part[of[i]]));
    }
    return chosen;
  };
  part.rows = asked.rows.Gather(rows);
  part.keys = asked.keys.Gather(choose(asked.missed, part.missed));
  part.found = asked.found.Gather(choose(asked.own, part.own));
  part.attempts_left = asked.attempts_left;
  part.due_ms = asked.due_ms;
  part.before = asked.before;
  return part;
}

Status LookupJoinOperator::Release() {
  for (auto asked = waiting_.begin(); asked != waiting_.end();) {
    std::vector<uint32_t> ready = ReadyRows(*asked);
    auto count = static_cast<size_t>(asked->rows.num_rows);
    if (ready.size() == count) {
      RETURN_IF_ERROR(Answer(*asked));
      Uncount(*asked);
      asked = waiting_.erase(asked);
      continue;
    }
    if (!ready.empty()) {
      RETURN_IF_ERROR(Answer(PartOf(*asked, ready)));
      std::vector<uint32_t> all(count);
      std::iota(all.begin(), all.end(), 0U);
      std::vector<uint32_t> rest;
      std::set_difference(all.begin(), all.end(), ready.begin(), ready.end(),
                          std::back_inserter(rest));
      Uncount(*asked);
      *asked = PartOf(*asked, rest);
      Count(*asked);
    }
    if (!unordered_) return Status::Ok();
    ++asked;
  }
  return Status::Ok();
}

Status LookupJoinOperator::Tick(int64_t now_ms) {
  bool any = false;
  for (Asked& asked : waiting_) {
    if (asked.missed.empty() || now_ms < asked.due_ms) continue;
    RETURN_IF_ERROR(LookUp(asked, true));
    any = true;
  }
  return any ? Release() : Status::Ok();
}

Status LookupJoinOperator::ProcessWatermark(Watermark watermark) {
  watermark_ = watermark;
  keys_->SetWatermark(watermark);
  if (condition_ != nullptr) condition_->SetWatermark(watermark);
  return Status::Ok();
}

Watermark LookupJoinOperator::OutputWatermark(Watermark watermark) const {
  return waiting_.empty() ? watermark : waiting_.front().before;
}

// ---- checkpoints ----
//
// table "waiting": i32 shard, i64 place -> i64 watermark before the row, u8 change, the row

std::string LookupJoinOperator::KeyOf(int64_t place) const {
  ByteWriter key;
  key.Write<int32_t>(context_.shard);
  key.Write<int64_t>(place);
  return key.Take();
}

Status LookupJoinOperator::BeginSnapshot(StateWriter& writer) {
  for (const std::string& key : std::exchange(stale_, {})) writer.Delete(kTable, kUnkeyed, key);
  std::set<int64_t> stored = std::exchange(stored_, {});
  EncodedRows encoded;
  for (const Asked& asked : waiting_) {
    input_codec_.Encode(asked.rows, encoded);
    for (size_t row = 0; row < asked.places.size(); ++row) {
      stored_.insert(asked.places[row]);
      if (stored.erase(asked.places[row]) > 0) continue;
      ByteWriter value;
      value.Write<int64_t>(asked.before);
      value.Write<uint8_t>(static_cast<uint8_t>(asked.rows.change(static_cast<int>(row))));
      value.WriteBytes(encoded[row]);
      writer.Put(kTable, kUnkeyed, KeyOf(asked.places[row]), value.view());
    }
  }
  for (int64_t place : stored) writer.Delete(kTable, kUnkeyed, KeyOf(place));
  return Status::Ok();
}

Status LookupJoinOperator::Restore(StateReader& reader) {
  std::map<std::tuple<Watermark, int32_t, int64_t>, std::string> rows;
  auto take = [&](std::string_view key, std::string_view value) -> Status {
    ByteReader bytes(key);
    ASSIGN_OR_RETURN(int32_t shard, bytes.Read<int32_t>());
    ASSIGN_OR_RETURN(int64_t place, bytes.Read<int64_t>());
    // Of shards that there are no more, too.
    if (shard % context_.num_shards != context_.shard) return Status::Ok();
    stale_.emplace_back(key);
    if (shard == context_.shard) next_place_ = std::max(next_place_, place + 1);
    ByteReader fields(value);
    ASSIGN_OR_RETURN(Watermark before, fields.Read<int64_t>());
    constexpr size_t kBeforeRow = sizeof(Watermark) + 1;
    if (value.size() < kBeforeRow) return Corruption("a row that waits has no bytes");
    RETURN_IF_ERROR(input_codec_.Check(value.substr(kBeforeRow)));
    rows[{before, shard, place}] = value.substr(sizeof(Watermark));
    return Status::Ok();
  };
  RETURN_IF_ERROR(reader.ForEach(kTable, take));
  for (auto at = rows.begin(); at != rows.end();) {
    Watermark before = std::get<0>(at->first);
    std::vector<std::string_view> stored;
    for (; at != rows.end() && std::get<0>(at->first) == before; ++at) {
      if (stored.size() == Batch::kMaxRows) break;
      stored.push_back(at->second);
    }
    RETURN_IF_ERROR(HoldRestored(stored, before));
  }
  return Status::Ok();
}

/// They are looked up at the next Tick: what takes the answers may not be restored yet.
Status LookupJoinOperator::HoldRestored(const std::vector<std::string_view>& stored,
                                        Watermark before) {
  std::vector<const char*> rows;
  std::shared_ptr<model::ChangeType[]> changes(new model::ChangeType[stored.size()]);
  bool insert_only = true;
  for (size_t i = 0; i < stored.size(); ++i) {
    changes[i] = static_cast<model::ChangeType>(stored[i][0]);
    insert_only = insert_only && changes[i] == model::ChangeType::kInsert;
    rows.push_back(stored[i].data() + 1);
  }
  if (insert_only) changes = nullptr;
  Batch batch(static_cast<int>(rows.size()), input_codec_.Decode(rows), std::move(changes));
  ASSIGN_OR_RETURN(Asked asked, Ask(std::move(batch)));
  asked.before = before;
  Hold(std::move(asked));
  return Status::Ok();
}

}  // namespace forebay::compute
