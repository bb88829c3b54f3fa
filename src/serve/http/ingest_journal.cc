#include "serve/http/ingest_journal.h"

#include <climits>
#include <iterator>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/log.h"

namespace forebay::serve {

namespace {

constexpr std::string_view kSuffix = ".intent";

std::string Encode(const IngestIntent& intent) {
  ByteWriter out;
  out.Write<uint32_t>(0);
  out.WriteString(intent.database);
  out.WriteString(intent.table);
  out.Write(intent.table_id);
  out.WriteString(intent.parameters);
  out.Write(intent.writer_id);
  // Buckets of no partition, then the body, then the others, if there are any.
  auto behind = intent.sequences.upper_bound(model::BucketId(INT_MAX));
  out.WriteVarint(static_cast<uint64_t>(std::distance(intent.sequences.begin(), behind)));
  for (auto entry = intent.sequences.begin(); entry != behind; ++entry) {
    out.Write<int32_t>(entry->first.bucket);
    out.Write(entry->second);
  }
  out.WriteString(intent.body);
  for (; behind != intent.sequences.end(); ++behind) {
    out.Write<int64_t>(behind->first.partition->value());
    out.Write<int32_t>(behind->first.bucket);
    out.Write(behind->second);
  }
  out.Patch<uint32_t>(0, Crc32c(out.view().substr(4)));
  return out.Take();
}

Result<IngestIntent> Decode(std::string_view bytes) {
  ByteReader in(bytes);
  ASSIGN_OR_RETURN(auto checksum, in.Read<uint32_t>());
  if (checksum != Crc32c(bytes.substr(4))) return Corruption("an intent's checksum does not match");
  IngestIntent intent;
  ASSIGN_OR_RETURN(intent.database, in.ReadString());
  ASSIGN_OR_RETURN(intent.table, in.ReadString());
  ASSIGN_OR_RETURN(intent.table_id, in.Read<int64_t>());
  ASSIGN_OR_RETURN(intent.parameters, in.ReadString());
  ASSIGN_OR_RETURN(intent.writer_id, in.Read<int64_t>());
  ASSIGN_OR_RETURN(uint64_t buckets, in.ReadVarint());
  for (uint64_t i = 0; i < buckets; ++i) {
    ASSIGN_OR_RETURN(auto bucket, in.Read<int32_t>());
    ASSIGN_OR_RETURN(intent.sequences[bucket], in.Read<int32_t>());
  }
  ASSIGN_OR_RETURN(intent.body, in.ReadString());
  while (!in.AtEnd()) {
    ASSIGN_OR_RETURN(auto partition, in.Read<int64_t>());
    ASSIGN_OR_RETURN(auto bucket, in.Read<int32_t>());
    model::BucketId id(model::PartitionId(partition), bucket);
    ASSIGN_OR_RETURN(intent.sequences[id], in.Read<int32_t>());
  }
  return intent;
}

}  // namespace

Result<std::unique_ptr<IngestJournal>> IngestJournal::Open(io::FileSystem& fs,
                                                           std::string directory) {
  RETURN_IF_ERROR(fs.CreateDirectories(directory));
  std::unique_ptr<IngestJournal> journal(new IngestJournal(fs, std::move(directory)));
  ASSIGN_OR_RETURN(auto names, fs.List(journal->directory_));
  for (const std::string& name : names) {
    if (name.ends_with(io::kTemporarySuffix)) {
      RETURN_IF_ERROR(fs.Remove(io::JoinPath(journal->directory_, name)));
    }
    // Names of an earlier process must not be taken again while its intents are there.
    journal->next_ = std::max<int64_t>(journal->next_, std::atoll(name.c_str()) + 1);
  }
  return journal;
}

Result<std::string> IngestJournal::Begin(const IngestIntent& intent) {
  std::string path = io::JoinPath(directory_, std::to_string(next_++) + std::string(kSuffix));
  RETURN_IF_ERROR(io::WriteFileAtomically(fs_, path, Encode(intent)));
  return path;
}

Status IngestJournal::Finish(const std::string& path) { return fs_.Remove(path); }

Result<std::map<std::string, IngestIntent>> IngestJournal::Unfinished() {
  std::map<std::string, IngestIntent> unfinished;
  ASSIGN_OR_RETURN(auto names, fs_.List(directory_));
  for (const std::string& name : names) {
    if (!name.ends_with(kSuffix)) continue;
    std::string path = io::JoinPath(directory_, name);
    ASSIGN_OR_RETURN(std::string bytes, io::ReadFile(fs_, path));
    auto intent = Decode(bytes);
    if (intent.ok()) {
      unfinished[path] = std::move(*intent);
      continue;
    }
    Log(LogLevel::kError, "ingest", "damaged intent set aside: path={} error={}", path,
        intent.message());
    RETURN_IF_ERROR(fs_.Rename(path, path + ".damaged"));
  }
  return unfinished;
}

}  // namespace forebay::serve
