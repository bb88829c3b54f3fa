#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace forebay::app {

/// The script that a command's -e and -f name: `statements` one after the other when `file` is
/// empty, else what is in the file; "-": standard input. kNotFound when it cannot be read.
Result<std::string> ReadScript(const std::vector<std::string>& statements, const std::string& file);

}  // namespace forebay::app
