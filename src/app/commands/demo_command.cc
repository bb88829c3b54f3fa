#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "app/commands/commands.h"
#include "app/demo/ecommerce_demo.h"

namespace forebay::app {

void AddDemoCommand(CLI::App& app, int& status) {
  auto options = std::make_shared<DemoOptions>();
  CLI::App* demo = app.add_subcommand("demo", "Run a whole application and check its results");
  demo->require_subcommand(1);
  CLI::App* command = demo->add_subcommand(
      "ecommerce",
      "A web shop in real time: clicks over HTTP, live SQL, Iceberg, one query over both");
  command->add_option("--data-dir", options->data_dir,
                      "Data directory, kept (a temporary one that is removed)");
  command->add_option("--rows", options->rows, "Clicks to send: the data set over and over (once)")
      ->check(CLI::PositiveNumber);
  command->add_flag("--keep", options->keep, "Keep the temporary data directory");
  command->callback([options, &status] {
    auto result = RunEcommerceDemo(*options);
    if (!result.ok()) std::fprintf(stderr, "forebay: %s\n", result.status().ToString().c_str());
    status = result.ok() && *result ? 0 : 1;
  });
}

}  // namespace forebay::app
