#include "sql/explain/explain_details.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "sql/explain/explain.h"

namespace forebay::sql {

namespace {

constexpr double kScanRows = 1e8;
/// Of the rows that a condition lets through, and of the rows that are in groups of their own.
constexpr double kFilterPart = 0.5;
constexpr double kGroupPart = 0.2;

/// Inputs first, each node once.
void Visit(const PlanPtr& node, std::set<const PlanNode*>& seen, std::vector<PlanPtr>& order) {
  if (!seen.insert(node.get()).second) return;
  for (const PlanPtr& input : node->inputs) Visit(input, seen, order);
  order.push_back(node);
}

std::vector<PlanPtr> InOrder(const std::vector<PlanPtr>& roots) {
  std::set<const PlanNode*> seen;
  std::vector<PlanPtr> order;
  for (const PlanPtr& root : roots) Visit(root, seen, order);
  return order;
}

double InputRows(const PlanNode& node) {
  double rows = 0;
  for (const PlanPtr& input : node.inputs) rows = std::max(rows, EstimatedRows(*input));
  return rows;
}

/// The first line of a node's own text.
std::string LineOf(const PlanPtr& node) {
  std::string text = ExplainPlan({node}, false);
  size_t begin = text.find('\n') + 1;
  return text.substr(begin, text.find('\n', begin) - begin);
}

/// Why the node's state grows for ever; empty: it does not.
std::string Growth(const PlanNode& node) {
  if (!node.state_ttl_ms.empty()) return "";
  if (node.kind == PlanKind::kAggregate && !static_cast<const AggregateNode&>(node).keys.empty()) {
    return "keeps every group";
  }
  if (node.kind == PlanKind::kJoin && !static_cast<const JoinNode&>(node).windowed) {
    return "keeps all rows of both inputs";
  }
  if (node.kind == PlanKind::kRank && !static_cast<const RankNode&>(node).windowed) {
    return "keeps the first rows of every key";
  }
  return "";
}

}  // namespace

double EstimatedRows(const PlanNode& node) {
  switch (node.kind) {
    case PlanKind::kTableScan: return kScanRows;
    case PlanKind::kValues:
      return static_cast<double>(static_cast<const ValuesNode&>(node).rows.size());
    case PlanKind::kCalc: {
      bool filters = static_cast<const CalcNode&>(node).condition != nullptr;
      return InputRows(node) * (filters ? kFilterPart : 1);
    }
    case PlanKind::kAggregate: {
      bool one = static_cast<const AggregateNode&>(node).keys.empty();
      return one ? 1 : InputRows(node) * kGroupPart;
    }
    case PlanKind::kWindowAggregate: return InputRows(node) * kGroupPart;
    case PlanKind::kLimit: {
      const auto& fetch = static_cast<const LimitNode&>(node).fetch;
      return fetch ? std::min(static_cast<double>(*fetch), InputRows(node)) : InputRows(node);
    }
    case PlanKind::kUnion: {
      double rows = 0;
      for (const PlanPtr& input : node.inputs) rows += EstimatedRows(*input);
      return rows;
    }
    default: return InputRows(node);
  }
}

std::string ExecutionPlanJson(const std::vector<PlanPtr>& roots) {
  nlohmann::json nodes = nlohmann::json::array();
  for (const PlanPtr& node : InOrder(roots)) {
    std::string line = LineOf(node);
    const char* pact = node->kind == PlanKind::kSink ? "Data Sink"
                       : node->inputs.empty()        ? "Data Source"
                                                     : "Operator";
    nlohmann::json entry = {{"id", node->id},
                            {"type", line.substr(0, line.find('('))},
                            {"pact", pact},
                            {"contents", line}};
    for (const PlanPtr& input : node->inputs) {
      entry["predecessors"].push_back({{"id", input->id}, {"side", "second"}});
    }
    nodes.push_back(std::move(entry));
  }
  return nlohmann::json{{"nodes", nodes}}.dump(2);
}

std::string PlanAdvice(const std::vector<PlanPtr>& roots) {
  std::string text;
  int number = 0;
  for (const PlanPtr& node : InOrder(roots)) {
    std::string growth = Growth(*node);
    if (growth.empty()) continue;
    text += fmt::format(
        "advice[{}]: [ADVICE] {} {} for as long as the job runs. A window over event time or "
        "'table.exec.state.ttl' would bound its state.\n",
        ++number, LineOf(node), growth);
  }
  return text.empty() ? "No available advice...\n" : text;
}

}  // namespace forebay::sql
