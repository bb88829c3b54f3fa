#include "compute/job/graph_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace forebay::compute {
namespace {

const char* PartitioningName(Partitioning partitioning) {
  switch (partitioning) {
    case Partitioning::kForward: return "forward";
    case Partitioning::kHash: return "hash";
    case Partitioning::kSingle: return "single";
  }
  return "";
}

double Rounded(double value) {
  return static_cast<double>(static_cast<int64_t>(value * 1000)) / 1000;
}

nlohmann::ordered_json ToJson(const OperatorMetrics& op) {
  nlohmann::ordered_json json;
  json["id"] = op.node_id;
  json["name"] = op.name;
  json["inputs"] = nlohmann::json::array();
  for (const InputMetrics& input : op.inputs) {
    json["inputs"].push_back(
        {{"id", input.from}, {"partitioning", PartitioningName(input.partitioning)}});
  }
  json["rowsIn"] = op.rows_in;
  json["rowsOut"] = op.rows_out;
  json["rowsPerSecond"] = Rounded(op.rows_per_second);
  json["busyMs"] = Rounded(op.busy_ms);
  json["stateBytes"] = op.state_bytes;
  json["backPressure"] = Rounded(op.back_pressure);
  json["skew"] = Rounded(op.skew);
  json["longestPauseMs"] = Rounded(op.longest_pause_ms);
  if (op.watermark_lag_ms >= 0) {
    json["watermark"] = op.watermark;
    json["watermarkLagMs"] = op.watermark_lag_ms;
  }
  if (!op.arrangement.empty()) {
    json["arrangement"] = {{"of", op.arrangement},
                           {"bytes", op.arrangement_bytes},
                           {"readers", op.arrangement_readers}};
  }
  json["instances"] = nlohmann::json::array();
  for (const InstanceMetrics& instance : op.instances) {
    json["instances"].push_back({{"rowsIn", instance.rows_in},
                                 {"rowsOut", instance.rows_out},
                                 {"busyMs", Rounded(instance.busy_ms)},
                                 {"blockedMs", Rounded(instance.blocked_ms)},
                                 {"stateBytes", instance.state_bytes},
                                 {"longestPauseMs", Rounded(instance.longest_pause_ms)}});
  }
  return json;
}

std::string DotText(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string DotName(int id) {
  return id < 0 ? fmt::format("collect{}", -id) : fmt::format("op{}", id);
}

/// What a join shares with others, behind `separator`.
std::string ArrangementText(const OperatorMetrics& op, std::string_view separator) {
  if (op.arrangement.empty()) return "";
  return fmt::format("{}shares {}: {} bytes, {} {}", separator, op.arrangement,
                     op.arrangement_bytes, op.arrangement_readers,
                     op.arrangement_readers == 1 ? "reader" : "readers");
}

std::string OneLine(const OperatorMetrics& op) {
  std::string text = fmt::format("{} [id={} x{}]: rows in {}, out {}, busy {:.1f} ms", op.name,
                                 op.node_id, op.num_instances, op.rows_in, op.rows_out, op.busy_ms);
  if (op.state_bytes > 0) text += fmt::format(", state {} bytes", op.state_bytes);
  constexpr double kToldPauseMs = 0.1;
  if (op.longest_pause_ms >= kToldPauseMs) {
    text += fmt::format(", longest pause {:.1f} ms", op.longest_pause_ms);
  }
  if (op.watermark_lag_ms >= 0) text += fmt::format(", watermark lag {} ms", op.watermark_lag_ms);
  text += fmt::format(", back-pressure {:.0f} %, skew {:.2f}", op.back_pressure * 100, op.skew);
  return text + ArrangementText(op, ", ");
}

/// Writes an operator, then what it reads, indented.
class Tree {
 public:
  explicit Tree(const std::vector<OperatorMetrics>& operators) {
    for (const OperatorMetrics& op : operators) by_id_[op.node_id] = &op;
  }
  void Write(int id, const char* how, size_t depth, std::string& text) {
    auto found = by_id_.find(id);
    if (found == by_id_.end()) return;
    text += std::string(depth * 2, ' ');
    if (how[0] != 0) text += fmt::format("{}: ", how);
    text += OneLine(*found->second) + "\n";
    for (const InputMetrics& input : found->second->inputs) {
      bool forward = input.partitioning == Partitioning::kForward;
      Write(input.from, forward ? "" : PartitioningName(input.partitioning), depth + 1, text);
    }
  }

 private:
  std::map<int, const OperatorMetrics*> by_id_;
};

}  // namespace

std::string GraphJson(const Job& job) {
  JobRecord record = job.Record();
  RunMetrics run = job.Run();
  nlohmann::ordered_json json;
  json["id"] = record.id;
  json["name"] = record.name;
  json["status"] = JobStateName(record.state);
  json["parallelism"] = run.parallelism;
  json["seconds"] = Rounded(run.seconds);
  json["checkpoints"] = {{"completed", run.checkpoints},
                         {"lastMs", run.checkpoint_ms},
                         {"lastBytes", run.checkpoint_bytes},
                         {"lastPauseMs", Rounded(run.pause_ms)},
                         {"longestPauseMs", Rounded(run.longest_pause_ms)}};
  json["state"] = {{"residentBytes", run.state_resident_bytes},
                   {"spilledBytes", run.state_spilled_bytes},
                   {"peakBytes", run.state_peak_bytes},
                   {"peakSpilledBytes", run.state_peak_spilled_bytes}};
  json["operators"] = nlohmann::json::array();
  for (const OperatorMetrics& op : job.Metrics()) json["operators"].push_back(ToJson(op));
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string GraphDot(const Job& job) {
  JobRecord record = job.Record();
  std::string text =
      fmt::format("digraph \"{}\" {{\n  rankdir=LR;\n  node [shape=box];\n  label=\"{} {}\";\n",
                  record.id, DotText(record.name), JobStateName(record.state));
  for (const OperatorMetrics& op : job.Metrics()) {
    text += fmt::format(
        "  {} [label=\"{}\\n{} in, {} out\\nbusy {:.1f} ms, state {} B\\nback-pressure {:.0f} %, "
        "skew {:.2f}{}\"];\n",
        DotName(op.node_id), DotText(op.name), op.rows_in, op.rows_out, op.busy_ms, op.state_bytes,
        op.back_pressure * 100, op.skew,
        op.arrangement.empty() ? "" : "\\n" + DotText(ArrangementText(op, "")));
    for (const InputMetrics& input : op.inputs) {
      text += fmt::format("  {} -> {} [label=\"{}\"];\n", DotName(input.from), DotName(op.node_id),
                          PartitioningName(input.partitioning));
    }
  }
  return text + "}\n";
}

std::string GraphText(const Job& job) {
  JobRecord record = job.Record();
  RunMetrics run = job.Run();
  std::vector<OperatorMetrics> operators = job.Metrics();
  std::string text = fmt::format(
      "job {} {}: {:.3f} s, parallelism {}, {} checkpoints (last {} ms, {} bytes; longest pause "
      "{:.1f} ms), state {} bytes in memory, {} on disk\n",
      record.id, JobStateName(record.state), run.seconds, run.parallelism, run.checkpoints,
      run.checkpoint_ms, run.checkpoint_bytes, run.longest_pause_ms, run.state_resident_bytes,
      run.state_spilled_bytes);
  Tree tree(operators);
  for (const OperatorMetrics& op : operators) {
    bool is_read = std::any_of(operators.begin(), operators.end(), [&](const auto& other) {
      return std::any_of(other.inputs.begin(), other.inputs.end(),
                         [&](const InputMetrics& input) { return input.from == op.node_id; });
    });
    if (!is_read) tree.Write(op.node_id, "", 0, text);
  }
  return text;
}

}  // namespace forebay::compute
