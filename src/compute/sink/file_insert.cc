#include "compute/sink/file_insert.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/failpoint.h"
#include "base/log.h"
#include "compute/sink/filesystem_commit.h"

namespace forebay::compute {
namespace {

using nlohmann::json;

/// Objects by the staging directory's name: "{}" or a FileInsertPlan.
constexpr const char* kFileInsertObject = "file_insert";

/// Where the `index`th of the replaced names waits until the insert is through.
std::string ReplacedPath(const FileInsertPlan& plan, size_t index) {
  return io::JoinPath(plan.staging, "replaced-" + std::to_string(index));
}

std::string StagedPath(const FileInsertPlan& plan, const std::string& name) {
  return io::JoinPath(plan.staging, name.substr(name.rfind('/') + 1));
}

/// Renames unless that has been done.
Status Move(io::FileSystem& fs, const std::string& from, const std::string& to) {
  ASSIGN_OR_RETURN(bool there, fs.Exists(from));
  if (!there) return {};
  RETURN_IF_ERROR(fs.Rename(from, to));
  Failpoint("file_insert.after_rename");
  return {};
}

/// Does what the plan says, or the rest of it.
Status CarryOut(io::FileSystem& fs, const FileInsertPlan& plan) {
  for (size_t i = 0; i < plan.replaced.size(); ++i) {
    RETURN_IF_ERROR(
        Move(fs, io::JoinPath(plan.directory, plan.replaced[i]), ReplacedPath(plan, i)));
  }
  std::set<std::string> directories = {plan.directory};
  for (const std::string& created : plan.created) {
    directories.insert(io::JoinPath(plan.directory, created));
  }
  for (const std::string& directory : directories) {
    RETURN_IF_ERROR(fs.CreateDirectories(directory));
  }
  for (const std::string& name : plan.files) {
    RETURN_IF_ERROR(Move(fs, StagedPath(plan, name), io::JoinPath(plan.directory, name)));
  }
  for (const std::string& name : plan.success_files) {
    RETURN_IF_ERROR(WriteSuccessFile(fs, io::JoinPath(plan.directory, name)));
  }
  for (const std::string& directory : directories) {
    RETURN_IF_ERROR(fs.SyncDirectory(directory));
  }
  return {};
}

/// Puts everything back.
Status Undo(io::FileSystem& fs, const FileInsertPlan& plan) {
  for (const std::string& name : plan.files) {
    RETURN_IF_ERROR(Move(fs, io::JoinPath(plan.directory, name), StagedPath(plan, name)));
  }
  for (size_t i = 0; i < plan.replaced.size(); ++i) {
    RETURN_IF_ERROR(
        Move(fs, ReplacedPath(plan, i), io::JoinPath(plan.directory, plan.replaced[i])));
  }
  return {};
}

std::string Absolute(const std::string& path) {
  std::error_code error;
  std::string absolute = std::filesystem::absolute(path, error).lexically_normal().string();
  return error ? path : absolute;
}

}  // namespace

Result<std::string> FileInsertPlan::ToText() const {
  try {
    return json{{"directory", directory}, {"staging", staging}, {"files", files},
                {"replaced", replaced},   {"created", created}, {"success_files", success_files}}
        .dump();
  } catch (const json::type_error&) {
    return NotSupported("an INSERT into {} of files whose names are no UTF-8", directory);
  }
}

Result<FileInsertPlan> FileInsertPlan::Parse(const std::string& text) {
  try {
    json object = json::parse(text);
    FileInsertPlan plan;
    object.at("directory").get_to(plan.directory);
    object.at("staging").get_to(plan.staging);
    plan.files = object.value("files", plan.files);
    plan.replaced = object.value("replaced", plan.replaced);
    plan.created = object.value("created", plan.created);
    plan.success_files = object.value("success_files", plan.success_files);
    return plan;
  } catch (const json::exception& error) {
    return Corruption("the record of an INSERT into files: {}", error.what());
  }
}

Result<std::unique_ptr<FileInsert>> FileInsert::Begin(const FilesystemTarget& target,
                                                      client::Admin& admin) {
  std::string id = target.staging.substr(target.staging.rfind('/') + 1);
  // A plan without files: what is staged goes.
  FileInsertPlan nothing;
  nothing.directory = Absolute(target.directory);
  nothing.staging = Absolute(target.staging);
  ASSIGN_OR_RETURN(std::string text, nothing.ToText());
  RETURN_IF_ERROR(admin.PutObject(kFileInsertObject, id, text, true));
  return std::unique_ptr<FileInsert>(new FileInsert(target, admin, id));
}

FileInsert::~FileInsert() {
  if (!open_ || keeps_) return;
  Status ended = End();
  if (ended.ok()) return;
  Log(LogLevel::kWarning, "compute", "staged files not removed directory={} error=\"{}\"",
      target_.staging, ended.message());
}

Status FileInsert::End() {
  open_ = false;
  RETURN_IF_ERROR(target_.fs.RemoveAll(target_.staging));
  return admin_.DropObject(kFileInsertObject, id_);
}

Status FileInsert::AddReplaced(const std::string& partition, FileInsertPlan& plan) const {
  std::string directory = io::JoinPath(target_.directory, partition);
  ASSIGN_OR_RETURN(bool exists, target_.fs.Exists(directory));
  if (!exists) return {};
  ASSIGN_OR_RETURN(std::vector<std::string> names, target_.fs.List(directory));
  for (const std::string& name : names) {
    // Flink leaves hidden files: those of others' inserts, success files.
    if (!name.starts_with('.') && !name.starts_with('_')) plan.replaced.push_back(partition + name);
  }
  return {};
}

Result<FileInsertPlan> FileInsert::PlanOf(std::vector<std::string> names) const {
  FileInsertPlan plan;
  plan.directory = Absolute(target_.directory);
  plan.staging = Absolute(target_.staging);
  plan.files = std::move(names);
  std::set<std::string> partitions;
  for (const std::string& name : plan.files) {
    partitions.insert(name.substr(0, name.rfind('/') + 1));
  }
  if (target_.partition_columns.empty()) partitions.insert("");
  // As in Flink 2.3, a partition that was named and gets no rows keeps those it has, even under
  // INSERT OVERWRITE; its success file is written.
  bool names_empty = partitions.empty() && !target_.commit.success_file().empty();
  if (names_empty && !target_.static_partition.empty()) {
    plan.created.push_back(target_.static_partition);
    plan.success_files.push_back(target_.static_partition + target_.commit.success_file());
  }
  for (const std::string& partition : partitions) {
    if (target_.overwrites) RETURN_IF_ERROR(AddReplaced(partition, plan));
    plan.created.push_back(partition);
    if (target_.commit.success_file().empty()) continue;
    plan.success_files.push_back(partition + target_.commit.success_file());
  }
  return plan;
}

Status FileInsert::Commit(std::vector<std::string> names) {
  ASSIGN_OR_RETURN(FileInsertPlan plan, PlanOf(std::move(names)));
  ASSIGN_OR_RETURN(std::string text, plan.ToText());
  // The moved files must have where to go; the directory is there when anything was staged.
  RETURN_IF_ERROR(target_.fs.CreateDirectories(target_.staging));
  Failpoint("file_insert.before_plan");
  RETURN_IF_ERROR(admin_.PutObject(kFileInsertObject, id_, text, true));
  Failpoint("file_insert.after_plan");
  Status done = CarryOut(target_.fs, plan);
  if (!done.ok()) {
    Status undone = Undo(target_.fs, plan);
    keeps_ = !undone.ok();
    if (keeps_) {
      Log(LogLevel::kError, "compute",
          "an INSERT into files is half done, the next start completes it directory={}",
          plan.directory);
    }
    return done;
  }
  Failpoint("file_insert.before_end");
  return End();
}

Status FinishFileInserts(client::Admin& admin, io::FileSystem& fs) {
  ASSIGN_OR_RETURN(std::vector<std::string> ids, admin.ListObjects(kFileInsertObject));
  for (const std::string& id : ids) {
    ASSIGN_OR_RETURN(std::string text, admin.GetObject(kFileInsertObject, id));
    ASSIGN_OR_RETURN(FileInsertPlan plan, FileInsertPlan::Parse(text));
    bool was_begun = !plan.created.empty() || !plan.files.empty();
    // The table's directory may be gone, or on a disk that is not there now: that must not keep
    // the server from starting.
    Status finished = was_begun ? CarryOut(fs, plan) : Status::Ok();
    if (finished.ok()) finished = fs.RemoveAll(plan.staging);
    if (finished.ok()) finished = admin.DropObject(kFileInsertObject, id);
    Log(finished.ok() ? LogLevel::kInfo : LogLevel::kError, "compute",
        "an INSERT into files was {} directory={} error=\"{}\"", was_begun ? "completed" : "undone",
        plan.directory, finished.ok() ? "" : finished.message());
  }
  return {};
}

}  // namespace forebay::compute
