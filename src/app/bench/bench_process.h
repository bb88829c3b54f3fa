#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace forebay::app {

/// This program in a process of its own, with other arguments. Killed (kill -9) with the object.
/// Thread-compatible.
class BenchProcess {
 public:
  static Result<std::unique_ptr<BenchProcess>> Start(const std::vector<std::string>& arguments);
  ~BenchProcess();

  /// Waits for a line on its stdout that begins with `prefix`.
  Status WaitForLine(const std::string& prefix);
  /// Resident memory.
  Result<int64_t> MemoryBytes() const;
  /// kill -9.
  void Kill();
  /// SIGTERM, and waits for the end.
  void Stop();

 private:
  BenchProcess(pid_t pid, int output) : pid_(pid), output_(output) {}
  void End(int signal);

  pid_t pid_;
  int output_;
};

}  // namespace forebay::app
