#include "compute/join/lookup_join.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "model/prefix_key.h"

namespace forebay::compute {

using model::Batch;
using model::Column;

Result<std::unique_ptr<Operator>> LookupJoinOperator::Make(const sql::LookupJoinNode& node,
                                                           const EvaluationContext& context,
                                                           client::Connection* connection) {
  if (node.table.IsForeign()) {
    return NotSupported("a lookup join with a table of connector '{}'", node.table.connector());
  }
  if (connection == nullptr) return Internal("a lookup join has no connection to storage");
  std::unique_ptr<LookupJoinOperator> join(new LookupJoinOperator());
  join->types_ = node.OutputTypes();
  join->input_columns_ = node.inputs[0]->output.size();
  join->left_outer_ = node.left_outer;
  join->retries_ = node.retries;
  join->retry_delay_ms_ = node.retry_delay_ms;
  std::vector<int> projection = node.columns;
  std::sort(projection.begin(), projection.end());
  projection.erase(std::unique(projection.begin(), projection.end()), projection.end());
  for (int column : node.columns) {
    auto place = std::lower_bound(projection.begin(), projection.end(), column);
    join->order_.push_back(static_cast<int>(place - projection.begin()));
  }
  RETURN_IF_ERROR(join->OpenLookuper(node, projection, *connection));
  ASSIGN_OR_RETURN(join->keys_, Evaluator::Make(node.keys, context));
  if (node.condition != nullptr) {
    ASSIGN_OR_RETURN(join->condition_, Evaluator::Make({node.condition}, context));
  }
  return std::unique_ptr<Operator>(std::move(join));
}

Status LookupJoinOperator::OpenLookuper(const sql::LookupJoinNode& node,
                                        const std::vector<int>& projection,
                                        client::Connection& connection) {
  for (int column : projection) {
    row_types_.push_back(node.table.info.descriptor.schema.columns[column].type);
  }
  ASSIGN_OR_RETURN(bool is_cached, OpenFullCache(node, projection, connection));
  if (is_cached) return Status::Ok();
  if (node.keys.size() >= node.table.info.descriptor.schema.primary_key.size()) {
    ASSIGN_OR_RETURN(lookuper_, connection.OpenLookuper(node.table.path, projection));
    return OpenCache(node);
  }
  auto* scans = dynamic_cast<client::KeyScans*>(&connection);
  if (scans == nullptr) return NotSupported("a lookup join by a part of the key");
  ASSIGN_OR_RETURN(prefix_lookuper_, scans->OpenPrefixLookuper(node.table.path, projection));
  return Status::Ok();
}

Result<bool> LookupJoinOperator::OpenFullCache(const sql::LookupJoinNode& node,
                                               const std::vector<int>& projection,
                                               client::Connection& connection) {
  ASSIGN_OR_RETURN(auto options, FullLookupCache::OptionsOf(node.table.options));
  if (!options) return false;
  std::vector<int> keys = node.table.info.descriptor.schema.PrimaryKeyIndexes();
  if (node.keys.size() < keys.size()) keys = model::PrefixLookupKey(node.table.info.descriptor);
  model::TableInfo table = node.table.info;
  table.path = node.table.path;
  full_cache_.emplace(*options, connection, std::move(table), std::move(keys), projection);
  return true;
}

Status LookupJoinOperator::OpenCache(const sql::LookupJoinNode& node) {
  ASSIGN_OR_RETURN(auto options, LookupCache::OptionsOf(node.table.options));
  if (!options) return Status::Ok();
  cache_.emplace(*options);
  std::vector<model::DataType> key_types;
  for (const sql::ExpressionPtr& key : node.keys) key_types.push_back(key->type);
  key_codec_ = RowCodec(std::move(key_types));
  row_codec_ = RowCodec(row_types_);
  return Status::Ok();
}

Result<Batch> LookupJoinOperator::LookUpCached(const Batch& keys,
                                               const std::vector<uint32_t>& asked, bool again,
                                               std::vector<uint32_t>& own) {
  int64_t now = context_.now_ms();
  EncodedRows encoded;
  key_codec_.Encode(keys, encoded);
  std::vector<LookupCache::Row> rows(asked.size());
  std::vector<uint32_t> unknown;
  for (uint32_t i = 0; i < asked.size(); ++i) {
    auto found = cache_->Find(std::string(encoded[i]), now);
    bool is_known = found && (*found != nullptr || !again);
    if (is_known) {
      rows[i] = *found;
    } else {
      unknown.push_back(i);
    }
  }
  if (!unknown.empty()) {
    ASSIGN_OR_RETURN(client::Lookuper::Rows found, lookuper_->Lookup(keys.Gather(unknown)));
    EncodedRows bytes;
    row_codec_.Encode(found.rows, bytes);
    for (size_t i = 0; i < unknown.size(); ++i) {
      int row = found.row_of_key[i];
      if (row >= 0) rows[unknown[i]] = std::make_shared<const std::string>(bytes[row]);
      cache_->Put(std::string(encoded[unknown[i]]), rows[unknown[i]], now);
    }
  }
  std::vector<const char*> there;
  for (size_t i = 0; i < asked.size(); ++i) {
    if (rows[i] == nullptr) continue;
    own.push_back(asked[i]);
    there.push_back(rows[i]->data());
  }
  return Batch(static_cast<int>(there.size()), row_codec_.Decode(there));
}

Result<Batch> LookupJoinOperator::LookUp(const Batch& keys, const std::vector<uint32_t>& asked,
                                         bool again, std::vector<uint32_t>& own) {
  if (full_cache_) {
    std::vector<uint32_t> key_of_row;
    ASSIGN_OR_RETURN(Batch found, full_cache_->Find(keys, context_.now_ms, key_of_row));
    for (uint32_t key : key_of_row) own.push_back(asked[key]);
    return found;
  }
  if (prefix_lookuper_ != nullptr) {
    ASSIGN_OR_RETURN(auto found, prefix_lookuper_->LookupAll(keys));
    for (int key : found.key_of_row) own.push_back(asked[static_cast<size_t>(key)]);
    return std::move(found.rows);
  }
  if (cache_) return LookUpCached(keys, asked, again, own);
  ASSIGN_OR_RETURN(client::Lookuper::Rows found, lookuper_->Lookup(keys));
  std::vector<uint32_t> theirs;
  for (size_t i = 0; i < asked.size(); ++i) {
    if (found.row_of_key[i] < 0) continue;
    own.push_back(asked[i]);
    theirs.push_back(static_cast<uint32_t>(found.row_of_key[i]));
  }
  return found.rows.Gather(theirs);
}

Batch LookupJoinOperator::Merged(const Batch& a, const std::vector<uint32_t>& own_a, const Batch& b,
                                 const std::vector<uint32_t>& own_b,
                                 std::vector<uint32_t>& own) const {
  model::BatchBuilder builder(row_types_, a.num_rows + b.num_rows);
  size_t i = 0;
  size_t k = 0;
  while (i < own_a.size() || k < own_b.size()) {
    bool from_a = k == own_b.size() || (i < own_a.size() && own_a[i] < own_b[k]);
    own.push_back(from_a ? own_a[i] : own_b[k]);
    size_t& row = from_a ? i : k;
    builder.AppendRow(from_a ? a : b, static_cast<int>(row++));
  }
  return builder.Finish();
}

Result<Batch> LookupJoinOperator::LookUpPatiently(const Batch& keys,
                                                  const std::vector<uint32_t>& asked,
                                                  std::vector<uint32_t>& own) {
  ASSIGN_OR_RETURN(Batch found, LookUp(keys, asked, false, own));
  for (int64_t left = retries_; left > 0; --left) {
    std::vector<uint32_t> places;
    std::vector<uint32_t> missed;
    size_t next = 0;
    for (uint32_t i = 0; i < asked.size(); ++i) {
      bool is_met = next < own.size() && own[next] == asked[i];
      while (next < own.size() && own[next] == asked[i]) ++next;
      if (is_met) continue;
      places.push_back(i);
      missed.push_back(asked[i]);
    }
    if (missed.empty()) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(retry_delay_ms_));
    std::vector<uint32_t> own_late;
    ASSIGN_OR_RETURN(Batch late, LookUp(keys.Gather(places), missed, true, own_late));
    if (own_late.empty()) continue;
    std::vector<uint32_t> own_first = std::exchange(own, {});
    found = Merged(found, own_first, late, own_late, own);
  }
  return found;
}

/// The joined rows that pass the condition, and the input row of each in `own`.
Result<Batch> LookupJoinOperator::FoundRows(const Batch& batch, std::vector<uint32_t>& own) {
  ASSIGN_OR_RETURN(std::vector<Column> keys, keys_->Evaluate(batch));
  std::vector<uint32_t> asked;
  for (int row = 0; row < batch.num_rows; ++row) {
    bool has_key =
        std::none_of(keys.begin(), keys.end(), [&](const Column& key) { return key.IsNull(row); });
    if (has_key) asked.push_back(static_cast<uint32_t>(row));
  }
  Batch joined;
  if (asked.empty()) return joined;
  Batch wanted = Batch(batch.num_rows, std::move(keys)).Gather(asked);
  ASSIGN_OR_RETURN(Batch found, LookUpPatiently(wanted, asked, own));
  if (own.empty()) return joined;
  joined = batch.Gather(own);
  for (int column : order_) {
    joined.columns.push_back(found.columns[column].WithType(types_[joined.columns.size()]));
  }
  if (condition_ == nullptr) return joined;
  std::vector<uint32_t> passed;
  RETURN_IF_ERROR(condition_->Select(0, joined, passed));
  std::vector<uint32_t> kept;
  for (uint32_t row : passed) kept.push_back(own[row]);
  own = std::move(kept);
  return joined.Gather(passed);
}

Status LookupJoinOperator::Process(int, Batch batch) {
  std::vector<uint32_t> own;
  ASSIGN_OR_RETURN(Batch joined, FoundRows(batch, own));
  if (!left_outer_) {
    return joined.num_rows == 0 ? Status::Ok() : context_.output->Emit(std::move(joined));
  }
  model::BatchBuilder builder(types_, batch.num_rows);
  size_t next = 0;
  for (int row = 0; row < batch.num_rows; ++row) {
    bool is_found = next < own.size() && own[next] == static_cast<uint32_t>(row);
    while (next < own.size() && own[next] == static_cast<uint32_t>(row)) {
      builder.AppendRow(joined, static_cast<int>(next++), batch.change(row));
    }
    if (is_found) continue;
    for (size_t i = 0; i < types_.size(); ++i) {
      if (i < input_columns_) {
        builder.column(static_cast<int>(i)).AppendFrom(batch.columns[i], row);
      } else {
        builder.column(static_cast<int>(i)).AppendNull();
      }
    }
    builder.FinishRow(batch.change(row));
  }
  return context_.output->Emit(builder.Finish());
}

Status LookupJoinOperator::ProcessWatermark(Watermark watermark) {
  keys_->SetWatermark(watermark);
  if (condition_ != nullptr) condition_->SetWatermark(watermark);
  return Status::Ok();
}

}  // namespace forebay::compute
