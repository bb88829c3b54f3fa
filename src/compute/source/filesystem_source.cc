#include "compute/source/filesystem_source.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <deque>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include "base/clock.h"
#include "base/duration.h"
#include "base/hash.h"
#include "compute/expression/regex.h"
#include "compute/source/file_rows.h"
#include "compute/source/format_options.h"

namespace forebay::compute {
namespace {

using model::Batch;

/// Finds the files of a table. Thread-compatible.
class FileSearch {
 public:
  FileSearch(io::FileSystem& fs, std::string root, size_t partition_depth,
             std::shared_ptr<Regex> pattern)
      : fs_(fs),
        root_(std::move(root)),
        partition_depth_(partition_depth),
        pattern_(std::move(pattern)) {}

  const std::string& root() const { return root_; }
  Result<bool> RootExists() { return fs_.Exists(root_); }
  Result<std::vector<std::string>> List() {
    std::vector<std::string> files;
    RETURN_IF_ERROR(Add(root_, 0, files));
    return files;
  }

 private:
  Status Add(const std::string& path, size_t depth, std::vector<std::string>& files) {
    ASSIGN_OR_RETURN(bool is_directory, fs_.IsDirectory(path));
    if (!is_directory) {
      bool wanted = pattern_ == nullptr || pattern_->Find(path);
      if (depth > partition_depth_ && wanted) files.push_back(path);
      if (depth == 0 && partition_depth_ == 0 && wanted) files.push_back(path);
      return Status::Ok();
    }
    ASSIGN_OR_RETURN(std::vector<std::string> names, fs_.List(path));
    for (const std::string& name : names) {
      if (name.starts_with('.') || name.starts_with('_')) continue;
      // The upper levels of a partitioned table have directories of partitions only.
      if (depth < partition_depth_ && name.find('=') == std::string::npos) continue;
      Status added = Add(io::JoinPath(path, name), depth + 1, files);
      bool gone = !added.ok() && added.kind() == ErrorKind::kNotFound;  // since it was listed
      if (!gone) RETURN_IF_ERROR(added);
    }
    return Status::Ok();
  }

  io::FileSystem& fs_;
  const std::string root_;
  const size_t partition_depth_;
  const std::shared_ptr<Regex> pattern_;
};

Result<FileFacts> FactsOf(io::FileSystem& fs, const std::string& path) {
  FileFacts facts{.path = path};
  ASSIGN_OR_RETURN(uint64_t size, fs.FileSize(path));
  facts.size = static_cast<int64_t>(size);
  std::error_code error;
  auto written = std::filesystem::last_write_time(path, error);
  if (error) return facts;
  auto system = std::chrono::file_clock::to_sys(written);
  facts.modified_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(system.time_since_epoch()).count();
  return facts;
}

/// The watch over a share of a directory's files: those whose path's hash falls on `index`. As a
/// split: "watch/1/4", its position the files that it has found, one a line.
struct DirectoryWatch {
  static constexpr std::string_view kPrefix = "watch/";
  uint64_t index = 0;
  uint64_t count = 1;
  std::set<std::string> found;

  bool Owns(const std::string& path) const { return HashBytes(path) % count == index; }
  SourceSplit ToSplit() const {
    std::string lines;
    for (const std::string& path : found) lines += EscapePathName(path) + '\n';
    return {fmt::format("{}{}/{}", kPrefix, index, count), std::move(lines)};
  }
  static Result<DirectoryWatch> Parse(const SourceSplit& split) {
    DirectoryWatch watch;
    const char* end = split.id.data() + split.id.size();
    auto first = std::from_chars(split.id.data() + kPrefix.size(), end, watch.index);
    auto second = std::from_chars(std::min(first.ptr + 1, end), end, watch.count);
    if (second.ec != std::errc() || watch.count == 0) return Corruption("split '{}'", split.id);
    std::string_view rest = split.position;
    for (size_t line = rest.find('\n'); line != std::string_view::npos; line = rest.find('\n')) {
      watch.found.insert(UnescapePathName(rest.substr(0, line)));
      rest.remove_prefix(line + 1);
    }
    return watch;
  }
};

/// What all readers of one scan share.
struct FilesystemScan {
  const sql::TableScanNode& node;
  io::FileSystem& fs;
  FileLayout layout;
  FileSearch search;
  std::optional<int64_t> monitor_ms;  ///< 'source.monitor-interval'
};

/// Reads its files one after the other, in the shard's thread, and looks for new ones in between.
class FilesystemReader : public SourceReader, private BadRecords {
 public:
  explicit FilesystemReader(FilesystemScan& scan) : scan_(scan) {}

  Status Open(std::vector<SourceSplit> splits, Waker&) override {
    for (SourceSplit& split : splits) {
      bool watches = split.id.starts_with(DirectoryWatch::kPrefix);
      if (watches) {
        ASSIGN_OR_RETURN(DirectoryWatch watch, DirectoryWatch::Parse(split));
        watches_.push_back({static_cast<int>(splits_.size()), std::move(watch)});
      } else {
        pending_.push_back(splits_.size());
      }
      splits_.push_back(std::move(split));
    }
    dropped_.assign(splits_.size(), false);
    return Status::Ok();
  }

  Result<PollOutcome> Poll(SourceOutput& output) override {
    if (!std::exchange(polled_, true)) {
      // A watch gives no rows and must not hold the watermark back.
      for (const Watch& watch : watches_) output.FinishSplit(watch.split);
    }
    bad_records_ = output.bad_records();
    if (pending_.empty()) return Watching(output);
    if (ready_.num_rows == 0) {
      if (rows_ == nullptr) RETURN_IF_ERROR(OpenFile());
      ASSIGN_OR_RETURN(ready_, rows_->Next());
      if (ready_.num_rows == 0) return FinishFile(output);
      SkipReadBefore();
      NotePosition();
      return PollOutcome::kProgress;
    }
    int count = std::min(Batch::kMaxRows, ready_.num_rows - at_);
    Batch batch = ready_.Slice(at_, count);
    at_ += count;
    emitted_ += count;
    NotePosition();
    if (at_ >= ready_.num_rows) Forget();
    RETURN_IF_ERROR(output.Emit(static_cast<int>(pending_.front()), std::move(batch)));
    return PollOutcome::kProgress;
  }

  std::vector<SourceSplit> Positions() const override {
    std::vector<SourceSplit> positions;
    for (size_t i = 0; i < splits_.size(); ++i) {
      if (!dropped_[i]) positions.push_back(splits_[i]);
    }
    return positions;
  }

  int64_t NextPollMs() const override { return watches_.empty() ? -1 : next_search_ms_; }

 private:
  static constexpr const char* kDone = "done";

  struct Watch {
    int split;
    DirectoryWatch watch;
  };

  /// Looks for new files when it is time.
  Result<PollOutcome> Watching(SourceOutput& output) {
    if (watches_.empty()) return PollOutcome::kEnd;
    if (MonotonicMs() < next_search_ms_) return PollOutcome::kNothing;
    next_search_ms_ = MonotonicMs() + *scan_.monitor_ms;
    ASSIGN_OR_RETURN(bool exists, scan_.search.RootExists());
    if (!exists) return PollOutcome::kNothing;
    ASSIGN_OR_RETURN(std::vector<std::string> files, scan_.search.List());
    bool any = false;
    for (const std::string& file : files) any = TakeNew(file, output) || any;
    if (!any) return PollOutcome::kNothing;
    for (Watch& watch : watches_) splits_[watch.split].position = watch.watch.ToSplit().position;
    return PollOutcome::kProgress;
  }

  bool TakeNew(const std::string& file, SourceOutput& output) {
    for (Watch& watch : watches_) {
      if (!watch.watch.Owns(file) || !watch.watch.found.insert(file).second) continue;
      output.AddSplit(file);
      pending_.push_back(splits_.size());
      splits_.push_back({file, "0"});
      dropped_.push_back(false);
      return true;
    }
    return false;
  }

  Status OpenFile() {
    const SourceSplit& split = splits_[pending_.front()];
    emitted_ = to_skip_ = reported_ = to_suppress_ = 0;
    if (split.position == kDone) {
      rows_ = std::make_unique<NoRows>();
      return Status::Ok();
    }
    const char* end = split.position.data() + split.position.size();
    auto rows = std::from_chars(split.position.data(), end, to_skip_);
    if (rows.ptr != end) std::from_chars(rows.ptr + 1, end, to_suppress_);
    auto facts = FactsOf(scan_.fs, split.id);
    if (!facts.ok()) return facts.status();
    ASSIGN_OR_RETURN(rows_, OpenFileRows(scan_.fs, *facts, scan_.node, scan_.layout,
                                         bad_records_ == nullptr ? nullptr : this));
    return Status::Ok();
  }

  /// Rows emitted and, behind a blank, bad records reported.
  void NotePosition() {
    // Until what was read before a restore has been passed again, that stays.
    splits_[pending_.front()].position =
        fmt::format("{} {}", std::max(emitted_, to_skip_), std::max(reported_, to_suppress_));
  }

  /// After a restore: rows that were emitted before the checkpoint.
  void SkipReadBefore() {
    at_ = static_cast<int>(std::min<int64_t>(to_skip_ - emitted_, ready_.num_rows));
    if (at_ < 0) at_ = 0;
    emitted_ += at_;
    if (at_ >= ready_.num_rows) Forget();
  }

  /// Those in front of a checkpoint were reported before it.
  Status Take(BadRecord record) override {
    if (++reported_ <= to_suppress_) return {};
    return bad_records_->Take(std::move(record));
  }

  void Forget() {
    ready_ = Batch();
    at_ = 0;
  }

  PollOutcome FinishFile(SourceOutput& output) {
    size_t current = pending_.front();
    splits_[current].position = kDone;
    dropped_[current] = !watches_.empty();  // the watch knows it
    output.FinishSplit(static_cast<int>(current));
    rows_.reset();
    pending_.pop_front();
    return PollOutcome::kProgress;
  }

  class NoRows : public FileRows {
    Result<Batch> Next() override { return Batch(); }
  };

  FilesystemScan& scan_;
  std::vector<SourceSplit> splits_;
  std::vector<bool> dropped_;
  std::vector<Watch> watches_;
  std::deque<size_t> pending_;  ///< files to be read, the current one first
  bool polled_ = false;
  int64_t next_search_ms_ = 0;
  BadRecords* bad_records_ = nullptr;
  std::unique_ptr<FileRows> rows_;
  Batch ready_;  ///< read and not yet emitted from row at_ on
  int at_ = 0;
  int64_t emitted_ = 0;  ///< rows of the current file emitted, before a restore too
  int64_t to_skip_ = 0;
  int64_t reported_ = 0;  ///< bad records likewise
  int64_t to_suppress_ = 0;
};

class FilesystemSource : public Source {
 public:
  explicit FilesystemSource(FilesystemScan scan) : scan_(std::move(scan)) {}

  Result<std::vector<SourceSplit>> EnumerateSplits(int num_shards) override {
    std::vector<SourceSplit> splits;
    if (scan_.monitor_ms.has_value()) {
      for (int i = 0; i < num_shards; ++i) {
        DirectoryWatch watch{static_cast<uint64_t>(i), static_cast<uint64_t>(num_shards), {}};
        splits.push_back(watch.ToSplit());
      }
      return splits;
    }
    ASSIGN_OR_RETURN(bool exists, scan_.search.RootExists());
    if (!exists) {
      return NotFound("table {}: there is no file or directory {}",
                      scan_.node.table.path.ToString(), scan_.search.root());
    }
    ASSIGN_OR_RETURN(std::vector<std::string> files, scan_.search.List());
    for (std::string& file : files) splits.push_back({std::move(file), "0"});
    return splits;
  }

  Result<std::unique_ptr<SourceReader>> MakeReader() override {
    return std::unique_ptr<SourceReader>(std::make_unique<FilesystemReader>(scan_));
  }

  bool IsBounded() const override { return !scan_.monitor_ms.has_value(); }

 private:
  FilesystemScan scan_;
};

Error NotInBatch(const sql::TableScanNode& node, std::string_view why) {
  Error error = InvalidArgument("table {} {}, which a batch query cannot read",
                                node.table.path.ToString(), why);
  error.hint = "SET 'execution.runtime-mode' = 'streaming'";
  return error;
}

}  // namespace

Result<std::unique_ptr<Source>> MakeFilesystemSource(const sql::TableScanNode& node,
                                                     const JobContext& context) {
  ASSIGN_OR_RETURN(std::string path, FilesystemPath(node.table));
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  ASSIGN_OR_RETURN(FileLayout layout, FileLayout::Of(node, path));
  io::FileSystem& fs = *context.environment->file_system;
  std::shared_ptr<Regex> pattern;
  if (const std::string* text = FindOption(node.table, "source.path.regex-pattern")) {
    ASSIGN_OR_RETURN(pattern, Regex::Compile("^(?:" + *text + ")\\z"));
  }
  size_t depth = node.table.info.descriptor.partition_keys.size();
  FilesystemScan scan{node, fs, std::move(layout), FileSearch(fs, std::move(path), depth, pattern),
                      std::nullopt};
  if (const std::string* interval = FindOption(node.table, "source.monitor-interval")) {
    ASSIGN_OR_RETURN(scan.monitor_ms, ParseDurationMs(*interval));
    if (*scan.monitor_ms <= 0) {
      return InvalidArgument("'source.monitor-interval' must be above 0, not '{}'", *interval);
    }
    if (IsBatch(context)) {
      return NotInBatch(node, "has 'source.monitor-interval': it does not end");
    }
  }
  ASSIGN_OR_RETURN(FileFormat format, FileFormatOf(node.table));
  if (format == FileFormat::kChangeJson && IsBatch(context)) {
    return NotInBatch(node, "has changes rather than rows");
  }
  return std::unique_ptr<Source>(std::make_unique<FilesystemSource>(std::move(scan)));
}

}  // namespace forebay::compute
