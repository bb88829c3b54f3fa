#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "compute/arrangement/arrangement.h"
#include "compute/operator/operator.h"

namespace forebay::compute {

/// A job's place at an arrangement, for one of its joins: keeps it alive and its versions from the
/// job's last checkpoint on. Thread-safe.
class ArrangementShare {
 public:
  ArrangementShare(std::shared_ptr<Arrangement> arrangement, int64_t id, Frontier begin)
      : arrangement_(std::move(arrangement)), id_(id), begin_(std::move(begin)) {}
  ~ArrangementShare() { arrangement_->Detach(id_); }
  ArrangementShare(const ArrangementShare&) = delete;
  ArrangementShare& operator=(const ArrangementShare&) = delete;

  Arrangement& arrangement() const { return *arrangement_; }
  /// Where this run of the job begins to read changes.
  const Frontier& begin() const { return begin_; }
  void Confirm(Frontier frontier) { arrangement_->Confirm(id_, std::move(frontier)); }

 private:
  const std::shared_ptr<Arrangement> arrangement_;
  const int64_t id_;
  const Frontier begin_;
};

/// The arrangements of a process, each while some job uses it. Thread-safe.
class Arrangements {
 public:
  /// `environment` outlives the object and all shares.
  explicit Arrangements(const ComputeEnvironment& environment) : environment_(environment) {}
  /// See Arrangement::Attach.
  Result<std::unique_ptr<ArrangementShare>> Attach(const ArrangementSpec& spec,
                                                   const std::optional<Frontier>& from);

 private:
  Result<std::shared_ptr<Arrangement>> FindOrMake(const ArrangementSpec& spec);

  const ComputeEnvironment& environment_;
  std::mutex mutex_;
  // Guarded by mutex_:
  std::map<std::string, std::weak_ptr<Arrangement>> by_identity_;
  int64_t next_reader_ = 1;
};

/// The column that a scan of a shared table has behind all others: which change a row is, its
/// bucket above kVersionBucketShift and its offset. Numbers of scan columns from 0 on are the
/// table's, and sql's own negative ones are others.
inline constexpr int kVersionColumn = -8;
inline constexpr int kVersionBucketShift = 48;

/// The shared side of one instance of a join: what the instance has been sent of the table's
/// changes, and the rows that are there then. Belongs to the instance's thread.
class ArrangedSide {
 public:
  /// `side`: which input it is. `columns`: those of the table that the input has. `share` outlives
  /// the object.
  ArrangedSide(int side, std::vector<int> columns, const ArrangementShare& share)
      : side_(side), columns_(std::move(columns)), share_(share), frontier_(share.begin()) {}

  int side() const { return side_; }
  /// Takes the versions off a batch of the shared input: the instance has that from now on.
  void Advance(model::Batch& batch);
  /// The rows that rows `rows` of a batch of the other side, whose keys are `keys`, find.
  Status Find(const EncodedKeys& keys, std::span<const uint32_t> rows, FoundVersions& found);
  /// Column `column` of the input, of rows of the index; null: NULL.
  void DecodeColumn(int column, std::span<const char* const> rows,
                    model::ColumnBuilder& builder) const {
    share_.arrangement().rows().DecodeColumn(columns_[static_cast<size_t>(column)], rows, builder);
  }

 private:
  const int side_;
  const std::vector<int> columns_;
  const ArrangementShare& share_;
  Frontier frontier_;
};

}  // namespace forebay::compute
