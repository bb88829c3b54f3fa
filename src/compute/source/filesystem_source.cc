#include "compute/source/filesystem_source.h"

#include <charconv>
#include <deque>

#include "compute/source/file_rows.h"

namespace forebay::compute {
namespace {

using model::Batch;

/// Reads its files one after the other, in the shard's thread.
class FilesystemReader : public SourceReader {
 public:
  FilesystemReader(const sql::TableScanNode& node, io::FileSystem& fs) : node_(node), fs_(fs) {}

  Status Open(std::vector<SourceSplit> splits, Waker&) override {
    splits_ = std::move(splits);
    return Status::Ok();
  }

  Result<PollOutcome> Poll(SourceOutput& output) override {
    if (current_ >= splits_.size()) return PollOutcome::kEnd;
    if (ready_.num_rows == 0) {
      if (rows_ == nullptr) RETURN_IF_ERROR(OpenFile());
      ASSIGN_OR_RETURN(ready_, rows_->Next());
      if (ready_.num_rows == 0) return FinishFile(output);
      SkipReadBefore();
      return PollOutcome::kProgress;
    }
    int count = std::min(Batch::kMaxRows, ready_.num_rows - at_);
    Batch batch = ready_.Slice(at_, count);
    at_ += count;
    emitted_ += count;
    splits_[current_].position = std::to_string(emitted_);
    if (at_ >= ready_.num_rows) Forget();
    RETURN_IF_ERROR(output.Emit(static_cast<int>(current_), std::move(batch)));
    return PollOutcome::kProgress;
  }

  std::vector<SourceSplit> Positions() const override { return splits_; }

 private:
  static constexpr const char* kDone = "done";

  Status OpenFile() {
    const SourceSplit& split = splits_[current_];
    emitted_ = 0;
    to_skip_ = 0;
    if (split.position == kDone) {
      rows_ = std::make_unique<NoRows>();
      return Status::Ok();
    }
    std::from_chars(split.position.data(), split.position.data() + split.position.size(), to_skip_);
    ASSIGN_OR_RETURN(rows_, OpenFileRows(fs_, split.id, node_));
    return Status::Ok();
  }

  /// After a restore: rows that were emitted before the checkpoint.
  void SkipReadBefore() {
    at_ = static_cast<int>(std::min<int64_t>(to_skip_ - emitted_, ready_.num_rows));
    if (at_ < 0) at_ = 0;
    emitted_ += at_;
    if (at_ >= ready_.num_rows) Forget();
  }

  void Forget() {
    ready_ = Batch();
    at_ = 0;
  }

  PollOutcome FinishFile(SourceOutput& output) {
    splits_[current_].position = kDone;
    output.FinishSplit(static_cast<int>(current_));
    rows_.reset();
    ++current_;
    return PollOutcome::kProgress;
  }

  class NoRows : public FileRows {
    Result<Batch> Next() override { return Batch(); }
  };

  const sql::TableScanNode& node_;
  io::FileSystem& fs_;
  std::vector<SourceSplit> splits_;
  size_t current_ = 0;
  std::unique_ptr<FileRows> rows_;
  Batch ready_;  ///< read and not yet emitted from row at_ on
  int at_ = 0;
  int64_t emitted_ = 0;  ///< rows of the current file emitted, before a restore too
  int64_t to_skip_ = 0;
};

class FilesystemSource : public Source {
 public:
  FilesystemSource(const sql::TableScanNode& node, io::FileSystem& fs) : node_(node), fs_(fs) {}

  Result<std::vector<SourceSplit>> EnumerateSplits(int) override {
    ASSIGN_OR_RETURN(std::string path, FilesystemPath(node_.table));
    ASSIGN_OR_RETURN(bool exists, fs_.Exists(path));
    if (!exists) {
      return NotFound("table {}: there is no file or directory {}", node_.table.path.ToString(),
                      path);
    }
    std::vector<SourceSplit> splits;
    RETURN_IF_ERROR(AddFiles(path, splits));
    return splits;
  }

  Result<std::unique_ptr<SourceReader>> MakeReader() override {
    return std::unique_ptr<SourceReader>(std::make_unique<FilesystemReader>(node_, fs_));
  }

 private:
  Status AddFiles(const std::string& path, std::vector<SourceSplit>& splits) {
    ASSIGN_OR_RETURN(bool is_directory, fs_.IsDirectory(path));
    if (!is_directory) {
      splits.push_back({path, "0"});
      return Status::Ok();
    }
    ASSIGN_OR_RETURN(std::vector<std::string> names, fs_.List(path));
    for (const std::string& name : names) {
      if (name.starts_with('.') || name.starts_with('_')) continue;
      RETURN_IF_ERROR(AddFiles(io::JoinPath(path, name), splits));
    }
    return Status::Ok();
  }

  const sql::TableScanNode& node_;
  io::FileSystem& fs_;
};

}  // namespace

Result<std::unique_ptr<Source>> MakeFilesystemSource(const sql::TableScanNode& node,
                                                     const JobContext& context) {
  if (node.table.options.contains("source.monitor-interval")) {
    return NotSupported("'source.monitor-interval': the filesystem source is bounded");
  }
  return std::unique_ptr<Source>(
      std::make_unique<FilesystemSource>(node, *context.environment->file_system));
}

}  // namespace forebay::compute
