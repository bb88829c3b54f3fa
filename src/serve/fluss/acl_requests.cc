#include "serve/fluss/acl_requests.h"

#include "serve/fluss/access_rules.h"

namespace forebay::serve {

using rpc::ErrorCode;

namespace {

const rpc::Failure kDisabled{ErrorCode::kSecurityDisabled, "No Authorizer is configured."};

bool IsBetween(int32_t value, auto least, auto most) {
  return value >= static_cast<int32_t>(least) && value <= static_cast<int32_t>(most);
}

/// Of a PbAclInfo or a PbAclFilter.
Status CheckTypes(const auto& acl) {
  if (!IsBetween(acl.resource_type, ResourceKind::kAny, ResourceKind::kTable)) {
    return InvalidArgument("there is no resource type {}", acl.resource_type);
  }
  if (!IsBetween(acl.operation_type, Operation::kAny, Operation::kDescribe)) {
    return InvalidArgument("there is no operation type {}", acl.operation_type);
  }
  if (!IsBetween(acl.permission_type, Permission::kAny, Permission::kAllow)) {
    return InvalidArgument("there is no permission type {}", acl.permission_type);
  }
  return {};
}

Result<AccessEntry> EntryOf(const rpc::PbAclInfo& acl) {
  RETURN_IF_ERROR(CheckTypes(acl));
  return AccessEntry{{static_cast<ResourceKind>(acl.resource_type), acl.resource_name},
                     {acl.principal_type, acl.principal_name},
                     acl.host,
                     static_cast<Operation>(acl.operation_type),
                     static_cast<Permission>(acl.permission_type)};
}

Result<AccessFilter> FilterOf(const rpc::PbAclFilter& acl) {
  RETURN_IF_ERROR(CheckTypes(acl));
  AccessFilter filter;
  filter.kind = static_cast<ResourceKind>(acl.resource_type);
  filter.resource_name = acl.resource_name;
  filter.host = acl.host;
  filter.operation = static_cast<Operation>(acl.operation_type);
  filter.permission = static_cast<Permission>(acl.permission_type);
  if (acl.principal_name.has_value() && acl.principal_type.has_value()) {
    filter.principal = Principal{*acl.principal_type, *acl.principal_name};
  }
  return filter;
}

rpc::PbAclInfo InfoOf(const AccessEntry& entry) {
  return {entry.resource.name,
          static_cast<int32_t>(entry.resource.kind),
          entry.principal.name,
          entry.principal.type,
          entry.host,
          static_cast<int32_t>(entry.operation),
          static_cast<int32_t>(entry.permission)};
}

}  // namespace

Outcome<rpc::CreateAclsResponse> AclRequests::CreateAcls(const rpc::CreateAclsRequest& request,
                                                         const rpc::Session& session) {
  if (control_ == nullptr) return kDisabled;
  std::vector<AccessEntry> entries;
  for (const rpc::PbAclInfo& acl : request.acl) {
    auto entry = EntryOf(acl);
    if (!entry.ok()) return rpc::FailureOf(entry.status());
    entries.push_back(std::move(*entry));
  }
  Status added = control_->Add(AccessRules::CallerOf(session), entries);
  if (!added.ok()) return rpc::FailureOf(added);
  rpc::CreateAclsResponse response;
  for (const rpc::PbAclInfo& acl : request.acl) response.aclRes.push_back({acl, {}, {}});
  return response;
}

Outcome<rpc::ListAclsResponse> AclRequests::ListAcls(const rpc::ListAclsRequest& request,
                                                     const rpc::Session& session) {
  if (control_ == nullptr) return kDisabled;
  auto filter = FilterOf(request.acl_filter);
  if (!filter.ok()) return rpc::FailureOf(filter.status());
  rpc::ListAclsResponse response;
  for (const AccessEntry& entry : control_->List(AccessRules::CallerOf(session), *filter)) {
    response.acl.push_back(InfoOf(entry));
  }
  return response;
}

Outcome<rpc::DropAclsResponse> AclRequests::DropAcls(const rpc::DropAclsRequest& request,
                                                     const rpc::Session& session) {
  if (control_ == nullptr) return kDisabled;
  std::vector<AccessFilter> filters;
  for (const rpc::PbAclFilter& acl : request.acl_filter) {
    auto filter = FilterOf(acl);
    if (!filter.ok()) return rpc::FailureOf(filter.status());
    filters.push_back(std::move(*filter));
  }
  auto removed = control_->Remove(AccessRules::CallerOf(session), filters);
  if (!removed.ok()) return rpc::FailureOf(removed.status());
  rpc::DropAclsResponse response;
  for (const std::vector<AccessEntry>& entries : *removed) {
    rpc::PbDropAclsFilterResult& result = response.filter_results.emplace_back();
    for (const AccessEntry& entry : entries) {
      result.matching_acls.push_back({InfoOf(entry), {}, {}});
    }
  }
  return response;
}

}  // namespace forebay::serve
