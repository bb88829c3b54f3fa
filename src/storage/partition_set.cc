#include "storage/partition_set.h"

#include "storage/storage_server.h"

namespace forebay::storage {

void PartitionSet::Put(HostedPtr partition) {
  std::lock_guard lock(mutex_);
  by_name_[partition->partition->Name()] = partition;
  by_id_[partition->partition->id] = std::move(partition);
}

PartitionSet::HostedPtr PartitionSet::Remove(const std::string& name) {
  std::lock_guard lock(mutex_);
  auto found = by_name_.find(name);
  if (found == by_name_.end()) return nullptr;
  HostedPtr partition = std::move(found->second);
  by_name_.erase(found);
  by_id_.erase(partition->partition->id);
  return partition;
}

PartitionSet::HostedPtr PartitionSet::Find(model::PartitionId id) const {
  std::lock_guard lock(mutex_);
  auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

PartitionSet::HostedPtr PartitionSet::Find(const std::string& name) const {
  std::lock_guard lock(mutex_);
  auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

std::vector<PartitionSet::HostedPtr> PartitionSet::All() const {
  std::lock_guard lock(mutex_);
  std::vector<HostedPtr> all;
  for (const auto& [id, partition] : by_id_) all.push_back(partition);
  return all;
}

size_t PartitionSet::size() const {
  std::lock_guard lock(mutex_);
  return by_id_.size();
}

Result<PartitionSet::HostedPtr> PartitionSet::GetOrCreate(const std::vector<std::string>& values) {
  std::lock_guard lock(creation_mutex_);
  if (creator_ == nullptr) return Unavailable("the storage core is closed");
  return creator_(values);
}

void PartitionSet::Close() {
  std::lock_guard lock(creation_mutex_);
  creator_ = nullptr;
}

}  // namespace forebay::storage
