#include "compute/runtime/job_execution.h"

#include <algorithm>
#include <filesystem>

#include "base/clock.h"
#include "base/log.h"
#include "compute/runtime/processing_time.h"
#include "compute/sink/immediate_sinks.h"
#include "compute/sink/sink_factory.h"
#include "compute/source/source_factory.h"

namespace forebay::compute {
namespace {

/// How an operator treats rows that it cannot compute when letters may take them.
enum class Failures : uint8_t {
  kEndJob,            ///< they are the job's failure
  kRows,              ///< rows are left out
  kNullTimes,         ///< rows without a rowtime are left out
  kPairs,             ///< a condition that fails is not true
  kRowsOfAggregates,  ///< rows that a function cannot take are left out
};

Failures FailuresOf(const JobVertex& vertex) {
  if (vertex.is_collect) return Failures::kEndJob;
  switch (vertex.node->kind) {
    case sql::PlanKind::kCalc: return Failures::kRows;
    case sql::PlanKind::kWatermark: return Failures::kNullTimes;
    case sql::PlanKind::kJoin:
    case sql::PlanKind::kLookupJoin:
    case sql::PlanKind::kUnnest:
    case sql::PlanKind::kDeduplicate:
    case sql::PlanKind::kMatch: return Failures::kPairs;
    case sql::PlanKind::kAggregate:
    case sql::PlanKind::kWindowAggregate:
    case sql::PlanKind::kOverAggregate: return Failures::kRowsOfAggregates;
    default: return Failures::kEndJob;
  }
}

/// The columns of the rows that an operator's expressions are about.
std::vector<std::string> NamesOfLetters(const sql::PlanNode& node) {
  std::vector<std::string> names;
  bool of_output = node.kind == sql::PlanKind::kLookupJoin || node.kind == sql::PlanKind::kUnnest;
  if (of_output) {
    for (const sql::Field& field : node.output) names.push_back(field.name);
  }
  for (size_t i = 0; !of_output && i < node.inputs.size(); ++i) {
    for (const sql::Field& field : node.inputs[i]->output) names.push_back(field.name);
  }
  return names;
}

}  // namespace

JobExecution::JobExecution(JobGraph graph, const JobContext& context, CheckpointStore* store)
    : graph_(std::move(graph)), context_(context), store_(store) {}

Result<std::unique_ptr<JobExecution>> JobExecution::Make(JobGraph graph, const JobContext& context,
                                                         CheckpointStore* store) {
  std::unique_ptr<JobExecution> execution(new JobExecution(std::move(graph), context, store));
  ASSIGN_OR_RETURN(execution->interval_ms_,
                   context.DurationSetting("execution.checkpointing.interval", 1000));
  ASSIGN_OR_RETURN(execution->idle_timeout_ms_,
                   context.DurationSetting("table.exec.source.idle-timeout", 0));
  constexpr int64_t kAutoWatermarkMs = 200;
  ASSIGN_OR_RETURN(int64_t watermark_ms,
                   context.DurationSetting("pipeline.auto-watermark-interval", kAutoWatermarkMs));
  execution->each_row_watermarks_ = watermark_ms == 0;
  auto mini_batch = context.settings.find("table.exec.mini-batch.enabled");
  execution->row_by_row_ = mini_batch != context.settings.end() && mini_batch->second == "false";
  ASSIGN_OR_RETURN(int64_t rows,
                   context.IntegerSetting("source.batch-rows", model::Batch::kMaxRows));
  execution->batch_rows_ = std::clamp<int64_t>(rows, 1, model::Batch::kMaxRows);
  if (auto orders = context.settings.find("input.order"); orders != context.settings.end()) {
    ASSIGN_OR_RETURN(execution->input_orders_, ParseInputOrders(orders->second));
  }
  return execution;
}

JobExecution::~JobExecution() {
  Stop(StopMode::kCancel);
  if (coordinator_.joinable()) coordinator_.join();
  // Before the sinks and channels they use.
  shards_.clear();
}

Status JobExecution::Start() {
  std::optional<RestoredCheckpoint> restored;
  if (store_ != nullptr) {
    ASSIGN_OR_RETURN(restored, store_->Restore());
    last_id_ = store_->last_id();
  }
  RETURN_IF_ERROR(MakeEnds());
  RETURN_IF_ERROR(OpenDeadLetters());
  if (restored.has_value()) RETURN_IF_ERROR(CommitRestored(*restored));
  RETURN_IF_ERROR(Attach(restored.has_value() ? &*restored : nullptr));
  RETURN_IF_ERROR(Build(restored.has_value() ? &*restored : nullptr));
  started_ms_ = MonotonicMs();
  for (auto& shard : shards_) shard->Start();
  coordinator_ = std::thread([this] { Coordinate(); });
  return Status::Ok();
}

Status JobExecution::MakeEnds() {
  size_t count = graph_.vertices.size();
  sources_.resize(count);
  sinks_.resize(count);
  committers_.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const JobVertex& vertex = graph_.vertices[i];
    if (vertex.is_collect) {
      if (context_.collect == nullptr) return Internal("a query without a place for its rows");
      sinks_[i] = MakeCollectSink(*context_.collect);
    } else if (vertex.is_source) {
      ASSIGN_OR_RETURN(sources_[i], MakeSource(*vertex.node, context_));
    } else if (vertex.IsSink()) {
      ASSIGN_OR_RETURN(sinks_[i],
                       MakeSink(static_cast<const sql::SinkNode&>(*vertex.node), context_));
      ASSIGN_OR_RETURN(committers_[i], sinks_[i]->MakeCommitter());
    }
  }
  return CheckCommits();
}

Status JobExecution::OpenDeadLetters() {
  ASSIGN_OR_RETURN(bad_rows_, BadRowPolicyOf(context_));
  if (bad_rows_ != BadRowPolicy::kDeadLetter) return Status::Ok();
  ASSIGN_OR_RETURN(letter_table_, DeadLetterTable::Open(context_));
  ASSIGN_OR_RETURN(letter_committer_, letter_table_->MakeCommitter());
  return Status::Ok();
}

Result<std::unique_ptr<DeadLetters>> JobExecution::MakeLetters(const JobVertex& vertex, int shard) {
  if (bad_rows_ == BadRowPolicy::kFail) return std::unique_ptr<DeadLetters>();
  std::unique_ptr<SinkWriter> writer;
  if (letter_table_ != nullptr) {
    ASSIGN_OR_RETURN(writer, letter_table_->MakeWriter(shard, graph_.num_shards, *this));
  }
  auto letters = std::make_unique<DeadLetters>(
      vertex.Name(), vertex.is_source ? kDecodeError : kExpressionError, std::move(writer),
      kDeadLetterIds + vertex.id, shards_[shard]->scope().now_ms);
  if (!vertex.is_source) letters->SetNames(NamesOfLetters(*vertex.node));
  return letters;
}

Status JobExecution::CheckCommits() const {
  bool commits = std::any_of(committers_.begin(), committers_.end(),
                             [](const auto& committer) { return committer != nullptr; });
  bool ends = std::all_of(sources_.begin(), sources_.end(), [](const auto& source) {
    return source == nullptr || source->IsBounded();
  });
  if (interval_ms_ > 0 || !commits || ends) return Status::Ok();
  Error error = InvalidArgument(
      "with 'execution.checkpointing.interval' = 0 the rows of a job that never ends would never "
      "become visible");
  error.hint = "SET 'execution.checkpointing.interval' = '1s'";
  return error;
}

Status JobExecution::CommitRestored(const RestoredCheckpoint& restored) {
  written_positions_ = restored.positions;
  if (restored.is_savepoint) {
    // Its writers' ids may be in use by another job: writers get new ids.
    is_fallback_ = true;
    return Status::Ok();
  }
  if (!restored.is_fallback) return CommitAll(restored.commits);
  // The epochs up to this checkpoint were committed before the damaged one was written. What later
  // ones committed is not known, so their rows are written again by new writers: nothing is lost,
  // but append-only sinks may hold rows twice.
  Log(LogLevel::kError, "compute",
      "restoring an older checkpoint: rows of later epochs are written again checkpoint={}",
      restored.id);
  is_fallback_ = true;
  return Status::Ok();
}

bool JobExecution::Exists(int vertex, int shard) const {
  return shard == 0 || !graph_.vertices[vertex].is_single;
}

Status JobExecution::Build(const RestoredCheckpoint* restored) {
  ASSIGN_OR_RETURN(std::shared_ptr<StateBudget> budget, context_.MakeStateBudget());
  std::string directory = context_.environment->spill_directory;
  if (directory.empty()) directory = std::filesystem::temp_directory_path();
  bool keeps_state = store_ != nullptr && interval_ms_ > 0;
  if (keeps_state) {
    spool_ = std::make_unique<DeltaSpool>();
  }
  for (int i = 0; i < graph_.num_shards; ++i) {
    auto memory = std::make_unique<StateMemory>(budget, graph_.num_shards, directory);
    shards_.push_back(std::make_unique<Shard>(i, graph_.num_shards, graph_.num_regions,
                                              hold_sources_, *this, std::move(memory)));
    shards_.back()->SetSpool(spool_.get());
    shards_.back()->scope().keeps_state = keeps_state;
    shards_.back()->scope().row_by_row = row_by_row_;
    shards_.back()->scope().now_ms = ProcessingTimeOf(context_);
  }
  size_t count = graph_.vertices.size();
  source_tasks_.assign(count, std::vector<SourceTask*>(graph_.num_shards));
  subtasks_.assign(count, std::vector<Subtask*>(graph_.num_shards));
  for (int vertex : SourceVertices()) RETURN_IF_ERROR(BuildSource(vertex, restored));
  for (size_t i = 0; i < count; ++i) {
    if (!graph_.vertices[i].is_source) RETURN_IF_ERROR(BuildSubtasks(static_cast<int>(i)));
  }
  for (size_t i = 0; i < count; ++i) {
    for (size_t input = 0; input < graph_.vertices[i].inputs.size(); ++input) {
      Connect(static_cast<int>(i), static_cast<int>(input));
    }
  }
  pending_.resize(graph_.num_shards);
  for (auto& shard : shards_) RETURN_IF_ERROR(shard->Open(restored));
  return Status::Ok();
}

std::vector<int> JobExecution::SourceVertices() const {
  std::vector<int> all;
  for (size_t i = 0; i < graph_.vertices.size(); ++i) {
    if (graph_.vertices[i].is_source) all.push_back(static_cast<int>(i));
  }
  return all;
}

Status JobExecution::BuildSource(int index, const RestoredCheckpoint* restored) {
  const JobVertex& vertex = graph_.vertices[index];
  std::vector<SourceSplit> splits;
  if (restored != nullptr) {
    for (const auto& [split, position] : restored->positions) {
      if (split.first == vertex.id) splits.push_back({split.second, position});
    }
  }
  int num_readers = vertex.is_single ? 1 : graph_.num_shards;
  if (splits.empty()) {
    if (const ArrangementShare* share = ShareOfSource(index); share != nullptr) {
      splits = SplitsFrom(share->begin());
    } else {
      ASSIGN_OR_RETURN(splits, sources_[index]->EnumerateSplits(num_readers));
    }
  }
  for (int s = 0; s < num_readers; ++s) {
    ASSIGN_OR_RETURN(std::unique_ptr<SourceReader> reader, sources_[index]->MakeReader());
    auto task = std::make_unique<SourceTask>(vertex, shards_[s]->scope(), std::move(reader),
                                             static_cast<int>(batch_rows_));
    std::vector<SourceSplit> own;
    for (size_t i = s; i < splits.size(); i += num_readers) own.push_back(splits[i]);
    task->SetSplits(std::move(own));
    ASSIGN_OR_RETURN(std::unique_ptr<DeadLetters> letters, MakeLetters(vertex, s));
    task->SetDeadLetters(std::move(letters));
    source_tasks_[index][s] = task.get();
    shards_[s]->AddSource(std::move(task));
  }
  return Status::Ok();
}

Status JobExecution::BuildSubtasks(int index) {
  for (int s = 0; s < graph_.num_shards; ++s) {
    if (!Exists(index, s)) continue;
    ASSIGN_OR_RETURN(std::unique_ptr<Subtask> subtask, MakeSubtask(graph_.vertices[index], s));
    subtasks_[index][s] = subtask.get();
    shards_[s]->AddSubtask(std::move(subtask));
  }
  return Status::Ok();
}

Result<std::unique_ptr<Operator>> JobExecution::MakeVertexOperator(const JobVertex& vertex,
                                                                   int shard,
                                                                   DeadLetters* letters) {
  if (vertex.IsSink()) {
    size_t index = static_cast<size_t>(&vertex - graph_.vertices.data());
    int num_shards = vertex.is_single ? 1 : graph_.num_shards;
    ASSIGN_OR_RETURN(std::unique_ptr<SinkWriter> writer,
                     sinks_[index]->MakeWriter(shard, num_shards, *this));
    return std::unique_ptr<Operator>(std::move(writer));
  }
  EvaluationContext evaluation = context_.evaluation;
  if (FailuresOf(vertex) == Failures::kPairs) evaluation.failed_rows = letters;
  ASSIGN_OR_RETURN(std::unique_ptr<Operator> made,
                   context_.environment->make_operator(*vertex.node, evaluation));
  if (vertex.shared.has_value()) RETURN_IF_ERROR(ShareSide(vertex, *made));
  return made;
}

bool JobExecution::FeedsVersions(int vertex) const {
  for (size_t i = 0; i < graph_.vertices.size(); ++i) {
    const JobVertex& consumer = graph_.vertices[i];
    for (size_t input = 0; input < consumer.inputs.size(); ++input) {
      if (consumer.inputs[input].from != vertex || consumer.is_collect) continue;
      bool is_join = consumer.node->kind == sql::PlanKind::kJoin;
      bool is_version =
          is_join && input == 1 && static_cast<const sql::JoinNode*>(consumer.node)->versions;
      if (is_version) return true;
      if (consumer.inputs.size() == 1 && FeedsVersions(static_cast<int>(i))) return true;
    }
  }
  return false;
}

Result<std::unique_ptr<Subtask>> JobExecution::MakeSubtask(const JobVertex& vertex, int shard) {
  std::unique_ptr<DeadLetters> letters;
  std::unique_ptr<AggregateCheck> check;
  Failures failures = FailuresOf(vertex);
  if (failures == Failures::kRowsOfAggregates && bad_rows_ != BadRowPolicy::kFail) {
    ASSIGN_OR_RETURN(check, AggregateCheck::Make(*vertex.node));
    if (check == nullptr) failures = Failures::kEndJob;
  }
  if (failures != Failures::kEndJob) {
    ASSIGN_OR_RETURN(letters, MakeLetters(vertex, shard));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<Operator> op, MakeVertexOperator(vertex, shard, letters.get()));
  ShardScope& scope = shards_[shard]->scope();
  if (vertex.is_collect || dynamic_cast<WatermarkGenerator*>(op.get()) == nullptr) {
    const InputOrder* order = OrderOf(vertex);
    std::unique_ptr<Subtask> subtask =
        order == nullptr ? std::make_unique<Subtask>(vertex, scope, std::move(op))
                         : std::make_unique<OrderedSubtask>(vertex, scope, std::move(op), *order);
    // Of the changes of a batch to a key, a temporal join needs every one.
    bool compacts = !vertex.is_collect && vertex.node->kind == sql::PlanKind::kDeduplicate;
    int index = static_cast<int>(&vertex - graph_.vertices.data());
    if (compacts && FeedsVersions(index)) subtask->SetRowByRow();
    subtask->SetDeadLetters(std::move(letters));
    subtask->SetCheck(std::move(check));
    return subtask;
  }
  auto make = [this, &vertex, shard] { return MakeVertexOperator(vertex, shard, nullptr); };
  std::unique_ptr<Subtask> subtask = std::make_unique<WatermarkSubtask>(
      vertex, scope, std::move(op), make, SplitsBehind(vertex, shard), idle_timeout_ms_,
      each_row_watermarks_);
  subtask->SetDeadLetters(std::move(letters));
  return subtask;
}

const SplitScope* JobExecution::SplitsBehind(const JobVertex& vertex, int shard) const {
  const JobVertex* at = &vertex;
  while (!at->is_source) {
    if (at->inputs.size() != 1 || at->inputs[0].queued) return nullptr;
    at = &graph_.vertices[at->inputs[0].from];
  }
  return &source_tasks_[at - graph_.vertices.data()][shard]->splits();
}

OutputRouter& JobExecution::RouterOf(int vertex, int shard) {
  return graph_.vertices[vertex].is_source ? source_tasks_[vertex][shard]->router()
                                           : subtasks_[vertex][shard]->router();
}

IdleOrigins JobExecution::OriginsOf(int vertex, int shard) const {
  const JobVertex& sender = graph_.vertices[vertex];
  bool is_origin =
      sender.is_source || (!sender.is_collect && sender.node->kind == sql::PlanKind::kWatermark);
  if (is_origin) return {vertex * graph_.num_shards + shard};
  return subtasks_[vertex][shard]->Origins();
}

const InputOrder* JobExecution::OrderOf(const JobVertex& vertex) const {
  if (graph_.num_shards > 1) return nullptr;
  size_t number = 0;
  for (const JobVertex& each : graph_.vertices) {
    if (each.inputs.size() < 2) continue;
    if (&each == &vertex) return number < input_orders_.size() ? &input_orders_[number] : nullptr;
    ++number;
  }
  return nullptr;
}

void JobExecution::Connect(int vertex, int input) {
  const JobEdge& edge = graph_.vertices[vertex].inputs[input];
  if (!edge.queued) {
    for (int s = 0; s < graph_.num_shards; ++s) {
      if (!Exists(vertex, s)) continue;
      bool has_producer = Exists(edge.from, s);
      if (has_producer) RouterOf(edge.from, s).AddDirect(subtasks_[vertex][s], input);
      std::vector<Subtask::Sender> senders;
      if (has_producer) senders.push_back({nullptr, OriginsOf(edge.from, s)});
      subtasks_[vertex][s]->SetInput(input, senders);
    }
    return;
  }
  // out[from][to]; a forward edge has only from == to.
  std::vector<std::vector<Subtask::Sender>> in(graph_.num_shards);
  for (int from = 0; from < graph_.num_shards; ++from) {
    if (!Exists(edge.from, from)) continue;
    std::vector<Channel*> out;
    for (int to = 0; to < graph_.num_shards; ++to) {
      bool wanted = edge.partitioning == Partitioning::kHash ||
                    (edge.partitioning == Partitioning::kSingle ? to == 0 : to == from);
      if (!wanted || !Exists(vertex, to)) continue;
      channels_.push_back(std::make_unique<Channel>(shards_[from]->waker(), shards_[to]->waker()));
      out.push_back(channels_.back().get());
      in[to].push_back({out.back(), OriginsOf(edge.from, from)});
      shards_[from]->AddOutgoing(graph_.vertices[edge.from].region, out.back());
    }
    RouterOf(edge.from, from).AddExchange(edge.keys, std::move(out));
  }
  for (int to = 0; to < graph_.num_shards; ++to) {
    if (Exists(vertex, to)) subtasks_[vertex][to]->SetInput(input, in[to]);
  }
}

void JobExecution::OnSnapshot(int shard, int64_t checkpoint, ShardSnapshot snapshot) {
  std::lock_guard lock(mutex_);
  if (checkpoint != pending_id_) return;
  pending_[shard] = std::move(snapshot);
  condition_.notify_all();
}

void JobExecution::OnEnded(int) {
  std::lock_guard lock(mutex_);
  ++ended_shards_;
  condition_.notify_all();
}

void JobExecution::OnFailed(int shard, Status status) {
  std::lock_guard lock(mutex_);
  Log(LogLevel::kWarning, "compute", "shard failed shard={} error=\"{}\"", shard, status.message());
  if (failure_.ok()) failure_ = std::move(status);
  cancelled_ = true;
  condition_.notify_all();
}

void JobExecution::HoldSources() { hold_sources_.fetch_add(1, std::memory_order_acq_rel); }

void JobExecution::ReleaseSources() {
  hold_sources_.fetch_sub(1, std::memory_order_acq_rel);
  for (auto& shard : shards_) shard->waker().Wake();
}

void JobExecution::RequestCheckpoint() {
  std::lock_guard lock(mutex_);
  checkpoint_requested_ = true;
  condition_.notify_all();
}

void JobExecution::Stop(StopMode mode) {
  std::lock_guard lock(mutex_);
  if (mode == StopMode::kGraceful) {
    graceful_requested_ = true;
  } else if (mode == StopMode::kDrain) {
    drain_ = true;
    for (auto& shard : shards_) shard->RequestDrain();
  } else {
    cancelled_ = true;
  }
  condition_.notify_all();
}

Status JobExecution::Wait() {
  std::unique_lock lock(mutex_);
  condition_.wait(lock, [this] { return finished_; });
  return status_;
}

Status JobExecution::CheckpointNow() {
  int64_t wanted = completed_ + 1;
  RequestCheckpoint();
  std::unique_lock lock(mutex_);
  condition_.wait(lock, [&] { return finished_ || completed_ >= wanted; });
  return finished_ ? status_ : Status::Ok();
}

}  // namespace forebay::compute
