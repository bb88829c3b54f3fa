#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "app/commands/commands.h"
#include "app/inspect/inspect.h"

namespace forebay::app {

void AddInspectCommand(CLI::App& app, int& status) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand(
      "inspect", "Describe a data directory, log segment, manifest, Parquet file or checkpoint");
  command->add_option("path", *path, "File or directory")->required();
  command->callback([path, &status] {
    auto whole = Inspect(*path);
    if (!whole.ok()) std::fprintf(stderr, "forebay: %s\n", whole.status().ToString().c_str());
    status = whole.ok() && *whole ? 0 : 1;
  });
}

}  // namespace forebay::app
