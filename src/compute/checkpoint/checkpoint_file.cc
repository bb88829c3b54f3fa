#include "compute/checkpoint/checkpoint_file.h"

#include <algorithm>
#include <utility>

#include "base/crc32c.h"

namespace forebay::compute {
namespace {

// "FBCK" in the file's first four bytes.
constexpr uint32_t kMagic = 0x4b434246;
constexpr uint16_t kVersion = 2;
constexpr size_t kHeaderBytes = CheckpointFileReader::kHeaderBytes;
constexpr size_t kCrcBytes = sizeof(uint32_t);
constexpr size_t kFooterBytes = 1 + sizeof(uint64_t) + kCrcBytes;
constexpr size_t kPieceBytes = 256 << 10;

constexpr uint8_t kEndTag = 0;
constexpr uint8_t kPutTag = 1;
constexpr uint8_t kDeleteTag = 2;

Result<CheckpointEntry> ReadEntry(ByteReader& reader) {
  CheckpointEntry entry;
  ASSIGN_OR_RETURN(uint8_t tag, reader.Read<uint8_t>());
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
  EndEntry();
}

void CheckpointEntries::Delete(std::string_view table, int key_group, std::string_view key) {
  WriteKey(kDeleteTag, table, key_group, key);
  EndEntry();
}

void CheckpointEntries::EndEntry() {
  if (bytes_.size() < part_bytes_) return;
  uint64_t bytes = bytes_.size();
  if (taker_ == nullptr) {
    full_.push_back(bytes_.Take());
  } else if (taker_->TakePart(bytes_, count_, bytes >= kPartBytesMax)) {
    taken_count_ += std::exchange(count_, 0);
  } else {
    part_bytes_ += kPartBytes;
    return;
  }
  full_bytes_ += bytes;
  part_bytes_ = kPartBytes;
}

Status CheckpointEntries::ForEachPart(const std::function<Status(std::string_view)>& part) const {
  for (const std::string& full : full_) RETURN_IF_ERROR(part(full));
  return bytes_.size() == 0 ? Status::Ok() : part(bytes_.view());
}

Status ReadCheckpointEntries(std::string_view bytes,
                             const std::function<Status(const CheckpointEntry&)>& entry) {
  ByteReader reader(bytes);
  while (!reader.AtEnd()) {
    ASSIGN_OR_RETURN(CheckpointEntry found, ReadEntry(reader));
    RETURN_IF_ERROR(entry(found));
  }
  return Status::Ok();
}

Result<std::unique_ptr<CheckpointFileWriter>> CheckpointFileWriter::Create(io::FileSystem& fs,
                                                                           const std::string& path,
                                                                           CheckpointFileKind kind,
                                                                           int64_t checkpoint_id) {
  ASSIGN_OR_RETURN(auto file, fs.Open(path, io::OpenMode::kTruncate));
  std::unique_ptr<CheckpointFileWriter> writer(new CheckpointFileWriter(std::move(file)));
  writer->buffer_.Write(kMagic);
  writer->buffer_.Write(kVersion);
  writer->buffer_.Write(static_cast<uint8_t>(kind));
  writer->buffer_.Write(uint8_t{0});
  writer->buffer_.Write(checkpoint_id);
  return writer;
}

Status CheckpointFileWriter::Append(std::string_view entries, uint64_t count) {
  count_ += count;
  buffer_.WriteBytes(entries);
  return buffer_.size() < kPieceBytes ? Status::Ok() : Flush();
}

Status CheckpointFileWriter::Flush() {
  crc_ = Crc32c(buffer_.view(), crc_);
  RETURN_IF_ERROR(file_->Append(buffer_.view()));
  buffer_.Clear();
  return Status::Ok();
}

Result<uint64_t> CheckpointFileWriter::Finish(bool sync) {
  buffer_.Write(kEndTag);
  buffer_.Write(count_);
  RETURN_IF_ERROR(Flush());
  buffer_.Write(crc_);
  RETURN_IF_ERROR(file_->Append(buffer_.view()));
  if (sync) RETURN_IF_ERROR(file_->Sync());
  return file_->size();
}

Result<std::unique_ptr<CheckpointFileReader>> CheckpointFileReader::Open(io::File& file) {
  std::unique_ptr<CheckpointFileReader> reader(new CheckpointFileReader(file));
  RETURN_IF_ERROR(reader->ReadHeader());
  return reader;
}

Status CheckpointFileReader::ReadHeader() {
  if (size_ < kHeaderBytes + kFooterBytes) {
    return Corruption("checkpoint file of {} bytes is cut short", size_);
  }
  RETURN_IF_ERROR(ReadMore());
  ByteReader reader(buffer_);
  ASSIGN_OR_RETURN(uint32_t magic, reader.Read<uint32_t>());
  ASSIGN_OR_RETURN(uint16_t version, reader.Read<uint16_t>());
  ASSIGN_OR_RETURN(uint8_t kind, reader.Read<uint8_t>());
  if (magic != kMagic) return Corruption("not a checkpoint file: magic {:#x}", magic);
  if (version != kVersion) return NotSupported("checkpoint file version {}", version);
  if (kind < static_cast<uint8_t>(CheckpointFileKind::kDelta) ||
      kind > static_cast<uint8_t>(CheckpointFileKind::kRun)) {
    return Corruption("checkpoint file of kind {}", kind);
  }
  kind_ = static_cast<CheckpointFileKind>(kind);
  position_ = kHeaderBytes;
  return Status::Ok();
}

Status CheckpointFileReader::ReadMore() {
  buffer_.erase(0, position_);
  position_ = 0;
  size_t held = buffer_.size();
  size_t wanted = std::min<uint64_t>(std::max(held, kPieceBytes), size_ - read_);
  buffer_.resize(held + wanted);
  ASSIGN_OR_RETURN(size_t got, file_.ReadAt(read_, wanted, buffer_.data() + held));
  if (got != wanted) return Corruption("checkpoint file ends at byte {}", read_ + got);
  uint64_t checked_end = size_ - kCrcBytes;
  if (read_ < checked_end) {
    size_t checked = std::min<uint64_t>(wanted, checked_end - read_);
    crc_ = Crc32c(std::string_view(buffer_).substr(held, checked), crc_);
  }
  read_ += wanted;
  return Status::Ok();
}

Result<bool> CheckpointFileReader::Next() {
  const uint64_t entries_end = size_ - kFooterBytes;
  while (read_ - buffer_.size() + position_ != entries_end) {
    ByteReader reader(std::string_view(buffer_).substr(position_));
    auto entry = ReadEntry(reader);
    if (entry.ok()) {
      entry_ = *entry;
      bytes_ = std::string_view(buffer_).substr(position_, reader.position());
      position_ += reader.position();
      ++count_;
      return true;
    }
    // It may go on in the next piece.
    if (read_ == size_) return entry.error();
    RETURN_IF_ERROR(ReadMore());
  }
  if (read_ != size_) RETURN_IF_ERROR(ReadMore());
  RETURN_IF_ERROR(CheckFooter(std::string_view(buffer_).substr(position_)));
  return false;
}

Status CheckpointFileReader::CheckFooter(std::string_view footer) const {
  uint32_t stored_crc = LoadLe<uint32_t>(footer.data() + kFooterBytes - kCrcBytes);
  if (crc_ != stored_crc) {
    return Corruption("checkpoint file checksum is {:08x}, stored {:08x}", crc_, stored_crc);
  }
  uint64_t stored_count = LoadLe<uint64_t>(footer.data() + 1);
  if (static_cast<uint8_t>(footer[0]) != kEndTag || stored_count != count_) {
    return Corruption("checkpoint file has {} entries, its footer says {}", count_, stored_count);
  }
  return Status::Ok();
}

}  // namespace forebay::compute
