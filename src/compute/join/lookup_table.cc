#include "compute/join/lookup_table.h"

#include <algorithm>
#include <numeric>

#include "compute/join/distinct_keys.h"
#include "model/prefix_key.h"

namespace forebay::compute {

using model::Batch;

Result<std::unique_ptr<LookupTable>> LookupTable::Open(const sql::LookupJoinNode& node,
                                                       client::Connection& connection) {
  std::unique_ptr<LookupTable> table(new LookupTable());
  std::vector<int>& projection = table->projection_;
  projection = node.columns;
  std::sort(projection.begin(), projection.end());
  projection.erase(std::unique(projection.begin(), projection.end()), projection.end());
  for (int column : node.columns) {
    auto place = std::lower_bound(projection.begin(), projection.end(), column);
    table->order_.push_back(static_cast<int>(place - projection.begin()));
  }
  for (int column : projection) {
    table->row_types_.push_back(node.table.info.descriptor.schema.columns[column].type);
  }
  RETURN_IF_ERROR(table->OpenRows(node, connection));
  return table;
}

Status LookupTable::OpenRows(const sql::LookupJoinNode& node, client::Connection& connection) {
  ASSIGN_OR_RETURN(bool is_cached, OpenFullCache(node, connection));
  if (is_cached) return Status::Ok();
  if (node.keys.size() >= node.table.info.descriptor.schema.primary_key.size()) {
    ASSIGN_OR_RETURN(lookuper_, connection.OpenLookuper(node.table.path, projection_));
    return OpenCache(node);
  }
  auto* scans = dynamic_cast<client::KeyScans*>(&connection);
  if (scans == nullptr) return NotSupported("a lookup join by a part of the key");
  ASSIGN_OR_RETURN(prefix_lookuper_, scans->OpenPrefixLookuper(node.table.path, projection_));
  return Status::Ok();
}

Result<bool> LookupTable::OpenFullCache(const sql::LookupJoinNode& node,
                                        client::Connection& connection) {
  ASSIGN_OR_RETURN(auto options, FullLookupCache::OptionsOf(node.table.options));
  if (!options) return false;
  std::vector<int> keys = node.table.info.descriptor.schema.PrimaryKeyIndexes();
  if (node.keys.size() < keys.size()) keys = model::PrefixLookupKey(node.table.info.descriptor);
  model::TableInfo table = node.table.info;
  table.path = node.table.path;
  full_cache_.emplace(*options, connection, std::move(table), std::move(keys), projection_);
  return true;
}

Status LookupTable::OpenCache(const sql::LookupJoinNode& node) {
  ASSIGN_OR_RETURN(auto options, LookupCache::OptionsOf(node.table.options));
  if (!options) return Status::Ok();
  cache_.emplace(*options);
  std::vector<model::DataType> key_types;
  for (const sql::ExpressionPtr& key : node.keys) key_types.push_back(key->type);
  key_codec_ = RowCodec(std::move(key_types));
  row_codec_ = RowCodec(row_types_);
  return Status::Ok();
}

Result<LookupTable::Found> LookupTable::FindCached(const Batch& keys, bool again, int64_t now_ms) {
  EncodedRows encoded;
  key_codec_.Encode(keys, encoded);
  std::vector<LookupCache::Row> rows(static_cast<size_t>(keys.num_rows));
  std::vector<uint32_t> unknown;
  for (uint32_t i = 0; i < rows.size(); ++i) {
    auto found = cache_->Find(std::string(encoded[i]), now_ms);
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
      cache_->Put(std::string(encoded[unknown[i]]), rows[unknown[i]], now_ms);
    }
    cache_charge_.Set(cache_->bytes());
  }
  Found found;
  std::vector<const char*> there;
  for (uint32_t i = 0; i < rows.size(); ++i) {
    if (rows[i] == nullptr) continue;
    found.key_of_row.push_back(i);
    there.push_back(rows[i]->data());
  }
  found.rows = Batch(static_cast<int>(there.size()), row_codec_.Decode(there));
  return found;
}

Result<LookupTable::Found> LookupTable::Find(const Batch& keys, bool again, int64_t (*now_ms)()) {
  DistinctKeys distinct(keys);
  ASSIGN_OR_RETURN(Found each, FindEach(keys.Gather(distinct.rows), again, now_ms));
  // Distinct key i has found the rows first_row[i] to first_row[i + 1].
  std::vector<uint32_t> first_row(distinct.rows.size() + 1);
  for (uint32_t key : each.key_of_row) ++first_row[key + 1];
  std::partial_sum(first_row.begin(), first_row.end(), first_row.begin());
  Found found;
  std::vector<uint32_t> rows;
  for (uint32_t key = 0; key < distinct.place_of_row.size(); ++key) {
    uint32_t place = distinct.place_of_row[key];
    for (uint32_t row = first_row[place]; row < first_row[place + 1]; ++row) {
      found.key_of_row.push_back(key);
      rows.push_back(row);
    }
  }
  found.rows = each.rows.Gather(rows);
  return found;
}

Result<LookupTable::Found> LookupTable::FindEach(const Batch& keys, bool again,
                                                 int64_t (*now_ms)()) {
  Found found;
  if (full_cache_) {
    ASSIGN_OR_RETURN(found.rows, full_cache_->Find(keys, now_ms, found.key_of_row));
    return found;
  }
  if (prefix_lookuper_ != nullptr) {
    ASSIGN_OR_RETURN(auto rows, prefix_lookuper_->LookupAll(keys));
    found.key_of_row.assign(rows.key_of_row.begin(), rows.key_of_row.end());
    found.rows = std::move(rows.rows);
    return found;
  }
  if (cache_) return FindCached(keys, again, now_ms());
  ASSIGN_OR_RETURN(client::Lookuper::Rows rows, lookuper_->Lookup(keys));
  std::vector<uint32_t> theirs;
  for (uint32_t i = 0; i < rows.row_of_key.size(); ++i) {
    if (rows.row_of_key[i] < 0) continue;
    found.key_of_row.push_back(i);
    theirs.push_back(static_cast<uint32_t>(rows.row_of_key[i]));
  }
  found.rows = rows.rows.Gather(theirs);
  return found;
}

int64_t LookupTable::bytes() const {
  if (full_cache_) return full_cache_->bytes();
  return cache_ ? cache_->bytes() : 0;
}

}  // namespace forebay::compute
