#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"

namespace forebay::compute {

enum class JobState {
  kRunning,
  kRestarting,  ///< failed with an error that may pass; tries again soon
  kFinished,    ///< every input ended
  kStopped,     ///< stopped on request after a last checkpoint; can be started again
  kCanceled,
  kFailed,
};

/// "RUNNING", "RESTARTING", ...
std::string_view JobStateName(JobState state);
/// Whether the job is over unless somebody starts it again.
bool IsFinal(JobState state);

/// What is stored of a job: enough to run it again as it was planned.
struct JobRecord {
  std::string id;
  std::string name;
  std::string sql;
  std::string plan_json;
  std::map<std::string, std::string> settings;
  int64_t created_ms = 0;
  int64_t ended_ms = 0;
  JobState state = JobState::kRunning;
  std::string failure;  ///< kFailed: why; kRestarting: the last error

  /// JSON and a line with its checksum.
  std::string ToText() const;
  static Result<JobRecord> FromText(std::string_view text);
};

}  // namespace forebay::compute
