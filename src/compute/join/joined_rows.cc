#include "compute/join/joined_rows.h"

#include <algorithm>

namespace forebay::compute {

using model::Batch;
using model::Column;

namespace {

/// Rows `rows` of a column; -1 gives NULL.
Column GatherOrNull(const Column* column, std::span<const JoinedRows::Pair> pairs,
                    const model::DataType& type) {
  model::ColumnBuilder builder(type, static_cast<int>(pairs.size()));
  for (const JoinedRows::Pair& pair : pairs) {
    if (pair.row < 0) {
      builder.AppendNull();
    } else {
      builder.AppendFrom(*column, pair.row);
    }
  }
  return builder.Finish();
}

}  // namespace

JoinedRows::JoinedRows(const sql::JoinNode& node, std::shared_ptr<Evaluator> condition)
    : types_(node.OutputTypes()), condition_(std::move(condition)) {
  for (int side = 0; side < 2; ++side) codecs_[side] = RowCodec(node.inputs[side]->OutputTypes());
}

void JoinedRows::SetWatermark(int64_t watermark) {
  if (condition_ != nullptr) condition_->SetWatermark(watermark);
}

Batch JoinedRows::Build(std::span<const Pair> pairs, const Batch* batch, int side) const {
  Batch result;
  result.num_rows = static_cast<int>(pairs.size());
  std::vector<uint32_t> rows;
  for (const Pair& pair : pairs) {
    if (batch != nullptr && pair.row >= 0) rows.push_back(static_cast<uint32_t>(pair.row));
  }
  bool is_complete = rows.size() == pairs.size();
  size_t type = 0;
  for (int s = 0; s < 2; ++s) {
    std::vector<const char*> stored;
    for (const Pair& pair : pairs) stored.push_back(pair.stored[s]);
    for (size_t c = 0; c < codecs_[s].types().size(); ++c, ++type) {
      if (batch == nullptr || s != side) {
        model::ColumnBuilder builder(types_[type], result.num_rows);
        codecs_[s].DecodeColumn(static_cast<int>(c), stored, builder);
        result.columns.push_back(builder.Finish());
      } else if (is_complete) {
        result.columns.push_back(batch->columns[c].Gather(rows).WithType(types_[type]));
      } else {
        result.columns.push_back(GatherOrNull(&batch->columns[c], pairs, types_[type]));
      }
    }
  }
  return result;
}

Status JoinedRows::Test(std::span<const Pair> pairs, const Batch* batch, int side,
                        std::vector<uint8_t>& is_true) {
  is_true.assign(pairs.size(), condition_ == nullptr ? 1 : 0);
  if (condition_ == nullptr) return Status::Ok();
  for (size_t begin = 0; begin < pairs.size(); begin += Batch::kMaxRows) {
    auto part = pairs.subspan(begin, std::min<size_t>(Batch::kMaxRows, pairs.size() - begin));
    RETURN_IF_ERROR(condition_->Select(0, Build(part, batch, side), selected_));
    for (uint32_t i : selected_) is_true[begin + i] = 1;
  }
  return Status::Ok();
}

bool KeepsUnmatched(sql::JoinKind kind, int side) {
  if (kind == sql::JoinKind::kFull) return true;
  return kind == (side == 0 ? sql::JoinKind::kLeft : sql::JoinKind::kRight);
}

void FindKeyedRows(const Batch& batch, const std::vector<int>& keys,
                   std::vector<uint8_t>& has_key) {
  has_key.assign(batch.num_rows, 1);
  for (int key : keys) {
    const Column& column = batch.columns[key];
    if (!column.MayHaveNulls()) continue;
    for (int row = 0; row < batch.num_rows; ++row) has_key[row] &= column.IsNull(row) ? 0 : 1;
  }
}

}  // namespace forebay::compute
