#pragma once

#include <fmt/core.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"

namespace forebay {

/// What went wrong, coarse enough to be mapped to an RPC code, a SQLSTATE or an HTTP status.
/// `base/error_code.h` holds that one table.
enum class ErrorKind {
  kInvalidArgument,   ///< the caller's input is wrong: bytes, SQL, configuration
  kNotFound,          ///< the named thing does not exist
  kAlreadyExists,     ///< the named thing exists already
  kNotSupported,      ///< understood, but Forebay does not do it (yet)
  kOutOfRange,        ///< an offset or a value lies outside what exists or fits
  kCorruption,        ///< stored bytes do not match their checksum or their format
  kIoError,           ///< the operating system or the network failed
  kNoSpace,           ///< the disk is full; retriable once there is space
  kUnavailable,       ///< busy, starting or stopping; retriable
  kTimeout,           ///< a deadline passed; retriable
  kCancelled,         ///< stopped on request
  kConflict,          ///< another writer was first; read again and retry
  kPermissionDenied,  ///< not allowed
  kInternal,          ///< our bug
};

/// The kind's stable lower-case name, e.g. "not_found".
std::string_view ErrorKindName(ErrorKind kind);

/// A place in a source text, 1-based; line 0 means "no place".
struct SourcePosition {
  int line = 0;
  int column = 0;
  friend bool operator==(const SourcePosition&, const SourcePosition&) = default;
};

/// An error: its kind, a message that ends with the runtime values, and where the user can act on
/// it.
struct Error {
  ErrorKind kind;
  std::string message;
  /// What the user can do about it ("did you mean ..."); may be empty.
  std::string hint = {};
  /// Where in the SQL text, configuration or data; line 0 when there is no such place.
  SourcePosition position = {};
};

/// Success or an Error. The success case is a null pointer.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::make_shared<const Error>(std::move(error))) {}

  static Status Ok() { return {}; }

  bool ok() const { return error_ == nullptr; }
  const Error& error() const {
    CHECK(error_ != nullptr);
    return *error_;
  }
  ErrorKind kind() const { return error().kind; }
  const std::string& message() const { return error().message; }

  /// The same error with `context: ` before its message; success stays success.
  Status WithContext(std::string_view context) const;
  /// "kind: message (hint)", or "ok".
  std::string ToString() const;

 private:
  std::shared_ptr<const Error> error_;
};

/// A value or an Error.
template <typename T>
class [[nodiscard]] Result {
 public:
  using ValueType = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  Result(Status status) : state_(std::in_place_index<1>, std::move(status)) {
    CHECK(!std::get<1>(state_).ok());
  }
  template <typename U>
    requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::decay_t<U>, Result> &&
             !std::is_same_v<std::decay_t<U>, Status> && !std::is_same_v<std::decay_t<U>, Error> &&
             !std::is_same_v<std::decay_t<U>, T>)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    CHECK_OK(*this);
    return std::get<0>(state_);
  }
  const T& value() const& {
    CHECK_OK(*this);
    return std::get<0>(state_);
  }
  T&& value() && {
    CHECK_OK(*this);
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  Status status() const { return ok() ? Status::Ok() : std::get<1>(state_); }
  const Error& error() const { return std::get<1>(state_).error(); }
  ErrorKind kind() const { return error().kind; }
  const std::string& message() const { return error().message; }

 private:
  std::variant<T, Status> state_;
};

/// Builds an Error of `kind` whose message is formatted by fmt.
template <typename... Args>
Error MakeError(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  return Error{kind, fmt::format(format, std::forward<Args>(args)...)};
}

#define FOREBAY_ERROR_FACTORY(name, kind)                                   \
  template <typename... Args>                                               \
  Error name(fmt::format_string<Args...> format, Args&&... args) {          \
    return MakeError(ErrorKind::kind, format, std::forward<Args>(args)...); \
  }
FOREBAY_ERROR_FACTORY(InvalidArgument, kInvalidArgument)
FOREBAY_ERROR_FACTORY(NotFound, kNotFound)
FOREBAY_ERROR_FACTORY(AlreadyExists, kAlreadyExists)
FOREBAY_ERROR_FACTORY(NotSupported, kNotSupported)
FOREBAY_ERROR_FACTORY(OutOfRange, kOutOfRange)
FOREBAY_ERROR_FACTORY(Corruption, kCorruption)
FOREBAY_ERROR_FACTORY(IoError, kIoError)
FOREBAY_ERROR_FACTORY(NoSpace, kNoSpace)
FOREBAY_ERROR_FACTORY(Unavailable, kUnavailable)
FOREBAY_ERROR_FACTORY(Timeout, kTimeout)
FOREBAY_ERROR_FACTORY(Cancelled, kCancelled)
FOREBAY_ERROR_FACTORY(Conflict, kConflict)
FOREBAY_ERROR_FACTORY(PermissionDenied, kPermissionDenied)
FOREBAY_ERROR_FACTORY(Internal, kInternal)
#undef FOREBAY_ERROR_FACTORY

/// An IoError (or NoSpace, NotFound, PermissionDenied) for `errno_value`, naming what was tried on
/// which path.
Error ErrnoError(int errno_value, std::string_view action, std::string_view path);

#define FOREBAY_CONCAT_INNER(a, b) a##b
#define FOREBAY_CONCAT(a, b) FOREBAY_CONCAT_INNER(a, b)

/// Returns from the enclosing function when the expression is an error.
#define RETURN_IF_ERROR(expr)                                     \
  do {                                                            \
    if (auto status_or_result = (expr); !status_or_result.ok()) { \
      return ::forebay::internal::ToStatus(status_or_result);     \
    }                                                             \
  } while (false)

/// Assigns the value of a Result to `lhs` (a declaration or an lvalue), or returns its error.
#define ASSIGN_OR_RETURN(lhs, expr) \
  ASSIGN_OR_RETURN_INNER(FOREBAY_CONCAT(result_, __COUNTER__), lhs, expr)
#define ASSIGN_OR_RETURN_INNER(result, lhs, expr) \
  auto result = (expr);                           \
  if (!result.ok()) return result.status();       \
  lhs = std::move(result).value()

namespace internal {
inline Status ToStatus(Status status) { return status; }
template <typename T>
Status ToStatus(const Result<T>& result) {
  return result.status();
}
}  // namespace internal

}  // namespace forebay
