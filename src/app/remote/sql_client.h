#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace forebay::app {

/// Sends a script to a server's /api/v1/sql and calls `line` for every line of its answer as it
/// comes (see serve/http/sql_handler.h); blank lines are left out. Returns when the answer ends, or
/// soon after `cancel` becomes true. kUnavailable when the server cannot be reached,
/// kInvalidArgument for a bad address or an answer that is none of ours.
Status RunRemoteScript(const std::string& address, const std::string& script,
                       bool continue_on_error, const std::atomic<bool>& cancel,
                       const std::function<void(std::string_view line)>& line);

}  // namespace forebay::app
