#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "lake/scan/lake_scan.h"
#include "lake/tiering/position_deletes.h"

namespace forebay::lake {

/// Where each present key of one bucket lies in the lake: which row of which data file. It is what
/// turns an upsert into a position delete of the row before. Held in memory: about 60 bytes a key.
/// Thread-compatible.
class KeyIndex {
 public:
  /// Reads the key columns of the bucket's files.
  static Result<KeyIndex> Load(const model::Schema& schema, const std::vector<LakeFile>& files);

  size_t num_keys() const { return places_.size(); }
  /// Adds the present place of `key` to `deletes` and forgets it; false when the key is not in the
  /// lake.
  bool Remove(std::string_view key, PositionDeletes& deletes);
  /// The number by which Set names a file.
  uint32_t AddFile(std::string path);
  void Set(std::string_view key, uint32_t file, int64_t position);

 private:
  struct Place {
    uint32_t file = 0;
    uint32_t position = 0;
  };
  std::vector<std::string> files_;
  std::unordered_map<std::string, Place> places_;
};

}  // namespace forebay::lake
