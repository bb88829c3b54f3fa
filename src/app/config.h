#pragma once

#include <string>

#include "app/server.h"

namespace forebay::app {

/// Reads a configuration file into `options`; what the file does not say stays as it is. Unknown
/// keys and bad values are kInvalidArgument with the line and what is allowed.
Status ReadConfig(const std::string& path, ServerOptions& options);

}  // namespace forebay::app
