#include "compute/join/interval_join.h"

#include <algorithm>

#include "compute/window/window_assigner.h"

namespace forebay::compute {

using model::Batch;

namespace {

constexpr std::string_view kTimeTable = "interval_times";
constexpr uint8_t kMatched = 1;

struct EarlierTime {
  bool operator()(const StoredRow* row, int64_t time) const { return row->tag < time; }
  bool operator()(int64_t time, const StoredRow* row) const { return time < row->tag; }
};

size_t FirstAfter(const TimedRows::Rows& rows, int64_t time) {
  return std::upper_bound(rows.begin(), rows.end(), time, EarlierTime()) - rows.begin();
}

}  // namespace

Result<std::unique_ptr<Operator>> IntervalJoinOperator::Make(const sql::JoinNode& node,
                                                             std::shared_ptr<Evaluator> condition) {
  return std::unique_ptr<Operator>(new IntervalJoinOperator(node, std::move(condition)));
}

IntervalJoinOperator::IntervalJoinOperator(const sql::JoinNode& node,
                                           std::shared_ptr<Evaluator> condition)
    : kind_(node.join),
      interval_(*node.interval),
      is_empty_(interval_.lower_ms > interval_.upper_ms),
      keys_{node.left_keys, node.right_keys},
      units_per_ms_{UnitsPerMs(node.inputs[0]->output[interval_.left_time].type),
                    UnitsPerMs(node.inputs[1]->output[interval_.right_time].type)},
      sizes_{-interval_.lower_ms, interval_.upper_ms},
      joined_(node, std::move(condition)),
      rows_(KeyCodec::Of(node.inputs[0]->OutputTypes(), node.left_keys), joined_.codecs(), true,
            true) {}

Status IntervalJoinOperator::ReadTimes(int input, const Batch& batch) {
  if (!interval_.is_rowtime) {
    now_ = context_.now_ms();
    times_.assign(batch.num_rows, now_);
    return Status::Ok();
  }
  const model::Column& column =
      batch.columns[input == 0 ? interval_.left_time : interval_.right_time];
  times_.resize(batch.num_rows);
  for (int row = 0; row < batch.num_rows; ++row) {
    if (column.IsNull(row)) return InvalidArgument("the rowtime of an interval join is NULL");
    times_[row] = ToMs(column.Get<int64_t>(row), units_per_ms_[input]);
  }
  return Status::Ok();
}

int64_t IntervalJoinOperator::ExpirationOf(int side) const {
  return now_ == kMaxWatermark ? kMaxWatermark : now_ - sizes_[side] - 1;
}

Status IntervalJoinOperator::Process(int input, Batch batch) {
  RETURN_IF_ERROR(ReadTimes(input, batch));
  sent_.clear();
  if (is_empty_) {
    for (int row = 0; KeepsUnmatched(kind_, input) && row < batch.num_rows; ++row) {
      Send(nullptr, nullptr, row);
    }
    return Flush(&batch, input);
  }
  FindKeyedRows(batch, keys_[input], has_key_);
  joined_.codecs()[input].Encode(batch, row_bytes_);
  rows_.FindOrInsert(batch, keys_[input], entries_);
  events_.clear();
  pairs_.clear();
  std::vector<size_t> ends;
  for (int row = 0; row < batch.num_rows; ++row) {
    if (has_key_[row] != 0) CollectEvents(input, row);
    ends.push_back(events_.size());
  }
  RETURN_IF_ERROR(joined_.Test(pairs_, &batch, input, is_true_));
  size_t begin = 0;
  size_t pair = 0;
  for (int row = 0; row < batch.num_rows; ++row) {
    Decide(input, row, begin, ends[row], pair);
    begin = ends[row];
  }
  RETURN_IF_ERROR(Flush(&batch, input));
  rows_.FreeRemoved();
  for (TimedRows::Entry* entry : entries_) rows_.EraseIfEmpty(entry);
  return Status::Ok();
}

void IntervalJoinOperator::CollectEvents(int side, int row) {
  int other = 1 - side;
  int64_t earliest = times_[row] - sizes_[other];
  int64_t latest = times_[row] + sizes_[side];
  if (expired_[other] >= latest) return;
  expired_[other] = ExpirationOf(other);
  const TimedRows::Rows& rows = rows_.Of(entries_[row]).rows[other];
  auto first = std::lower_bound(rows.begin(), rows.end(), earliest, EarlierTime());
  for (auto it = first; it != rows.end() && (*it)->tag <= latest; ++it) {
    JoinedRows::Pair& pair = pairs_.emplace_back();
    pair.row = row;
    pair.stored[other] = (*it)->row();
    events_.push_back({*it, false});
  }
  size_t expired = FirstAfter(rows, expired_[other]);
  for (size_t i = 0; i < expired; ++i) events_.push_back({rows[i], true});
  if (expired > 0) rows_.Remove(entries_[row], other, 0, expired);
}

void IntervalJoinOperator::Decide(int side, int row, size_t begin, size_t end, size_t& pair) {
  bool is_matched = false;
  bool keeps_other = KeepsUnmatched(kind_, 1 - side);
  for (size_t i = begin; i < end; ++i) {
    StoredRow* stored = events_[i].stored;
    if (events_[i].expires) {
      bool is_lonely = keeps_other && TimedRows::MarkOf(stored) != kMatched;
      if (is_lonely)
        Send(side == 1 ? stored->row() : nullptr, side == 0 ? stored->row() : nullptr, -1);
      continue;
    }
    if (is_true_[pair] != 0) {
      is_matched = true;
      sent_.push_back(pairs_[pair]);
      if (keeps_other) rows_.SetMark(entries_[row], stored, kMatched);
    }
    ++pair;
  }
  Keep(side, row, is_matched);
}

void IntervalJoinOperator::Keep(int side, int row, bool is_matched) {
  bool keeps_unmatched = KeepsUnmatched(kind_, side);
  int64_t time = times_[row];
  if (now_ >= time + sizes_[side]) {
    if (!is_matched && keeps_unmatched) Send(nullptr, nullptr, row);
    return;
  }
  if (has_key_[row] == 0 && !keeps_unmatched) return;
  rows_.Add(entries_[row], side, row_bytes_[row], time, is_matched ? kMatched : 0);
  if (rows_.Of(entries_[row]).timers[side] == TimedRows::kNoTimer) {
    rows_.SetTimer(entries_[row], side, time + sizes_[side] + 1);
  }
}

void IntervalJoinOperator::Send(const char* left, const char* right, int row) {
  sent_.push_back({{left, right}, row});
}

Status IntervalJoinOperator::Flush(const Batch* batch, int side) {
  std::span<const JoinedRows::Pair> all(sent_);
  for (size_t begin = 0; begin < all.size(); begin += Batch::kMaxRows) {
    auto part = all.subspan(begin, std::min<size_t>(Batch::kMaxRows, all.size() - begin));
    RETURN_IF_ERROR(context_.output->Emit(joined_.Build(part, batch, side)));
  }
  return Status::Ok();
}

Status IntervalJoinOperator::ProcessWatermark(Watermark watermark) {
  joined_.SetWatermark(watermark);
  if (!interval_.is_rowtime) return Status::Ok();
  now_ = std::max<int64_t>(now_, watermark);
  return Fire();
}

Status IntervalJoinOperator::Tick(int64_t now_ms) {
  if (interval_.is_rowtime) return Status::Ok();
  now_ = std::max(now_, now_ms);
  return Fire();
}

Status IntervalJoinOperator::Fire() {
  sent_.clear();
  std::vector<TimedRows::Entry*> fired;
  rows_.Fire(now_, [&](TimedRows::Entry* entry, int side, int64_t) {
    fired.push_back(entry);
    expired_[side] = ExpirationOf(side);
    const TimedRows::Rows& rows = rows_.Of(entry).rows[side];
    size_t count = FirstAfter(rows, expired_[side]);
    for (size_t i = 0; i < count && KeepsUnmatched(kind_, side); ++i) {
      if (TimedRows::MarkOf(rows[i]) == kMatched) continue;
      const char* row = rows[i]->row();
      Send(side == 0 ? row : nullptr, side == 1 ? row : nullptr, -1);
    }
    if (count > 0) rows_.Remove(entry, side, 0, count);
    if (!rows.empty()) rows_.SetTimer(entry, side, rows.front()->tag + sizes_[side] + 1);
  });
  RETURN_IF_ERROR(Flush(nullptr, 0));
  rows_.FreeRemoved();
  for (TimedRows::Entry* entry : fired) rows_.EraseIfEmpty(entry);
  return Status::Ok();
}

/// A row may be sent, with NULLs, long after its time.
Watermark IntervalJoinOperator::OutputWatermark(Watermark watermark) const {
  bool is_time = watermark != kMinWatermark && watermark != kMaxWatermark;
  return interval_.is_rowtime && !is_empty_ && is_time ? watermark - std::max(sizes_[0], sizes_[1])
                                                       : watermark;
}

Status IntervalJoinOperator::BeginSnapshot(StateWriter& writer) {
  rows_.BeginSnapshot(writer);
  if (!interval_.is_rowtime) return Status::Ok();
  ByteWriter value;
  for (int64_t time : {now_, expired_[0], expired_[1]}) value.Write<int64_t>(time);
  writer.Put(kTimeTable, kUnkeyed, std::to_string(context_.shard), value.view());
  return Status::Ok();
}

/// With another number of shards the smallest times are what holds for all rows.
Status IntervalJoinOperator::Restore(StateReader& reader) {
  bool is_first = true;
  RETURN_IF_ERROR(reader.ForEach(kTimeTable, [&](std::string_view, std::string_view stored) {
    ByteReader value(stored);
    for (int64_t* time : {&now_, &expired_[0], &expired_[1]}) {
      ASSIGN_OR_RETURN(int64_t saved, value.Read<int64_t>());
      *time = is_first ? saved : std::min(*time, saved);
    }
    is_first = false;
    return Status::Ok();
  }));
  return rows_.Restore(reader);
}

}  // namespace forebay::compute
