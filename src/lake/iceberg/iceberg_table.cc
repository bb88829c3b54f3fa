#include "lake/iceberg/iceberg_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/random.h"
#include "lake/iceberg/table_update.h"

namespace forebay::lake {

namespace {

/// v12.metadata.json -> 12; -1 for other names.
int VersionOf(const std::string& name) {
  constexpr std::string_view kSuffix = ".metadata.json";
  if (!name.starts_with('v') || !name.ends_with(kSuffix)) return -1;
  std::string digits = name.substr(1, name.size() - 1 - kSuffix.size());
  if (digits.empty() || digits.size() > 9) return -1;
  for (char c : digits) {
    if (c < '0' || c > '9') return -1;
  }
  return std::stoi(digits);
}

}  // namespace

std::string IcebergTable::UriOf(std::string_view path) { return fmt::format("file://{}", path); }

std::string IcebergTable::PathOf(std::string_view uri) {
  if (uri.starts_with("file:///")) {
    uri.remove_prefix(7);
  } else if (uri.starts_with("file:/")) {  // as Hadoop writes it
    uri.remove_prefix(5);
  }
  return std::string(uri);
}

std::string IcebergTable::MetadataPath(int version) const {
  return fmt::format("{}/metadata/v{}.metadata.json", directory_, version);
}

std::string IcebergTable::metadata_location() const { return UriOf(MetadataPath(version_)); }

Result<std::unique_ptr<IcebergTable>> IcebergTable::Open(io::FileSystem& fs, std::string directory,
                                                         const Clock& clock) {
  std::unique_ptr<IcebergTable> table(new IcebergTable(fs, std::move(directory), clock));
  std::string metadata_dir = table->directory_ + "/metadata";
  ASSIGN_OR_RETURN(bool exists, fs.Exists(metadata_dir));
  if (!exists) return NotFound("no Iceberg table in {}", table->directory_);
  ASSIGN_OR_RETURN(std::vector<std::string> names, fs.List(metadata_dir));
  std::vector<int> versions;
  for (const std::string& name : names) {
    if (int version = VersionOf(name); version >= 0) versions.push_back(version);
  }
  if (versions.empty()) return NotFound("no Iceberg table in {}", table->directory_);
  table->version_ = *std::max_element(versions.begin(), versions.end());
  std::string path = table->MetadataPath(table->version_);
  ASSIGN_OR_RETURN(std::string text, io::ReadFile(fs, path));
  auto metadata = TableMetadata::Parse(text);
  if (!metadata.ok()) return metadata.status().WithContext(path);
  table->metadata_ = std::make_shared<const TableMetadata>(std::move(metadata).value());
  return table;
}

Result<std::unique_ptr<IcebergTable>> IcebergTable::Create(io::FileSystem& fs,
                                                           std::string directory,
                                                           const model::Schema& schema,
                                                           const TablePartitioning& partitioning,
                                                           const Clock& clock) {
  std::unique_ptr<IcebergTable> table(new IcebergTable(fs, std::move(directory), clock));
  ASSIGN_OR_RETURN(TableMetadata metadata, TableMetadata::Create(UriOf(table->directory_), schema,
                                                                 partitioning, clock.NowMs()));
  RETURN_IF_ERROR(fs.CreateDirectories(table->directory_ + "/metadata"));
  RETURN_IF_ERROR(fs.CreateDirectories(table->directory_ + "/data"));
  RETURN_IF_ERROR(table->WriteMetadata(metadata, 1));
  return table;
}

Status IcebergTable::WriteMetadata(const TableMetadata& metadata, int version) {
  std::string path = MetadataPath(version);
  ASSIGN_OR_RETURN(bool taken, fs_.Exists(path));
  if (taken) return Conflict("another writer has committed {}", path);
  Failpoint("lake.commit.before_metadata");
  RETURN_IF_ERROR(io::WriteFileAtomically(fs_, path, metadata.ToJson()));
  Failpoint("lake.commit.after_metadata");
  version_ = version;
  metadata_ = std::make_shared<const TableMetadata>(metadata);
  // Only a hint for readers without a catalog: when it cannot be written, the commit stands all the
  // same.
  Status hint = io::WriteFileAtomically(fs_, directory_ + "/metadata/version-hint.text",
                                        std::to_string(version));
  if (!hint.ok()) Log(LogLevel::kWarning, "lake", "no version hint: {}", hint.ToString());
  return Status::Ok();
}

Result<std::vector<ManifestFile>> IcebergTable::ManifestsOf(const Snapshot& snapshot) const {
  std::string path = PathOf(snapshot.manifest_list);
  ASSIGN_OR_RETURN(std::string bytes, io::ReadFile(fs_, path));
  auto manifests = ReadManifestList(bytes);
  if (!manifests.ok()) return manifests.status().WithContext(path);
  return manifests;
}

Result<std::vector<ManifestEntry>> IcebergTable::EntriesOf(const ManifestFile& manifest) const {
  std::string path = PathOf(manifest.manifest_path);
  ASSIGN_OR_RETURN(std::string bytes, io::ReadFile(fs_, path));
  auto entries = ReadManifest(bytes);
  if (!entries.ok()) return entries.status().WithContext(path);
  for (ManifestEntry& entry :
       *entries) {  // inheritance, as the spec's "Sequence Number Inheritance"
    if (!entry.snapshot_id) entry.snapshot_id = manifest.added_snapshot_id;
    if (entry.status == EntryStatus::kAdded) {
      if (!entry.sequence_number) entry.sequence_number = manifest.sequence_number;
      if (!entry.file_sequence_number) entry.file_sequence_number = manifest.sequence_number;
    }
  }
  return entries;
}

Result<std::vector<LiveFile>> IcebergTable::LiveFiles(const Snapshot& snapshot) const {
  ASSIGN_OR_RETURN(std::vector<ManifestFile> manifests, ManifestsOf(snapshot));
  std::vector<LiveFile> files;
  for (const ManifestFile& manifest : manifests) {
    ASSIGN_OR_RETURN(std::vector<ManifestEntry> entries, EntriesOf(manifest));
    for (ManifestEntry& entry : entries) {
      if (entry.status == EntryStatus::kDeleted) continue;
      files.push_back({std::move(entry.file), entry.sequence_number.value_or(0)});
    }
  }
  return files;
}

Result<std::string> IcebergTable::NewDataPath(const std::string& partition, int bucket,
                                              std::string_view suffix) {
  std::string directory = fmt::format("{}/data/{}{}__bucket={}", directory_, partition,
                                      partition.empty() ? "" : "/", bucket);
  RETURN_IF_ERROR(fs_.CreateDirectories(directory));
  return fmt::format("{}/{:05}-{:016x}{}.parquet", directory, next_file_++, RandomBits(), suffix);
}

std::string IcebergTable::NewMetadataPath(std::string_view kind, std::string_view suffix) {
  return fmt::format("{}/metadata/{}-{:016x}{:016x}{}", directory_, kind, RandomBits(),
                     RandomBits(), suffix);
}

Result<ManifestFile> IcebergTable::WriteManifestFile(std::vector<ManifestEntry> entries,
                                                     bool is_deletes, const Snapshot& snapshot) {
  ASSIGN_OR_RETURN(auto partition_fields, metadata_->PartitionFields());
  ManifestContext context{metadata_->SchemaJson(),
                          metadata_->schema_id(),
                          metadata_->PartitionFieldsJson(),
                          partition_fields,
                          0,
                          is_deletes};
  ASSIGN_OR_RETURN(std::string bytes, WriteManifest(entries, context));
  ManifestFile manifest;
  manifest.partition_key_count = static_cast<int>(partition_fields.size()) - 1;
  manifest.is_deletes = is_deletes;
  manifest.sequence_number = snapshot.sequence_number;
  manifest.min_sequence_number = snapshot.sequence_number;
  manifest.added_snapshot_id = snapshot.id;
  manifest.manifest_length = static_cast<int64_t>(bytes.size());
  for (const ManifestEntry& entry : entries) {
    bool added = entry.status == EntryStatus::kAdded;
    (added ? manifest.added_files_count : manifest.existing_files_count) += 1;
    (added ? manifest.added_rows_count : manifest.existing_rows_count) += entry.file.record_count;
    manifest.min_sequence_number = std::min(
        manifest.min_sequence_number, entry.sequence_number.value_or(snapshot.sequence_number));
    if (!entry.file.bucket) continue;
    int bucket = *entry.file.bucket;
    manifest.lowest_bucket = std::min(manifest.lowest_bucket.value_or(bucket), bucket);
    manifest.highest_bucket = std::max(manifest.highest_bucket.value_or(bucket), bucket);
  }
  std::string path = NewMetadataPath("manifest", "-m0.avro");
  RETURN_IF_ERROR(io::WriteFileAtomically(fs_, path, bytes));
  manifest.manifest_path = UriOf(path);
  return manifest;
}

Result<ManifestFile> IcebergTable::MergeManifests(const std::vector<ManifestFile>& manifests,
                                                  bool is_deletes, const Snapshot& snapshot) {
  std::vector<ManifestEntry> merged;
  for (const ManifestFile& manifest : manifests) {
    ASSIGN_OR_RETURN(std::vector<ManifestEntry> entries, EntriesOf(manifest));
    for (ManifestEntry& entry : entries) {
      if (entry.status == EntryStatus::kDeleted) continue;
      entry.status = EntryStatus::kExisting;
      merged.push_back(std::move(entry));
    }
  }
  return WriteManifestFile(std::move(merged), is_deletes, snapshot);
}

Result<std::vector<ManifestFile>> IcebergTable::NextManifests(const CommitRequest& request,
                                                              const Snapshot& snapshot) {
  std::vector<ManifestFile> kept[2];  // data, deletes
  if (const Snapshot* parent = metadata_->current_snapshot()) {
    ASSIGN_OR_RETURN(std::vector<ManifestFile> manifests, ManifestsOf(*parent));
    for (ManifestFile& manifest : manifests)
      kept[manifest.is_deletes].push_back(std::move(manifest));
  }
  std::vector<ManifestFile> all;
  for (bool is_deletes : {false, true}) {
    std::vector<ManifestFile>& group = kept[is_deletes];
    if (group.size() >= kManifestsMax) {
      ASSIGN_OR_RETURN(ManifestFile merged, MergeManifests(group, is_deletes, snapshot));
      group = {std::move(merged)};
    }
    std::vector<ManifestEntry> entries;
    for (const DataFile& file : request.added) {
      if ((file.content != FileContent::kData) != is_deletes) continue;
      ManifestEntry entry;
      entry.snapshot_id = snapshot.id;
      entry.file = file;
      entries.push_back(std::move(entry));
    }
    if (!entries.empty()) {
      ASSIGN_OR_RETURN(ManifestFile added, WriteManifestFile(entries, is_deletes, snapshot));
      all.push_back(std::move(added));
    }
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

Result<Snapshot> IcebergTable::Commit(const CommitRequest& request) {
  Snapshot snapshot;
  snapshot.id = static_cast<int64_t>(RandomBits() >> 1);
  if (const Snapshot* parent = metadata_->current_snapshot()) {
    snapshot.parent_id = parent->id;
    snapshot.timestamp_ms = parent->timestamp_ms + 1;  // the spec wants time to go on
  }
  snapshot.timestamp_ms = std::max(snapshot.timestamp_ms, clock_.NowMs());
  snapshot.sequence_number = metadata_->last_sequence_number() + 1;
  snapshot.schema_id = metadata_->schema_id();
  snapshot.operation = request.operation;
  snapshot.summary = request.summary;
  ASSIGN_OR_RETURN(std::vector<ManifestFile> manifests, NextManifests(request, snapshot));
  Failpoint("lake.commit.after_manifests");
  ASSIGN_OR_RETURN(std::string list, WriteManifestList(manifests, snapshot.id, snapshot.parent_id,
                                                       snapshot.sequence_number));
  std::string path = NewMetadataPath(fmt::format("snap-{}", snapshot.id), ".avro");
  RETURN_IF_ERROR(io::WriteFileAtomically(fs_, path, list));
  snapshot.manifest_list = UriOf(path);
  TableMetadata next = *metadata_;
  next.AddSnapshot(snapshot, metadata_location());
  next.ExpireSnapshots(kSnapshotsKept);
  RETURN_IF_ERROR(WriteMetadata(next, version_ + 1));
  return snapshot;
}

Status IcebergTable::CommitUpdate(std::string_view request) {
  ASSIGN_OR_RETURN(TableMetadata next,
                   ApplyTableUpdate(*metadata_, request, metadata_location(), clock_.NowMs()));
  for (const Snapshot& snapshot : next.snapshots()) {
    if (snapshot.sequence_number <= metadata_->last_sequence_number()) continue;
    RETURN_IF_ERROR(SyncFilesOf(snapshot));
  }
  next.ExpireSnapshots(kSnapshotsKept);
  return WriteMetadata(next, version_ + 1);
}

/// Of what the snapshot added. Whatever wrote the files may not have cared whether they last.
Status IcebergTable::SyncFilesOf(const Snapshot& snapshot) const {
  RETURN_IF_ERROR(SyncFile(snapshot.manifest_list));
  ASSIGN_OR_RETURN(auto manifests, ManifestsOf(snapshot));
  for (const ManifestFile& manifest : manifests) {
    if (manifest.added_snapshot_id != snapshot.id) continue;
    RETURN_IF_ERROR(SyncFile(manifest.manifest_path));
    ASSIGN_OR_RETURN(auto entries, EntriesOf(manifest));
    for (const ManifestEntry& entry : entries) {
      if (entry.status == EntryStatus::kAdded) RETURN_IF_ERROR(SyncFile(entry.file.file_path));
    }
  }
  return {};
}

Status IcebergTable::SyncFile(const std::string& uri) const {
  std::string path = PathOf(uri);
  if (!path.starts_with(directory_ + "/") || path.find("/../") != std::string::npos) {
    return InvalidArgument("{} is not in {}", path, directory_);
  }
  ASSIGN_OR_RETURN(auto file, fs_.Open(path, io::OpenMode::kRead));
  RETURN_IF_ERROR(file->Sync());
  return fs_.SyncDirectory(io::ParentPath(path));
}

Status IcebergTable::AddColumns(const model::Schema& schema) {
  TableMetadata next = *metadata_;
  ASSIGN_OR_RETURN(bool changed, next.AddColumns(schema, clock_.NowMs(), metadata_location()));
  return changed ? WriteMetadata(next, version_ + 1) : Status::Ok();
}

Result<std::set<std::string>> IcebergTable::ReferencedFiles() const {
  std::set<std::string> files;
  for (const Snapshot& snapshot : metadata_->snapshots()) {
    files.insert(PathOf(snapshot.manifest_list));
    ASSIGN_OR_RETURN(std::vector<ManifestFile> manifests, ManifestsOf(snapshot));
    for (const ManifestFile& manifest : manifests) {
      if (!files.insert(PathOf(manifest.manifest_path)).second) continue;
      ASSIGN_OR_RETURN(std::vector<ManifestEntry> entries, EntriesOf(manifest));
      for (const ManifestEntry& entry : entries) files.insert(PathOf(entry.file.file_path));
    }
  }
  return files;
}

/// The files `depth` directories below; others are not ours.
Status IcebergTable::CollectDataFiles(const std::string& directory, int depth,
                                      std::vector<std::string>& files) const {
  ASSIGN_OR_RETURN(std::vector<std::string> names, fs_.List(directory));
  for (const std::string& name : names) {
    std::string path = io::JoinPath(directory, name);
    ASSIGN_OR_RETURN(bool is_directory, fs_.IsDirectory(path));
    if (is_directory && depth > 0) RETURN_IF_ERROR(CollectDataFiles(path, depth - 1, files));
    if (!is_directory && depth == 0) files.push_back(std::move(path));
  }
  return Status::Ok();
}

Result<int> IcebergTable::RemoveOrphans() {
  ASSIGN_OR_RETURN(std::set<std::string> live, ReferencedFiles());
  std::vector<std::string> candidates;
  ASSIGN_OR_RETURN(auto partition_fields, metadata_->PartitionFields());
  RETURN_IF_ERROR(CollectDataFiles(directory_ + "/data", static_cast<int>(partition_fields.size()),
                                   candidates));
  ASSIGN_OR_RETURN(std::vector<std::string> metadata, fs_.List(directory_ + "/metadata"));
  for (const std::string& name : metadata) {
    int version = VersionOf(name);
    bool old_version = version >= 0 && version + static_cast<int>(kSnapshotsKept) < version_;
    bool is_avro = name.ends_with(".avro") || name.ends_with(io::kTemporarySuffix);
    if (old_version || is_avro) candidates.push_back(directory_ + "/metadata/" + name);
  }
  int removed = 0;
  for (const std::string& path : candidates) {
    if (live.contains(path)) continue;
    RETURN_IF_ERROR(fs_.Remove(path));
    ++removed;
  }
  return removed;
}

}  // namespace forebay::lake
