#include <fmt/format.h>

#include "compute/batch/sql_writer.h"

namespace forebay::compute {

namespace {

using model::DataType;
using model::TypeRoot;

/// The lists to take apart together, over the collection `a`.
std::vector<std::string> ListsOf(const sql::UnnestNode& unnest) {
  const DataType& type = unnest.collection->type;
  std::vector<std::string> lists = {"a"};
  std::string length = "len(a)";
  if (type.Is(TypeRoot::kMap)) {
    lists = {"map_keys(a)", "map_values(a)"};
    length = "CAST(cardinality(a) AS BIGINT)";
  }
  if (unnest.with_ordinality) lists.push_back(fmt::format("range(1, {} + 1)", length));
  if (lists[0] == "a" && type.children()[0].Is(TypeRoot::kRow)) {
    // A ROW that is NULL is no element, though it has its place.
    lists[0] = "[x for x in a if x IS NOT NULL]";
    if (unnest.with_ordinality) lists[1] = "[i for i in range(1, len(a) + 1) if a[i] IS NOT NULL]";
    length = "len(" + lists[0] + ")";
  }
  // With a condition, rows that are left without elements are added afterwards.
  if (!unnest.left_outer || unnest.condition != nullptr) return lists;
  // A NULL collection has a NULL length, which is not above 0 either.
  for (std::string& list : lists) {
    list = fmt::format("CASE WHEN {} > 0 THEN {} ELSE [NULL] END", length, list);
  }
  return lists;
}

/// What a column of the element is called once the lists are taken apart.
std::string ProducedName(const sql::UnnestNode& unnest, int index) {
  const DataType& type = unnest.collection->type;
  if (type.Is(TypeRoot::kMap))
    return index == 2 ? "CAST(e2 AS INTEGER)" : fmt::format("e{}", index);
  const DataType& element = type.children()[0];
  bool row = element.Is(TypeRoot::kRow);
  int columns = row ? static_cast<int>(element.children().size()) : 1;
  if (index == columns) return "CAST(e1 AS INTEGER)";
  return row ? fmt::format("e0.f{}", index) : "e0";
}

}  // namespace

Result<std::string> SqlWriter::Unnest(const sql::UnnestNode& unnest) {
  ASSIGN_OR_RETURN(std::string input, Input(unnest));
  std::vector<DataType> types = unnest.inputs[0]->OutputTypes();
  if (types.empty()) types.push_back(DataType::Boolean());
  std::vector<std::string> names;
  for (size_t i = 0; i < types.size(); ++i) names.push_back(fmt::format("c{}", i));
  ASSIGN_OR_RETURN(std::string collection, Scalar(unnest.collection, types, names,
                                                  FailedRowsOf(unnest, unnest.inputs[0]->output)));
  std::string kept;
  std::string output;
  for (size_t i = 0; i < unnest.kept.size(); ++i) {
    kept += fmt::format("c{} AS k{}, ", unnest.kept[i], i);
    output += fmt::format("{}k{} AS c{}", i > 0 ? ", " : "", i, i);
  }
  std::string inner = fmt::format("SELECT {}{} AS a FROM {}", kept, collection, input);
  if (unnest.collection->type.Is(TypeRoot::kMultiset)) {
    inner = fmt::format(
        "SELECT * REPLACE (flatten([[x.key for i in range(x.value)] for x in map_entries(a)]) AS a)"
        " FROM ({})",
        inner);
  }
  std::string apart;
  std::vector<std::string> lists = ListsOf(unnest);
  for (size_t i = 0; i < lists.size(); ++i)
    apart += fmt::format(", unnest({}) AS e{}", lists[i], i);
  for (size_t i = 0; i < unnest.produced.size(); ++i) {
    output += fmt::format("{}{} AS c{}", output.empty() ? "" : ", ",
                          ProducedName(unnest, unnest.produced[i]), unnest.kept.size() + i);
  }
  if (output.empty()) output = "CAST(NULL AS BOOLEAN) AS c0";
  if (unnest.condition == nullptr) {
    return fmt::format("SELECT {} FROM (SELECT *{} FROM ({}))", output, apart, inner);
  }
  std::vector<std::string> columns;
  std::string padded;
  for (size_t i = 0; i < unnest.output.size(); ++i) {
    columns.push_back(fmt::format("c{}", i));
    padded += i > 0 ? ", " : "";
    padded += i < unnest.kept.size() ? fmt::format("k{}", i) : "NULL";
  }
  ASSIGN_OR_RETURN(std::string condition, Scalar(unnest.condition, unnest.OutputTypes(), columns,
                                                 FailedRowsOf(unnest, unnest.output)));
  return fmt::format(
      "SELECT * FROM (WITH fb_u AS MATERIALIZED (SELECT row_number() OVER () AS fb_row, * FROM "
      "({})), "
      "fb_f AS MATERIALIZED (SELECT * FROM (SELECT {}, fb_row FROM (SELECT *{} FROM fb_u)) "
      "WHERE {}) "
      "SELECT * EXCLUDE (fb_row) FROM fb_f UNION ALL "
      "SELECT {} FROM fb_u WHERE fb_row NOT IN (SELECT fb_row FROM fb_f))",
      inner, output, apart, condition, padded);
}

}  // namespace forebay::compute
