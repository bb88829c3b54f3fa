#include "compute/state/keyed_table.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "compute/state/slice_clock.h"
#include "compute/state/state_fetch.h"

namespace forebay::compute {

namespace {

constexpr size_t kPageBytes = 64 * 1024;
/// Rows looked up together: enough misses in flight, and their cache lines stay in L1.
constexpr size_t kBlockRows = 128;

}  // namespace

KeyedTable::KeyedTable(int key_bytes, int payload_bytes, bool expires)
    : key_bytes_(key_bytes), payload_bytes_((payload_bytes + 7) & ~7), expires_(expires) {
  payload_offset_ = (sizeof(Entry) + (key_bytes >= 0 ? key_bytes : 16) + 15) & ~size_t{15};
  size_t end = payload_offset_ + payload_bytes_ + (expires ? sizeof(int64_t) : 0);
  stride_ = (end + 15) & ~size_t{15};
  page_shift_ = 4;
  while ((stride_ << (page_shift_ + 1)) <= kPageBytes) ++page_shift_;
  page_mask_ = (uint32_t{1} << page_shift_) - 1;
}

bool KeyedTable::KeyEquals(const Entry* entry, std::string_view key) const {
  const char* own = reinterpret_cast<const char*>(entry + 1);
  if (key_bytes_ == 16) return std::memcmp(own, key.data(), 16) == 0;
  if (key_bytes_ >= 0) return std::memcmp(own, key.data(), key_bytes_) == 0;
  return LoadLe<uint64_t>(own + 8) == key.size() &&
         std::memcmp(LoadLe<const char*>(own), key.data(), key.size()) == 0;
}

KeyedTable::Entry* KeyedTable::Probe(std::string_view key, uint64_t hash) const {
  uint32_t number = index_.Find(hash, [&](uint32_t candidate) {
    const Entry* entry = At(candidate);
    return entry->hash == hash && KeyEquals(entry, key);
  });
  return number == HashIndex::kNone ? nullptr : At(number);
}

/// The first entry whose tag fits, to be prefetched; usually the right one.
KeyedTable::Entry* KeyedTable::Candidate(const HashIndex::Group* group, uint64_t hash) const {
  uint32_t number = HashIndex::Candidate(group, hash);
  return number == HashIndex::kNone ? nullptr : At(number);
}

namespace {

/// The keys a lookup is for: chosen rows of encoded keys, or another table's entries.
struct RowKeys {
  const EncodedKeys& keys;
  std::span<const uint32_t> rows;
  size_t size() const { return rows.size(); }
  uint64_t hash(size_t i) const { return keys.hashes[rows[i]]; }
  std::string_view key(size_t i) const { return keys.rows[rows[i]]; }
};

struct EntryKeys {
  const KeyedTable& table;
  std::span<KeyedTable::Entry* const> entries;
  size_t size() const { return entries.size(); }
  uint64_t hash(size_t i) const { return entries[i]->hash; }
  std::string_view key(size_t i) const { return table.Key(entries[i]); }
};

}  // namespace

template <bool kInsert, typename Keys>
void KeyedTable::LookupAll(const Keys& keys, std::vector<Entry*>& entries) {
  entries.resize(keys.size());
  StateFetch fetch;
  if (fetch.IsNeeded()) {
    fetch.WaitForRoom();
    // All of the batch at once: a disk does many reads in the time of one. Of the index first,
    // which knows where the entries are.
    for (size_t i = 0; i < keys.size(); ++i) fetch.Add(index_.GroupOf(keys.hash(i)));
    fetch.Go();
    for (size_t i = 0; i < keys.size(); ++i) {
      fetch.Add(Candidate(index_.GroupOf(keys.hash(i)), keys.hash(i)));
    }
    fetch.Go();
  }
  const HashIndex::Group* groups[kBlockRows];
  for (size_t begin = 0; begin < keys.size(); begin += kBlockRows) {
    size_t end = std::min(begin + kBlockRows, keys.size());
    for (size_t i = begin; i < end; ++i) {
      groups[i - begin] = index_.GroupOf(keys.hash(i));
      __builtin_prefetch(groups[i - begin]);
    }
    for (size_t i = begin; i < end; ++i) {
      entries[i] = Candidate(groups[i - begin], keys.hash(i));
      if (entries[i] == nullptr) continue;
      __builtin_prefetch(entries[i]);
      __builtin_prefetch(reinterpret_cast<char*>(entries[i]) + payload_offset_, 1);
    }
    for (size_t i = begin; i < end; ++i) {
      uint64_t hash = keys.hash(i);
      std::string_view key = keys.key(i);
      if (entries[i] != nullptr && entries[i]->hash == hash && KeyEquals(entries[i], key)) continue;
      entries[i] = Probe(key, hash);
      if (kInsert && entries[i] == nullptr) entries[i] = Insert(key, hash);
    }
    for (size_t i = begin; pending_bit_ != 0 && i < end; ++i) {
      if (entries[i] != nullptr) Preserve(entries[i]);
    }
  }
}

void KeyedTable::FindOrInsert(const EncodedKeys& keys, std::span<const uint32_t> rows,
                              std::vector<Entry*>& entries) {
  LookupAll<true>(RowKeys{keys, rows}, entries);
}

void KeyedTable::Find(const EncodedKeys& keys, std::span<const uint32_t> rows,
                      std::vector<Entry*>& entries) {
  LookupAll<false>(RowKeys{keys, rows}, entries);
}

void KeyedTable::FindOrInsertKeysOf(const KeyedTable& other, std::span<Entry* const> others,
                                    std::vector<Entry*>& entries) {
  LookupAll<true>(EntryKeys{other, others}, entries);
}

KeyedTable::Entry* KeyedTable::FindOne(std::string_view key, uint64_t hash) {
  Entry* entry = Probe(key, hash);
  if (entry != nullptr) Preserve(entry);
  return entry;
}

KeyedTable::Entry* KeyedTable::FindOrInsertOne(std::string_view key, uint64_t hash) {
  Entry* entry = FindOne(key, hash);
  return entry != nullptr ? entry : Insert(key, hash);
}

/// Small tables take a page at a time, large ones as many as fill a huge page.
void KeyedTable::AddPage() {
  size_t bytes = stride_ << page_shift_;
  if (free_pages_ > 0) {
    --free_pages_;
    pages_.push_back(pages_.back() + bytes);
    return;
  }
  constexpr size_t kSinglePages = 16;
  size_t count = pages_.size() < kSinglePages ? 1 : std::max<size_t>(kHugePageBytes / bytes, 1);
  page_memory_.push_back(MakeLargeChars(count * bytes));
  pages_.push_back(page_memory_.back().get());
  free_pages_ = count - 1;
}

KeyedTable::Entry* KeyedTable::NewEntry() {
  if (!free_entries_.empty()) {
    uint32_t number = free_entries_.back();
    free_entries_.pop_back();
    Entry* entry = At(number);
    size_t page = number >> page_shift_;
    if (page < released_.size() && released_[page]) {
      released_[page] = false;
      released_bytes_ -= static_cast<int64_t>(ReleasableBytes(page).size());
    }
    entry->number = number;  // a page that was released is zeros
    return entry;
  }
  if ((num_entries_ & page_mask_) == 0) {
    AddPage();
  }
  Entry* entry = At(num_entries_);
  entry->number = num_entries_++;
  entry->flags = 0;
  return entry;
}

KeyedTable::Entry* KeyedTable::Insert(std::string_view key, uint64_t hash) {
  if (index_.IsFull(hash)) {
    index_.Grow(hash, [this](std::span<const uint32_t> numbers, std::span<uint64_t> hashes) {
      ReadHashes(numbers, hashes);
    });
  }
  Entry* entry = NewEntry();
  entry->hash = hash;
  entry->flags = kLive | (entry->flags & (kListed | kOtherListed));
  char* own = reinterpret_cast<char*>(entry + 1);
  if (key_bytes_ >= 0) {
    std::memcpy(own, key.data(), key_bytes_);
  } else {
    char* copy = key_arena_->Allocate(key.size());
    std::memcpy(copy, key.data(), key.size());
    StoreLe<const char*>(own, copy);
    StoreLe<uint64_t>(own + 8, key.size());
  }
  std::memset(reinterpret_cast<char*>(entry) + payload_offset_, 0,
              payload_bytes_ + (expires_ ? sizeof(int64_t) : 0));
  index_.Insert(hash, entry->number);
  ++size_;
  return entry;
}

/// For the index, when it does not hold as much of them as it needs to grow.
void KeyedTable::ReadHashes(std::span<const uint32_t> numbers, std::span<uint64_t> hashes) const {
  StateFetch fetch;
  for (size_t i = 0; fetch.IsNeeded() && i < numbers.size(); ++i) fetch.Add(At(numbers[i]));
  fetch.Go();
  constexpr size_t kAhead = 16;
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (i + kAhead < numbers.size()) __builtin_prefetch(At(numbers[i + kAhead]));
    hashes[i] = At(numbers[i])->hash;
  }
}

/// The whole pages of the system in a page.
std::span<char> KeyedTable::ReleasableBytes(size_t page) const {
  constexpr uintptr_t kSystemPage = 4096;
  auto begin = reinterpret_cast<uintptr_t>(pages_[page]);
  uintptr_t end = (begin + (stride_ << page_shift_)) & ~(kSystemPage - 1);
  begin = (begin + kSystemPage - 1) & ~(kSystemPage - 1);
  if (end <= begin) return {};
  return {reinterpret_cast<char*>(begin), end - begin};
}

/// What still points to entries there (the lists of changes) finds zeros: an entry that is not
/// live.
void KeyedTable::ReleasePage(size_t page) {
  if (released_.size() < pages_.size()) released_.resize(pages_.size());
  std::span<char> bytes = ReleasableBytes(page);
  if (released_[page] || bytes.empty()) return;
  // What lies in the file of StateMemory is taken out of the file, the rest out of memory.
  bool done = ::madvise(bytes.data(), bytes.size(), MADV_REMOVE) == 0 ||
              ::madvise(bytes.data(), bytes.size(), MADV_DONTNEED) == 0;
  if (!done) return;
  released_[page] = true;
  released_bytes_ += static_cast<int64_t>(bytes.size());
}

void KeyedTable::Erase(Entry* entry) {
  DCHECK((entry->flags & kLive) != 0);
  DCHECK((entry->flags & pending_bit_) == 0);
  if ((entry->flags & kStored) != 0) erased_.push_back({entry->hash, StateString(Key(entry))});
  index_.Erase(entry->hash, entry->number);
  if (key_bytes_ < 0) {
    std::string_view key = Key(entry);
    key_arena_->Free(const_cast<char*>(key.data()), key.size());
  }
  entry->flags &= kListed | kOtherListed;
  free_entries_.push_back(entry->number);
  --size_;
}

int64_t KeyedTable::MemoryBytes() const {
  return index_.MemoryBytes() + static_cast<int64_t>(pages_.size() * (stride_ << page_shift_)) -
         released_bytes_ + key_arena_->bytes_reserved();
}

void KeyedTable::BeginChanges(ChangeFunction dirty, ErasedFunction erased) {
  FinishSnapshot();
  write_dirty_ = std::move(dirty);
  write_erased_ = std::move(erased);
  pending_bit_ = dirty_bit_;
  pending_.swap(dirty_);
  next_pending_ = 0;
  pending_erased_.swap(erased_);
  dirty_bit_ ^= kDirty | kOtherDirty;
  listed_bit_ ^= kListed | kOtherListed;
}

namespace {

/// Asks for entries that are written soon after `entries[next]`: they lie anywhere.
void FetchPending(ChunkedVector<KeyedTable::Entry*>& entries, size_t next, size_t payload_offset) {
  constexpr size_t kAhead = 16;
  if (next + kAhead < entries.size()) {
    KeyedTable::Entry* entry = entries[next + kAhead];
    __builtin_prefetch(entry, 1);
    __builtin_prefetch(reinterpret_cast<char*>(entry) + payload_offset);
  }
  constexpr size_t kFetched = 256;
  if (next % kFetched != 0) return;
  StateFetch fetch;
  if (!fetch.IsNeeded()) return;
  // From disk those that come after the next ones, which have been asked for already.
  size_t begin = next == 0 ? 0 : next + kFetched;
  size_t end = std::min(next + 2 * kFetched, entries.size());
  for (size_t i = begin; i < end; ++i) fetch.Add(entries[i]);
  fetch.Go();
}

}  // namespace

/// A deletion may be of a key that is there again and was written: in a checkpoint an entry counts
/// more than a deletion.
bool KeyedTable::WriteErased(int64_t deadline_ns) {
  SliceClock clock(deadline_ns);
  while (!pending_erased_.empty()) {
    write_erased_(pending_erased_.back().hash, pending_erased_.back().key);
    pending_erased_.pop_back();
    if (clock.IsPast()) return false;
  }
  return true;
}

void KeyedTable::WritePending(Entry* entry) {
  entry->flags = (entry->flags & ~pending_bit_) | kStored;
  has_stored_ = true;
  write_dirty_(entry);
}

bool KeyedTable::ContinueSnapshot(int64_t deadline_ns) {
  if (pending_bit_ == 0) return true;
  if (!WriteErased(deadline_ns)) return false;
  SliceClock clock(deadline_ns);
  const uint32_t listed = listed_bit_ ^ (kListed | kOtherListed);
  while (next_pending_ < pending_.size()) {
    FetchPending(pending_, next_pending_, payload_offset_);
    Entry* entry = pending_[next_pending_++];
    if ((entry->flags & kLive) != 0) Preserve(entry);
    entry->flags &= ~(listed | pending_bit_);
    if (clock.IsPast() && next_pending_ < pending_.size()) return false;
  }
  pending_.clear();
  pending_bit_ = 0;
  write_dirty_ = nullptr;
  write_erased_ = nullptr;
  return true;
}

void KeyedTable::BeginSnapshot(StateWriter& writer, std::string_view table, SaveFunction save,
                               std::string_view prefix) {
  BeginChanges(
      [this, &writer, name = std::string(table), save = std::move(save), key = std::string(prefix),
       prefix_bytes = prefix.size(), value = ByteWriter()](Entry* entry) mutable {
        value.Clear();
        save(entry, value);
        key.resize(prefix_bytes);
        writer.Put(name, KeyGroupOf(entry->hash), key.append(Key(entry)), value.view());
      },
      [&writer, name = std::string(table), key = std::string(prefix), prefix_bytes = prefix.size()](
          uint64_t hash, std::string_view own) mutable {
        key.resize(prefix_bytes);
        writer.Delete(name, KeyGroupOf(hash), key.append(own));
      });
}

bool KeyedTable::ContinueDrop(StateWriter& writer, std::string_view table, std::string_view prefix,
                              int64_t deadline_ns) {
  std::string key(prefix);
  auto drop = [&](uint64_t hash, std::string_view own) {
    key.resize(prefix.size());
    writer.Delete(table, KeyGroupOf(hash), key.append(own));
  };
  SliceClock clock(deadline_ns);
  while (!erased_.empty()) {
    drop(erased_.back().hash, erased_.back().key);
    erased_.pop_back();
    if (clock.IsPast()) return false;
  }
  while (next_dropped_ < num_entries_) {
    const Entry* entry = At(next_dropped_++);
    const uint32_t both = kLive | kStored;
    if ((entry->flags & both) == both) drop(entry->hash, Key(entry));
    if (clock.IsPast()) return false;
  }
  return true;
}

}  // namespace forebay::compute
