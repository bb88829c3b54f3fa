#include "app/inspect/inspect.h"

#include <cstdio>
#include <filesystem>

#include "base/crc32c.h"
#include "compute/checkpoint/checkpoint_file.h"
#include "format/batch/log_batch.h"
#include "format/parquet_file.h"
#include "io/file_system.h"
#include "lake/avro/avro_codec.h"
#include "model/value_text.h"

namespace forebay::app {

namespace {

namespace files = std::filesystem;

std::string TimeText(int64_t ms) {
  std::string text;
  model::AppendTimestamp(text, ms, 3);
  return text;
}

/// Prints a log segment's batches one a line; false at the first damaged one.
bool InspectSegment(std::string_view bytes) {
  size_t at = 0;
  int64_t records = 0;
  std::printf("%-12s %-10s %-8s %-24s %-20s %s\n", "offset", "records", "bytes", "timestamp",
              "writer/sequence", "checksum");
  while (at < bytes.size()) {
    std::string_view rest = bytes.substr(at);
    auto header = format::ParseLogBatchHeader(rest);
    if (!header.ok()) {
      std::printf("damaged at byte %zu: %s\n", at, header.message().c_str());
      return false;
    }
    size_t size =
        static_cast<size_t>(header->length) + format::LogBatchHeader::kBytesBeforeLengthEnd;
    if (size > rest.size()) {
      std::printf("torn at byte %zu: %zu of %zu bytes are there\n", at, rest.size(), size);
      return false;
    }
    Status status = format::VerifyLogBatch(rest.substr(0, size));
    std::string writer = header->writer_id < 0
                             ? "-"
                             : fmt::format("{}/{}", header->writer_id, header->batch_sequence);
    std::printf("%-12lld %-10d %-8zu %-24s %-20s %s\n", static_cast<long long>(header->base_offset),
                header->record_count, size, TimeText(header->commit_timestamp_ms).c_str(),
                writer.c_str(), status.ok() ? "ok" : status.message().c_str());
    if (!status.ok()) return false;
    records += header->record_count;
    at += size;
  }
  std::printf("%lld records in %zu bytes\n", static_cast<long long>(records), bytes.size());
  return true;
}

Status InspectParquet(const std::string& path) {
  ASSIGN_OR_RETURN(auto reader, format::ParquetFileReader::Open(path));
  std::printf("%lld rows\n", static_cast<long long>(reader->num_rows()));
  std::vector<std::string> names = reader->column_names();
  std::vector<format::ParquetColumnStatistics> statistics = reader->Statistics();
  bool flat = names.size() == statistics.size();
  for (size_t i = 0; i < statistics.size(); ++i) {
    std::printf("%-24s %10lld values %10lld NULLs %10lld bytes\n",
                flat ? names[i].c_str() : fmt::format("leaf {}", i).c_str(),
                static_cast<long long>(statistics[i].value_count),
                static_cast<long long>(statistics[i].null_count.value_or(-1)),
                static_cast<long long>(statistics[i].compressed_bytes));
  }
  return Status::Ok();
}

Status InspectAvro(std::string_view bytes) {
  ASSIGN_OR_RETURN(lake::AvroFile file, lake::ReadAvroFile(bytes));
  for (const auto& [key, value] : file.metadata)
    std::printf("%s: %s\n", key.c_str(), value.c_str());
  for (const lake::AvroJson& datum : file.datums) std::printf("%s\n", datum.dump(1).c_str());
  return Status::Ok();
}

Status InspectCheckpoint(io::File& file) {
  ASSIGN_OR_RETURN(auto reader, compute::CheckpointFileReader::Open(file));
  std::map<std::pair<int, std::string>, std::pair<int64_t, int64_t>> tables;
  while (true) {
    ASSIGN_OR_RETURN(bool more, reader->Next());
    if (!more) break;
    const compute::CheckpointEntry& entry = reader->entry();
    auto& [count, size] = tables[{entry.operator_id, std::string(entry.table)}];
    count += 1;
    size += static_cast<int64_t>(entry.key.size() + entry.value.size());
  }
  for (const auto& [table, numbers] : tables) {
    std::printf("operator %d, table %s: %lld entries, %lld bytes\n", table.first,
                table.second.c_str(), static_cast<long long>(numbers.first),
                static_cast<long long>(numbers.second));
  }
  return Status::Ok();
}

/// Text files of ours end with "#crc32c xxxxxxxx" over what stands before.
bool InspectText(const std::string& text) {
  std::printf("%s", text.c_str());
  if (!text.ends_with('\n')) std::printf("\n");
  size_t mark = text.rfind("\n#crc32c ");
  if (mark == std::string::npos) return true;
  std::string expected = fmt::format("{:08x}", Crc32c(std::string_view(text).substr(0, mark)));
  bool matches = text.substr(mark + 9, 8) == expected;
  std::printf("checksum %s\n", matches ? "ok" : "does not match");
  return matches;
}

Result<bool> InspectFile(const std::string& path) {
  if (path.ends_with(".parquet")) {
    Status status = InspectParquet(path);
    if (!status.ok()) std::printf("damaged: %s\n", status.message().c_str());
    return status.ok();
  }
  auto fs = io::MakePosixFileSystem();
  ASSIGN_OR_RETURN(std::string bytes, io::ReadFile(*fs, path));
  if (path.ends_with(".log")) return InspectSegment(bytes);
  Status status;
  if (bytes.starts_with("Obj\x01")) {
    status = InspectAvro(bytes);
  } else if (bytes.find('\0') == std::string::npos) {
    return InspectText(bytes);
  } else {
    ASSIGN_OR_RETURN(auto file, fs->Open(path, io::OpenMode::kRead));
    status = InspectCheckpoint(*file);
  }
  if (!status.ok()) std::printf("damaged or unknown: %s\n", status.message().c_str());
  return status.ok();
}

/// The files of a directory with their sizes, folders summed up.
Result<bool> InspectDirectory(const std::string& path) {
  std::error_code error;
  uint64_t total = 0;
  std::map<std::string, std::pair<uint64_t, uint64_t>> folders;  // files, bytes
  for (auto it = files::recursive_directory_iterator(path, error);
       !error && it != files::recursive_directory_iterator(); it.increment(error)) {
    if (!it->is_regular_file(error)) continue;
    uint64_t size = it->file_size(error);
    auto& [count, bytes] = folders[it->path().parent_path().lexically_relative(path).string()];
    count += 1;
    bytes += size;
    total += size;
  }
  if (error) return ErrnoError(error.value(), "read", path);
  for (const auto& [folder, numbers] : folders) {
    std::printf("%12llu bytes %6llu files  %s\n", static_cast<unsigned long long>(numbers.second),
                static_cast<unsigned long long>(numbers.first), folder.c_str());
  }
  std::printf("%12llu bytes in all\n", static_cast<unsigned long long>(total));
  return true;
}

}  // namespace

Result<bool> Inspect(const std::string& path) {
  std::error_code error;
  if (!files::exists(path, error)) return NotFound("there is no file or directory {}", path);
  return files::is_directory(path, error) ? InspectDirectory(path) : InspectFile(path);
}

}  // namespace forebay::app
