#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/connection.h"

namespace forebay::serve {

/// What somebody may do. The numbers are Fluss's (OperationType).
enum class Operation : int32_t {
  kAny = 1,  ///< of filters; in an entry it allows nothing
  kAll = 2,
  kRead = 3,
  kWrite = 4,
  kCreate = 5,
  kDrop = 6,
  kAlter = 7,
  kDescribe = 8,
};

/// Fluss's PermissionType: there is nothing that forbids.
enum class Permission : int32_t {
  kAny = 1,  ///< of filters; in an entry it allows nothing
  kAllow = 2,
};

/// Fluss's ResourceType.
enum class ResourceKind : int32_t { kAny = 1, kCluster = 2, kDatabase = 3, kTable = 4 };

/// What it may be done to. The name "*" stands for all of a kind.
struct Resource {
  ResourceKind kind = ResourceKind::kAny;
  std::string name;

  static Resource Cluster() { return {ResourceKind::kCluster, "fluss-cluster"}; }
  static Resource Database(std::string name) { return {ResourceKind::kDatabase, std::move(name)}; }
  static Resource Table(const model::TablePath& path) {
    return {ResourceKind::kTable, path.database + "." + path.table};
  }
  auto operator<=>(const Resource&) const = default;
};

/// Somebody; "*" of type "*" is everybody. Fluss's FlussPrincipal.
struct Principal {
  std::string type;
  std::string name;
  auto operator<=>(const Principal&) const = default;
};

/// Who a connection is: what its SASL user is called, and where it comes from.
struct Caller {
  Principal principal;
  std::string host;
};

/// Allows `principal`, from `host` ("*": any), `operation` on `resource`. Fluss's AclBinding.
struct AccessEntry {
  Resource resource;
  Principal principal;
  std::string host;
  Operation operation = Operation::kAny;
  Permission permission = Permission::kAllow;
  auto operator<=>(const AccessEntry&) const = default;
};

/// Which entries are meant; what is not set, or kAny, says nothing. Fluss's AclBindingFilter.
struct AccessFilter {
  ResourceKind kind = ResourceKind::kAny;
  std::optional<std::string> resource_name;
  std::optional<Principal> principal;
  std::optional<std::string> host;
  Operation operation = Operation::kAny;
  Permission permission = Permission::kAny;

  bool Matches(const Resource& resource) const;
  bool Matches(const AccessEntry& entry) const;
};

/// Who may do what, as Fluss's DefaultAuthorizer decides it: nothing without an entry, everything
/// for super users; an entry for a database holds for its tables, one for the cluster for all; who
/// may do anything to a resource may describe it. Entries are durable. Thread-safe.
class AccessControl {
 public:
  static constexpr size_t kEntriesMax = 100'000;

  /// `admin` outlives the object. kCorruption when the stored entries cannot be read.
  static Result<std::unique_ptr<AccessControl>> Open(client::Admin& admin,
                                                     std::set<std::string> super_users);

  bool Allows(const Caller& caller, Operation operation, const Resource& resource) const;
  /// kPermissionDenied, in Fluss's words.
  Status Check(const Caller& caller, Operation operation, const Resource& resource) const;

  /// Entries that are there stay. kPermissionDenied when the caller may not do ALL to a resource,
  /// or to its database; kOutOfRange when there would be too many.
  Status Add(const Caller& caller, const std::vector<AccessEntry>& entries);
  /// Removes what any filter matches; gives what was removed by the first filter that did.
  /// kPermissionDenied as Add, for each resource that a filter matches and that has entries.
  Result<std::vector<std::vector<AccessEntry>>> Remove(const Caller& caller,
                                                       const std::vector<AccessFilter>& filters);
  /// Of the resources that the caller may describe.
  std::vector<AccessEntry> List(const Caller& caller, const AccessFilter& filter) const;

 private:
  AccessControl(client::Admin& admin, std::set<std::string> super_users)
      : admin_(admin), super_users_(std::move(super_users)) {}

  Status Load();
  /// Makes `entries` the truth once they are durable.
  Status ReplaceLocked(std::set<AccessEntry> entries);
  bool AllowsLocked(const Caller& caller, Operation operation, const Resource& resource) const;
  bool HasEntryLocked(const Caller& caller, Operation operation, const Resource& resource) const;
  Status CheckMayGrantLocked(const Caller& caller, const Resource& resource) const;

  client::Admin& admin_;
  const std::set<std::string> super_users_;
  mutable std::mutex mutex_;       ///< guards entries_
  std::set<AccessEntry> entries_;  ///< by resource
};

}  // namespace forebay::serve
