#include <termios.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <iostream>
#include <memory>

#include "app/commands/commands.h"
#include "rpc/scram.h"

namespace forebay::app {

namespace {

struct Options {
  std::string user;
  std::string mechanism = "SCRAM-SHA-256";
  int iterations = rpc::ScramVerifier::kIterations;
};

/// A line of standard input; on a terminal it is asked for and not shown.
std::string ReadPassword() {
  termios shown{};
  bool is_terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
  if (is_terminal) {
    termios hidden = shown;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    std::fputs("password: ", stderr);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  std::string password;
  std::getline(std::cin, password);
  if (is_terminal) {
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    std::fputs("\n", stderr);
  }
  return password;
}

int HashPassword(const Options& options) {
  std::string password = ReadPassword();
  if (password.empty()) {
    std::fputs("forebay: there is no password on standard input\n", stderr);
    return 1;
  }
  rpc::ScramHash hash = *rpc::ScramHashOf(options.mechanism);
  auto verifier = rpc::ScramVerifier::Make(hash, password, options.iterations);
  std::string prefix = options.user.empty() ? "" : options.user + ":";
  std::printf("%s%s\n", prefix.c_str(), verifier.ToString().c_str());
  return 0;
}

}  // namespace

void AddHashPasswordCommand(CLI::App& app, int& status) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "hash-password", "Salt and hash the password on standard input, for fluss.sasl-users");
  command->add_option("user", options->user, "Name to put before it");
  command->add_option("--mechanism", options->mechanism, "SCRAM-SHA-256 or SCRAM-SHA-512")
      ->check(CLI::IsMember({"SCRAM-SHA-256", "SCRAM-SHA-512"}))
      ->capture_default_str();
  command->add_option("--iterations", options->iterations, "How much work a login is")
      ->check(CLI::Range(rpc::ScramVerifier::kIterationsMin, rpc::ScramVerifier::kIterationsMax))
      ->capture_default_str();
  command->callback([options, &status] { status = HashPassword(*options); });
}

}  // namespace forebay::app
