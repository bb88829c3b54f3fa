#include "compute/window/session_aggregate.h"

#include <algorithm>
#include <numeric>

#include "compute/operator/emitter.h"
#include "compute/operator/progress.h"
#include "model/calendar.h"

namespace forebay::compute {

using model::Batch;
using model::ColumnBuilder;

namespace {

constexpr std::string_view kTable = "sessions";
/// The timer bucket of a key whose sessions are being sent.
constexpr int64_t kFiring = kMinWatermark;

}  // namespace

Result<std::unique_ptr<Operator>> SessionAggregateOperator::Make(
    const sql::WindowAggregateNode& node, const EvaluationContext& context) {
  std::vector<int> keys = node.keys;
  std::vector<int> partition = node.window.partition_keys;
  std::sort(keys.begin(), keys.end());
  std::sort(partition.begin(), partition.end());
  if (!partition.empty() && partition != keys) {
    return NotSupported("SESSION windows grouped by other columns than they are partitioned by");
  }
  ASSIGN_OR_RETURN(Parts parts, MakeParts(node, context, sizeof(Session)));
  return std::unique_ptr<Operator>(new SessionAggregateOperator(node, std::move(parts)));
}

SessionAggregateOperator::SessionAggregateOperator(const sql::WindowAggregateNode& node,
                                                   Parts parts)
    : WindowOperator(node, std::move(parts)),
      gap_(node.window.size_ms),
      bucket_ms_(std::max<int64_t>(1, gap_ / 64)),
      table_(codec_.key_bytes(), calls_.payload_bytes()),
      all_rows_(Batch::kMaxRows) {
  std::iota(all_rows_.begin(), all_rows_.end(), 0);
}

SessionAggregateOperator::~SessionAggregateOperator() {
  if (!calls_.NeedsDestroy()) return;
  table_.ForEach([&](KeyedTable::Entry* entry) {
    for (Session* s = HeadOf(entry); s != nullptr && s->is_open != 0; s = s->next) {
      calls_.Destroy(reinterpret_cast<char*>(s));
    }
  });
}

Status SessionAggregateOperator::Accumulate(const Batch& batch) {
  table_.FindOrInsert(encoded_, std::span(all_rows_).first(batch.num_rows), entries_);
  batch_ = &batch;
  for (int row = 0; row < batch.num_rows; ++row) {
    Session* session = FindSession(entries_[row], times_[row]);
    if (session == nullptr) {
      ++late_rows_;
      continue;
    }
    bool retract = model::IsRetraction(batch.change(row));
    session->rows += retract ? -1 : 1;
    table_.MarkDirty(entries_[row]);
    rows_.push_back(static_cast<uint32_t>(row));
    payloads_.push_back(reinterpret_cast<char*>(session));
    if (!batch.IsInsertOnly()) signs_.push_back(retract ? -1 : 1);
  }
  ApplyPending();
  // Keys that only had late rows hold nothing; twice the same entry is erased once.
  for (int row = 0; row < batch.num_rows; ++row) {
    if (table_.IsLive(entries_[row]) && HeadOf(entries_[row])->is_open == 0) {
      table_.Erase(entries_[row]);
    }
  }
  return calls_.status();
}

void SessionAggregateOperator::ApplyPending() {
  if (rows_.empty()) return;
  const Batch& batch = *batch_;
  calls_.Update({batch, rows_, payloads_.data(), batch.IsInsertOnly() ? nullptr : signs_.data()});
  rows_.clear();
  payloads_.clear();
  signs_.clear();
}

SessionAggregateOperator::Session* SessionAggregateOperator::FindSession(KeyedTable::Entry* entry,
                                                                         int64_t time) {
  int64_t end = time + gap_;
  Session* session = HeadOf(entry);
  if (session->is_open == 0) session = nullptr;
  while (session != nullptr && session->end < time) session = session->next;
  if (session == nullptr || session->start > end) {
    if (end - 1 <= progress_) return nullptr;
    return InsertSession(entry, time, end);
  }
  if (time < session->start) session->start = time;
  if (end > session->end) {
    session->end = end;
    while (session->next != nullptr && session->next->start <= session->end) MergeNext(session);
  }
  return session;
}

/// Sessions of a key are kept in order of time; the first one is in the entry.
SessionAggregateOperator::Session* SessionAggregateOperator::InsertSession(KeyedTable::Entry* entry,
                                                                           int64_t start,
                                                                           int64_t end) {
  Session* head = HeadOf(entry);
  Session* session = head;
  if (head->is_open == 0) {
    head->next = nullptr;
  } else {
    auto* block = reinterpret_cast<Session*>(blocks_.Allocate(calls_.payload_bytes()));
    if (start < head->start) {
      // Payloads of the head that wait in payloads_ would follow the wrong session.
      ApplyPending();
      std::memcpy(static_cast<void*>(block), head, calls_.payload_bytes());
      int64_t timer = head->timer;
      std::memset(static_cast<void*>(head), 0, calls_.payload_bytes());
      head->timer = timer;
      head->next = block;
    } else {
      Session* before = head;
      while (before->next != nullptr && before->next->start < start) before = before->next;
      std::memset(static_cast<void*>(block), 0, calls_.payload_bytes());
      block->next = before->next;
      before->next = block;
      session = block;
    }
  }
  session->is_open = 1;
  session->start = start;
  session->end = end;
  SetTimer(entry, end);
  return session;
}

void SessionAggregateOperator::MergeNext(Session* session) {
  ApplyPending();
  Session* next = session->next;
  session->end = std::max(session->end, next->end);
  session->rows += next->rows;
  calls_.Merge(reinterpret_cast<char*>(session), reinterpret_cast<char*>(next));
  calls_.Destroy(reinterpret_cast<char*>(next));
  session->next = next->next;
  blocks_.Free(reinterpret_cast<char*>(next), calls_.payload_bytes());
}

void SessionAggregateOperator::SetTimer(KeyedTable::Entry* entry, int64_t end) {
  int64_t bucket = model::FloorDiv(end, bucket_ms_);
  Session* head = HeadOf(entry);
  // Bucket 0 and "no timer" share the number; a second timer for bucket 0 does no harm.
  if (head->timer != 0 && head->timer <= bucket) return;
  head->timer = bucket;
  timers_[bucket].push_back(entry);
}

Status SessionAggregateOperator::FireDue() {
  // A bucket that is only partly due comes back for its later ends; it is looked at once a call.
  std::vector<KeyedTable::Entry*> entries;
  while (!timers_.empty()) {
    int64_t bucket = timers_.begin()->first;
    if (bucket * bucket_ms_ - 1 > progress_) break;
    entries.swap(timers_.begin()->second);
    timers_.erase(timers_.begin());
    RETURN_IF_ERROR(FireBucket(entries, bucket));
    entries.clear();
    bool partly_due = (bucket + 1) * bucket_ms_ - 1 > progress_;
    if (partly_due) break;
  }
  return EmitDue();
}

Status SessionAggregateOperator::FireBucket(const std::vector<KeyedTable::Entry*>& entries,
                                            int64_t bucket) {
  for (KeyedTable::Entry* entry : entries) {
    if (!table_.IsLive(entry) || HeadOf(entry)->timer != bucket) continue;
    CollectDue(entry);
    if (due_.size() >= Batch::kMaxRows / 2) RETURN_IF_ERROR(EmitDue());
  }
  return EmitDue();
}

/// Notes the key's sessions that fire, or sets its timer anew when none does.
void SessionAggregateOperator::CollectDue(KeyedTable::Entry* entry) {
  Session* head = HeadOf(entry);
  bool fires = false;
  for (Session* s = head; s != nullptr && s->end - 1 <= progress_; s = s->next) {
    due_entries_.push_back(entry);
    due_.push_back(reinterpret_cast<char*>(s));
    fires = true;
  }
  if (fires) {
    head->timer = kFiring;  // an entry may be twice in a bucket
    return;
  }
  head->timer = 0;
  SetTimer(entry, head->end);
}

Status SessionAggregateOperator::EmitDue() {
  if (due_.empty()) return Status::Ok();
  std::vector<const char*> keys;
  std::vector<char*> payloads;
  std::vector<const Session*> sessions;
  for (size_t i = 0; i < due_.size(); ++i) {
    const auto* session = reinterpret_cast<const Session*>(due_[i]);
    if (session->rows <= 0) continue;
    keys.push_back(table_.Key(due_entries_[i]).data());
    payloads.push_back(due_[i]);
    sessions.push_back(session);
  }
  Batch batch = KeyColumns(keys);
  std::vector<ColumnBuilder> results;
  for (size_t i = keys_.size(); i < types_.size(); ++i) {
    results.emplace_back(types_[i], batch.num_rows);
  }
  calls_.Emit(payloads, results);
  RETURN_IF_ERROR(calls_.status());
  for (size_t p = 0; p < properties_.size(); ++p) {
    ColumnBuilder& builder = results[calls_.size() + p];
    for (const Session* session : sessions) {
      builder.Append<int64_t>(
          clock_.Property(properties_[p], builder.type(), session->start, session->end));
    }
  }
  for (ColumnBuilder& builder : results) batch.columns.push_back(builder.Finish());
  // A key's sessions were noted in order, so each is the first one when it is removed.
  for (KeyedTable::Entry* entry : due_entries_) RemoveFirst(entry);
  due_.clear();
  due_entries_.clear();
  return EmitAll(*context_.output, batch);
}

void SessionAggregateOperator::RemoveFirst(KeyedTable::Entry* entry) {
  table_.Preserve(entry);
  Session* head = HeadOf(entry);
  calls_.Destroy(reinterpret_cast<char*>(head));
  Session* next = head->next;
  if (next == nullptr) {
    table_.Erase(entry);
    return;
  }
  table_.MarkDirty(entry);
  std::memcpy(static_cast<void*>(head), next, calls_.payload_bytes());
  blocks_.Free(reinterpret_cast<char*>(next), calls_.payload_bytes());
  head->timer = 0;
  SetTimer(entry, head->end);
}

Status SessionAggregateOperator::BeginSnapshot(StateWriter& writer) {
  table_.BeginSnapshot(writer, kTable, [this](KeyedTable::Entry* entry, ByteWriter& value) {
    for (Session* s = HeadOf(entry); s != nullptr && s->is_open != 0; s = s->next) {
      value.Write<int64_t>(s->start);
      value.Write<int64_t>(s->end);
      value.Write<int64_t>(s->rows);
      calls_.Save(reinterpret_cast<char*>(s), value);
    }
  });
  SaveProgress(writer, context_.shard, progress_);
  return Status::Ok();
}

Status SessionAggregateOperator::Restore(StateReader& reader) {
  RETURN_IF_ERROR(LoadProgress(reader, progress_));
  return ForEachStored(reader, kTable, codec_, 0, 0, [&](const StoredEntry& stored) -> Status {
    KeyedTable::Entry* entry = table_.FindOrInsertOne(stored.key, stored.hash);
    table_.MarkStored(entry);
    ByteReader value(stored.value);
    while (!value.AtEnd()) {
      ASSIGN_OR_RETURN(int64_t start, value.Read<int64_t>());
      ASSIGN_OR_RETURN(int64_t end, value.Read<int64_t>());
      Session* session = InsertSession(entry, start, end);
      ASSIGN_OR_RETURN(session->rows, value.Read<int64_t>());
      RETURN_IF_ERROR(calls_.Load(reinterpret_cast<char*>(session), value));
    }
    return Status::Ok();
  });
}

int64_t SessionAggregateOperator::StateBytes() const {
  return table_.MemoryBytes() + blocks_.bytes_reserved() + calls_.MemoryBytes();
}

}  // namespace forebay::compute
