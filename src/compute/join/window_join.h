#pragma once

#include <deque>
#include <map>
#include <memory>

#include "compute/expression/evaluator.h"
#include "compute/operator/operator.h"
#include "compute/state/key_codec.h"
#include "compute/state/outside_charge.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Joins the rows of the same window of two inputs (StreamExecWindowJoin). Rows wait in batches by
/// their window's end; when the watermark reaches end - 1 the window's rows are joined at once, the
/// results are inserts only, and the window goes. Rows of a window that has fired are late, and
/// dropped. The window's columns are among the join keys; the end is the key column
/// named window_end or, when renamed, the last key of a timestamp type.
class WindowJoinOperator : public Operator {
 public:
  /// `condition` evaluates the node's condition; null when it has none.
  static Result<std::unique_ptr<Operator>> Make(const sql::JoinNode& node,
                                                std::shared_ptr<Evaluator> condition);
  Status Process(int input, model::Batch batch) override;
  Status ProcessWatermark(Watermark watermark) override;
  Status BeginSnapshot(StateWriter& writer) override;
  bool ContinueSnapshot(int64_t deadline_ns) override;
  Status Restore(StateReader& reader) override;
  int64_t StateBytes() const override;

 private:
  struct Buffered {
    model::Batch batch;
    int64_t window_end;
    int side;
    /// Stored keys and their key groups, once a snapshot has the rows.
    std::vector<std::pair<int, std::string>> stored;
    bool is_wanted = false;  ///< by the snapshot that is being written
    OutsideCharge charge = OutsideCharge(batch.MemoryBytes());
  };
  struct Window {
    std::vector<std::shared_ptr<Buffered>> sides[2];
  };

  WindowJoinOperator(const sql::JoinNode& node, std::shared_ptr<Evaluator> condition);
  Status Fire(Window& window);
  void Save(Buffered& buffered);

  sql::JoinNode node_;
  std::shared_ptr<Evaluator> condition_;
  int end_columns_[2];
  std::vector<int> keys_[2];
  RowCodec rows_[2];
  std::map<int64_t, Window> windows_;
  std::deque<std::weak_ptr<Buffered>> fresh_;  ///< in no snapshot
  std::vector<std::pair<int, std::string>> deleted_;
  // Of the snapshot that is being written: what was fresh and deleted.
  StateWriter* writer_ = nullptr;
  std::deque<std::weak_ptr<Buffered>> written_;
  std::vector<std::pair<int, std::string>> written_deleted_;
  int64_t next_row_ = 0;
  int64_t progress_ = kMinWatermark;
};

}  // namespace forebay::compute
