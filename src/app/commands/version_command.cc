#include <CLI/CLI.hpp>
#include <cstdio>

#include "app/commands/commands.h"
#include "app/version.h"

namespace forebay::app {

void AddVersionCommand(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("version", "Print the version");
  command->callback([&status] {
    std::printf("forebay %s\n", kVersion);
    status = 0;
  });
}

}  // namespace forebay::app
