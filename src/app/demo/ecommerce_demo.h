#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace forebay::app {

struct DemoOptions {
  std::string data_dir;  ///< empty: a temporary directory
  int64_t rows = 0;      ///< 0: the data set as it is
  bool keep = false;     ///< leaves the temporary directory
};

/// Runs the main job from end to end: a server, examples/ecommerce.sql, the real clicks over HTTP,
/// queries over log and lake, and a check of every result against an independent computation.
/// Reports on stdout, progress on stderr. Returns whether all results are right; an error is
/// something that kept it from finishing.
Result<bool> RunEcommerceDemo(const DemoOptions& options);

}  // namespace forebay::app
