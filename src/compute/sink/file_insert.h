#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/connection.h"
#include "compute/sink/filesystem_target.h"
#include "compute/sink/sink.h"

namespace forebay::compute {

/// What a batch INSERT into files does to them, as it is written down before it begins: with this
/// it can be carried out again from any point.
struct FileInsertPlan {
  std::string directory;
  std::string staging;
  std::vector<std::string> files;     ///< below `directory`, staged by their last part
  std::vector<std::string> replaced;  ///< names below `directory` that go: INSERT OVERWRITE
  std::vector<std::string> created;   ///< directories below it that are there afterwards
  std::vector<std::string> success_files;

  /// kNotSupported when a name is no UTF-8: what is written down is JSON.
  Result<std::string> ToText() const;
  static Result<FileInsertPlan> Parse(const std::string& text);
};

/// The files of one batch INSERT: all appear, or none. A record among the catalog's objects says
/// what is to become of the staging directory when the process dies: until the plan is in it the
/// directory goes, then the plan is carried out. Thread-compatible.
class FileInsert {
 public:
  /// `target` and `admin` outlive the insert.
  static Result<std::unique_ptr<FileInsert>> Begin(const FilesystemTarget& target,
                                                   client::Admin& admin);
  /// Unless it was committed nothing is left of it.
  ~FileInsert();

  /// Shows the files `names`. After a failure everything is as it was.
  Status Commit(std::vector<std::string> names);

 private:
  FileInsert(const FilesystemTarget& target, client::Admin& admin, std::string id)
      : target_(target), admin_(admin), id_(std::move(id)) {}
  Result<FileInsertPlan> PlanOf(std::vector<std::string> names) const;
  Status AddReplaced(const std::string& partition, FileInsertPlan& plan) const;
  Status End();

  const FilesystemTarget& target_;
  client::Admin& admin_;
  const std::string id_;
  bool open_ = true;
  bool keeps_ = false;  ///< neither done nor undone: the next start does it
};

/// Ends what batch INSERTs of a process that died had begun. Called once, before statements run.
Status FinishFileInserts(client::Admin& admin, io::FileSystem& fs);

}  // namespace forebay::compute
