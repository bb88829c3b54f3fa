#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "serve/output/result_writer.h"

namespace forebay::app {

/// What Flink's gateway says of a statement besides its rows.
struct FlinkOutcome {
  bool has_rows = false;  ///< a query or SHOW, not a DDL statement and not an INSERT
  std::string job_id;     ///< of an INSERT; empty: it has none
};

/// A session of a Flink SQL gateway over its REST API (version 2, so Flink 1.17 and later), whose
/// paths and fields are those of Flink's SqlGatewayRestEndpoint. Each call has a connection of its
/// own. Thread-compatible.
class FlinkGateway {
 public:
  using Json = nlohmann::ordered_json;

  /// Shows a statement's rows; both are called by the thread that runs it.
  struct Rows {
    std::function<void(std::vector<serve::ColumnHeader> columns, bool is_changelog)> begin;
    /// Each row is {"kind":"INSERT","fields":[...]}.
    std::function<void(const Json& rows)> rows;
  };

  /// `url`: http://HOST:PORT, the scheme may be left out. kInvalidArgument when it is neither,
  /// kNotSupported for https. Nothing is sent yet.
  static Result<FlinkGateway> At(std::string url);

  /// Opens the session with Flink options. kUnavailable when the gateway cannot be reached.
  Status OpenSession(const std::map<std::string, std::string>& options);
  void CloseSession();

  /// Runs one statement to the end of its rows, or until `cancel` becomes true, which ends it in
  /// Flink, too. `plain`: cells are text as Flink's client shows it, else JSON. kInvalidArgument
  /// with the innermost cause when Flink refuses it.
  Result<FlinkOutcome> Run(std::string_view statement, bool plain, const std::atomic<bool>& cancel,
                           const Rows& rows);

  const std::string& url() const { return url_; }
  /// Flink's version, once the session is open.
  const std::string& version() const { return version_; }

 private:
  /// Run, but that it throws for JSON which no gateway sends.
  Result<FlinkOutcome> Fetch(std::string_view statement, bool plain,
                             const std::atomic<bool>& cancel, const Rows& rows);
  Result<Json> Call(std::string_view method, const std::string& path, const Json& body);
  Result<bool> IsStreaming();

  std::string url_;
  std::string host_;
  std::string port_;
  std::string session_;
  std::string version_;
};

/// A logical type as the gateway describes it ({"type":"VARCHAR","length":2147483647,...}) in
/// Flink's SQL spelling (STRING).
std::string FlinkTypeText(const nlohmann::ordered_json& type);

/// The innermost cause in the stack trace that the gateway answers with, without package and trace.
std::string FlinkCause(std::string_view trace);

}  // namespace forebay::app
