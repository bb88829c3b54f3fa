#include "compute/checkpoint/checkpoint_merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <tuple>

namespace forebay::compute {
namespace {

bool KeyLess(const CheckpointEntry& a, const CheckpointEntry& b) {
  return std::tie(a.operator_id, a.key_group, a.table, a.key) <
         std::tie(b.operator_id, b.key_group, b.table, b.key);
}

/// An input of a merge: its entries in the order of their keys, each key once.
class SortedInput {
 public:
  virtual ~SortedInput() = default;
  /// Like CheckpointFileReader's.
  virtual Result<bool> Next() = 0;
  virtual const CheckpointEntry& entry() const = 0;
  virtual std::string_view bytes() const = 0;
};

class SortedFile : public SortedInput {
 public:
  SortedFile(std::unique_ptr<io::File> file, std::unique_ptr<CheckpointFileReader> reader)
      : file_(std::move(file)), reader_(std::move(reader)) {}
  Result<bool> Next() override { return reader_->Next(); }
  const CheckpointEntry& entry() const override { return reader_->entry(); }
  std::string_view bytes() const override { return reader_->bytes(); }

 private:
  const std::unique_ptr<io::File> file_;
  const std::unique_ptr<CheckpointFileReader> reader_;
};

/// A piece of a delta, which holds the entries in the order in which the shards wrote them.
class SortedPiece : public SortedInput {
 public:
  /// Takes entries up to `bytes_max`; whether there are more.
  Result<bool> Load(CheckpointFileReader& reader, size_t bytes_max) {
    bool more = true;
    while (more && bytes_.size() < bytes_max) {
      ASSIGN_OR_RETURN(more, reader.Next());
      if (more) bytes_.append(reader.bytes());
    }
    size_t begin = 0;
    RETURN_IF_ERROR(ReadCheckpointEntries(bytes_, [&](const CheckpointEntry& entry) {
      // The value ends an entry, and so does the key of a removed one.
      std::string_view last = entry.removed ? entry.key : entry.value;
      auto end = static_cast<size_t>(last.data() + last.size() - bytes_.data());
      items_.push_back({entry, std::string_view(bytes_).substr(begin, end - begin)});
      begin = end;
      return Status::Ok();
    }));
    // Of each key the last entry; removals of it count less.
    std::stable_sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) {
      if (KeyLess(a.entry, b.entry)) return true;
      return !KeyLess(b.entry, a.entry) && a.entry.removed && !b.entry.removed;
    });
    return more;
  }

  Result<bool> Next() override {
    do {
      ++next_;
    } while (next_ < items_.size() && !KeyLess(items_[next_ - 1].entry, items_[next_].entry));
    return next_ <= items_.size();
  }
  const CheckpointEntry& entry() const override { return items_[next_ - 1].entry; }
  std::string_view bytes() const override { return items_[next_ - 1].bytes; }

 private:
  struct Item {
    CheckpointEntry entry;
    std::string_view bytes;
  };
  std::string bytes_;
  std::vector<Item> items_;
  size_t next_ = 0;
};

/// The inputs that are not at their end, as a heap: in front the smallest key, of equal keys the
/// newest input.
class Merger {
 public:
  /// `directory` is where pieces of deltas go.
  Merger(io::FileSystem& fs, std::string directory, int64_t id)
      : fs_(fs), directory_(std::move(directory)), id_(id) {}
  ~Merger() {
    heap_.clear();
    inputs_.clear();
    for (const std::string& path : pieces_) (void)fs_.Remove(path);
  }

  Status Add(const std::string& path) {
    Status status = AddFile(path);
    ++files_;
    return status.WithContext(path);
  }

  bool AtEnd() const { return heap_.empty(); }
  const SortedInput& front() const { return *heap_.front()->input; }

  /// Leaves the front's key behind, in all inputs.
  Status Advance() {
    Input* newest = Pop();
    while (!heap_.empty() && !KeyLess(newest->input->entry(), heap_.front()->input->entry())) {
      RETURN_IF_ERROR(Push(Pop()));
    }
    return Push(newest);
  }

 private:
  /// Of a delta that is sorted at a time, and that is kept in memory when it is all of it.
  static constexpr uint64_t kPieceBytes = 8 << 20;
  static constexpr uint64_t kHeldBytes = 2 << 20;
  /// Of one delta: each is an open file. Larger deltas have larger pieces.
  static constexpr uint64_t kPiecesMax = 128;

  struct Input {
    int file;
    size_t number;
    std::string path;
    std::unique_ptr<SortedInput> input;
  };
  static bool After(const Input* a, const Input* b) {
    const CheckpointEntry &x = a->input->entry(), &y = b->input->entry();
    if (KeyLess(x, y)) return false;
    if (KeyLess(y, x)) return true;
    if (a->file != b->file) return a->file < b->file;
    // Pieces of one delta: an entry counts more than a removal, the last more than those before.
    return x.removed != y.removed ? x.removed : a->number < b->number;
  }

  Status AddFile(const std::string& path) {
    ASSIGN_OR_RETURN(auto file, fs_.Open(path, io::OpenMode::kRead));
    ASSIGN_OR_RETURN(auto reader, CheckpointFileReader::Open(*file));
    if (reader->kind() != CheckpointFileKind::kDelta) {
      return AddInput(path, std::make_unique<SortedFile>(std::move(file), std::move(reader)));
    }
    bool is_small = file->size() <= kHeldBytes;
    uint64_t piece_bytes = std::max(kPieceBytes, file->size() / kPiecesMax);
    for (bool more = true; more;) {
      auto piece = std::make_unique<SortedPiece>();
      ASSIGN_OR_RETURN(more, piece->Load(*reader, is_small ? SIZE_MAX : piece_bytes));
      if (is_small) {
        RETURN_IF_ERROR(AddInput(path, std::move(piece)));
      } else {
        RETURN_IF_ERROR(WritePiece(*piece));
      }
    }
    return Status::Ok();
  }

  Status WritePiece(SortedPiece& piece) {
    std::string path = io::JoinPath(
        directory_, fmt::format("{}{:012}-{}.state", kMergePiecePrefix, id_, pieces_.size()));
    pieces_.push_back(path);
    ASSIGN_OR_RETURN(auto writer,
                     CheckpointFileWriter::Create(fs_, path, CheckpointFileKind::kRun, id_));
    while (true) {
      ASSIGN_OR_RETURN(bool more, piece.Next());
      if (!more) break;
      RETURN_IF_ERROR(writer->Append(piece.bytes()));
    }
    constexpr bool kSync = false;
    RETURN_IF_ERROR(writer->Finish(kSync).status());
    ASSIGN_OR_RETURN(auto file, fs_.Open(path, io::OpenMode::kRead));
    ASSIGN_OR_RETURN(auto reader, CheckpointFileReader::Open(*file));
    return AddInput(path, std::make_unique<SortedFile>(std::move(file), std::move(reader)));
  }

  Status AddInput(const std::string& path, std::unique_ptr<SortedInput> input) {
    inputs_.push_back({files_, inputs_.size(), path, std::move(input)});
    return Push(&inputs_.back());
  }

  Input* Pop() {
    std::pop_heap(heap_.begin(), heap_.end(), After);
    Input* input = heap_.back();
    heap_.pop_back();
    return input;
  }
  Status Push(Input* input) {
    auto more = input->input->Next();
    if (!more.ok()) return more.status().WithContext(input->path);
    if (!*more) return Status::Ok();
    heap_.push_back(input);
    std::push_heap(heap_.begin(), heap_.end(), After);
    return Status::Ok();
  }

  io::FileSystem& fs_;
  const std::string directory_;
  const int64_t id_;
  int files_ = 0;
  std::vector<std::string> pieces_;
  std::deque<Input> inputs_;
  std::vector<Input*> heap_;
};

}  // namespace

Result<uint64_t> MergeCheckpointFiles(io::FileSystem& fs, const std::vector<std::string>& inputs,
                                      const std::string& path, CheckpointFileKind kind,
                                      int64_t checkpoint_id) {
  Merger merger(fs, io::ParentPath(path), checkpoint_id);
  for (const std::string& input : inputs) RETURN_IF_ERROR(merger.Add(input));
  ASSIGN_OR_RETURN(auto writer, CheckpointFileWriter::Create(fs, path, kind, checkpoint_id));
  while (!merger.AtEnd()) {
    const SortedInput& front = merger.front();
    if (!front.entry().removed || kind != CheckpointFileKind::kBase) {
      RETURN_IF_ERROR(writer->Append(front.bytes()));
    }
    RETURN_IF_ERROR(merger.Advance());
  }
  return writer->Finish();
}

}  // namespace forebay::compute
