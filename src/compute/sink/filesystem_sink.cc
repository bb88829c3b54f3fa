#include "compute/sink/filesystem_sink.h"

#include "base/log.h"
#include "compute/runtime/processing_time.h"
#include "compute/sink/file_insert.h"
#include "compute/sink/filesystem_commit.h"
#include "compute/sink/filesystem_target.h"
#include "compute/sink/filesystem_writer.h"

namespace forebay::compute {
namespace {

/// Commits a batch INSERT at its end.
class InsertCommitter : public Committer {
 public:
  explicit InsertCommitter(std::unique_ptr<FileInsert> insert) : insert_(std::move(insert)) {}
  Status Commit(StateReader& commits, const std::atomic<bool>&) override {
    std::vector<std::string> names;
    RETURN_IF_ERROR(commits.ForEach(kCommitTable, [&](std::string_view name, std::string_view) {
      names.emplace_back(name);
      return Status::Ok();
    }));
    return insert_->Commit(std::move(names));
  }

 private:
  const std::unique_ptr<FileInsert> insert_;
};

class FilesystemSink : public Sink {
 public:
  FilesystemSink(FilesystemTarget target, const JobContext& context)
      : target_(std::move(target)), context_(context) {}
  ~FilesystemSink() override { RemoveEmptyStaging(); }

  /// Called for shard 0 first, when what the last run left has been committed.
  Result<std::unique_ptr<SinkWriter>> MakeWriter(int shard, int num_shards, SinkControl&) override {
    board_.SetWriters(num_shards);
    if (shard == 0) RETURN_IF_ERROR(SweepStaging());
    return std::unique_ptr<SinkWriter>(std::make_unique<FilesystemWriter>(target_, board_, shard));
  }

  Result<std::unique_ptr<Committer>> MakeCommitter() override {
    if (IsBatch(context_)) {
      ASSIGN_OR_RETURN(auto insert,
                       FileInsert::Begin(target_, context_.environment->connection->admin()));
      return std::unique_ptr<Committer>(std::make_unique<InsertCommitter>(std::move(insert)));
    }
    return std::unique_ptr<Committer>(
        std::make_unique<EpochCommitter>(target_, board_, ProcessingTimeOf(context_)));
  }

 private:
  /// Files of epochs that the last run of this job did not come to an end with.
  Status SweepStaging() {
    RETURN_IF_ERROR(target_.fs.CreateDirectories(target_.directory));
    ASSIGN_OR_RETURN(bool exists, target_.fs.Exists(target_.staging));
    return exists ? target_.fs.RemoveAll(target_.staging) : Status::Ok();
  }

  /// Files that a checkpoint knows stay: the job may go on.
  void RemoveEmptyStaging() {
    auto names = target_.fs.List(target_.staging);
    if (!names.ok() || !names->empty()) return;
    Status removed = target_.fs.RemoveAll(target_.staging);
    if (removed.ok()) return;
    Log(LogLevel::kWarning, "compute", "directory not removed directory={} error=\"{}\"",
        target_.staging, removed.message());
  }

  const FilesystemTarget target_;
  const JobContext& context_;
  PartitionBoard board_;
};

}  // namespace

Result<std::unique_ptr<Sink>> MakeFilesystemSink(const sql::SinkNode& node,
                                                 const JobContext& context) {
  ASSIGN_OR_RETURN(FilesystemTarget target, FilesystemTarget::Of(node, context));
  return std::unique_ptr<Sink>(std::make_unique<FilesystemSink>(std::move(target), context));
}

}  // namespace forebay::compute
