#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <thread>

#include "app/commands/commands.h"
#include "app/config.h"
#include "app/server.h"
#include "app/version.h"
#include "base/clock.h"

namespace forebay::app {

namespace {

/// What the command line says; unset values leave the configuration's.
struct ServerArguments {
  std::string config;
  std::string data_dir;
  std::string listen;
  int http_port = -1;
  int fluss_port = -1;
  int fluss_tablet_port = -1;
};

Result<ServerOptions> OptionsOf(const ServerArguments& arguments) {
  ServerOptions options;
  if (!arguments.config.empty()) RETURN_IF_ERROR(ReadConfig(arguments.config, options));
  if (!arguments.data_dir.empty()) options.node.data_dir = arguments.data_dir;
  if (!arguments.listen.empty()) {
    options.http.address = arguments.listen;
    options.fluss.address = arguments.listen;
  }
  if (arguments.http_port >= 0) options.http.port = static_cast<uint16_t>(arguments.http_port);
  if (arguments.http_port == 0) {
    // Who asks for a free port wants to run beside other servers.
    options.fluss.coordinator_port = 0;
    options.fluss.tablet_port = 0;
  }
  if (arguments.fluss_port >= 0) {
    options.fluss.coordinator_port = static_cast<uint16_t>(arguments.fluss_port);
  }
  if (arguments.fluss_tablet_port >= 0) {
    options.fluss.tablet_port = static_cast<uint16_t>(arguments.fluss_tablet_port);
  }
  return options;
}

/// Waits for SIGINT or SIGTERM, which every thread started from now on has blocked.
void WaitForSignal(const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
}

/// Threads share as many heaps as there are processors, not eight times as many: what one thread
/// frees serves another, which keeps a tenth of a loaded server's memory.
void LimitHeaps() {
  constexpr unsigned kHeapsMin = 2;
  mallopt(M_ARENA_MAX, static_cast<int>(std::max(kHeapsMin, std::thread::hardware_concurrency())));
}

Status RunServer(const ServerArguments& arguments) {
  LimitHeaps();
  ASSIGN_OR_RETURN(ServerOptions options, OptionsOf(arguments));
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  int64_t begin = MonotonicMs();
  ASSIGN_OR_RETURN(std::unique_ptr<Server> server, Server::Start(options));
  std::fprintf(stderr, "forebay %s ready in %lld ms: http://%s:%d, data in %s\n", kVersion,
               static_cast<long long>(MonotonicMs() - begin), options.http.address.c_str(),
               server->http_port(), server->node().data_dir().c_str());
  // Lines on stdout, for programs that started us with port 0.
  std::printf("http_port=%d\n", server->http_port());
  if (const auto* fluss = server->fluss()) {
    std::printf("fluss_port=%d\nfluss_tablet_port=%d\n", fluss->coordinator_port(),
                fluss->tablet_port());
  }
  std::fflush(stdout);
  WaitForSignal(signals);
  std::fprintf(stderr, "forebay stopping\n");
  return server->Stop();
}

}  // namespace

void AddServerCommand(CLI::App& app, int& status) {
  auto arguments = std::make_shared<ServerArguments>();
  CLI::App* command = app.add_subcommand("server", "Run the server");
  command->add_option("--config", arguments->config, "Configuration file (YAML)");
  command->add_option("--data-dir", arguments->data_dir, "Data directory (./forebay-data)");
  command->add_option("--listen", arguments->listen, "Address to listen on (127.0.0.1)");
  command->add_option("--http-port", arguments->http_port, "HTTP port (8080); 0: any free one")
      ->check(CLI::Range(0, 65535));
  command
      ->add_option("--fluss-port", arguments->fluss_port,
                   "Port for Fluss clients: coordinator (9123); 0: any free one")
      ->check(CLI::Range(0, 65535));
  command
      ->add_option("--fluss-tablet-port", arguments->fluss_tablet_port,
                   "Port for Fluss clients: tablet server (9124); 0: any free one")
      ->check(CLI::Range(0, 65535));
  command->callback([arguments, &status] {
    Status result = RunServer(*arguments);
    if (!result.ok()) std::fprintf(stderr, "forebay: %s\n", result.ToString().c_str());
    status = result.ok() ? 0 : 1;
  });
}

}  // namespace forebay::app
