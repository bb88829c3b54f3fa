#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace forebay::io {

/// A new directory among the system's temporary files, which goes with all that is in it.
/// Thread-compatible.
class TemporaryDirectory {
 public:
  /// Its name begins with `name`.
  static Result<TemporaryDirectory> Make(std::string_view name);
  TemporaryDirectory(TemporaryDirectory&& other) noexcept;
  ~TemporaryDirectory();

  const std::string& path() const { return path_; }
  /// Lets it stay.
  void Keep() { is_kept_ = true; }

 private:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}

  std::string path_;
  bool is_kept_ = false;
};

}  // namespace forebay::io
