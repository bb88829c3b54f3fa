#include "app/demo/result_check.h"

#include <chrono>
#include <thread>

#include "base/clock.h"

namespace forebay::app {

namespace {

constexpr size_t kExamplesMax = 3;

std::string LineOf(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells) line += (line.empty() ? "" : "|") + cell;
  return line;
}

void AddMissing(const ExpectedTable& expected, const std::unordered_set<std::string>& seen,
                TableComparison& comparison) {
  for (const std::string& row : expected.rows) {
    if (seen.contains(row)) continue;
    ++comparison.missing;
    if (comparison.examples.size() < 2 * kExamplesMax) comparison.examples.push_back("- " + row);
  }
}

bool AllEqual(const std::vector<TableComparison>& comparisons) {
  for (const TableComparison& comparison : comparisons) {
    if (!comparison.IsEqual()) return false;
  }
  return true;
}

/// What moves as long as jobs write.
int64_t Progress(const std::vector<TableComparison>& comparisons) {
  int64_t sum = 0;
  for (const TableComparison& comparison : comparisons) {
    sum = sum * 31 + comparison.found * 7 + comparison.wrong;
  }
  return sum;
}

}  // namespace

Result<TableComparison> CompareTable(ShopQueries& queries, const ExpectedTable& expected) {
  TableComparison comparison{.table = expected.name,
                             .expected = static_cast<int64_t>(expected.rows.size())};
  std::unordered_set<std::string> seen;
  RETURN_IF_ERROR(queries.ForEachRow(expected.query, [&](const std::vector<std::string>& cells) {
    std::string line = LineOf(cells);
    ++comparison.found;
    if (expected.rows.contains(line) && seen.insert(line).second) return;
    ++comparison.wrong;
    if (comparison.examples.size() < kExamplesMax) comparison.examples.push_back("+ " + line);
  }));
  AddMissing(expected, seen, comparison);
  return comparison;
}

Result<std::vector<TableComparison>> CompareWhenCaughtUp(ShopQueries& queries,
                                                         const std::vector<ExpectedTable>& tables,
                                                         int64_t patience_ms) {
  int64_t progress = -1;
  int64_t changed_ms = MonotonicMs();
  while (true) {
    std::vector<TableComparison> comparisons;
    for (const ExpectedTable& table : tables) {
      ASSIGN_OR_RETURN(TableComparison comparison, CompareTable(queries, table));
      comparisons.push_back(std::move(comparison));
    }
    if (AllEqual(comparisons)) return comparisons;
    if (int64_t now = Progress(comparisons); now != progress) {
      progress = now;
      changed_ms = MonotonicMs();
    }
    if (MonotonicMs() - changed_ms > patience_ms) return comparisons;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

}  // namespace forebay::app
