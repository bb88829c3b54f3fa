#include "compute/checkpoint/checkpoint_file.h"

#include "base/crc32c.h"

namespace forebay::compute {
namespace {

// "FBCK" in the file's first four bytes.
constexpr uint32_t kMagic = 0x4b434246;
constexpr uint16_t kVersion = 1;
constexpr size_t kHeaderBytes = 16;
constexpr size_t kFooterBytes = 1 + 8 + 4;

constexpr uint8_t kEndTag = 0;
constexpr uint8_t kPutTag = 1;
constexpr uint8_t kDeleteTag = 2;

Status CheckHeader(ByteReader& reader, CheckpointFileKind kind) {
  ASSIGN_OR_RETURN(uint32_t magic, reader.Read<uint32_t>());
  ASSIGN_OR_RETURN(uint16_t version, reader.Read<uint16_t>());
  ASSIGN_OR_RETURN(uint8_t found_kind, reader.Read<uint8_t>());
  ASSIGN_OR_RETURN(uint8_t reserved, reader.Read<uint8_t>());
  ASSIGN_OR_RETURN(int64_t checkpoint_id, reader.Read<int64_t>());
  (void)reserved;
  (void)checkpoint_id;
  if (magic != kMagic) return Corruption("not a checkpoint file: magic {:#x}", magic);
  if (version > kVersion) return NotSupported("checkpoint file version {}", version);
  if (found_kind != static_cast<uint8_t>(kind)) {
    return Corruption("checkpoint file of kind {}, expected {}", found_kind,
                      static_cast<int>(kind));
  }
  return Status::Ok();
}

Result<CheckpointEntry> ReadEntry(ByteReader& reader, uint8_t tag) {
  CheckpointEntry entry;
  ASSIGN_OR_RETURN(uint64_t operator_id, reader.ReadVarint());
  ASSIGN_OR_RETURN(entry.table, reader.ReadString());
  ASSIGN_OR_RETURN(int16_t key_group, reader.Read<int16_t>());
  ASSIGN_OR_RETURN(entry.key, reader.ReadString());
  if (tag == kPutTag) {
    ASSIGN_OR_RETURN(entry.value, reader.ReadString());
  } else if (tag == kDeleteTag) {
    entry.removed = true;
  } else {
    return Corruption("checkpoint entry with tag {}", tag);
  }
  entry.operator_id = static_cast<int>(operator_id);
  entry.key_group = key_group;
  return entry;
}

}  // namespace

void CheckpointEntries::WriteKey(uint8_t tag, std::string_view table, int key_group,
                                 std::string_view key) {
  bytes_.Write(tag);
  bytes_.WriteVarint(static_cast<uint64_t>(operator_id_));
  bytes_.WriteString(table);
  bytes_.Write(static_cast<int16_t>(key_group));
  bytes_.WriteString(key);
  ++count_;
}

void CheckpointEntries::Put(std::string_view table, int key_group, std::string_view key,
                            std::string_view value) {
  WriteKey(kPutTag, table, key_group, key);
  bytes_.WriteString(value);
}

void CheckpointEntries::Delete(std::string_view table, int key_group, std::string_view key) {
  WriteKey(kDeleteTag, table, key_group, key);
}

Status ReadCheckpointEntries(std::string_view bytes,
                             const std::function<Status(const CheckpointEntry&)>& entry) {
  ByteReader reader(bytes);
  while (!reader.AtEnd()) {
    ASSIGN_OR_RETURN(uint8_t tag, reader.Read<uint8_t>());
    ASSIGN_OR_RETURN(CheckpointEntry found, ReadEntry(reader, tag));
    RETURN_IF_ERROR(entry(found));
  }
  return Status::Ok();
}

std::string MakeCheckpointFile(CheckpointFileKind kind, int64_t checkpoint_id,
                               const std::vector<const CheckpointEntries*>& parts) {
  ByteWriter writer;
  writer.Write(kMagic);
  writer.Write(kVersion);
  writer.Write(static_cast<uint8_t>(kind));
  writer.Write(uint8_t{0});
  writer.Write(checkpoint_id);
  uint64_t count = 0;
  for (const CheckpointEntries* part : parts) {
    writer.WriteBytes(part->bytes());
    count += part->count();
  }
  writer.Write(kEndTag);
  writer.Write(count);
  writer.Write(Crc32c(writer.view()));
  return writer.Take();
}

Status ReadCheckpointFile(std::string_view bytes, CheckpointFileKind kind,
                          const std::function<Status(const CheckpointEntry&)>& entry) {
  if (bytes.size() < kHeaderBytes + kFooterBytes) {
    return Corruption("checkpoint file of {} bytes is cut short", bytes.size());
  }
  std::string_view checked = bytes.substr(0, bytes.size() - sizeof(uint32_t));
  uint32_t stored = LoadLe<uint32_t>(bytes.data() + checked.size());
  if (uint32_t crc = Crc32c(checked); crc != stored) {
    return Corruption("checkpoint file checksum is {:08x}, stored {:08x}", crc, stored);
  }
  ByteReader reader(checked);
  RETURN_IF_ERROR(CheckHeader(reader, kind));
  uint64_t count = 0;
  while (true) {
    ASSIGN_OR_RETURN(uint8_t tag, reader.Read<uint8_t>());
    if (tag == kEndTag) break;
    ASSIGN_OR_RETURN(CheckpointEntry found, ReadEntry(reader, tag));
    RETURN_IF_ERROR(entry(found));
    ++count;
  }
  ASSIGN_OR_RETURN(uint64_t stored_count, reader.Read<uint64_t>());
  if (count != stored_count || !reader.AtEnd()) {
    return Corruption("checkpoint file has {} entries, its footer says {}", count, stored_count);
  }
  return Status::Ok();
}

}  // namespace forebay::compute
