#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "compute/state/state_io.h"
#include "io/file_system.h"

namespace forebay::compute {

/// What a checkpoint file holds (docs/formats/checkpoint.md).
enum class CheckpointFileKind : uint8_t {
  kDelta = 1,   ///< entries that changed since the checkpoint before
  kBase = 2,    ///< all entries at a checkpoint, sorted
  kCommit = 3,  ///< what sinks must commit once the checkpoint is durable
  kRun = 4,     ///< several deltas as one: sorted, removed entries among them
};

/// One entry of a checkpoint file. Views into the file's bytes.
struct CheckpointEntry {
  int operator_id = 0;
  std::string_view table;
  int key_group = kUnkeyed;
  std::string_view key;
  std::string_view value;
  bool removed = false;
};

/// Takes parts of CheckpointEntries while more are made.
class EntryPartTaker {
 public:
  virtual ~EntryPartTaker() = default;
  /// `count` whole entries; whether it has taken them, which it must when it may wait. Leaves an
  /// empty part, perhaps with memory for the next entries: memory that comes fresh from the system
  /// for every part would cost more than to fill it.
  virtual bool TakePart(ByteWriter& part, uint64_t count, bool may_wait) = 0;
};

/// Serialises entries of one operator at a time: what a shard fills at a barrier.
/// Thread-compatible.
class CheckpointEntries : public StateWriter {
 public:
  /// From now on parts that are full go to `taker` (null: they stay here).
  void SetTaker(EntryPartTaker* taker) { taker_ = taker; }
  void SetOperator(int operator_id) { operator_id_ = operator_id; }
  void Put(std::string_view table, int key_group, std::string_view key,
           std::string_view value) override;
  void Delete(std::string_view table, int key_group, std::string_view key) override;

  /// Whether there never was one, and the bytes of all there were.
  bool empty() const { return taken_count_ + count_ == 0; }
  uint64_t size() const { return full_bytes_ + bytes_.size(); }
  /// Entries that no taker has.
  uint64_t count() const { return count_; }
  /// Gives these entries' bytes, in pieces of whole entries.
  Status ForEachPart(const std::function<Status(std::string_view)>& part) const;

 private:
  static constexpr uint64_t kPartBytes = 256 << 10;
  /// Rows wait while a part of this size waits.
  static constexpr uint64_t kPartBytesMax = 8 * kPartBytes;

  void WriteKey(uint8_t tag, std::string_view table, int key_group, std::string_view key);
  void EndEntry();

  EntryPartTaker* taker_ = nullptr;
  int operator_id_ = 0;
  uint64_t count_ = 0;
  uint64_t taken_count_ = 0;
  /// Pieces that are full: a buffer that grew as a whole would be copied while rows wait.
  std::vector<std::string> full_;
  uint64_t full_bytes_ = 0;
  ByteWriter bytes_;
  uint64_t part_bytes_ = kPartBytes;  ///< when bytes_ are to be taken next
};

/// Calls `entry` for every entry of a part of CheckpointEntries.
Status ReadCheckpointEntries(std::string_view bytes,
                             const std::function<Status(const CheckpointEntry&)>& entry);

/// Writes a file of `kind` entry by entry. What was written is not there before Finish has given
/// its OK. Thread-compatible.
class CheckpointFileWriter {
 public:
  static Result<std::unique_ptr<CheckpointFileWriter>> Create(io::FileSystem& fs,
                                                              const std::string& path,
                                                              CheckpointFileKind kind,
                                                              int64_t checkpoint_id);
  /// `count` entries as CheckpointEntries wrote them.
  Status Append(std::string_view entries, uint64_t count = 1);
  /// Ends the file, syncs it (unless it need not outlive the process), and gives its size.
  Result<uint64_t> Finish(bool sync = true);

 private:
  explicit CheckpointFileWriter(std::unique_ptr<io::File> file) : file_(std::move(file)) {}
  Status Flush();

  std::unique_ptr<io::File> file_;
  ByteWriter buffer_;
  uint32_t crc_ = 0;
  uint64_t count_ = 0;
};

/// Reads a file entry by entry in pieces, so that its size does not matter. The checksum is known
/// to be right only when the end was reached: what was made of the entries must be thrown away when
/// Next fails. Thread-compatible.
class CheckpointFileReader {
 public:
  /// Where the first entry begins.
  static constexpr size_t kHeaderBytes = 16;

  /// kCorruption for what is no checkpoint file, kNotSupported for another version. `file` must
  /// outlive the reader.
  static Result<std::unique_ptr<CheckpointFileReader>> Open(io::File& file);

  CheckpointFileKind kind() const { return kind_; }
  /// Whether there is another entry, which then is entry(); kCorruption when the file is damaged.
  Result<bool> Next();
  /// Valid until Next is called.
  const CheckpointEntry& entry() const { return entry_; }
  /// The bytes of entry() as they stand in the file. Valid until Next is called.
  std::string_view bytes() const { return bytes_; }

 private:
  explicit CheckpointFileReader(io::File& file) : file_(file), size_(file.size()) {}
  Status ReadHeader();
  Status ReadMore();
  Status CheckFooter(std::string_view footer) const;

  io::File& file_;
  const uint64_t size_;
  CheckpointFileKind kind_ = CheckpointFileKind::kDelta;
  std::string buffer_;  ///< holds whole entries from position_ on, and the beginning of another
  size_t position_ = 0;
  uint64_t read_ = 0;  ///< how much of the file is or was in buffer_
  uint32_t crc_ = 0;   ///< of that, without the file's last four bytes
  uint64_t count_ = 0;
  CheckpointEntry entry_;
  std::string_view bytes_;
};

}  // namespace forebay::compute
