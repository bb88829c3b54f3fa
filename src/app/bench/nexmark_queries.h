#pragma once

#include <string_view>
#include <vector>

namespace forebay::app {

/// bench/nexmark, put into the program by the build.
struct NexmarkQuery {
  std::string_view name;  ///< "q0"
  std::string_view script;
};

/// bench/nexmark/tables.sql: ${SOURCE} stands for the connector's options.
extern const std::string_view kNexmarkTables;
const std::vector<NexmarkQuery>& NexmarkQueries();

}  // namespace forebay::app
