#include "lake/tiering/key_index.h"

#include "format/row/row_key.h"

namespace forebay::lake {

Result<KeyIndex> KeyIndex::Load(const model::Schema& schema, const std::vector<LakeFile>& files) {
  KeyIndex index;
  std::vector<int> keys = schema.PrimaryKeyIndexes();
  for (const LakeFile& file : files) {
    uint32_t number = index.AddFile(file.path);
    // Deleted rows are skipped by position here, since the reader would not tell which positions
    // remain.
    LakeFile whole = file;
    whole.deleted.clear();
    LakeReader reader(schema, keys, {whole});
    int64_t position = 0;
    size_t next_deleted = 0;
    while (true) {
      ASSIGN_OR_RETURN(model::Batch batch, reader.Next());
      if (batch.num_rows == 0) break;
      ASSIGN_OR_RETURN(format::EncodedKeys encoded, format::EncodeKeys(batch.columns));
      for (int row = 0; row < batch.num_rows; ++row, ++position) {
        if (next_deleted < file.deleted.size() && file.deleted[next_deleted] == position) {
          ++next_deleted;
        } else {
          index.Set(encoded[row], number, position);
        }
      }
    }
  }
  return index;
}

bool KeyIndex::Remove(std::string_view key, PositionDeletes& deletes) {
  auto it = places_.find(std::string(key));
  if (it == places_.end()) return false;
  deletes[files_[it->second.file]].push_back(it->second.position);
  places_.erase(it);
  return true;
}

uint32_t KeyIndex::AddFile(std::string path) {
  files_.push_back(std::move(path));
  return static_cast<uint32_t>(files_.size() - 1);
}

void KeyIndex::Set(std::string_view key, uint32_t file, int64_t position) {
  places_[std::string(key)] = {file, static_cast<uint32_t>(position)};
}

}  // namespace forebay::lake
