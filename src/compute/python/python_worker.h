#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace forebay::compute {

/// How Python processes run: the settings that start with "python.".
struct PythonOptions {
  std::string executable = "python3";
  std::string files;  ///< folders, modules and zip files for the path, with commas between them
  int64_t timeout_ms = 60'000;       ///< for one answer
  int64_t memory_bytes = 1LL << 30;  ///< of a process; 0: no limit
};

/// A Python process that runs users' functions (worker.py) and answers one request after the other
/// through a socket. Whatever the process does, a call ends: with an answer, or with an error that
/// says what became of it, after which it is gone. The process gets none of the server's
/// environment but what finds programs and modules. Belongs to one thread at a time.
class PythonWorker {
 public:
  struct Reply {
    std::string head;  ///< JSON
    std::string body;  ///< an Arrow IPC stream, or nothing
  };

  static Result<std::unique_ptr<PythonWorker>> Start(const PythonOptions& options);
  /// Ends the process.
  ~PythonWorker();
  PythonWorker(const PythonWorker&) = delete;
  PythonWorker& operator=(const PythonWorker&) = delete;

  /// `head` is JSON with the operation's name. What the function raised is no error here, but in
  /// the reply.
  Result<Reply> Call(std::string_view head, std::string_view body);
  pid_t pid() const { return pid_; }

 private:
  PythonWorker(pid_t pid, int socket, const PythonOptions& options)
      : pid_(pid), socket_(socket), options_(options) {}
  Status Send(std::string_view bytes, int64_t deadline_ms);
  /// Appends `size` bytes to `into`, whose memory grows only as they come.
  Status Receive(size_t size, int64_t deadline_ms, std::string& into);
  /// Waits until the socket is ready for `events`.
  Status WaitFor(short events, int64_t deadline_ms);
  /// Ends the process and says how it ended.
  Error Gone(const std::string& fallback);
  void Close(int grace_ms);

  pid_t pid_;
  int socket_;
  PythonOptions options_;
  Status failure_;
};

}  // namespace forebay::compute
