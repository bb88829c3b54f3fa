#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "sql/analyzer/query_analyzer.h"

namespace forebay::serve {

/// What SET keeps.
struct CheckedSetting {
  std::string value;
  std::string warning;  ///< for people, when the setting has no effect; else empty
};

/// Whether `value` is one that the setting `key` may have: kInvalidArgument or kNotSupported if
/// not. As in Flink, a key that nobody knows is kept, here with a warning.
Result<CheckedSetting> CheckSetting(const std::string& key, const std::string& value);

/// Tells the analyzer what checked settings ask of it. A materialized table, too, is analyzed with
/// the settings of the session that made it, so that its job does what the session's query does.
void ApplySettings(const std::map<std::string, std::string>& settings,
                   sql::AnalyzerOptions& options);

}  // namespace forebay::serve
