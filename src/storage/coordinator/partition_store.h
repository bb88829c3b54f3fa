#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/file_system.h"
#include "model/table.h"

namespace forebay::storage {

/// The durable list of partitions, beside MetadataStore's tables: one checksummed JSON file a
/// partition, `<table id>/<partition id>-<name>.json`. A partition exists once its file does. A
/// damaged file takes its own partition out of service, whose name stays taken. Thread-safe.
class PartitionStore {
 public:
  /// `directory` is the data directory's `meta/partitions`.
  static Result<std::unique_ptr<PartitionStore>> Open(io::FileSystem& fs, std::string directory);

  /// A fresh id; never given twice.
  Result<model::PartitionId> AllocateId();
  Status Put(model::TableId table, const model::PartitionInfo& partition);
  /// By its name, which may be that of a damaged one. kNotFound.
  Status Remove(model::TableId table, const std::string& name);
  /// All of a dropped table; what cannot be removed is found by the next start.
  void RemoveTable(model::TableId table);
  /// Of one table, by id; without damaged ones.
  std::vector<model::PartitionInfo> List(model::TableId table);
  /// Why the partition of that name is out of service; ok when there is none such.
  Status Damage(model::TableId table, const std::string& name);
  /// Whether there is a file of that partition, which may be damaged.
  bool Exists(model::TableId table, model::PartitionId partition);
  /// The tables that have partitions here.
  std::vector<model::TableId> Tables();

 private:
  struct Damaged {
    model::PartitionId id;
    Status why;
  };
  struct Table {
    std::map<model::PartitionId, model::PartitionInfo> partitions;
    std::map<std::string, Damaged> damaged;  ///< by name
  };

  PartitionStore(io::FileSystem& fs, std::string directory)
      : fs_(fs), directory_(std::move(directory)) {}

  Status Load();
  Status LoadTable(const std::string& name);
  Status LoadIds();
  Status SaveIds();
  std::string TableDirectory(model::TableId table) const;
  std::string FileOf(model::TableId table, model::PartitionId id, const std::string& name) const;

  io::FileSystem& fs_;
  const std::string directory_;
  std::mutex mutex_;  ///< guards all below
  std::map<model::TableId, Table> tables_;
  int64_t next_id_ = 1;
  int64_t ids_end_ = 1;  ///< below: reserved on disk
};

}  // namespace forebay::storage
