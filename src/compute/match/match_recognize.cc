#include "compute/match/match_recognize.h"

#include <algorithm>

#include "compute/operator/emitter.h"
#include "compute/operator/progress.h"
#include "compute/window/window_assigner.h"

namespace forebay::compute {

using model::Batch;
using model::Column;

Result<std::unique_ptr<Operator>> MatchOperator::Make(const sql::MatchNode& node,
                                                      const EvaluationContext& context) {
  ASSIGN_OR_RETURN(std::unique_ptr<MatchOperator> made, MakeBounded(node, context));
  made->is_bounded_ = false;
  return std::unique_ptr<Operator>(std::move(made));
}

Result<std::unique_ptr<MatchOperator>> MatchOperator::MakeBounded(
    const sql::MatchNode& node, const EvaluationContext& context) {
  std::vector<model::DataType> input = node.inputs[0]->OutputTypes();
  std::unique_ptr<MatchOperator> made(new MatchOperator(node, KeyCodec::Of(input, node.keys)));
  if (made->is_sorted_) RETURN_IF_ERROR(made->sort_.Check(input));
  made->conditions_.resize(node.variables.size());
  for (size_t i = 0; i < node.variables.size(); ++i) {
    RETURN_IF_ERROR(made->AddCondition(node.variables[i], static_cast<int>(i), context));
  }
  ASSIGN_OR_RETURN(made->measures_,
                   MatchReader::Make(node.input, node.measures, made->rows_, context));
  made->is_bounded_ = true;
  return made;
}

MatchOperator::MatchOperator(const sql::MatchNode& node, KeyCodec codec)
    : node_(node),
      time_column_(node.order[0].column),
      is_proctime_(node.inputs[0]->output[time_column_].time_attribute ==
                   sql::TimeAttribute::kProctime),
      is_sorted_(node.order.size() > 1),
      codec_(std::move(codec)),
      rows_(node.inputs[0]->OutputTypes()),
      sort_(std::vector<sql::SortKey>(node.order.begin() + 1, node.order.end())),
      table_(codec_.key_bytes(), sizeof(Key)),
      runner_(node_, store_),
      local_columns_(rows_.types().size()) {}

MatchOperator::~MatchOperator() {
  table_.ForEach([&](KeyedTable::Entry* entry) { delete KeyOf(entry)->state; });
}

Status MatchOperator::AddCondition(const sql::MatchVariable& variable, int index,
                                   const EvaluationContext& context) {
  if (variable.condition == nullptr) return Status::Ok();
  Condition& condition = conditions_[index];
  ASSIGN_OR_RETURN(condition.reader,
                   MatchReader::Make(variable.input, {variable.condition}, rows_, context));
  condition.predicate = MatchPredicate::Make(*variable.condition, variable.input, rows_);
  condition.is_local = variable.input.aggregates.empty();
  std::vector<int> columns;
  for (const sql::MatchCell& cell : variable.input.cells) {
    bool is_row = cell.variable == index || cell.variable == sql::MatchCell::kAnyVariable;
    condition.is_local = condition.is_local && is_row && !cell.from_first && cell.offset == 0;
    columns.push_back(cell.column);
  }
  if (!condition.is_local) return Status::Ok();
  for (int column : columns) local_columns_[column] = true;
  columns.push_back(0);  // the time of the match, which no condition reads
  sql::ExpressionPtr over_row = sql::RemapColumns(variable.condition, columns);
  // Of all rows, which may never be asked: a failure is none until then.
  EvaluationContext strict = context;
  strict.failed_rows = nullptr;
  ASSIGN_OR_RETURN(condition.local, Evaluator::Make({over_row}, strict));
  return Status::Ok();
}

Status MatchOperator::ReadTimes(const Batch& batch) {
  if (is_proctime_) {
    progress_ = std::max(progress_, context_.now_ms());
    times_.assign(batch.num_rows, progress_);
    return Status::Ok();
  }
  const Column& column = batch.columns[time_column_];
  int64_t units = UnitsPerMs(column.type());
  times_.resize(batch.num_rows);
  for (int row = 0; row < batch.num_rows; ++row) {
    if (column.IsNull(row)) return InvalidArgument("the time of a row of MATCH_RECOGNIZE is NULL");
    times_[row] = ToMs(column.Get<int64_t>(row), units);
  }
  return Status::Ok();
}

Status MatchOperator::Process(int, Batch batch) {
  RETURN_IF_ERROR(ReadTimes(batch));
  kept_.clear();
  for (int row = 0; row < batch.num_rows; ++row) {
    if (is_proctime_ || times_[row] > progress_) kept_.push_back(static_cast<uint32_t>(row));
  }
  codec_.Encode(batch, node_.keys, encoded_);
  rows_.Encode(batch, row_bytes_);
  table_.FindOrInsert(encoded_, kept_, entries_);
  std::string key;
  for (size_t i = 0; i < kept_.size(); ++i) {
    if (is_sorted_) sort_.Encode(batch, static_cast<int>(kept_[i]), key);
    Hold(entries_[i], key, row_bytes_[kept_[i]], times_[kept_[i]]);
  }
  return is_proctime_ ? Fire() : Status::Ok();
}

void MatchOperator::Hold(KeyedTable::Entry* entry, std::string_view key, std::string_view row,
                         int64_t time) {
  Wait(entry, store_.NewRow(key, row, time));
  table_.MarkDirty(entry);
}

void MatchOperator::Wait(KeyedTable::Entry* entry, MatchRow* row) {
  pending_[row->time].push_back({entry, row});
  Key* key = KeyOf(entry);
  row->previous_waiting = key->last_waiting;
  (key->last_waiting == nullptr ? key->first_waiting : key->last_waiting->next_waiting) = row;
  key->last_waiting = row;
}

void MatchOperator::EndWait(Key* key, MatchRow* row) {
  MatchRow *previous = row->previous_waiting, *next = row->next_waiting;
  (previous == nullptr ? key->first_waiting : previous->next_waiting) = next;
  (next == nullptr ? key->last_waiting : next->previous_waiting) = previous;
}

Status MatchOperator::ProcessWatermark(Watermark watermark) {
  if (is_proctime_) return Status::Ok();
  progress_ = std::max(progress_, watermark);
  return Fire();
}

Status MatchOperator::Tick(int64_t now_ms) {
  if (!is_proctime_ || timers_.empty() || timers_.begin()->first > now_ms) return Status::Ok();
  progress_ = std::max(progress_, now_ms);
  return Fire();
}

void MatchOperator::SortByKey(StateVector<Due>& rows) const {
  if (!is_sorted_ || rows.size() < 2) return;
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Due& a, const Due& b) { return a.row->key() < b.row->key(); });
}

/// Asks all due rows, then ends what is out of time for the keys that had rows or whose partial
/// matches are too old.
Status MatchOperator::Fire() {
  while (!pending_.empty() && pending_.begin()->first <= progress_) {
    auto rows = pending_.extract(pending_.begin());
    SortByKey(rows.mapped());
    for (const Due& due : rows.mapped()) {
      due_.push_back(due);
      if (due_.size() == Batch::kMaxRows) RETURN_IF_ERROR(AskDue());
    }
  }
  RETURN_IF_ERROR(AskDue());
  while (EndsByTime() && !timers_.empty() && timers_.begin()->first <= progress_) {
    auto expired = timers_.extract(timers_.begin());
    for (KeyedTable::Entry* entry : expired.mapped()) {
      if (table_.IsLive(entry)) Touch(entry);
    }
  }
  for (KeyedTable::Entry* entry : touched_) RETURN_IF_ERROR(CloseRound(entry));
  touched_.clear();
  return Send();
}

void MatchOperator::EvaluateLocal() {
  Batch batch;
  batch.num_rows = static_cast<int>(due_.size());
  batch.columns.resize(local_columns_.size());
  std::vector<const char*> rows;
  for (const Due& due : due_) rows.push_back(due.row->row());
  for (size_t i = 0; i < local_columns_.size(); ++i) {
    if (!local_columns_[i]) continue;
    model::ColumnBuilder builder(rows_.types()[i], batch.num_rows);
    rows_.DecodeColumn(static_cast<int>(i), rows, builder);
    batch.columns[i] = builder.Finish();
  }
  std::vector<uint32_t> selected;
  for (Condition& condition : conditions_) {
    condition.holds.clear();
    if (!condition.is_local) continue;
    // What fails for some row may fail for one that is never asked: then each is asked alone.
    if (!condition.local->Select(0, batch, selected).ok()) continue;
    condition.holds.resize(due_.size());
    for (uint32_t row : selected) condition.holds[row] = 1;
  }
}

Status MatchOperator::AskDue() {
  if (due_.empty()) return Status::Ok();
  EvaluateLocal();
  for (asked_row_ = 0; asked_row_ < due_.size(); ++asked_row_) {
    RETURN_IF_ERROR(Ask(due_[asked_row_]));
  }
  due_.clear();
  return found_.size() < Batch::kMaxRows ? Status::Ok() : Send();
}

/// Whether the row may be the first of a match.
bool MatchOperator::MayBegin() const {
  for (int variable : runner_.automaton().first_variables()) {
    const Condition& condition = conditions_[variable];
    if (condition.holds.empty() || condition.holds[asked_row_] != 0) return true;
  }
  return false;
}

Status MatchOperator::Ask(const Due& due) {
  Key* key = KeyOf(due.entry);
  Touch(due.entry);
  EndWait(key, due.row);
  if (key->state == nullptr && !MayBegin()) {
    store_.Release(due.row);
    return Status::Ok();
  }
  if (key->state == nullptr) SetState(key, runner_.Initial());
  due.row->number = next_number_++;
  if (key->asked != due.row->time) {
    RETURN_IF_ERROR(runner_.AdvanceTime(*key->state, due.row->time, links_));
    key->asked = due.row->time;
    Collect(due.row->time);
  }
  ASSIGN_OR_RETURN(bool began, runner_.Step(*key->state, due.row, *this, links_));
  Collect(due.row->time);
  if (began && node_.within_ms > 0) {
    timers_[due.row->time + node_.within_ms].push_back(due.entry);
  }
  if (key->state->IsInitial()) DropState(key);
  store_.Release(due.row);
  return Status::Ok();
}

Result<bool> MatchOperator::Holds(int variable, const MatchLink* matched) {
  Condition& condition = conditions_[variable];
  if (condition.reader == nullptr) return true;
  if (!condition.holds.empty()) return condition.holds[asked_row_] != 0;
  if (condition.predicate != nullptr) {
    return condition.predicate->Holds({matched, due_[asked_row_].row, variable});
  }
  condition.reader->Add({matched, due_[asked_row_].row, variable}, 0);
  ASSIGN_OR_RETURN(std::vector<Column> columns, condition.reader->Evaluate());
  return !columns[0].IsNull(0) && columns[0].Get<uint8_t>(0) != 0;
}

void MatchOperator::Touch(KeyedTable::Entry* entry) {
  Key* key = KeyOf(entry);
  table_.Preserve(entry);
  table_.MarkDirty(entry);
  if (key->touched) return;
  key->touched = true;
  touched_.push_back(entry);
}

Status MatchOperator::CloseRound(KeyedTable::Entry* entry) {
  Key* key = KeyOf(entry);
  key->touched = false;
  if (key->state != nullptr && node_.within_ms > 0 && EndsByTime()) {
    RETURN_IF_ERROR(runner_.AdvanceTime(*key->state, progress_, links_));
    Collect(progress_);
    if (key->state->IsInitial()) DropState(key);
  }
  if (key->state == nullptr && key->first_waiting == nullptr) table_.Erase(entry);
  return Status::Ok();
}

void MatchOperator::SetState(Key* key, MatchKeyState state) {
  if (spare_.empty()) spare_.push_back(std::make_unique<MatchKeyState>());
  key->state = spare_.back().release();
  spare_.pop_back();
  *key->state = std::move(state);
  key->asked = kMinWatermark;
}

void MatchOperator::DropState(Key* key) {
  constexpr size_t kSpareMax = 64;
  std::unique_ptr<MatchKeyState> state(key->state);
  key->state = nullptr;
  if (spare_.size() < kSpareMax) spare_.push_back(std::move(state));
}

void MatchOperator::Collect(int64_t time) {
  for (MatchLink* link : links_) found_.push_back({link, time});
  links_.clear();
}

Status MatchOperator::Send() {
  if (found_.empty()) return Status::Ok();
  std::vector<const char*> rows;
  for (const Found& found : found_) {
    rows.push_back(found.last->row->row());
    measures_->Add({found.last}, found.time);
  }
  Batch batch;
  batch.num_rows = static_cast<int>(found_.size());
  for (int column : node_.keys) {
    model::ColumnBuilder builder(rows_.types()[column], batch.num_rows);
    rows_.DecodeColumn(column, rows, builder);
    batch.columns.push_back(builder.Finish());
  }
  ASSIGN_OR_RETURN(std::vector<Column> measures, measures_->Evaluate());
  for (Column& column : measures) batch.columns.push_back(std::move(column));
  for (const Found& found : found_) store_.Release(found.last);
  found_.clear();
  return EmitAll(*context_.output, batch);
}

int64_t MatchOperator::StateBytes() const { return table_.MemoryBytes() + store_.MemoryBytes(); }

}  // namespace forebay::compute
