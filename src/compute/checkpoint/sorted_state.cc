#include "compute/checkpoint/sorted_state.h"

namespace forebay::compute {
namespace {

/// Entries that are read together.
constexpr uint64_t kPieceBytes = 1 << 20;

}  // namespace

/// Filters one operator's entries down to the key groups of a shard.
class SortedStateReader : public StateReader {
 public:
  SortedStateReader(const SortedState& state, int operator_id, int shard, int num_shards)
      : state_(state), operator_id_(operator_id), shard_(shard), num_shards_(num_shards) {}

  Status ForEach(std::string_view table, const EntryFunction& entry) override {
    auto found = state_.pieces_.find({operator_id_, std::string(table)});
    if (found == state_.pieces_.end()) return Status::Ok();
    std::string bytes;
    for (const SortedState::Piece& piece : found->second) {
      if (piece.key_group != kUnkeyed && ShardOf(piece.key_group, num_shards_) != shard_) continue;
      bytes.resize(piece.end - piece.begin);
      ASSIGN_OR_RETURN(size_t read, state_.file_->ReadAt(piece.begin, bytes.size(), bytes.data()));
      if (read != bytes.size()) return Corruption("a file of state ends at {}", piece.begin + read);
      RETURN_IF_ERROR(ReadCheckpointEntries(
          bytes, [&](const CheckpointEntry& each) { return entry(each.key, each.value); }));
    }
    return Status::Ok();
  }

 private:
  const SortedState& state_;
  const int operator_id_;
  const int shard_;
  const int num_shards_;
};

Result<std::shared_ptr<const SortedState>> SortedState::Open(io::FileSystem& fs,
                                                             const std::string& path) {
  auto state = std::make_shared<SortedState>();
  ASSIGN_OR_RETURN(state->file_, fs.Open(path, io::OpenMode::kRead));
  RETURN_IF_ERROR(state->Index().WithContext(path));
  return std::shared_ptr<const SortedState>(std::move(state));
}

Status SortedState::Index() {
  ASSIGN_OR_RETURN(auto reader, CheckpointFileReader::Open(*file_));
  if (reader->kind() != CheckpointFileKind::kBase) return Corruption("the file is no base");
  uint64_t begin = CheckpointFileReader::kHeaderBytes;
  while (true) {
    ASSIGN_OR_RETURN(bool more, reader->Next());
    if (!more) return Status::Ok();
    uint64_t end = begin + reader->bytes().size();
    Note(reader->entry(), begin, end);
    begin = end;
  }
}

void SortedState::Note(const CheckpointEntry& entry, uint64_t begin, uint64_t end) {
  std::vector<Piece>& pieces = pieces_[{entry.operator_id, std::string(entry.table)}];
  bool goes_on = !pieces.empty() && pieces.back().end == begin &&
                 pieces.back().key_group == entry.key_group &&
                 end - pieces.back().begin <= kPieceBytes;
  if (goes_on) {
    pieces.back().end = end;
  } else {
    pieces.push_back({entry.key_group, begin, end});
  }
}

std::unique_ptr<StateReader> SortedState::ReaderOf(int operator_id, int shard,
                                                   int num_shards) const {
  return std::make_unique<SortedStateReader>(*this, operator_id, shard, num_shards);
}

}  // namespace forebay::compute
