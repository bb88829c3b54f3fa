#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace forebay::app {

/// A script and how a server is to answer it.
struct RemoteScript {
  std::string text;
  bool continue_on_error = false;
  bool text_cells = false;  ///< cells as the table and CSV outputs show them
};

/// Runs scripts on a server by its HTTP API, each on a connection of its own. Thread-compatible.
class SqlClient {
 public:
  /// `address`: HOST:PORT, also with http:// in front. kInvalidArgument when it is neither. Nothing
  /// is sent yet.
  static Result<SqlClient> For(std::string address);

  /// Has the server keep one session for all scripts from now on, so that SET and USE hold.
  /// kUnavailable when the server cannot be reached.
  Status OpenSession();
  void CloseSession();

  /// Sends a script and calls `line` for every line of the answer as it comes (see
  /// serve/http/sql_handler.h), blank ones too. Returns when the answer ends, or soon
  /// after `cancel` becomes true, which ends the script on the server, too. kUnavailable when the
  /// server cannot be reached or goes away, kNotFound when it knows the session no more.
  Status Run(const RemoteScript& script, const std::atomic<bool>& cancel,
             const std::function<void(std::string_view line)>& line);

  const std::string& address() const { return address_; }

 private:
  std::string address_;
  std::string host_;
  std::string port_;
  std::string session_;  ///< empty: every script has a session of its own
};

}  // namespace forebay::app
