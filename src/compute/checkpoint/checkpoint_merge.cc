#include "compute/checkpoint/checkpoint_merge.h"

#include <algorithm>
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

/// A delta, which holds the entries in the order in which the shards wrote them.
class SortedDelta : public SortedInput {
 public:
  Status Load(CheckpointFileReader& reader) {
    while (true) {
      ASSIGN_OR_RETURN(bool more, reader.Next());
      if (!more) break;
      bytes_.append(reader.bytes());
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
    std::stable_sort(items_.begin(), items_.end(),
                     [](const Item& a, const Item& b) { return KeyLess(a.entry, b.entry); });
    return Status::Ok();
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

Result<std::unique_ptr<SortedInput>> OpenInput(io::FileSystem& fs, const std::string& path) {
  ASSIGN_OR_RETURN(auto file, fs.Open(path, io::OpenMode::kRead));
  ASSIGN_OR_RETURN(auto reader, CheckpointFileReader::Open(*file));
  if (reader->kind() != CheckpointFileKind::kDelta) {
    return std::unique_ptr<SortedInput>(
        std::make_unique<SortedFile>(std::move(file), std::move(reader)));
  }
  auto delta = std::make_unique<SortedDelta>();
  RETURN_IF_ERROR(delta->Load(*reader));
  return std::unique_ptr<SortedInput>(std::move(delta));
}

/// The inputs that are not at their end, as a heap: in front the smallest key, of equal keys the
/// newest input.
class Merger {
 public:
  Status Add(io::FileSystem& fs, const std::string& path) {
    auto input = OpenInput(fs, path);
    if (!input.ok()) return input.status().WithContext(path);
    inputs_.push_back({static_cast<int>(inputs_.size()), path, std::move(*input)});
    return Push(&inputs_.back());
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
  struct Input {
    int age;
    std::string path;
    std::unique_ptr<SortedInput> input;
  };
  static bool After(const Input* a, const Input* b) {
    const CheckpointEntry &x = a->input->entry(), &y = b->input->entry();
    if (KeyLess(x, y)) return false;
    return KeyLess(y, x) || a->age < b->age;
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

  std::deque<Input> inputs_;
  std::vector<Input*> heap_;
};

}  // namespace

Result<uint64_t> MergeCheckpointFiles(io::FileSystem& fs, const std::vector<std::string>& inputs,
                                      const std::string& path, CheckpointFileKind kind,
                                      int64_t checkpoint_id) {
  Merger merger;
  for (const std::string& input : inputs) RETURN_IF_ERROR(merger.Add(fs, input));
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
