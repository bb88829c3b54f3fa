#include "compute/operator/sort.h"

#include <algorithm>

#include "compute/operator/emitter.h"
#include "compute/operator/progress.h"
#include "compute/operator/rank.h"
#include "compute/state/slice_clock.h"
#include "compute/window/window_assigner.h"

namespace forebay::compute {

using model::Batch;

namespace {

constexpr std::string_view kTable = "sorted";
constexpr std::string_view kSeenTable = "seen";

bool IsTemporal(const sql::SortNode& node) {
  if (node.order.empty() || node.order[0].descending) return false;
  const sql::Field& first = node.inputs[0]->output[node.order[0].column];
  return first.time_attribute == sql::TimeAttribute::kRowtime &&
         node.inputs[0]->changelog.IsInsertOnly();
}

}  // namespace

Result<std::unique_ptr<Operator>> SortOperator::Make(const sql::SortNode& node) {
  std::unique_ptr<SortOperator> sort(new SortOperator(node));
  RETURN_IF_ERROR(sort->order_.Check(node.inputs[0]->OutputTypes()));
  return std::unique_ptr<Operator>(std::move(sort));
}

SortOperator::SortOperator(const sql::SortNode& node)
    : temporal_(IsTemporal(node)),
      time_column_(temporal_ ? node.order[0].column : -1),
      units_per_ms_(temporal_ ? UnitsPerMs(node.inputs[0]->output[time_column_].type) : 1),
      rows_(node.inputs[0]->OutputTypes()),
      order_(node.order) {}

std::string SortOperator::StoredKey(int64_t number) const {
  ByteWriter key;
  key.Write<int64_t>(number);
  key.Write<int32_t>(context_.shard);
  return key.Take();
}

Status SortOperator::Process(int, Batch batch) {
  EncodedRows rows;
  rows_.Encode(batch, rows);
  std::string key;
  for (int row = 0; row < batch.num_rows; ++row) {
    int64_t time = kMaxWatermark;
    if (temporal_) {
      const model::Column& column = batch.columns[time_column_];
      if (column.IsNull(row)) return InvalidArgument("the rowtime of a sort is NULL");
      time = ToMs(column.Get<int64_t>(row), units_per_ms_);
      if (time <= progress_) continue;
    }
    order_.Encode(batch, row, key);
    if (!model::IsRetraction(batch.change(row))) {
      auto it = held_.emplace(key, Held{time, next_number_, false, StateString(rows[row])});
      fresh_.emplace(next_number_++, it);
      bytes_ += static_cast<int64_t>(key.size() + rows[row].size());
      continue;
    }
    auto [begin, end] = held_.equal_range(std::string_view(key));
    auto it =
        std::find_if(begin, end, [&](const auto& held) { return held.second.row == rows[row]; });
    if (it == end) continue;
    Forget(it);
    held_.erase(it);
  }
  return Status::Ok();
}

Status SortOperator::ProcessWatermark(Watermark watermark) {
  progress_ = std::max(progress_, watermark);
  std::vector<const char*> rows;
  auto end = held_.begin();
  for (; end != held_.end() && end->second.time <= progress_; ++end) {
    rows.push_back(end->second.row.data());
    Forget(end);
  }
  Batch sorted(static_cast<int>(rows.size()), rows_.Decode(rows));
  held_.erase(held_.begin(), end);
  return EmitAll(*context_.output, sorted);
}

void SortOperator::Forget(Rows::iterator row) {
  int64_t number = row->second.number;
  auto written = written_.find(number);
  if (written != written_.end()) {
    Write(row);
    written_.erase(written);
  }
  if (row->second.stored) {
    deleted_.push_back(number);
  } else {
    fresh_.erase(number);
  }
  bytes_ -= static_cast<int64_t>(row->first.size() + row->second.row.size());
}

void SortOperator::Write(Rows::iterator row) {
  ByteWriter value;
  value.Write<int64_t>(row->second.time);
  value.WriteString(row->first);
  value.WriteBytes(row->second.row);
  writer_->Put(kTable, kUnkeyed, StoredKey(row->second.number), value.view());
  row->second.stored = true;
}

Status SortOperator::BeginSnapshot(StateWriter& writer) {
  ContinueSnapshot(INT64_MAX);
  writer_ = &writer;
  written_.swap(fresh_);
  written_deleted_.swap(deleted_);
  SaveProgress(writer, context_.shard, progress_);
  return Status::Ok();
}

bool SortOperator::ContinueSnapshot(int64_t deadline_ns) {
  SliceClock clock(deadline_ns);
  while (!written_deleted_.empty()) {
    writer_->Delete(kTable, kUnkeyed, StoredKey(written_deleted_.back()));
    written_deleted_.pop_back();
    if (clock.IsPast()) return false;
  }
  while (!written_.empty()) {
    Write(written_.begin()->second);
    written_.erase(written_.begin());
    if (clock.IsPast()) return false;
  }
  return true;
}

Status SortOperator::Restore(StateReader& reader) {
  RETURN_IF_ERROR(LoadProgress(reader, progress_));
  std::map<int64_t, std::pair<std::string, Held>> by_arrival;
  RETURN_IF_ERROR(
      reader.ForEach(kTable, [&](std::string_view key, std::string_view value) -> Status {
        ByteReader number(key), bytes(value);
        Held held;
        held.stored = true;
        ASSIGN_OR_RETURN(held.number, number.Read<int64_t>());
        ASSIGN_OR_RETURN(held.time, bytes.Read<int64_t>());
        ASSIGN_OR_RETURN(std::string_view sort_key, bytes.ReadString());
        ASSIGN_OR_RETURN(std::string_view row, bytes.ReadBytes(bytes.remaining()));
        RETURN_IF_ERROR(rows_.Check(row));
        held.row = row;
        next_number_ = std::max(next_number_, held.number + 1);
        int64_t arrival = held.number;
        by_arrival.emplace(arrival, std::pair(std::string(sort_key), std::move(held)));
        return Status::Ok();
      }));
  for (auto& [number, row] : by_arrival) {
    bytes_ += static_cast<int64_t>(row.first.size() + row.second.row.size());
    held_.emplace(row.first, std::move(row.second));
  }
  return Status::Ok();
}

Result<std::unique_ptr<Operator>> LimitOperator::Make(const sql::LimitNode& node) {
  int64_t end = node.fetch.has_value() ? node.offset + *node.fetch : INT64_MAX;
  if (node.order.empty() && node.inputs[0]->changelog.IsInsertOnly()) {
    return std::unique_ptr<Operator>(new LimitOperator(node.offset, end, {node.StateTtlMs()}));
  }
  sql::RankNode rank;
  rank.inputs = node.inputs;
  rank.output = node.output;
  rank.changelog = node.changelog;
  rank.order = node.order;
  rank.update_keys = node.update_keys;
  rank.rank_start = node.offset + 1;
  rank.rank_end = end;
  rank.state_ttl_ms = node.state_ttl_ms;
  return RankOperator::Make(rank);
}

Status LimitOperator::Process(int, Batch batch) {
  if (ttl_.IsOn()) {
    int64_t now_ms = context_.now_ms();
    if (ttl_.IsExpired(passed_ms_, now_ms)) seen_ = 0;
    if (seen_ < end_) passed_ms_ = now_ms;
  }
  int64_t begin = std::clamp<int64_t>(first_ - seen_, 0, batch.num_rows);
  int64_t end = std::clamp<int64_t>(end_ - seen_, begin, batch.num_rows);
  seen_ += batch.num_rows;
  if (begin == end) return Status::Ok();
  return context_.output->Emit(batch.Slice(static_cast<int>(begin), static_cast<int>(end - begin)));
}

Status LimitOperator::BeginSnapshot(StateWriter& writer) {
  ByteWriter value;
  value.Write<int64_t>(seen_);
  if (ttl_.IsOn()) value.Write<int64_t>(passed_ms_);
  writer.Put(kSeenTable, kUnkeyed, "0", value.view());
  return Status::Ok();
}

Status LimitOperator::Restore(StateReader& reader) {
  return reader.ForEach(kSeenTable, [&](std::string_view, std::string_view value) -> Status {
    ByteReader bytes(value);
    ASSIGN_OR_RETURN(seen_, bytes.Read<int64_t>());
    if (ttl_.IsOn()) passed_ms_ = context_.now_ms();
    if (bytes.remaining() > 0) {
      ASSIGN_OR_RETURN(passed_ms_, bytes.Read<int64_t>());
    }
    return Status::Ok();
  });
}

}  // namespace forebay::compute
