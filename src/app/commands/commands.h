#pragma once

namespace CLI {
class App;
}

namespace forebay::app {

// Each function adds a subcommand to the command line; when it is chosen it runs while the
// arguments are parsed and sets `status` to the program's exit status.

void AddBenchCommand(CLI::App& app, int& status);
void AddDemoCommand(CLI::App& app, int& status);
void AddJobsCommand(CLI::App& app, int& status);
void AddServerCommand(CLI::App& app, int& status);
void AddSqlCommand(CLI::App& app, int& status);
void AddSubmitCommand(CLI::App& app, int& status);
void AddInspectCommand(CLI::App& app, int& status);
void AddDoctorCommand(CLI::App& app, int& status);
void AddHashPasswordCommand(CLI::App& app, int& status);
void AddVersionCommand(CLI::App& app, int& status);
// Of `bench`:
void AddStorageBench(CLI::App& bench, int& status);

}  // namespace forebay::app
