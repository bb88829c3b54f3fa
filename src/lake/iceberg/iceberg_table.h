#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "io/file_system.h"
#include "lake/iceberg/manifest.h"
#include "lake/iceberg/table_metadata.h"

namespace forebay::lake {

/// What a commit changes.
struct CommitRequest {
  std::vector<DataFile> added;  ///< data files and delete files
  std::string operation = "append";
  std::map<std::string, std::string> summary;
};

/// A live file of a snapshot with the sequence number it has or inherits.
struct LiveFile {
  DataFile file;
  int64_t sequence_number = 0;
};

/// An Iceberg table in a directory of a file system, laid out as Iceberg's Hadoop catalog does:
/// metadata/v<N>.metadata.json, the largest N is current, metadata/version-hint.text says it to
/// readers without a catalog. A commit is the appearance of the next metadata file, by rename,
/// after everything it refers to has been synced; a crash before it leaves unreferenced files that
/// RemoveOrphans deletes. One process writes at a time (the data directory's lock sees to that);
/// commits are made by one thread, reading is thread-safe.
class IcebergTable {
 public:
  static constexpr size_t kSnapshotsKept = 100;
  /// When a snapshot would list more manifests of a kind, they are merged into one.
  static constexpr size_t kManifestsMax = 32;

  /// `directory` is absolute. kNotFound when there is no table, kCorruption naming the file.
  static Result<std::unique_ptr<IcebergTable>> Open(io::FileSystem& fs, std::string directory,
                                                    const Clock& clock);
  static Result<std::unique_ptr<IcebergTable>> Create(io::FileSystem& fs, std::string directory,
                                                      const model::Schema& schema,
                                                      const TablePartitioning& partitioning,
                                                      const Clock& clock);

  const TableMetadata& metadata() const { return *metadata_; }
  std::shared_ptr<const TableMetadata> metadata_shared() const { return metadata_; }
  /// The current metadata file's URI.
  std::string metadata_location() const;
  const std::string& directory() const { return directory_; }

  /// The files that make up `snapshot`.
  Result<std::vector<LiveFile>> LiveFiles(const Snapshot& snapshot) const;

  /// A path for a new data file, e.g. <dir>/data/__bucket=3/<uuid>.parquet, or below
  /// data/day=a/__bucket=3 when `partition` has the text day=a; its directory exists afterwards.
  Result<std::string> NewDataPath(const std::string& partition, int bucket,
                                  std::string_view suffix);

  /// Makes a new snapshot. Nothing of it is visible when this fails.
  Result<Snapshot> Commit(const CommitRequest& request);

  /// Makes another program's commit (ApplyTableUpdate), after what it added is on the disk. Nothing
  /// of it is visible when this fails.
  Status CommitUpdate(std::string_view request);

  /// Adds the columns of `schema` that the table has not; nothing happens when it has all.
  Status AddColumns(const model::Schema& schema);

  /// Deletes data and manifest files that no kept snapshot refers to: leftovers of crashes and of
  /// expired snapshots. Not while a reader may be reading an expired snapshot.
  Result<int> RemoveOrphans();

  /// "file:///a/b" <-> "/a/b"; PathOf takes "file:/a/b", too.
  static std::string UriOf(std::string_view path);
  static std::string PathOf(std::string_view uri);

 private:
  IcebergTable(io::FileSystem& fs, std::string directory, const Clock& clock)
      : fs_(fs), directory_(std::move(directory)), clock_(clock) {}

  std::string MetadataPath(int version) const;
  Status WriteMetadata(const TableMetadata& metadata, int version);
  Result<std::vector<ManifestFile>> ManifestsOf(const Snapshot& snapshot) const;
  Result<std::vector<ManifestEntry>> EntriesOf(const ManifestFile& manifest) const;
  Result<ManifestFile> WriteManifestFile(std::vector<ManifestEntry> entries, bool is_deletes,
                                         const Snapshot& snapshot);
  Result<ManifestFile> MergeManifests(const std::vector<ManifestFile>& manifests, bool is_deletes,
                                      const Snapshot& snapshot);
  Result<std::vector<ManifestFile>> NextManifests(const CommitRequest& request,
                                                  const Snapshot& snapshot);
  Status SyncFilesOf(const Snapshot& snapshot) const;
  Status SyncFile(const std::string& uri) const;
  Result<std::set<std::string>> ReferencedFiles() const;
  Status CollectDataFiles(const std::string& directory, int depth,
                          std::vector<std::string>& files) const;
  std::string NewMetadataPath(std::string_view kind, std::string_view suffix);

  io::FileSystem& fs_;
  const std::string directory_;
  const Clock& clock_;
  std::shared_ptr<const TableMetadata> metadata_;
  int version_ = 0;
  uint64_t next_file_ = 0;
};

}  // namespace forebay::lake
