#include "storage/log/end_record.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/log.h"

namespace forebay::storage {
namespace {

using model::LogOffset;

constexpr uint32_t kMagic = 0x454c4246;  // "FBLE"
/// Slots lie in different sectors: a torn write damages one of them only.
constexpr uint64_t kSlotDistance = 512;
constexpr int kSlots = 2;
constexpr size_t kFileBytes = kSlots * kSlotDistance;

std::string PathIn(const std::string& directory) { return io::JoinPath(directory, "end"); }

std::string SlotOf(LogOffset end) {
  ByteWriter slot;
  slot.Write(kMagic);
  slot.Write(end);
  slot.Write(Crc32c(slot.view()));
  return slot.Take();
}

std::optional<LogOffset> Parse(std::string_view slot) {
  ByteReader in(slot);
  auto magic = in.Read<uint32_t>();
  auto end = in.Read<int64_t>();
  auto checksum = in.Read<uint32_t>();
  if (!checksum.ok() || *magic != kMagic) return std::nullopt;
  if (*checksum != Crc32c(slot.substr(0, sizeof(uint32_t) + sizeof(int64_t)))) return std::nullopt;
  return *end;
}

}  // namespace

Result<std::optional<LogOffset>> EndRecord::Load(io::FileSystem& fs, const std::string& directory) {
  std::optional<LogOffset> end;
  auto bytes = io::ReadFile(fs, PathIn(directory));
  if (!bytes.ok() && bytes.kind() == ErrorKind::kNotFound) return end;
  RETURN_IF_ERROR(bytes.status());
  for (uint64_t position = 0; position < bytes->size(); position += kSlotDistance) {
    auto slot = Parse(std::string_view(*bytes).substr(position, kSlotDistance));
    if (slot.has_value()) end = std::max(end.value_or(0), *slot);
  }
  if (!end.has_value()) {
    Log(LogLevel::kWarning, "storage",
        "no end can be read from {}: a loss at the log's end would not be noticed",
        PathIn(directory));
  }
  return end;
}

Status EndRecord::Create() {
  ASSIGN_OR_RETURN(bool existed, fs_.Exists(PathIn(directory_)));
  ASSIGN_OR_RETURN(auto file, fs_.Open(PathIn(directory_), io::OpenMode::kReadWrite));
  if (file->size() < kFileBytes) {
    RETURN_IF_ERROR(file->Append(std::string(kFileBytes - file->size(), '\0')));
    existed = false;
  }
  if (!existed) RETURN_IF_ERROR(fs_.SyncDirectory(directory_));
  synced_ = existed;
  file_ = std::move(file);
  return {};
}

Status EndRecord::Note(LogOffset end) {
  std::lock_guard lock(mutex_);
  bool is_new = false;
  if (file_ == nullptr) {
    RETURN_IF_ERROR(Create());
    is_new = !synced_;
  }
  RETURN_IF_ERROR(file_->WriteAt(next_slot_ * kSlotDistance, SlotOf(end)));
  next_slot_ = (next_slot_ + 1) % kSlots;
  synced_ = false;
  if (!is_new) return {};
  RETURN_IF_ERROR(file_->Sync());
  synced_ = true;
  return {};
}

Status EndRecord::Sync() {
  std::lock_guard lock(mutex_);
  if (synced_ || file_ == nullptr) return {};
  RETURN_IF_ERROR(file_->Sync());
  synced_ = true;
  return {};
}

}  // namespace forebay::storage
