#include "compute/nexmark/event_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "compute/nexmark/event_generator.h"

namespace forebay::compute {
namespace {

using model::StringRef;

constexpr char kMagic[8] = {'F', 'B', 'N', 'E', 'X', 'M', 'K', '1'};
constexpr size_t kHeaderBytes = 4096;
constexpr size_t kAlignment = 64;
/// What is written at once goes into the page cache in large pages; to map these is many times
/// cheaper than to map small ones.
constexpr size_t kWriteBytes = 8 << 20;

struct Header {
  char magic[8];
  uint64_t events, rate, blocks, index_offset;
};

/// Moves the long strings of a block into `heap`, and makes their addresses offsets.
void PackStrings(NexmarkBlock& block, std::string& heap) {
  heap.clear();
  for (size_t event = 0; event < NexmarkEvents().size(); ++event) {
    auto kind = static_cast<NexmarkEvent>(event);
    const auto& fields = NexmarkEvents()[event].fields;
    for (size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].width() != sizeof(StringRef)) continue;
      auto* cells = block.cells_of<StringRef>(kind, static_cast<int>(i));
      for (int row = 0; row < NexmarkBlockLayout::RowsOf(kind); ++row) {
        if (cells[row].IsInlined()) continue;
        size_t offset = heap.size();
        heap.append(cells[row].view());
        // NOLINTNEXTLINE(performance-no-int-to-ptr): what is read again adds the heap's address.
        cells[row].Rebase(reinterpret_cast<const char*>(offset));
      }
    }
  }
  heap.append((kAlignment - heap.size() % kAlignment) % kAlignment, '\0');
}

}  // namespace

Status NexmarkEventFile::Write(const std::string& path, const Info& info) {
  std::string temporary = path + ".tmp";
  std::vector<char> buffer(kWriteBytes);
  std::ofstream file;
  file.rdbuf()->pubsetbuf(buffer.data(), static_cast<std::streamsize>(buffer.size()));
  file.open(temporary, std::ios::binary | std::ios::trunc);
  std::string padding(kHeaderBytes, '\0');
  file.write(padding.data(), static_cast<std::streamsize>(padding.size()));
  NexmarkGenerator generator(info.rate);
  constexpr int64_t kEvents = NexmarkBlockLayout::kEvents;
  std::vector<uint64_t> index;
  uint64_t offset = kHeaderBytes;
  std::string heap;
  for (int64_t number = 0; number * kEvents < info.events && file; ++number) {
    NexmarkBlock block;
    generator.Fill(number, block);
    PackStrings(block, heap);
    file.write(block.cells.get(), static_cast<std::streamsize>(NexmarkBlockLayout::bytes()));
    file.write(heap.data(), static_cast<std::streamsize>(heap.size()));
    index.push_back(offset);
    offset += NexmarkBlockLayout::bytes() + heap.size();
  }
  file.write(reinterpret_cast<const char*>(index.data()),
             static_cast<std::streamsize>(index.size() * sizeof(uint64_t)));
  Header header = {{},
                   static_cast<uint64_t>(info.events),
                   static_cast<uint64_t>(info.rate),
                   index.size(),
                   offset};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  file.seekp(0);
  file.write(reinterpret_cast<const char*>(&header), sizeof(header));
  file.close();
  if (!file) return IoError("cannot write {}: {}", temporary, std::strerror(errno));
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    return IoError("cannot rename {}: {}", temporary, std::strerror(errno));
  }
  return Status::Ok();
}

Result<std::shared_ptr<const NexmarkEventFile>> NexmarkEventFile::Open(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return NotFound("cannot open {}: {}", path, std::strerror(errno));
  std::shared_ptr<NexmarkEventFile> file(new NexmarkEventFile());
  struct stat status = {};
  void* begin = MAP_FAILED;
  if (::fstat(fd, &status) == 0 && status.st_size > 0) {
    file->size_ = static_cast<size_t>(status.st_size);
    begin = ::mmap(nullptr, file->size_, PROT_READ, MAP_SHARED, fd, 0);
  }
  ::close(fd);
  if (begin == MAP_FAILED) return IoError("cannot map {}: {}", path, std::strerror(errno));
  // Where the file is not in the page cache, it is read in large pages.
  ::madvise(begin, file->size_, MADV_HUGEPAGE);
  file->begin_ = static_cast<const char*>(begin);
  RETURN_IF_ERROR(file->Check(path));
  return std::shared_ptr<const NexmarkEventFile>(std::move(file));
}

Status NexmarkEventFile::Check(const std::string& path) {
  Header header = {};
  if (size_ >= kHeaderBytes) std::memcpy(&header, begin_, sizeof(header));
  bool fits = std::memcmp(header.magic, kMagic, sizeof(kMagic)) == 0 &&
              header.index_offset % sizeof(uint64_t) == 0 && header.index_offset <= size_ &&
              header.blocks <= (size_ - header.index_offset) / sizeof(uint64_t) &&
              header.rate > 0 && header.events <= header.blocks * NexmarkBlockLayout::kEvents;
  if (!fits) return Corruption("{} is no file of Nexmark events", path);
  info_ = {static_cast<int64_t>(header.events), static_cast<int64_t>(header.rate)};
  num_blocks_ = static_cast<int64_t>(header.blocks);
  index_ = reinterpret_cast<const uint64_t*>(begin_ + header.index_offset);
  for (int64_t block = 0; block < num_blocks_; ++block) {
    if (index_[block] % kAlignment != 0 ||
        index_[block] + NexmarkBlockLayout::bytes() > header.index_offset) {
      return Corruption("{}: block {} is not where its index says", path, block);
    }
  }
  return Status::Ok();
}

NexmarkEventFile::~NexmarkEventFile() {
  if (begin_ != nullptr) ::munmap(const_cast<char*>(begin_), size_);
}

}  // namespace forebay::compute
