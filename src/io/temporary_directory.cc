#include "io/temporary_directory.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace forebay::io {

Result<TemporaryDirectory> TemporaryDirectory::Make(std::string_view name) {
  std::string path = std::filesystem::temp_directory_path() / name;
  path += "-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) return ErrnoError(errno, "create", path);
  return TemporaryDirectory(std::move(path));
}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory&& other) noexcept
    : path_(std::move(other.path_)), is_kept_(std::exchange(other.is_kept_, true)) {}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  if (!is_kept_) std::filesystem::remove_all(path_, ignored);
}

}  // namespace forebay::io
