#include "serve/fluss/access_control.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace forebay::serve {

namespace {

/// All entries are one object of the catalog, so that a change of several is one, too.
constexpr const char* kObjectKind = "access_control";
constexpr const char* kObjectName = "entries";
constexpr const char* kEverything = "*";

constexpr std::array<std::string_view, 9> kOperationNames = {
    "", "ANY", "ALL", "READ", "WRITE", "CREATE", "DROP", "ALTER", "DESCRIBE"};
constexpr std::array<std::string_view, 5> kKindNames = {"", "ANY", "CLUSTER", "DATABASE", "TABLE"};

std::string_view NameOf(Operation operation) {
  return kOperationNames[static_cast<size_t>(operation)];
}

std::string DatabaseOf(const Resource& table) { return table.name.substr(0, table.name.find('.')); }

nlohmann::json ToJson(const AccessEntry& entry) {
  return {{"kind", static_cast<int>(entry.resource.kind)},
          {"name", entry.resource.name},
          {"principal_type", entry.principal.type},
          {"principal", entry.principal.name},
          {"host", entry.host},
          {"operation", static_cast<int>(entry.operation)},
          {"permission", static_cast<int>(entry.permission)}};
}

AccessEntry FromJson(const nlohmann::json& json) {
  return {{static_cast<ResourceKind>(json.at("kind").get<int>()), json.at("name")},
          {json.at("principal_type"), json.at("principal")},
          json.at("host"),
          static_cast<Operation>(json.at("operation").get<int>()),
          static_cast<Permission>(json.value("permission", static_cast<int>(Permission::kAllow)))};
}

bool IsMeant(const Principal& allowed, const Principal& caller) {
  return allowed == caller || (allowed.type == kEverything && allowed.name == kEverything);
}

/// In Fluss's words.
Status Denied(const Caller& caller, Operation operation, const Resource& resource) {
  return PermissionDenied(
      "Principal FlussPrincipal{{name='{}', type='{}'}} have no authorization to operate {} on "
      "resource Resource{{type={}, name='{}'}}",
      caller.principal.name, caller.principal.type, NameOf(operation),
      kKindNames[static_cast<size_t>(resource.kind)], resource.name);
}

}  // namespace

bool AccessFilter::Matches(const Resource& resource) const {
  if (kind == ResourceKind::kAny) return true;
  return kind == resource.kind && (!resource_name.has_value() || *resource_name == resource.name);
}

bool AccessFilter::Matches(const AccessEntry& entry) const {
  return Matches(entry.resource) && (!principal.has_value() || *principal == entry.principal) &&
         (!host.has_value() || *host == entry.host) &&
         (operation == Operation::kAny || operation == entry.operation) &&
         (permission == Permission::kAny || permission == entry.permission);
}

Result<std::unique_ptr<AccessControl>> AccessControl::Open(client::Admin& admin,
                                                           std::set<std::string> super_users) {
  std::unique_ptr<AccessControl> control(new AccessControl(admin, std::move(super_users)));
  RETURN_IF_ERROR(control->Load());
  return control;
}

Status AccessControl::Load() {
  auto text = admin_.GetObject(kObjectKind, kObjectName);
  if (!text.ok()) return text.kind() == ErrorKind::kNotFound ? Status::Ok() : text.status();
  try {
    for (const nlohmann::json& json : nlohmann::json::parse(*text)) {
      entries_.insert(FromJson(json));
    }
  } catch (const nlohmann::json::exception& error) {
    return Corruption("the stored access rights cannot be read: {}", error.what());
  }
  return Status::Ok();
}

Status AccessControl::ReplaceLocked(std::set<AccessEntry> entries) {
  if (entries == entries_) return Status::Ok();
  if (entries.size() > kEntriesMax) {
    return OutOfRange("there can be no more than {} access rights", kEntriesMax);
  }
  nlohmann::json json = nlohmann::json::array();
  for (const AccessEntry& entry : entries) json.push_back(ToJson(entry));
  std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  RETURN_IF_ERROR(admin_.PutObject(kObjectKind, kObjectName, text, true));
  entries_ = std::move(entries);
  return Status::Ok();
}

bool AccessControl::Allows(const Caller& caller, Operation operation,
                           const Resource& resource) const {
  std::lock_guard lock(mutex_);
  return AllowsLocked(caller, operation, resource);
}

Status AccessControl::Check(const Caller& caller, Operation operation,
                            const Resource& resource) const {
  if (Allows(caller, operation, resource)) return Status::Ok();
  return Denied(caller, operation, resource);
}

bool AccessControl::AllowsLocked(const Caller& caller, Operation operation,
                                 const Resource& resource) const {
  if (super_users_.contains(caller.principal.name)) return true;
  std::vector<Resource> holders = {resource, {resource.kind, kEverything}, Resource::Cluster()};
  if (resource.kind == ResourceKind::kTable) {
    holders.push_back(Resource::Database(DatabaseOf(resource)));
  }
  return std::any_of(holders.begin(), holders.end(), [&](const Resource& holder) {
    return HasEntryLocked(caller, operation, holder);
  });
}

bool AccessControl::HasEntryLocked(const Caller& caller, Operation operation,
                                   const Resource& resource) const {
  auto it = entries_.lower_bound(AccessEntry{resource, {}, {}, {}});
  for (; it != entries_.end() && it->resource == resource; ++it) {
    if (it->permission != Permission::kAllow || it->operation == Operation::kAny) continue;
    bool covers = it->operation == operation || it->operation == Operation::kAll ||
                  operation == Operation::kDescribe;
    if (covers && IsMeant(it->principal, caller.principal) &&
        (it->host == kEverything || it->host == caller.host)) {
      return true;
    }
  }
  return false;
}

Status AccessControl::CheckMayGrantLocked(const Caller& caller, const Resource& resource) const {
  Resource checked =
      resource.kind == ResourceKind::kTable ? Resource::Database(DatabaseOf(resource)) : resource;
  if (AllowsLocked(caller, Operation::kAll, checked)) return Status::Ok();
  return Denied(caller, Operation::kAll, checked);
}

Status AccessControl::Add(const Caller& caller, const std::vector<AccessEntry>& entries) {
  std::lock_guard lock(mutex_);
  std::set<AccessEntry> all = entries_;
  for (const AccessEntry& entry : entries) {
    RETURN_IF_ERROR(CheckMayGrantLocked(caller, entry.resource));
    all.insert(entry);
  }
  return ReplaceLocked(std::move(all));
}

Result<std::vector<std::vector<AccessEntry>>> AccessControl::Remove(
    const Caller& caller, const std::vector<AccessFilter>& filters) {
  std::lock_guard lock(mutex_);
  std::vector<std::vector<AccessEntry>> removed(filters.size());
  std::set<AccessEntry> left;
  for (const AccessEntry& entry : entries_) {
    bool is_asked_for =
        std::any_of(filters.begin(), filters.end(),
                    [&](const AccessFilter& filter) { return filter.Matches(entry.resource); });
    if (is_asked_for) RETURN_IF_ERROR(CheckMayGrantLocked(caller, entry.resource));
    auto by = std::find_if(filters.begin(), filters.end(),
                           [&](const AccessFilter& filter) { return filter.Matches(entry); });
    if (by == filters.end()) {
      left.insert(entry);
      continue;
    }
    removed[static_cast<size_t>(by - filters.begin())].push_back(entry);
  }
  RETURN_IF_ERROR(ReplaceLocked(std::move(left)));
  return removed;
}

std::vector<AccessEntry> AccessControl::List(const Caller& caller,
                                             const AccessFilter& filter) const {
  std::lock_guard lock(mutex_);
  std::vector<AccessEntry> found;
  for (const AccessEntry& entry : entries_) {
    if (filter.Matches(entry) && AllowsLocked(caller, Operation::kDescribe, entry.resource)) {
      found.push_back(entry);
    }
  }
  return found;
}

}  // namespace forebay::serve
