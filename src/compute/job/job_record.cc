#include "compute/job/job_record.h"

#include <nlohmann/json.hpp>

#include "base/crc32c.h"

namespace forebay::compute {
namespace {

constexpr int kVersion = 1;
constexpr std::pair<JobState, std::string_view> kStates[] = {
    {JobState::kRunning, "RUNNING"},   {JobState::kRestarting, "RESTARTING"},
    {JobState::kFinished, "FINISHED"}, {JobState::kStopped, "STOPPED"},
    {JobState::kCanceled, "CANCELED"}, {JobState::kFailed, "FAILED"}};

Result<JobState> ParseState(std::string_view name) {
  for (const auto& [state, text] : kStates) {
    if (text == name) return state;
  }
  return Corruption("job state '{}'", name);
}

}  // namespace

std::string_view JobStateName(JobState state) {
  for (const auto& [each, text] : kStates) {
    if (each == state) return text;
  }
  return "UNKNOWN";
}

bool IsFinal(JobState state) {
  return state != JobState::kRunning && state != JobState::kRestarting;
}

std::string JobRecord::ToText() const {
  nlohmann::json json = {{"version", kVersion},
                         {"id", id},
                         {"name", name},
                         {"sql", sql},
                         {"plan", plan_json},
                         {"settings", settings},
                         {"created_ms", created_ms},
                         {"ended_ms", ended_ms},
                         {"state", JobStateName(state)},
                         {"failure", failure}};
  std::string text = json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
  return fmt::format("{}\n{:08x}\n", text, Crc32c(text));
}

Result<JobRecord> JobRecord::FromText(std::string_view text) {
  constexpr size_t kTrailer = 10;  // newline, eight digits, newline
  if (text.size() < kTrailer) return Corruption("job record of {} bytes is cut short", text.size());
  std::string_view body = text.substr(0, text.size() - kTrailer);
  if (fmt::format("\n{:08x}\n", Crc32c(body)) != text.substr(body.size())) {
    return Corruption("job record checksum does not match");
  }
  try {
    nlohmann::json json = nlohmann::json::parse(body);
    if (json.at("version") > kVersion) {
      return NotSupported("job record version {}", json.at("version").get<int>());
    }
    JobRecord record;
    record.id = json.at("id");
    record.name = json.at("name");
    record.sql = json.at("sql");
    record.plan_json = json.at("plan");
    record.settings = json.at("settings").get<std::map<std::string, std::string>>();
    record.created_ms = json.at("created_ms");
    record.ended_ms = json.at("ended_ms");
    ASSIGN_OR_RETURN(record.state, ParseState(json.at("state").get<std::string>()));
    record.failure = json.at("failure");
    return record;
  } catch (const nlohmann::json::exception& error) {
    return Corruption("job record: {}", error.what());
  }
}

}  // namespace forebay::compute
