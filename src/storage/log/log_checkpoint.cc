#include "storage/log/log_checkpoint.h"

#include "base/crc32c.h"

namespace forebay::storage {
namespace {

constexpr uint32_t kMagic = 0x434c4246;  // "FBLC"
constexpr uint32_t kVersion = 1;

std::string PathIn(const std::string& directory) { return io::JoinPath(directory, "checkpoint"); }

Result<LogCheckpoint> Decode(std::string_view bytes) {
  ByteReader in(bytes);
  LogCheckpoint checkpoint;
  ASSIGN_OR_RETURN(auto magic, in.Read<uint32_t>());
  ASSIGN_OR_RETURN(auto version, in.Read<uint32_t>());
  if (magic != kMagic || version != kVersion) return Corruption("not a checkpoint of version 1");
  ASSIGN_OR_RETURN(checkpoint.log_start, in.Read<int64_t>());
  ASSIGN_OR_RETURN(checkpoint.segment_base, in.Read<int64_t>());
  ASSIGN_OR_RETURN(checkpoint.position, in.Read<uint64_t>());
  ASSIGN_OR_RETURN(checkpoint.next_offset, in.Read<int64_t>());
  ASSIGN_OR_RETURN(checkpoint.last_timestamp_ms, in.Read<int64_t>());
  ASSIGN_OR_RETURN(checkpoint.writers, WriterStates::Decode(in));
  if (!in.AtEnd()) return Corruption("{} bytes too many", in.remaining());
  return checkpoint;
}

}  // namespace

Result<LogCheckpoint> LogCheckpoint::Load(io::FileSystem& fs, const std::string& directory) {
  ASSIGN_OR_RETURN(std::string bytes, io::ReadFile(fs, PathIn(directory)));
  if (bytes.size() < sizeof(uint32_t)) return Corruption("{} is too short", PathIn(directory));
  std::string_view body = std::string_view(bytes).substr(0, bytes.size() - sizeof(uint32_t));
  if (Crc32c(body) != LoadLe<uint32_t>(bytes.data() + body.size())) {
    return Corruption("{} has a wrong checksum", PathIn(directory));
  }
  auto checkpoint = Decode(body);
  if (!checkpoint.ok()) return checkpoint.status().WithContext(PathIn(directory));
  return checkpoint;
}

Status LogCheckpoint::Save(io::FileSystem& fs, const std::string& directory,
                           std::string_view encoded_writers) const {
  ByteWriter out;
  out.Write(kMagic);
  out.Write(kVersion);
  out.Write(log_start);
  out.Write(segment_base);
  out.Write(position);
  out.Write(next_offset);
  out.Write(last_timestamp_ms);
  out.WriteBytes(encoded_writers);
  out.Write(Crc32c(out.view()));
  return io::WriteFileAtomically(fs, PathIn(directory), out.view());
}

}  // namespace forebay::storage
