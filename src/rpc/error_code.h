#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace forebay::rpc {

/// Fluss's error codes, all of them; a client makes an exception of its own from each, and retries
/// by the code.
enum class ErrorCode : int {
  kUnknownServerError = -1,
  kNone = 0,
  kNetworkException = 1,
  kUnsupportedVersion = 2,
  kCorruptMessage = 3,
  kDatabaseNotExist = 4,
  kDatabaseNotEmpty = 5,
  kDatabaseAlreadyExist = 6,
  kTableNotExist = 7,
  kTableAlreadyExist = 8,
  kSchemaNotExist = 9,
  kLogStorageException = 10,
  kKvStorageException = 11,
  kNotLeaderOrFollower = 12,
  kRecordTooLarge = 13,
  kCorruptRecord = 14,
  kInvalidTable = 15,
  kInvalidDatabase = 16,
  kInvalidReplicationFactor = 17,
  kInvalidRequiredAcks = 18,
  kLogOffsetOutOfRange = 19,
  kNonPrimaryKeyTable = 20,
  kUnknownTableOrBucket = 21,
  kInvalidUpdateVersion = 22,
  kInvalidCoordinator = 23,
  kFencedLeaderEpoch = 24,
  kRequestTimeOut = 25,
  kStorageException = 26,
  kOperationNotAttempted = 27,
  kNotEnoughReplicasAfterAppend = 28,
  kNotEnoughReplicas = 29,
  kSecurityTokenException = 30,
  kOutOfOrderSequence = 31,
  kDuplicateSequence = 32,
  kUnknownWriterId = 33,
  kInvalidColumnProjection = 34,
  kInvalidTargetColumn = 35,
  kPartitionNotExists = 36,
  kTableNotPartitioned = 37,
  kInvalidTimestamp = 38,
  kInvalidConfig = 39,
  kLakeStorageNotConfigured = 40,
  kKvSnapshotNotExist = 41,
  kPartitionAlreadyExists = 42,
  kPartitionSpecInvalid = 43,
  kLeaderNotAvailable = 44,
  kPartitionMaxNum = 45,
  kAuthenticateException = 46,
  kSecurityDisabled = 47,
  kAuthorizationException = 48,
  kBucketMaxNum = 49,
  kFencedTieringEpoch = 50,
  kRetriableAuthenticate = 51,
  kInvalidServerRackInfo = 52,
  kLakeSnapshotNotExist = 53,
  kLakeTableAlreadyExist = 54,
  kIneligibleReplica = 55,
  kInvalidAlterTable = 56,
  kDeletionDisabled = 57,
  kServerNotExist = 58,
  kServerTagAlreadyExist = 59,
  kServerTagNotExist = 60,
  kRebalanceFailure = 61,
  kNoRebalanceInProgress = 62,
  kInvalidProducerId = 63,
  kConfigException = 64,
  kNotCoordinatorLeader = 65,
  kScannerExpired = 66,
  kUnknownScannerId = 67,
  kInvalidScanRequest = 68,
  kTooManyScanners = 69,
  kDiskWriteLocked = 70,
  kInsufficientKvLeaderCapacity = 71,
  kStorageBackpressure = 72,
  kHistoricalPartitionThrottled = 73,
  kInvalidBucketRouting = 74,
};
inline constexpr int kErrorCodeMin = -1;
inline constexpr int kErrorCodeMax = 74;

/// A request's failure as the client will see it.
struct Failure {
  ErrorCode code = ErrorCode::kUnknownServerError;
  std::string message;
};

/// What an error of each kind is where the request does not make it something more exact; those of
/// `overrides` come first.
ErrorCode CodeOf(ErrorKind kind,
                 std::initializer_list<std::pair<ErrorKind, ErrorCode>> overrides = {});
/// The failure for `status`, which is not ok; its hint is part of the message.
Failure FailureOf(const Status& status,
                  std::initializer_list<std::pair<ErrorKind, ErrorCode>> overrides = {});

/// The error a client makes from a code that a server sent, which may be any number.
ErrorKind KindOf(int code);
/// e.g. "TABLE_NOT_EXIST"; "UNKNOWN_SERVER_ERROR" for a number that is no code.
std::string_view ErrorCodeName(int code);

}  // namespace forebay::rpc
