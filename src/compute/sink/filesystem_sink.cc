#include "compute/sink/filesystem_sink.h"

#include <fmt/format.h>

#include "base/random.h"
#include "compute/source/file_rows.h"
#include "compute/source/format_options.h"
#include "format/csv_rows.h"
#include "format/json_writer.h"
#include "format/parquet_file.h"

namespace forebay::compute {
namespace {

using model::Batch;

/// Makes a file of rows in memory or, for Parquet, in its place.
class FileEncoder {
 public:
  FileEncoder(const sql::SinkNode& node, FileFormat file_format, format::CsvOptions csv)
      : schema_(node.table.info.descriptor.schema), format_(file_format), csv_(std::move(csv)) {
    for (const model::ColumnSpec& column : schema_.columns) names_.push_back(column.name);
  }

  /// Appends the batch to `text` (csv, json), or keeps it (Parquet).
  void Add(const Batch& batch) {
    for (int row = 0; format_ != FileFormat::kParquet && row < batch.num_rows; ++row) {
      if (format_ == FileFormat::kCsv) {
        format::AppendCsvRow(text_, batch, row, csv_);
      } else {
        format::AppendJsonRow(text_, names_, batch, row);
        text_ += '\n';
      }
    }
    if (format_ == FileFormat::kParquet) batches_.push_back(batch);
    rows_ += batch.num_rows;
  }

  int64_t rows() const { return rows_; }

  Status WriteTo(io::FileSystem& fs, const std::string& path) {
    if (format_ == FileFormat::kParquet) {
      ASSIGN_OR_RETURN(auto writer, format::ParquetFileWriter::Open(path, schema_));
      for (const Batch& batch : batches_) RETURN_IF_ERROR(writer->Write(batch));
      RETURN_IF_ERROR(writer->Close());
    } else {
      ASSIGN_OR_RETURN(auto created, fs.Open(path, io::OpenMode::kTruncate));
      RETURN_IF_ERROR(created->Append(text_));
    }
    ASSIGN_OR_RETURN(auto file, fs.Open(path, io::OpenMode::kReadWrite));
    RETURN_IF_ERROR(file->Sync());
    text_.clear();
    batches_.clear();
    rows_ = 0;
    return Status::Ok();
  }

  const char* extension() const {
    static constexpr const char* kExtensions[] = {".csv", ".json", ".parquet"};
    return kExtensions[static_cast<int>(format_)];
  }

 private:
  const model::Schema& schema_;
  const FileFormat format_;
  const format::CsvOptions csv_;
  std::vector<std::string> names_;
  std::string text_;
  std::vector<Batch> batches_;
  int64_t rows_ = 0;
};

/// A name that no other file of any job has.
std::string UniqueName(int shard, const char* extension) {
  return fmt::format("part-{}-{:016x}{:016x}{}", shard, RandomBits(), RandomBits(), extension);
}

class FilesystemWriter : public SinkWriter {
 public:
  FilesystemWriter(io::FileSystem& fs, std::string directory, FileEncoder encoder, int shard)
      : fs_(fs), directory_(std::move(directory)), encoder_(std::move(encoder)), shard_(shard) {}

  Status Process(int, Batch batch) override {
    if (!batch.IsInsertOnly()) {
      return Internal("the filesystem sink was given updates");
    }
    encoder_.Add(batch);
    return Status::Ok();
  }

  Status PrepareCommit(CheckpointEntries& commits) override {
    if (encoder_.rows() == 0) return Status::Ok();
    std::string name = UniqueName(shard_, encoder_.extension());
    RETURN_IF_ERROR(encoder_.WriteTo(fs_, io::JoinPath(directory_, "." + name)));
    RETURN_IF_ERROR(fs_.SyncDirectory(directory_));
    commits.Put(kCommitTable, kUnkeyed, name, {});
    return Status::Ok();
  }

 private:
  io::FileSystem& fs_;
  const std::string directory_;
  FileEncoder encoder_;
  const int shard_;
};

class FilesystemCommitter : public Committer {
 public:
  FilesystemCommitter(io::FileSystem& fs, std::string directory)
      : fs_(fs), directory_(std::move(directory)) {}

  Status Commit(StateReader& commits, const std::atomic<bool>&) override {
    RETURN_IF_ERROR(commits.ForEach(kCommitTable, [&](std::string_view name, std::string_view) {
      std::string hidden = io::JoinPath(directory_, fmt::format(".{}", name));
      std::string shown = io::JoinPath(directory_, name);
      auto committed = fs_.Exists(shown);
      if (!committed.ok()) return committed.status();
      return *committed ? Status::Ok() : fs_.Rename(hidden, shown);
    }));
    return fs_.SyncDirectory(directory_);
  }

 private:
  io::FileSystem& fs_;
  const std::string directory_;
};

class FilesystemSink : public Sink {
 public:
  FilesystemSink(const sql::SinkNode& node, io::FileSystem& fs, std::string directory,
                 FileFormat file_format, format::CsvOptions csv)
      : node_(node),
        fs_(fs),
        directory_(std::move(directory)),
        format_(file_format),
        csv_(std::move(csv)) {}

  Result<std::unique_ptr<SinkWriter>> MakeWriter(int shard, int, SinkControl&) override {
    RETURN_IF_ERROR(fs_.CreateDirectories(directory_));
    return std::unique_ptr<SinkWriter>(std::make_unique<FilesystemWriter>(
        fs_, directory_, FileEncoder(node_, format_, csv_), shard));
  }

  Result<std::unique_ptr<Committer>> MakeCommitter() override {
    return std::unique_ptr<Committer>(std::make_unique<FilesystemCommitter>(fs_, directory_));
  }

 private:
  const sql::SinkNode& node_;
  io::FileSystem& fs_;
  const std::string directory_;
  const FileFormat format_;
  const format::CsvOptions csv_;
};

}  // namespace

Result<std::unique_ptr<Sink>> MakeFilesystemSink(const sql::SinkNode& node,
                                                 const JobContext& context) {
  if (node.overwrite) return NotSupported("INSERT OVERWRITE into the filesystem connector");
  ASSIGN_OR_RETURN(std::string path, FilesystemPath(node.table));
  ASSIGN_OR_RETURN(FileFormat file_format, FileFormatOf(node.table));
  ASSIGN_OR_RETURN(format::CsvOptions csv, CsvOptionsOf(node.table));
  return std::unique_ptr<Sink>(std::make_unique<FilesystemSink>(
      node, *context.environment->file_system, std::move(path), file_format, std::move(csv)));
}

}  // namespace forebay::compute
