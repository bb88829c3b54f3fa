#include "compute/join/temporal_join.h"

#include <algorithm>

#include "compute/operator/emitter.h"
#include "compute/window/window_assigner.h"

namespace forebay::compute {

using model::Batch;
using model::ChangeType;

namespace {

constexpr int kLeft = 0;
constexpr int kRight = 1;
constexpr int kTimer = 0;

size_t FirstAfter(const TimedRows::Rows& rows, int64_t time) {
  auto later = [](int64_t wanted, const StoredRow* row) { return wanted < row->tag; };
  return std::upper_bound(rows.begin(), rows.end(), time, later) - rows.begin();
}

}  // namespace

Result<std::unique_ptr<Operator>> TemporalJoinOperator::Make(const sql::JoinNode& node,
                                                             std::shared_ptr<Evaluator> condition) {
  return std::unique_ptr<Operator>(new TemporalJoinOperator(node, std::move(condition)));
}

TemporalJoinOperator::TemporalJoinOperator(const sql::JoinNode& node,
                                           std::shared_ptr<Evaluator> condition)
    : left_outer_(node.join == sql::JoinKind::kLeft),
      times_(*node.versions),
      keys_{node.left_keys, node.right_keys},
      units_per_ms_{UnitsPerMs(node.inputs[0]->output[times_.left_time].type),
                    UnitsPerMs(node.inputs[1]->output[times_.right_time].type)},
      joined_(node, std::move(condition)),
      rows_(KeyCodec::Of(node.inputs[0]->OutputTypes(), node.left_keys), joined_.codecs(), false,
            true) {}

Status TemporalJoinOperator::Process(int input, Batch batch) {
  joined_.codecs()[input].Encode(batch, row_bytes_);
  rows_.FindOrInsert(batch, keys_[input], entries_);
  const model::Column& times = batch.columns[input == kLeft ? times_.left_time : times_.right_time];
  if (times_.is_proctime) return ProcessNow(input, batch);
  for (int row = 0; row < batch.num_rows; ++row) {
    if (times.IsNull(row)) return InvalidArgument("the rowtime of a temporal join is NULL");
    int64_t time = ToMs(times.Get<int64_t>(row), units_per_ms_[input]);
    auto change = static_cast<uint8_t>(batch.change(row));
    bool is_old = input == kRight && batch.change(row) == ChangeType::kUpdateBefore;
    if (is_old) continue;  // the new row says from when on it is
    if (input == kLeft) {
      rows_.Add(entries_[row], kLeft, row_bytes_[row], time, change);
    } else {
      AddVersion(entries_[row], row_bytes_[row], time, change);
    }
    int64_t timer = rows_.Of(entries_[row]).timers[kTimer];
    if (timer == TimedRows::kNoTimer || timer > time) rows_.SetTimer(entries_[row], kTimer, time);
  }
  rows_.FreeRemoved();
  for (TimedRows::Entry* entry : entries_) rows_.EraseIfEmpty(entry);
  return Status::Ok();
}

/// All versions are of time 0, so that a key has one, and rows are answered as they come.
Status TemporalJoinOperator::ProcessNow(int input, const Batch& batch) {
  pairs_.clear();
  changes_.clear();
  for (int row = 0; row < batch.num_rows; ++row) {
    auto change = static_cast<uint8_t>(batch.change(row));
    bool is_old = input == kRight && batch.change(row) == ChangeType::kUpdateBefore;
    if (is_old) continue;
    if (input == kRight) {
      AddVersion(entries_[row], row_bytes_[row], 0, change);
      continue;
    }
    rows_.Add(entries_[row], kLeft, row_bytes_[row], 0, change);
    Answer(entries_[row], 0);
  }
  RETURN_IF_ERROR(Flush());
  rows_.FreeRemoved();
  std::sort(entries_.begin(), entries_.end());
  entries_.erase(std::unique(entries_.begin(), entries_.end()), entries_.end());
  for (TimedRows::Entry* entry : entries_) rows_.EraseIfEmpty(entry);
  return Status::Ok();
}

void TemporalJoinOperator::AddVersion(TimedRows::Entry* entry, std::string_view row, int64_t time,
                                      uint8_t change) {
  const TimedRows::Rows& versions = rows_.Of(entry).rows[kRight];
  size_t after = FirstAfter(versions, time);
  bool replaces = after > 0 && versions[after - 1]->tag == time;
  if (replaces) rows_.Remove(entry, kRight, after - 1, after);
  rows_.Add(entry, kRight, row, time, change);
}

Status TemporalJoinOperator::ProcessWatermark(Watermark watermark) {
  joined_.SetWatermark(watermark);
  if (times_.is_proctime) return Status::Ok();
  pairs_.clear();
  changes_.clear();
  std::vector<TimedRows::Entry*> fired;
  rows_.Fire(watermark, [&](TimedRows::Entry* entry, int, int64_t) {
    fired.push_back(entry);
    Answer(entry, watermark);
  });
  RETURN_IF_ERROR(Flush());
  rows_.FreeRemoved();
  for (TimedRows::Entry* entry : fired) rows_.EraseIfEmpty(entry);
  return Status::Ok();
}

void TemporalJoinOperator::Answer(TimedRows::Entry* entry, int64_t watermark) {
  const TimedRows::Rows& versions = rows_.Of(entry).rows[kRight];
  int64_t next = kMaxWatermark;
  rows_.RemoveIf(entry, kLeft, [&](StoredRow* row) {
    if (row->tag > watermark) {
      next = std::min(next, row->tag);
      return false;
    }
    size_t after = FirstAfter(versions, row->tag);
    JoinedRows::Pair pair;
    pair.stored[kLeft] = row->row();
    bool is_there =
        after > 0 &&
        !model::IsRetraction(static_cast<ChangeType>(TimedRows::MarkOf(versions[after - 1])));
    if (is_there) pair.stored[kRight] = versions[after - 1]->row();
    if (is_there || left_outer_) {
      pairs_.push_back(pair);
      changes_.push_back(static_cast<ChangeType>(TimedRows::MarkOf(row)));
    }
    return true;
  });
  size_t passed = FirstAfter(versions, watermark);
  if (passed > 1) rows_.Remove(entry, kRight, 0, passed - 1);
  if (next != kMaxWatermark) rows_.SetTimer(entry, kTimer, next);
}

Status TemporalJoinOperator::Flush() {
  RETURN_IF_ERROR(joined_.Test(pairs_, nullptr, kLeft, is_true_));
  size_t kept = 0;
  for (size_t i = 0; i < pairs_.size(); ++i) {
    if (is_true_[i] == 0 || pairs_[i].stored[kRight] == nullptr) {
      if (!left_outer_) continue;
      pairs_[i].stored[kRight] = nullptr;
    }
    pairs_[kept] = pairs_[i];
    changes_[kept++] = changes_[i];
  }
  for (size_t begin = 0; begin < kept; begin += Batch::kMaxRows) {
    size_t count = std::min<size_t>(Batch::kMaxRows, kept - begin);
    Batch result = joined_.Build(std::span(pairs_).subspan(begin, count), nullptr, kLeft);
    result.changes = ShareChanges({changes_.begin() + static_cast<long>(begin),
                                   changes_.begin() + static_cast<long>(begin + count)});
    RETURN_IF_ERROR(context_.output->Emit(std::move(result)));
  }
  return Status::Ok();
}

Status TemporalJoinOperator::BeginSnapshot(StateWriter& writer) {
  rows_.BeginSnapshot(writer);
  return Status::Ok();
}

Status TemporalJoinOperator::Restore(StateReader& reader) { return rows_.Restore(reader); }

}  // namespace forebay::compute
