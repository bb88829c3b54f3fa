#include "rpc/error_code.h"

#include <array>

namespace forebay::rpc {

namespace {

struct CodeEntry {
  ErrorKind kind;
  std::string_view name;
};

/// From kErrorCodeMin on.
constexpr std::array<CodeEntry, kErrorCodeMax - kErrorCodeMin + 1> kCodes = {{
    {ErrorKind::kInternal, "UNKNOWN_SERVER_ERROR"},
    {ErrorKind::kInternal, "NONE"},
    {ErrorKind::kIoError, "NETWORK_EXCEPTION"},
    {ErrorKind::kNotSupported, "UNSUPPORTED_VERSION"},
    {ErrorKind::kCorruption, "CORRUPT_MESSAGE"},
    {ErrorKind::kNotFound, "DATABASE_NOT_EXIST"},
    {ErrorKind::kConflict, "DATABASE_NOT_EMPTY"},
    {ErrorKind::kAlreadyExists, "DATABASE_ALREADY_EXIST"},
    {ErrorKind::kNotFound, "TABLE_NOT_EXIST"},
    {ErrorKind::kAlreadyExists, "TABLE_ALREADY_EXIST"},
    {ErrorKind::kNotFound, "SCHEMA_NOT_EXIST"},
    {ErrorKind::kIoError, "LOG_STORAGE_EXCEPTION"},
    {ErrorKind::kIoError, "KV_STORAGE_EXCEPTION"},
    {ErrorKind::kUnavailable, "NOT_LEADER_OR_FOLLOWER"},
    {ErrorKind::kInvalidArgument, "RECORD_TOO_LARGE"},
    {ErrorKind::kCorruption, "CORRUPT_RECORD"},
    {ErrorKind::kInvalidArgument, "INVALID_TABLE"},
    {ErrorKind::kInvalidArgument, "INVALID_DATABASE"},
    {ErrorKind::kInvalidArgument, "INVALID_REPLICATION_FACTOR"},
    {ErrorKind::kInvalidArgument, "INVALID_REQUIRED_ACKS"},
    {ErrorKind::kOutOfRange, "LOG_OFFSET_OUT_OF_RANGE"},
    {ErrorKind::kInvalidArgument, "NON_PRIMARY_KEY_TABLE"},
    {ErrorKind::kNotFound, "UNKNOWN_TABLE_OR_BUCKET"},
    {ErrorKind::kConflict, "INVALID_UPDATE_VERSION"},
    {ErrorKind::kUnavailable, "INVALID_COORDINATOR"},
    {ErrorKind::kConflict, "FENCED_LEADER_EPOCH"},
    {ErrorKind::kTimeout, "REQUEST_TIME_OUT"},
    {ErrorKind::kIoError, "STORAGE_EXCEPTION"},
    {ErrorKind::kUnavailable, "OPERATION_NOT_ATTEMPTED"},
    {ErrorKind::kUnavailable, "NOT_ENOUGH_REPLICAS_AFTER_APPEND"},
    {ErrorKind::kUnavailable, "NOT_ENOUGH_REPLICAS"},
    {ErrorKind::kIoError, "SECURITY_TOKEN_EXCEPTION"},
    {ErrorKind::kConflict, "OUT_OF_ORDER_SEQUENCE"},
    {ErrorKind::kAlreadyExists, "DUPLICATE_SEQUENCE"},
    {ErrorKind::kNotFound, "UNKNOWN_WRITER_ID"},
    {ErrorKind::kInvalidArgument, "INVALID_COLUMN_PROJECTION"},
    {ErrorKind::kInvalidArgument, "INVALID_TARGET_COLUMN"},
    {ErrorKind::kNotFound, "PARTITION_NOT_EXISTS"},
    {ErrorKind::kInvalidArgument, "TABLE_NOT_PARTITIONED"},
    {ErrorKind::kInvalidArgument, "INVALID_TIMESTAMP"},
    {ErrorKind::kInvalidArgument, "INVALID_CONFIG"},
    {ErrorKind::kNotSupported, "LAKE_STORAGE_NOT_CONFIGURED"},
    {ErrorKind::kNotFound, "KV_SNAPSHOT_NOT_EXIST"},
    {ErrorKind::kAlreadyExists, "PARTITION_ALREADY_EXISTS"},
    {ErrorKind::kInvalidArgument, "PARTITION_SPEC_INVALID"},
    {ErrorKind::kUnavailable, "LEADER_NOT_AVAILABLE"},
    {ErrorKind::kOutOfRange, "PARTITION_MAX_NUM"},
    {ErrorKind::kPermissionDenied, "AUTHENTICATE_EXCEPTION"},
    {ErrorKind::kNotSupported, "SECURITY_DISABLED"},
    {ErrorKind::kPermissionDenied, "AUTHORIZATION_EXCEPTION"},
    {ErrorKind::kOutOfRange, "BUCKET_MAX_NUM"},
    {ErrorKind::kConflict, "FENCED_TIERING_EPOCH"},
    {ErrorKind::kUnavailable, "RETRIABLE_AUTHENTICATE"},
    {ErrorKind::kInvalidArgument, "INVALID_SERVER_RACK_INFO"},
    {ErrorKind::kNotFound, "LAKE_SNAPSHOT_NOT_EXIST"},
    {ErrorKind::kAlreadyExists, "LAKE_TABLE_ALREADY_EXIST"},
    {ErrorKind::kUnavailable, "INELIGIBLE_REPLICA"},
    {ErrorKind::kInvalidArgument, "INVALID_ALTER_TABLE"},
    {ErrorKind::kInvalidArgument, "DELETION_DISABLED"},
    {ErrorKind::kNotFound, "SERVER_NOT_EXIST"},
    {ErrorKind::kAlreadyExists, "SERVER_TAG_ALREADY_EXIST"},
    {ErrorKind::kNotFound, "SERVER_TAG_NOT_EXIST"},
    {ErrorKind::kInternal, "REBALANCE_FAILURE"},
    {ErrorKind::kNotFound, "NO_REBALANCE_IN_PROGRESS"},
    {ErrorKind::kInvalidArgument, "INVALID_PRODUCER_ID"},
    {ErrorKind::kInvalidArgument, "CONFIG_EXCEPTION"},
    {ErrorKind::kUnavailable, "NOT_COORDINATOR_LEADER"},
    {ErrorKind::kOutOfRange, "SCANNER_EXPIRED"},
    {ErrorKind::kNotFound, "UNKNOWN_SCANNER_ID"},
    {ErrorKind::kInvalidArgument, "INVALID_SCAN_REQUEST"},
    {ErrorKind::kUnavailable, "TOO_MANY_SCANNERS"},
    {ErrorKind::kNoSpace, "DISK_WRITE_LOCKED"},
    {ErrorKind::kUnavailable, "INSUFFICIENT_KV_LEADER_CAPACITY"},
    {ErrorKind::kUnavailable, "STORAGE_BACKPRESSURE"},
    {ErrorKind::kUnavailable, "HISTORICAL_PARTITION_THROTTLED"},
    {ErrorKind::kInvalidArgument, "INVALID_BUCKET_ROUTING"},
}};

const CodeEntry& EntryOf(int code) {
  bool known = code >= kErrorCodeMin && code <= kErrorCodeMax;
  return kCodes[static_cast<size_t>(known ? code - kErrorCodeMin : 0)];
}

}  // namespace

ErrorCode CodeOf(ErrorKind kind, std::initializer_list<std::pair<ErrorKind, ErrorCode>> overrides) {
  for (const auto& [wanted, code] : overrides) {
    if (wanted == kind) return code;
  }
  switch (kind) {
    case ErrorKind::kInvalidArgument: return ErrorCode::kInvalidTable;
    case ErrorKind::kNotFound: return ErrorCode::kTableNotExist;
    case ErrorKind::kAlreadyExists: return ErrorCode::kTableAlreadyExist;
    case ErrorKind::kNotSupported: return ErrorCode::kUnsupportedVersion;
    case ErrorKind::kOutOfRange: return ErrorCode::kLogOffsetOutOfRange;
    case ErrorKind::kCorruption: return ErrorCode::kLogStorageException;
    case ErrorKind::kPermissionDenied: return ErrorCode::kAuthorizationException;
    // Those that clients try again.
    case ErrorKind::kNoSpace: return ErrorCode::kDiskWriteLocked;
    case ErrorKind::kIoError:
    case ErrorKind::kUnavailable: return ErrorCode::kStorageException;
    case ErrorKind::kTimeout:
    case ErrorKind::kCancelled: return ErrorCode::kRequestTimeOut;
    case ErrorKind::kConflict:
    case ErrorKind::kInternal: return ErrorCode::kUnknownServerError;
  }
  return ErrorCode::kUnknownServerError;
}

Failure FailureOf(const Status& status,
                  std::initializer_list<std::pair<ErrorKind, ErrorCode>> overrides) {
  const Error& error = status.error();
  std::string message = error.message;
  if (!error.hint.empty()) message += " (" + error.hint + ")";
  return {CodeOf(error.kind, overrides), std::move(message)};
}

ErrorKind KindOf(int code) { return EntryOf(code).kind; }

std::string_view ErrorCodeName(int code) { return EntryOf(code).name; }

}  // namespace forebay::rpc
