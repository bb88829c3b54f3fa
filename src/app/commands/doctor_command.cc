#include <sys/statvfs.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <array>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <thread>

#include "app/commands/commands.h"
#include "base/clock.h"
#include "io/file_system.h"
#include "serve/http/http_server.h"

namespace forebay::app {

namespace {

/// What a check found: fine or not, and a line about it.
struct Finding {
  bool is_fine = true;
  std::string text;
};

Finding CheckProcessor() {
  bool fine = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
  return {fine, fmt::format("{} cores, {}", std::thread::hardware_concurrency(),
                            fine ? "x86-64-v3" : "no AVX2 and BMI2: Forebay needs x86-64-v3")};
}

Finding CheckDirectory(const std::string& directory) {
  auto fs = io::MakePosixFileSystem();
  std::string probe = directory + "/.forebay-doctor";
  Status status = fs->CreateDirectories(directory);
  if (status.ok()) status = io::WriteFileAtomically(*fs, probe, "probe");
  if (!status.ok()) return {false, status.ToString()};
  Status removed = fs->Remove(probe);
  return {removed.ok(), directory + " can be written"};
}

Finding CheckSpace(const std::string& directory) {
  struct statvfs info;
  if (statvfs(directory.c_str(), &info) != 0) return {false, "cannot ask for free space"};
  double gib = static_cast<double>(info.f_bavail) * static_cast<double>(info.f_frsize) / (1 << 30);
  constexpr double kLowGib = 1;
  return {gib >= kLowGib, fmt::format("{:.1f} GiB free", gib)};
}

/// Small writes with fsync: what every acknowledgement waits for.
Finding CheckSync(const std::string& directory) {
  auto fs = io::MakePosixFileSystem();
  std::string path = directory + "/.forebay-doctor-sync";
  auto file = fs->Open(path, io::OpenMode::kTruncate);
  if (!file.ok()) return {false, file.status().ToString()};
  constexpr int kRounds = 20;
  int64_t begin = MonotonicNs();
  for (int i = 0; i < kRounds; ++i) {
    Status status = (*file)->Append(std::string(4096, 'x'));
    if (status.ok()) status = (*file)->Sync();
    if (!status.ok()) return {false, status.ToString()};
  }
  double ms = static_cast<double>(MonotonicNs() - begin) / 1e6 / kRounds;
  Status removed = fs->Remove(path);
  constexpr double kSlowMs = 50;
  return {ms < kSlowMs && removed.ok(), fmt::format("{:.2f} ms for 4 KiB and fsync", ms)};
}

Finding CheckPort(int port) {
  serve::HttpServerOptions options;
  options.port = static_cast<uint16_t>(port);
  auto server = serve::HttpServer::Start(
      options, [](const serve::HttpRequest&) { return serve::HttpResponse(); },
      [](const serve::HttpRequest&) { return false; });
  if (!server.ok()) return {false, server.message() + " (is a server running?)"};
  return {true, fmt::format("{} is free", port)};
}

Finding CheckTimeZones() {
  bool fine = access("/usr/share/zoneinfo/Europe/Berlin", R_OK) == 0;
  return {fine, fine ? "found" : "none in /usr/share/zoneinfo: install tzdata"};
}

bool Run(const std::string& directory) {
  struct Check {
    const char* name;
    std::function<Finding()> run;
  };
  constexpr int kHttpPort = 8080;
  const std::array<Check, 6> checks = {{
      {"processor", CheckProcessor},
      {"data directory", [&] { return CheckDirectory(directory); }},
      {"disk space", [&] { return CheckSpace(directory); }},
      {"disk sync", [&] { return CheckSync(directory); }},
      {"HTTP port", [] { return CheckPort(kHttpPort); }},
      {"time zones", CheckTimeZones},
  }};
  bool all_fine = true;
  for (const Check& check : checks) {
    Finding finding = check.run();
    std::printf("%-5s %-16s %s\n", finding.is_fine ? "ok" : "BAD", check.name,
                finding.text.c_str());
    all_fine &= finding.is_fine;
  }
  return all_fine;
}

}  // namespace

void AddDoctorCommand(CLI::App& app, int& status) {
  auto directory = std::make_shared<std::string>("./forebay-data");
  CLI::App* command = app.add_subcommand("doctor", "Check whether this machine can run Forebay");
  command->add_option("--data-dir", *directory, "Data directory (./forebay-data)");
  command->callback([directory, &status] { status = Run(*directory) ? 0 : 1; });
}

}  // namespace forebay::app
