#include "base/result.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace forebay {

std::string_view ErrorKindName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidArgument: return "invalid_argument";
    case ErrorKind::kNotFound: return "not_found";
    case ErrorKind::kAlreadyExists: return "already_exists";
    case ErrorKind::kNotSupported: return "not_supported";
    case ErrorKind::kOutOfRange: return "out_of_range";
    case ErrorKind::kCorruption: return "corruption";
    case ErrorKind::kIoError: return "io_error";
    case ErrorKind::kNoSpace: return "no_space";
    case ErrorKind::kUnavailable: return "unavailable";
    case ErrorKind::kTimeout: return "timeout";
    case ErrorKind::kCancelled: return "cancelled";
    case ErrorKind::kConflict: return "conflict";
    case ErrorKind::kPermissionDenied: return "permission_denied";
    case ErrorKind::kInternal: return "internal";
  }
  return "unknown";
}

Status Status::WithContext(std::string_view context) const {
  if (ok()) return *this;
  Error error = *error_;
  error.message = fmt::format("{}: {}", context, error.message);
  return error;
}

std::string Status::ToString() const {
  if (ok()) return "ok";
  std::string text = fmt::format("{}: {}", ErrorKindName(error_->kind), error_->message);
  if (!error_->hint.empty()) text += fmt::format(" ({})", error_->hint);
  return text;
}

namespace {
ErrorKind KindOfErrno(int errno_value) {
  switch (errno_value) {
    case ENOENT: return ErrorKind::kNotFound;
    case EEXIST: return ErrorKind::kAlreadyExists;
    case ENOSPC:
    case EDQUOT: return ErrorKind::kNoSpace;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorKind::kPermissionDenied;
    default: return ErrorKind::kIoError;
  }
}
}  // namespace

Error ErrnoError(int errno_value, std::string_view action, std::string_view path) {
  return MakeError(KindOfErrno(errno_value), "cannot {} {}: {}", action, path,
                   std::strerror(errno_value));
}

namespace internal {
void CheckFailed(const char* condition, const char* file, int line, std::string_view detail) {
  std::fprintf(stderr, "forebay: check failed at %s:%d: %s%s%.*s\n", file, line, condition,
               detail.empty() ? "" : ": ", static_cast<int>(detail.size()), detail.data());
  std::abort();
}
}  // namespace internal

}  // namespace forebay
