#include "storage/coordinator/sequence_store.h"

#include <nlohmann/json.hpp>

#include "storage/coordinator/table_file.h"

namespace forebay::storage {

std::string SequenceStore::FileOf(model::TableId table) const {
  return fmt::format("{}/{}.json", directory_, table.value());
}

Result<int64_t> SequenceStore::Read(model::TableId table) {
  auto bytes = io::ReadFile(fs_, FileOf(table));
  if (!bytes.ok() && bytes.kind() == ErrorKind::kNotFound) return int64_t{1};
  if (!bytes.ok()) return bytes.status();
  auto text = UnsealMetadata(*bytes);
  nlohmann::json json = text.ok() ? nlohmann::json::parse(*text, nullptr, false) : nlohmann::json();
  if (json.is_object() && json.value("next", int64_t{0}) > 0) return json["next"].get<int64_t>();
  return Corruption("{} does not say which auto-increment values were given", FileOf(table));
}

Result<int64_t> SequenceStore::Reserve(model::TableId table, int64_t count) {
  std::lock_guard lock(mutex_);
  auto known = next_.find(table);
  if (known == next_.end()) {
    ASSIGN_OR_RETURN(int64_t next, Read(table));
    known = next_.emplace(table, next).first;
  }
  int64_t first = known->second, next = 0;
  if (__builtin_add_overflow(first, count, &next)) {
    return OutOfRange("the auto-increment values are used up");
  }
  RETURN_IF_ERROR(fs_.CreateDirectories(directory_));
  nlohmann::json json = {{"next", next}};
  RETURN_IF_ERROR(io::WriteFileAtomically(fs_, FileOf(table), SealMetadata(json.dump())));
  known->second = next;
  return first;
}

void SequenceStore::Remove(model::TableId table) {
  std::lock_guard lock(mutex_);
  next_.erase(table);
  // Table ids are never given twice, so a file that stays does no harm.
  static_cast<void>(fs_.Remove(FileOf(table)));
}

}  // namespace forebay::storage
