// The names of functions that are no entries of the function table.

#include <algorithm>
#include <iterator>

#include "sql/functions/function_table.h"

namespace forebay::sql {
namespace {

constexpr std::string_view kAggregates[] = {"$SUM0",
                                            "APPROX_COUNT_DISTINCT",
                                            "ARRAY_AGG",
                                            "AVG",
                                            "BITMAP_AND_AGG",
                                            "BITMAP_AND_CARDINALITY_AGG",
                                            "BITMAP_BUILD_AGG",
                                            "BITMAP_BUILD_CARDINALITY_AGG",
                                            "BITMAP_OR_AGG",
                                            "BITMAP_OR_CARDINALITY_AGG",
                                            "BITMAP_XOR_AGG",
                                            "BITMAP_XOR_CARDINALITY_AGG",
                                            "COLLECT",
                                            "COUNT",
                                            "FIRST_VALUE",
                                            "JSON_ARRAYAGG",
                                            "JSON_OBJECTAGG",
                                            "LAST_VALUE",
                                            "LISTAGG",
                                            "MAX",
                                            "MIN",
                                            "PERCENTILE",
                                            "SINGLE_VALUE",
                                            "STDDEV",
                                            "STDDEV_POP",
                                            "STDDEV_SAMP",
                                            "SUM",
                                            "VARIANCE",
                                            "VAR_POP",
                                            "VAR_SAMP"};

// Called by name but analyzed by expression_analyzer.cc or query_analyzer.cc.
constexpr std::string_view kSpecialForms[] = {"CURRENT_DATABASE",
                                              "ARRAY_CONTAINS",
                                              "MAP_UNION",
                                              "ARRAY_APPEND",
                                              "ARRAY_CONCAT",
                                              "ARRAY_POSITION",
                                              "ARRAY_PREPEND",
                                              "ARRAY_REMOVE",
                                              "BTRIM",
                                              "CAST",
                                              "COALESCE",
                                              "DAYOFMONTH",
                                              "DAYOFWEEK",
                                              "DAYOFYEAR",
                                              "EXTRACT",
                                              "GREATEST",
                                              "HOUR",
                                              "IF",
                                              "IFNULL",
                                              "INSTR",
                                              "JSON_ARRAY",
                                              "JSON_EXISTS",
                                              "JSON_OBJECT",
                                              "JSON_QUERY",
                                              "JSON_VALUE",
                                              "LEAST",
                                              "LOCATE",
                                              "LTRIM",
                                              "MINUTE",
                                              "MOD",
                                              "MONTH",
                                              "NULLIF",
                                              "QUARTER",
                                              "ROW_NUMBER",
                                              "RANK",
                                              "DENSE_RANK",
                                              "PERCENT_RANK",
                                              "CUME_DIST",
                                              "NTILE",
                                              "LAG",
                                              "LEAD",
                                              "RTRIM",
                                              "SECOND",
                                              "TIMESTAMPADD",
                                              "TIMESTAMPDIFF",
                                              "TRIM",
                                              "TRY_CAST",
                                              "WEEK",
                                              "YEAR"};

}  // namespace

std::vector<std::string> FunctionNames() {
  std::vector<std::string> names(std::begin(kAggregates), std::end(kAggregates));
  names.insert(names.end(), std::begin(kSpecialForms), std::end(kSpecialForms));
  for (const FunctionSpec& spec : ListedFunctions()) names.emplace_back(spec.sql_name);
  std::sort(names.begin(), names.end());
  return names;
}

bool IsAggregateFunction(std::string_view name) {
  return std::find(std::begin(kAggregates), std::end(kAggregates), name) != std::end(kAggregates);
}

}  // namespace forebay::sql
