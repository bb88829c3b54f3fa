#include "compute/python/python_worker.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/clock.h"
#include "compute/python/worker_source.h"

namespace forebay::compute {

namespace {

using Json = nlohmann::json;

/// Descriptors of the child: its socket and its program.
constexpr int kSocket = 3;
constexpr int kProgram = 4;
constexpr int kCloseGraceMs = 2000;
constexpr int kKillGraceMs = 5000;
/// Longest answers, against processes that send garbage.
constexpr uint64_t kHeadMax = 1 << 20;
constexpr uint64_t kBodyMax = 1ULL << 30;
constexpr size_t kReceiveStep = 1 << 20;

/// Folders as they are; the folder of a .py file; archives as they are.
Json PathOf(const std::string& files) {
  Json path = Json::array();
  size_t begin = 0;
  while (begin < files.size()) {
    size_t end = std::min(files.find(',', begin), files.size());
    std::string file = files.substr(begin, end - begin);
    if (file.ends_with(".py")) {
      size_t slash = file.rfind('/');
      file = slash == std::string::npos ? "." : file.substr(0, std::max<size_t>(slash, 1));
    }
    if (!file.empty()) path.push_back(file);
    begin = end + 1;
  }
  return path;
}

/// worker.py in a file without a name, at its start.
Result<int> ProgramFile() {
  int file = memfd_create("forebay-worker.py", MFD_CLOEXEC);
  if (file < 0) return Internal("no memory file for the Python worker: {}", std::strerror(errno));
  std::string_view source = PythonWorkerSource();
  while (!source.empty()) {
    ssize_t written = write(file, source.data(), source.size());
    if (written <= 0) {
      close(file);
      return Internal("cannot write the Python worker: {}", std::strerror(errno));
    }
    source.remove_prefix(static_cast<size_t>(written));
  }
  return file;
}

/// Credentials of the server stand in its environment and are no business of users' functions.
std::vector<std::string> Environment() {
  std::vector<std::string> environment = {"ARROW_DEFAULT_MEMORY_POOL=system", "OMP_NUM_THREADS=1",
                                          "OPENBLAS_NUM_THREADS=1", "PYTHONDONTWRITEBYTECODE=1",
                                          "PYTHONUNBUFFERED=1"};
  for (const char* name : {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONPATH",
                           "VIRTUAL_ENV", "LD_LIBRARY_PATH"}) {
    const char* value = getenv(name);
    if (value != nullptr) environment.push_back(std::string(name) + "=" + value);
  }
  return environment;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Starts the process with stdin empty, stdout as stderr, and the two descriptors.
int Spawn(const PythonOptions& options, int socket, int program, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, 2, 1);
  posix_spawn_file_actions_adddup2(&actions, socket, kSocket);
  posix_spawn_file_actions_adddup2(&actions, program, kProgram);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  // A group of its own, so that what it starts ends with it.
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  Json arguments = {{"path", PathOf(options.files)}, {"memory", options.memory_bytes}};
  std::vector<std::string> words = {options.executable, "/proc/self/fd/" + std::to_string(kProgram),
                                    arguments.dump()};
  std::vector<std::string> environment = Environment();
  std::vector<char*> argv = Pointers(words);
  std::vector<char*> envp = Pointers(environment);
  int error = posix_spawnp(&pid, options.executable.c_str(), &actions, &attributes, argv.data(),
                           envp.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

/// A duplicate of `descriptor` above those the child uses, so that dup2 there always copies.
int Above(int descriptor) {
  int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, kProgram + 1);
  close(descriptor);
  return copy;
}

}  // namespace

Result<std::unique_ptr<PythonWorker>> PythonWorker::Start(const PythonOptions& options) {
  std::array<int, 2> pair;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    return Internal("no socket for the Python worker: {}", std::strerror(errno));
  }
  int child = Above(pair[1]);
  auto program = ProgramFile();
  int error = 0;
  pid_t pid = -1;
  if (program.ok()) {
    int file = Above(*program);
    error = Spawn(options, child, file, pid);
    close(file);
  }
  close(child);
  if (!program.ok() || error != 0) close(pair[0]);
  if (!program.ok()) return program.status();
  if (error != 0) {
    Error failure =
        InvalidArgument("cannot start '{}': {}", options.executable, std::strerror(error));
    failure.hint = "set 'python.executable' to a Python 3 that has pyarrow";
    return failure;
  }
  fcntl(pair[0], F_SETFL, O_NONBLOCK);
  return std::unique_ptr<PythonWorker>(new PythonWorker(pid, pair[0], options));
}

PythonWorker::~PythonWorker() { Close(kCloseGraceMs); }

/// Gives the process some time to end by itself, as it does when the socket closes.
void PythonWorker::Close(int grace_ms) {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
  if (pid_ < 0) return;
  int64_t deadline = MonotonicMs() + grace_ms;
  int status = 0;
  while (waitpid(pid_, &status, WNOHANG) == 0) {
    if (MonotonicMs() >= deadline) {
      kill(-pid_, SIGKILL);
      waitpid(pid_, &status, 0);
      break;
    }
    usleep(1000);
  }
  // What it has started itself.
  kill(-pid_, SIGKILL);
  pid_ = -1;
}

Error PythonWorker::Gone(const std::string& fallback) {
  std::string how = fallback;
  int status = 0;
  int64_t deadline = MonotonicMs() + kKillGraceMs;
  pid_t ended = 0;
  if (how.empty()) {
    while ((ended = waitpid(pid_, &status, WNOHANG)) == 0 && MonotonicMs() < deadline) usleep(1000);
    how = "it closed its connection";
  }
  if (ended == pid_ && WIFSIGNALED(status)) {
    how = fmt::format("it was ended by signal {} ({})", WTERMSIG(status),
                      strsignal(WTERMSIG(status)));
  } else if (ended == pid_ && WIFEXITED(status)) {
    how = fmt::format("it exited with status {}", WEXITSTATUS(status));
  }
  kill(-pid_, SIGKILL);
  if (ended != pid_) waitpid(pid_, &status, 0);
  pid_ = -1;
  Close(0);
  Error error = InvalidArgument("the Python process is gone: {}", how);
  failure_ = Status(error);
  return error;
}

Status PythonWorker::WaitFor(short events, int64_t deadline_ms) {
  while (true) {
    int64_t left = deadline_ms - MonotonicMs();
    if (left <= 0) {
      return Gone(
          fmt::format("it gave no answer within {} ms ('python.fn-execution.timeout') and "
                      "was ended",
                      options_.timeout_ms));
    }
    pollfd ready{socket_, events, 0};
    int count = poll(&ready, 1, static_cast<int>(std::min<int64_t>(left, 1000)));
    if (count > 0) return Status::Ok();
  }
}

Status PythonWorker::Send(std::string_view bytes, int64_t deadline_ms) {
  while (!bytes.empty()) {
    ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN || errno == EINTR) {
      RETURN_IF_ERROR(WaitFor(POLLOUT, deadline_ms));
    } else {
      return Gone("");
    }
  }
  return Status::Ok();
}

Status PythonWorker::Receive(size_t size, int64_t deadline_ms, std::string& into) {
  while (size > 0) {
    size_t before = into.size();
    into.resize(before + std::min(size, kReceiveStep));
    ssize_t received = recv(socket_, into.data() + before, into.size() - before, 0);
    into.resize(before + static_cast<size_t>(std::max<ssize_t>(received, 0)));
    if (received > 0) {
      size -= static_cast<size_t>(received);
    } else if (received < 0 && (errno == EAGAIN || errno == EINTR)) {
      RETURN_IF_ERROR(WaitFor(POLLIN, deadline_ms));
    } else {
      return Gone("");
    }
  }
  return Status::Ok();
}

Result<PythonWorker::Reply> PythonWorker::Call(std::string_view head, std::string_view body) {
  if (!failure_.ok()) return failure_;
  int64_t deadline = MonotonicMs() + options_.timeout_ms;
  auto head_size = static_cast<uint32_t>(head.size());
  auto body_size = static_cast<uint64_t>(body.size());
  std::string frame(12, '\0');
  std::memcpy(frame.data(), &head_size, 4);
  std::memcpy(frame.data() + 4, &body_size, 8);
  frame += head;
  Status sent = Send(frame, deadline);
  if (sent.ok()) sent = Send(body, deadline);
  RETURN_IF_ERROR(sent);
  std::string sizes;
  RETURN_IF_ERROR(Receive(frame.size() - head.size(), deadline, sizes));
  std::memcpy(&head_size, sizes.data(), 4);
  std::memcpy(&body_size, sizes.data() + 4, 8);
  if (head_size > kHeadMax || body_size > kBodyMax) {
    return Gone(fmt::format("it sent what is no answer ({} and {} bytes)", head_size, body_size));
  }
  Reply reply;
  RETURN_IF_ERROR(Receive(head_size, deadline, reply.head));
  RETURN_IF_ERROR(Receive(body_size, deadline, reply.body));
  return reply;
}

}  // namespace forebay::compute
