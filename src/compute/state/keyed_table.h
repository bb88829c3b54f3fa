#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "compute/state/byte_arena.h"
#include "compute/state/chunked_vector.h"
#include "compute/state/hash_index.h"
#include "compute/state/key_codec.h"
#include "compute/state/state_allocator.h"

namespace forebay::compute {

class StateFetch;

/// A hash table from encoded keys to payloads of a fixed size: the home of all keyed state. Entries
/// never move, so pointers to them hold until they are erased. A new payload is zeros.
///
/// A batch is looked up in passes (prefetch groups of the HashIndex, match tags and prefetch
/// entries, compare keys), so that cache misses overlap. Entries lie in pages: header, key (a fixed
/// number of bytes, or size and pointer), payload. It grows in steps: neither the index nor a list
/// of entries is ever moved as a whole.
///
/// Snapshots are deltas: an entry is written when it was marked dirty since the last one, and a
/// written key that was erased is written as a deletion. A snapshot need not be written at once:
/// it is of the moment it began, and an entry that it still wants is written when it is looked up.
/// Belongs to one thread at a time.
class KeyedTable {
 public:
  struct Entry {
    uint64_t hash;
    uint32_t number;
    uint32_t flags;
  };

  /// `key_bytes` is KeyCodec::key_bytes(): -1 for keys of different sizes. `expires`: entries have
  /// a Due().
  KeyedTable(int key_bytes, int payload_bytes, bool expires = false);
  KeyedTable(KeyedTable&&) = default;

  /// Finds the keys of rows `rows`, or inserts them; `entries[i]` is the one of rows[i].
  void FindOrInsert(const EncodedKeys& keys, std::span<const uint32_t> rows,
                    std::vector<Entry*>& entries);
  /// Finds them; null when there is none.
  void Find(const EncodedKeys& keys, std::span<const uint32_t> rows, std::vector<Entry*>& entries);
  /// Finds the keys of another table's entries, or inserts them: for merging.
  void FindOrInsertKeysOf(const KeyedTable& other, std::span<Entry* const> others,
                          std::vector<Entry*>& entries);
  Entry* FindOrInsertOne(std::string_view key, uint64_t hash);
  Entry* FindOne(std::string_view key, uint64_t hash);

  std::string_view Key(const Entry* entry) const {
    const char* key = reinterpret_cast<const char*>(entry + 1);
    if (key_bytes_ >= 0) return {key, static_cast<size_t>(key_bytes_)};
    return {LoadLe<const char*>(key), static_cast<size_t>(LoadLe<uint64_t>(key + 8))};
  }
  char* Payload(Entry* entry) const { return reinterpret_cast<char*>(entry) + payload_offset_; }
  /// When the entry, or something in it, expires: processing time in milliseconds, 0 for never. For
  /// tables that expire (state_expiry.h).
  int64_t& Due(Entry* entry) const {
    return *reinterpret_cast<int64_t*>(Payload(entry) + payload_bytes_);
  }
  bool IsLive(const Entry* entry) const { return (entry->flags & kLive) != 0; }
  /// The entry whose payload this is.
  Entry* EntryOf(char* payload) const {
    return reinterpret_cast<Entry*>(payload - payload_offset_);
  }

  void MarkDirty(Entry* entry) {
    entry->flags |= dirty_bit_;
    if ((entry->flags & listed_bit_) == 0) {
      entry->flags |= listed_bit_;
      dirty_.push_back(entry);
    }
  }
  /// Before a change to an entry that was not just looked up: a snapshot that is being written
  /// takes it as it is.
  void Preserve(Entry* entry) {
    if ((entry->flags & pending_bit_) != 0) WritePending(entry);
  }
  /// The caller has freed what the payload refers to. The entry's memory is used again by a later
  /// insert.
  void Erase(Entry* entry);

  int64_t size() const { return size_; }
  int64_t MemoryBytes() const;

  /// Calls f(Entry*) for every entry; f may erase the entry it is given.
  template <typename F>
  void ForEach(F&& f) {
    for (uint32_t number = 0; number < num_entries_; ++number) {
      Entry* entry = At(number);
      if ((entry->flags & kLive) != 0) f(entry);
    }
  }

  /// The same for the entries of one page, which lie together.
  template <typename F>
  void ForEachOnPage(size_t page, F&& f) {
    auto end = static_cast<uint32_t>(std::min<size_t>((page + 1) << page_shift_, num_entries_));
    for (auto number = static_cast<uint32_t>(page << page_shift_); number < end; ++number) {
      Entry* entry = At(number);
      if ((entry->flags & kLive) != 0) f(entry);
    }
  }
  size_t num_pages() const { return pages_.size(); }
  /// Gives the memory of a page without live entries back to the system, until entries are made
  /// there again.
  void ReleasePage(size_t page);

  /// Writes the payload of a dirty entry.
  using SaveFunction = std::function<void(Entry*, ByteWriter&)>;
  /// Has ContinueSnapshot write what changed since the last snapshot into `table`; stored keys are
  /// `prefix` + key. `writer` and what `save` uses must live until then.
  void BeginSnapshot(StateWriter& writer, std::string_view table, SaveFunction save,
                     std::string_view prefix = {});
  using ChangeFunction = std::function<void(Entry*)>;
  using ErasedFunction = std::function<void(uint64_t hash, std::string_view key)>;
  /// Has ContinueSnapshot call `dirty` for every dirty entry and `erased` for every erased key that
  /// had been stored, and forgets both: for states that write several stored entries per key.
  void BeginChanges(ChangeFunction dirty, ErasedFunction erased);
  /// Goes on until MonotonicNs() is past `deadline_ns`; whether it is done.
  bool ContinueSnapshot(int64_t deadline_ns);
  void FinishSnapshot() { ContinueSnapshot(INT64_MAX); }
  bool IsSnapshotPending() const { return pending_bit_ != 0; }
  /// Writes deletions of every key that a snapshot has, before the table itself is dropped; goes on
  /// until MonotonicNs() is past `deadline_ns`; whether it is done. No snapshot is being written.
  bool ContinueDrop(StateWriter& writer, std::string_view table, std::string_view prefix,
                    int64_t deadline_ns);
  /// Says that an entry that Restore inserted is in the checkpoint already.
  void MarkStored(Entry* entry) {
    entry->flags |= kStored;
    has_stored_ = true;
  }
  bool HasStored() const { return has_stored_; }

 private:
  static constexpr uint32_t kLive = 1;
  static constexpr uint32_t kStored = 2;  // a snapshot has it
  // Dirty, and listed in dirty_ (perhaps for an earlier key): a bit each for changes since the last
  // snapshot and for those that it is still writing; the two change places.
  static constexpr uint32_t kDirty = 4;
  static constexpr uint32_t kListed = 8;
  static constexpr uint32_t kOtherDirty = 16;
  static constexpr uint32_t kOtherListed = 32;

  struct ErasedKey {
    uint64_t hash;
    StateString key;
  };

  Entry* At(uint32_t number) const {
    return reinterpret_cast<Entry*>(pages_[number >> page_shift_] +
                                    static_cast<size_t>(number & page_mask_) * stride_);
  }
  void WritePending(Entry* entry);
  bool WriteErased(int64_t deadline_ns);
  bool KeyEquals(const Entry* entry, std::string_view key) const;
  Entry* Probe(std::string_view key, uint64_t hash) const;
  Entry* Candidate(const HashIndex::Group* group, uint64_t hash) const;
  Entry* Insert(std::string_view key, uint64_t hash);
  Entry* NewEntry();
  void AddPage();
  std::span<char> ReleasableBytes(size_t page) const;
  void ReadHashes(std::span<const uint32_t> numbers, std::span<uint64_t> hashes) const;
  template <bool kInsert, typename Keys>
  void LookupAll(const Keys& keys, std::vector<Entry*>& entries);

  int key_bytes_;
  int payload_bytes_;
  bool expires_;
  size_t payload_offset_;
  size_t stride_;
  int page_shift_;
  uint32_t page_mask_;
  HashIndex index_;
  int64_t size_ = 0;
  std::vector<char*> pages_;
  std::vector<LargeChars> page_memory_;
  size_t free_pages_ = 0;  // of the newest memory, behind pages_.back()
  uint32_t num_entries_ = 0;
  ChunkedVector<uint32_t> free_entries_;
  std::vector<bool> released_;  ///< by page; may be shorter than pages_
  int64_t released_bytes_ = 0;
  std::unique_ptr<ByteArena> key_arena_ = std::make_unique<ByteArena>();
  ChunkedVector<Entry*> dirty_;
  ChunkedVector<ErasedKey> erased_;
  uint32_t dirty_bit_ = kDirty;
  uint32_t listed_bit_ = kListed;
  // Of the snapshot that is being written; no bit: there is none.
  uint32_t pending_bit_ = 0;
  ChunkedVector<Entry*> pending_;
  size_t next_pending_ = 0;
  ChunkedVector<ErasedKey> pending_erased_;
  ChangeFunction write_dirty_;
  ErasedFunction write_erased_;
  bool has_stored_ = false;
  uint32_t next_dropped_ = 0;  ///< entry number, of ContinueDrop
};

}  // namespace forebay::compute
