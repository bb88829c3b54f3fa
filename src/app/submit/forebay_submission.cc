#include <nlohmann/json.hpp>

#include "app/remote/remote_results.h"
#include "app/shell/result_display.h"
#include "app/submit/submission.h"

namespace forebay::app {

namespace {

using Json = nlohmann::ordered_json;

class ForebaySubmission : public Submission {
 public:
  explicit ForebaySubmission(SqlClient client) : client_(std::move(client)) {}
  ~ForebaySubmission() override { client_.CloseSession(); }

  bool Run(const std::string& script, const ShowOptions& options,
           const std::atomic<bool>& cancel) override {
    ResultDisplay display(options, script);
    RemoteResults results(display.RemoteOutput());
    RemoteScript request{script, options.continue_on_error, !results.is_json()};
    Status status = client_.Run(request, cancel, [&](std::string_view line) {
      NoteJob(line);
      results.Add(line);
    });
    results.Finish();
    if (!status.ok()) display.ShowError(status.error(), "");
    return status.ok() && results.all_succeeded();
  }

  const std::vector<std::string>& jobs() const override { return jobs_; }

  Result<std::map<std::string, std::string>> JobStates() override {
    std::map<std::string, std::string> states;
    std::atomic<bool> never = false;
    RETURN_IF_ERROR(client_.Run({"SHOW JOBS", false, true}, never, [&](std::string_view line) {
      Json json = Json::parse(line, nullptr, false);
      if (!json.is_object() || !json.contains("rows")) return;
      for (const Json& row : json["rows"]) {
        bool is_job = row.is_array() && row.size() > 2 && row[0].is_string() && row[2].is_string();
        if (is_job) states[row[0].get<std::string>()] = row[2].get<std::string>();
      }
    }));
    return states;
  }

 private:
  void NoteJob(std::string_view line) {
    if (line.find("\"jobId\"") == std::string_view::npos) return;
    Json json = Json::parse(line, nullptr, false);
    // A row of a result may hold the word, too.
    if (json.is_object() && json.contains("message") && json.contains("jobId")) {
      jobs_.push_back(json.value("jobId", ""));
    }
  }

  SqlClient client_;
  std::vector<std::string> jobs_;
};

}  // namespace

Result<std::unique_ptr<Submission>> SubmitToForebay(const std::string& address) {
  ASSIGN_OR_RETURN(SqlClient client, SqlClient::For(address));
  RETURN_IF_ERROR(client.OpenSession());
  return std::unique_ptr<Submission>(std::make_unique<ForebaySubmission>(std::move(client)));
}

bool IsFinalState(const std::string& state) {
  return state == "FINISHED" || state == "FAILED" || state == "CANCELED" || state == "STOPPED" ||
         state == "SUSPENDED";
}

}  // namespace forebay::app
