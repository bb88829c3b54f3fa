#pragma once

#include <map>
#include <memory>
#include <string>

#include "compute/operator/operator.h"
#include "compute/state/row_codec.h"
#include "compute/state/sort_key.h"
#include "compute/state/state_allocator.h"
#include "compute/state/state_expiry.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// ORDER BY (StreamExecTemporalSort, StreamExecSort). Ordered first by a rowtime column ascending,
/// rows are sent when the watermark reaches their time, and rows at or before the last watermark
/// are late and dropped; in any other order all rows are sent at the end of a bounded input. Equal
/// rows keep the order of arrival. Retractions take the row out.
class SortOperator : public Operator {
 public:
  static Result<std::unique_ptr<Operator>> Make(const sql::SortNode& node);
  Status Process(int input, model::Batch batch) override;
  Status ProcessWatermark(Watermark watermark) override;
  Status BeginSnapshot(StateWriter& writer) override;
  bool ContinueSnapshot(int64_t deadline_ns) override;
  Status Restore(StateReader& reader) override;
  int64_t StateBytes() const override { return bytes_; }

 private:
  struct Held {
    int64_t time;
    int64_t number;  ///< of arrival
    bool stored;
    StateString row;
  };
  using Rows = std::multimap<StateString, Held, std::less<>,
                             StateAllocator<std::pair<const StateString, Held>>>;
  using Fresh = std::map<int64_t, Rows::iterator, std::less<>,
                         StateAllocator<std::pair<const int64_t, Rows::iterator>>>;
  explicit SortOperator(const sql::SortNode& node);
  std::string StoredKey(int64_t number) const;
  void Write(Rows::iterator row);
  /// Before the row goes.
  void Forget(Rows::iterator row);

  bool temporal_;
  int time_column_;
  int64_t units_per_ms_;
  RowCodec rows_;
  SortKeyCodec order_;
  Rows held_;
  Fresh fresh_;  ///< not yet in a snapshot
  StateVector<int64_t> deleted_;
  // Of the snapshot that is being written: what was fresh and deleted.
  StateWriter* writer_ = nullptr;
  Fresh written_;
  StateVector<int64_t> written_deleted_;
  int64_t next_number_ = 0;
  int64_t progress_ = kMinWatermark;
  int64_t bytes_ = 0;
};

/// LIMIT without ORDER BY over an input that only inserts: passes rows offset + 1 to offset + fetch
/// (StreamExecLimit). With a TTL it begins anew when no row has passed for so long.
class LimitOperator : public Operator {
 public:
  /// With an order, or over an input with updates, it is a rank without keys.
  static Result<std::unique_ptr<Operator>> Make(const sql::LimitNode& node);
  Status Process(int input, model::Batch batch) override;
  Status BeginSnapshot(StateWriter& writer) override;
  Status Restore(StateReader& reader) override;

 private:
  LimitOperator(int64_t first, int64_t end, StateTtl ttl) : first_(first), end_(end), ttl_(ttl) {}
  int64_t first_;
  int64_t end_;
  const StateTtl ttl_;
  int64_t seen_ = 0;
  int64_t passed_ms_ = 0;  ///< when a row last was among the first; with a TTL
};

}  // namespace forebay::compute
