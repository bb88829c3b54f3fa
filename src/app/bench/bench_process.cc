#include "app/bench/bench_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

extern char** environ;

namespace forebay::app {

Result<std::unique_ptr<BenchProcess>> BenchProcess::Start(
    const std::vector<std::string>& arguments) {
  std::vector<char*> argv = {const_cast<char*>("forebay")};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  int pipes[2];
  if (pipe2(pipes, O_CLOEXEC) != 0) return Status(ErrnoError(errno, "open", "a pipe"));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  int error = posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(pipes[1]);
  if (error == 0) return std::unique_ptr<BenchProcess>(new BenchProcess(pid, pipes[0]));
  close(pipes[0]);
  return Status(ErrnoError(error, "start", "/proc/self/exe"));
}

BenchProcess::~BenchProcess() {
  Kill();
  close(output_);
}

Status BenchProcess::WaitForLine(const std::string& prefix) {
  std::string line;
  char byte = 0;
  while (true) {
    ssize_t count = read(output_, &byte, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return IoError("the program ended before it said '{}'", prefix);
    if (byte != '\n') {
      line += byte;
      continue;
    }
    if (line.starts_with(prefix)) return {};
    line.clear();
  }
}

Result<int64_t> BenchProcess::MemoryBytes() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/status");
  std::string name;
  int64_t kib = 0;
  while (file >> name) {
    if (name != "VmRSS:") continue;
    file >> kib;
    return kib * 1024;
  }
  return IoError("the program's memory cannot be read");
}

void BenchProcess::End(int signal) {
  if (pid_ < 0) return;
  kill(pid_, signal);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

void BenchProcess::Kill() { End(SIGKILL); }
void BenchProcess::Stop() { End(SIGTERM); }

}  // namespace forebay::app
