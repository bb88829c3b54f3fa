#include "compute/arrangement/arrangements.h"

#include <algorithm>

namespace forebay::compute {

Result<std::shared_ptr<Arrangement>> Arrangements::FindOrMake(const ArrangementSpec& spec) {
  std::string identity = spec.Identity();
  std::lock_guard lock(mutex_);
  std::erase_if(by_identity_, [](const auto& entry) { return entry.second.expired(); });
  if (auto found = by_identity_.find(identity); found != by_identity_.end()) {
    std::shared_ptr<Arrangement> there = found->second.lock();
    if (there != nullptr && there->IsSound()) return there;
  }
  ASSIGN_OR_RETURN(std::shared_ptr<Arrangement> made, Arrangement::Make(environment_, spec));
  by_identity_[identity] = made;
  return made;
}

Result<std::unique_ptr<ArrangementShare>> Arrangements::Attach(
    const ArrangementSpec& spec, const std::optional<Frontier>& from) {
  ASSIGN_OR_RETURN(std::shared_ptr<Arrangement> arrangement, FindOrMake(spec));
  int64_t reader;
  {
    std::lock_guard lock(mutex_);
    reader = next_reader_++;
  }
  ASSIGN_OR_RETURN(Frontier begin, arrangement->Attach(reader, from));
  return std::make_unique<ArrangementShare>(std::move(arrangement), reader, std::move(begin));
}

void ArrangedSide::Advance(model::Batch& batch) {
  model::Column versions = std::move(batch.columns.back());
  batch.columns.pop_back();
  for (int row = 0; row < batch.num_rows; ++row) {
    auto version = versions.Get<int64_t>(row);
    model::LogOffset offset = version & ((int64_t{1} << kVersionBucketShift) - 1);
    model::LogOffset& seen = frontier_[static_cast<size_t>(version >> kVersionBucketShift)];
    seen = std::max(seen, offset + 1);
  }
}

Status ArrangedSide::Find(const EncodedKeys& keys, std::span<const uint32_t> rows,
                          FoundVersions& found) {
  found.Clear();
  if (rows.empty()) return Status::Ok();
  return share_.arrangement().Find(keys, rows, frontier_, found);
}

}  // namespace forebay::compute
