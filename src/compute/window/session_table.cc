#include "compute/window/session_table.h"

#include <algorithm>

#include "compute/operator/emitter.h"
#include "compute/operator/progress.h"

namespace forebay::compute {

using model::Batch;

namespace {

constexpr int kSide = 0;

bool IsEarlier(const StoredRow* row, int64_t time) { return row->tag < time; }

/// The first row that is not before `time`; most rows come in order.
TimedRows::Rows::const_iterator FirstFrom(const TimedRows::Rows& rows, int64_t time) {
  if (rows.empty() || rows.back()->tag < time) return rows.end();
  return std::lower_bound(rows.begin(), rows.end(), time, IsEarlier);
}

}  // namespace

Result<std::unique_ptr<Operator>> SessionTableOperator::Make(const sql::WindowTableNode& node,
                                                             const EvaluationContext& context) {
  ASSIGN_OR_RETURN(WindowClock clock, WindowClock::Make(node.window, *node.inputs[0], context));
  return std::unique_ptr<Operator>(new SessionTableOperator(node, std::move(clock)));
}

SessionTableOperator::SessionTableOperator(const sql::WindowTableNode& node, WindowClock clock)
    : keys_(node.window.partition_keys),
      types_(node.OutputTypes()),
      gap_(node.window.size_ms),
      clock_(std::move(clock)),
      codecs_{RowCodec(node.inputs[0]->OutputTypes()), RowCodec(node.inputs[0]->OutputTypes())},
      rows_(KeyCodec::Of(codecs_[kSide].types(), keys_, RowCodec::Purpose::kGroup), codecs_, true,
            true) {}

Status SessionTableOperator::Process(int, Batch batch) {
  int64_t now = clock_.is_proctime() ? clock_.Local(context_.now_ms()) : 0;
  if (clock_.is_proctime()) RETURN_IF_ERROR(AdvanceTo(now - 1));
  RETURN_IF_ERROR(clock_.Times(batch, now, times_));
  codecs_[kSide].Encode(batch, row_bytes_);
  rows_.FindOrInsert(batch, keys_, entries_);
  for (int row = 0; row < batch.num_rows; ++row) {
    if (!Keep(entries_[row], times_[row], row_bytes_[row], batch.change(row))) ++late_rows_;
  }
  // Keys that only had late rows hold nothing.
  for (TimedRows::Entry* entry : entries_) rows_.EraseIfEmpty(entry);
  return Status::Ok();
}

bool SessionTableOperator::Keep(TimedRows::Entry* entry, int64_t time, std::string_view row,
                                model::ChangeType change) {
  const TimedRows::Rows& rows = rows_.Of(entry).rows[kSide];
  auto next = FirstFrom(rows, time);
  bool is_first = next == rows.begin();
  bool touches_next = next != rows.end() && (*next)->tag - time <= gap_;
  bool touches_previous = !is_first && time - (*std::prev(next))->tag <= gap_;
  int64_t timer = time + gap_ - 1;
  if (timer <= progress_ && !touches_next && !touches_previous) return false;
  rows_.Add(entry, kSide, row, time, static_cast<uint8_t>(change));
  if (is_first && !touches_next) rows_.SetTimer(entry, kSide, timer);
  return true;
}

Status SessionTableOperator::ProcessWatermark(Watermark watermark) {
  return clock_.is_proctime() ? Status::Ok() : AdvanceTo(clock_.Local(watermark));
}

Status SessionTableOperator::Tick(int64_t now_ms) {
  return clock_.is_proctime() ? AdvanceTo(clock_.Local(now_ms) - 1) : Status::Ok();
}

Status SessionTableOperator::Finish() {
  return clock_.is_proctime() ? AdvanceTo(kMaxWatermark) : Status::Ok();
}

Status SessionTableOperator::AdvanceTo(int64_t time) {
  progress_ = std::max(progress_, time);
  Status status;
  rows_.Fire(progress_, [&](TimedRows::Entry* entry, int, int64_t timer) {
    if (status.ok()) status = FireFirst(entry, timer);
  });
  RETURN_IF_ERROR(status);
  return Flush();
}

Status SessionTableOperator::FireFirst(TimedRows::Entry* entry, int64_t timer) {
  const TimedRows::Rows& rows = rows_.Of(entry).rows[kSide];
  int64_t last = timer + 1 - gap_;
  auto end = static_cast<size_t>(FirstFrom(rows, last + 1) - rows.begin());
  while (end < rows.size() && rows[end]->tag - last <= gap_) last = rows[end++]->tag;
  TimeWindow window{rows.front()->tag, last + gap_};
  if (window.end - 1 > timer) {
    rows_.SetTimer(entry, kSide, window.end - 1);
    return Status::Ok();
  }
  AddToSent(std::span<StoredRow* const>(rows).first(end), window);
  rows_.Remove(entry, kSide, 0, end);
  if (!rows.empty()) rows_.SetTimer(entry, kSide, rows.front()->tag + gap_ - 1);
  rows_.EraseIfEmpty(entry);
  // The rows themselves live until they are sent.
  return sent_.size() < Batch::kMaxRows ? Status::Ok() : Flush();
}

void SessionTableOperator::AddToSent(std::span<StoredRow* const> rows, TimeWindow window) {
  std::vector<StoredRow*> by_number(rows.begin(), rows.end());
  std::sort(by_number.begin(), by_number.end(), [](const StoredRow* a, const StoredRow* b) {
    return TimedRows::NumberOf(a) < TimedRows::NumberOf(b);
  });
  for (const StoredRow* row : by_number) {
    sent_.push_back(row->row());
    sent_changes_.push_back(static_cast<model::ChangeType>(TimedRows::MarkOf(row)));
    sent_windows_.push_back(window);
  }
}

Status SessionTableOperator::Flush() {
  for (size_t begin = 0; begin < sent_.size(); begin += Batch::kMaxRows) {
    size_t count = std::min<size_t>(Batch::kMaxRows, sent_.size() - begin);
    auto rows = std::span<const char* const>(sent_).subspan(begin, count);
    auto changes = std::span<const model::ChangeType>(sent_changes_).subspan(begin, count);
    Batch batch(static_cast<int>(count), codecs_[kSide].Decode(rows),
                ShareChanges({changes.begin(), changes.end()}));
    for (size_t i = 0; i < batch.columns.size(); ++i) {
      batch.columns[i] = batch.columns[i].WithType(types_[i]);
    }
    auto windows = std::span<const TimeWindow>(sent_windows_).subspan(begin, count);
    AppendWindowColumns(clock_, windows, types_, batch);
    RETURN_IF_ERROR(context_.output->Emit(std::move(batch)));
  }
  sent_.clear();
  sent_changes_.clear();
  sent_windows_.clear();
  rows_.FreeRemoved();
  return Status::Ok();
}

Status SessionTableOperator::BeginSnapshot(StateWriter& writer) {
  rows_.BeginSnapshot(writer);
  SaveProgress(writer, context_.shard, progress_);
  return Status::Ok();
}

Status SessionTableOperator::Restore(StateReader& reader) {
  RETURN_IF_ERROR(LoadProgress(reader, progress_));
  return rows_.Restore(reader);
}

}  // namespace forebay::compute
