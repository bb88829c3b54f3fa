#include "compute/match/match_reader.h"

#include <algorithm>
#include <numeric>

namespace forebay::compute {

using model::Batch;
using model::Column;
using sql::MatchCell;

namespace {

/// The row at `position` of the match, which is at or before `link`.
const char* RowAt(const MatchLink* link, uint32_t position) {
  while (link->first->position > position) link = link->first->previous;
  if (link->first->position == position) return link->first->row->row();
  while (link->position > position) link = link->previous;
  return link->row->row();
}

}  // namespace

const char* MatchedRows::Find(const MatchCell& cell) const {
  if (cell.variable == MatchCell::kNoVariable) return nullptr;
  bool any = cell.variable == MatchCell::kAnyVariable;
  const MatchLink* link = any ? last : LastOf(last, cell.variable);
  bool has_current = current != nullptr && (any || cell.variable == variable);
  uint32_t begin = link == nullptr || any ? 0 : link->first->position;
  uint32_t count = link == nullptr ? 0 : link->position - begin + 1;
  auto offset = static_cast<uint32_t>(cell.offset);
  if (cell.from_first) {
    if (offset < count) return RowAt(link, begin + offset);
    return offset == count && has_current ? current->row() : nullptr;
  }
  if (has_current && offset-- == 0) return current->row();
  return offset < count ? RowAt(link, begin + count - 1 - offset) : nullptr;
}

void MatchedRows::Collect(int of, std::vector<const char*>& rows) const {
  size_t before = rows.size();
  ForEach(of, [&](const char* row) { rows.push_back(row); });
  std::reverse(rows.begin() + static_cast<int64_t>(before), rows.end());
}

Result<std::unique_ptr<MatchReader>> MatchReader::Make(const sql::MatchInput& input,
                                                       std::vector<sql::ExpressionPtr> expressions,
                                                       const RowCodec& rows,
                                                       const EvaluationContext& context) {
  std::unique_ptr<MatchReader> reader(new MatchReader(input, rows));
  ASSIGN_OR_RETURN(reader->expressions_, Evaluator::Make(std::move(expressions), context));
  reader->cells_.resize(input.cells.size());
  for (const sql::MatchAggregate& aggregate : input.aggregates) {
    bool known = std::any_of(reader->groups_.begin(), reader->groups_.end(),
                             [&](const Group& g) { return g.variable == aggregate.variable; });
    if (!known) RETURN_IF_ERROR(reader->AddGroup(aggregate.variable, context));
  }
  return reader;
}

Status MatchReader::AddGroup(int variable, const EvaluationContext& context) {
  std::vector<sql::ExpressionPtr> arguments;
  std::vector<model::DataType> types;
  std::vector<sql::AggregateCall> calls;
  Group group;
  group.variable = variable;
  group.used.resize(rows_.types().size());
  for (size_t i = 0; i < input_.aggregates.size(); ++i) {
    const sql::MatchAggregate& aggregate = input_.aggregates[i];
    if (aggregate.variable != variable) continue;
    group.calls.push_back(static_cast<int>(i));
    calls.push_back(aggregate.call);
    for (int& arg : calls.back().args) arg += static_cast<int>(arguments.size());
    for (const sql::ExpressionPtr& arg : aggregate.args) {
      arguments.push_back(arg);
      types.push_back(arg->type);
      sql::CollectColumns(*arg, group.used);
    }
  }
  ASSIGN_OR_RETURN(group.set, AccumulatorSet::Make(calls, types, false, 0));
  if (!arguments.empty()) {
    ASSIGN_OR_RETURN(group.arguments, Evaluator::Make(std::move(arguments), context));
  }
  groups_.push_back(std::move(group));
  return Status::Ok();
}

void MatchReader::Add(const MatchedRows& match, int64_t time) {
  times_.push_back(time);
  for (size_t i = 0; i < cells_.size(); ++i) cells_[i].push_back(match.Find(input_.cells[i]));
  for (Group& group : groups_) {
    match.Collect(group.variable, group.rows);
    group.ends.push_back(group.rows.size());
  }
}

Status MatchReader::Aggregate(Group& group, std::vector<Column>& columns) {
  size_t matches = times_.size();
  size_t bytes = std::max(group.set.payload_bytes(), 16);
  std::unique_ptr<char[]> memory(new char[bytes * matches]());
  std::vector<char*> payloads;
  for (size_t i = 0; i < matches; ++i) payloads.push_back(memory.get() + i * bytes);
  if (!group.rows.empty()) {
    Batch batch;
    batch.num_rows = static_cast<int>(group.rows.size());
    if (group.arguments != nullptr) {
      Batch rows;
      rows.num_rows = batch.num_rows;
      rows.columns.resize(group.used.size());
      for (size_t i = 0; i < group.used.size(); ++i) {
        if (!group.used[i]) continue;
        model::ColumnBuilder builder(rows_.types()[i], rows.num_rows);
        rows_.DecodeColumn(static_cast<int>(i), group.rows, builder);
        rows.columns[i] = builder.Finish();
      }
      ASSIGN_OR_RETURN(batch.columns, group.arguments->Evaluate(rows));
    }
    std::vector<uint32_t> indexes(group.rows.size());
    std::iota(indexes.begin(), indexes.end(), 0);
    std::vector<char*> targets;
    for (size_t i = 0; i < matches; ++i) targets.resize(group.ends[i], payloads[i]);
    group.set.Update({batch, indexes, targets.data(), nullptr});
  }
  std::vector<model::ColumnBuilder> results;
  for (int call : group.calls) results.emplace_back(input_.aggregates[call].call.type);
  group.set.Emit(payloads, results);
  if (group.set.NeedsDestroy()) {
    for (char* payload : payloads) group.set.Destroy(payload);
  }
  RETURN_IF_ERROR(group.set.status());
  for (size_t i = 0; i < results.size(); ++i) {
    columns[input_.cells.size() + group.calls[i]] = results[i].Finish();
  }
  group.rows.clear();
  group.ends.clear();
  return Status::Ok();
}

Result<std::vector<Column>> MatchReader::Evaluate() {
  Batch batch;
  batch.num_rows = static_cast<int>(times_.size());
  batch.columns.resize(static_cast<size_t>(input_.time_column()) + 1);
  for (size_t i = 0; i < cells_.size(); ++i) {
    model::ColumnBuilder builder(input_.cells[i].type, batch.num_rows);
    rows_.DecodeColumn(input_.cells[i].column, cells_[i], builder);
    batch.columns[i] = builder.Finish();
    cells_[i].clear();
  }
  for (Group& group : groups_) RETURN_IF_ERROR(Aggregate(group, batch.columns));
  model::ColumnBuilder times(model::DataType::Timestamp(3), batch.num_rows);
  for (int64_t time : times_) times.Append<int64_t>(time);
  batch.columns.back() = times.Finish();
  times_.clear();
  return expressions_->Evaluate(batch);
}

}  // namespace forebay::compute
