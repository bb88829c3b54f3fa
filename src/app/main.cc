#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "app/commands/commands.h"
#include "base/failpoint.h"

namespace {

/// Exit statuses of the command line's contract.
constexpr int kBadUsage = 2;

int Run(int argc, char** argv) {
  CLI::App app("Forebay: a streaming-first lakehouse in one program", "forebay");
  app.require_subcommand(1);
  int status = 0;
  forebay::app::AddServerCommand(app, status);
  forebay::app::AddSqlCommand(app, status);
  forebay::app::AddSubmitCommand(app, status);
  forebay::app::AddJobsCommand(app, status);
  forebay::app::AddInspectCommand(app, status);
  forebay::app::AddDoctorCommand(app, status);
  forebay::app::AddDemoCommand(app, status);
  forebay::app::AddBenchCommand(app, status);
  forebay::app::AddHashPasswordCommand(app, status);
  forebay::app::AddVersionCommand(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    int code = app.exit(error);
    return code == 0 ? 0 : kBadUsage;
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is an error of that write only
  forebay::Status armed = forebay::ArmFailpointsFromEnvironment();
  if (!armed.ok()) {
    std::fprintf(stderr, "forebay: %s\n", armed.ToString().c_str());
    return kBadUsage;
  }
  return Run(argc, argv);
}
