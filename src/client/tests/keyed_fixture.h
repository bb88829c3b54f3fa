#pragma once

#include <algorithm>

#include "base/signal.h"
#include "client/tests/local_fixture.h"
#include "model/value.h"
#include "model/value_text.h"

namespace forebay::client {

/// Cells of rows in tests.
using Cells = std::vector<model::Value>;
inline model::Value Null() { return {}; }
inline model::Value Int(int64_t value) { return model::Value(value); }
inline model::Value Text(const char* value) { return model::Value(std::string(value)); }

/// A primary-key table of any columns, in one bucket unless said otherwise; the key is `id`.
class KeyedFixture : public LocalFixture {
 protected:
  static inline const model::TablePath kKeyed{"db", "keyed"};

  static model::ColumnSpec IdColumn() { return {"id", model::DataType::Bigint().NotNull()}; }
  static model::ColumnSpec Aggregated(const char* name, model::DataType type, const char* function,
                                      std::map<std::string, std::string> parameters = {}) {
    return {name, std::move(type), "", 0, model::AggFunction{function, std::move(parameters)}};
  }

  /// `columns` follow the key.
  Status TryCreate(std::vector<model::ColumnSpec> columns,
                   std::map<std::string, std::string> properties = {},
                   std::vector<std::string> auto_increment = {}, int buckets = 1) {
    model::TableDescriptor table;
    table.schema.columns = {IdColumn()};
    table.schema.columns.insert(table.schema.columns.end(), columns.begin(), columns.end());
    table.schema.primary_key = {"id"};
    table.schema.auto_increment_columns = std::move(auto_increment);
    table.properties = std::move(properties);
    table.bucket_count = buckets;
    return internal::ToStatus(connection_->admin().CreateTable(kKeyed, table));
  }
  void Create(std::vector<model::ColumnSpec> columns,
              std::map<std::string, std::string> properties = {},
              std::vector<std::string> auto_increment = {}, int buckets = 1) {
    Status created =
        TryCreate(std::move(columns), std::move(properties), std::move(auto_increment), buckets);
    ASSERT_TRUE(created.ok()) << created.ToString();
  }

  model::TableInfo Info() { return connection_->admin().GetTable(kKeyed).value(); }

  /// Cells that a row lacks are NULL.
  model::Batch BatchOf(const std::vector<Cells>& rows,
                       model::ChangeType change = model::ChangeType::kInsert) {
    std::vector<model::DataType> types = Info().descriptor.schema.Types();
    model::BatchBuilder builder(types);
    for (const Cells& row : rows) {
      for (size_t i = 0; i < types.size(); ++i) {
        model::AppendValue(builder.column(static_cast<int>(i)), i < row.size() ? row[i] : Null());
      }
      builder.FinishRow(change);
    }
    return builder.Finish();
  }
  Status TryPut(const std::vector<Cells>& rows, std::vector<int> targets = {},
                model::ChangeType change = model::ChangeType::kInsert) {
    ASSIGN_OR_RETURN(auto writer, connection_->OpenWriter(kKeyed, std::move(targets)));
    return internal::ToStatus(writer->Write(BatchOf(rows, change)));
  }
  void Put(const std::vector<Cells>& rows, std::vector<int> targets = {}) {
    Status put = TryPut(rows, std::move(targets));
    ASSERT_TRUE(put.ok()) << put.ToString();
  }
  void Delete(const Cells& row, std::vector<int> targets = {}) {
    Status deleted = TryPut({row}, std::move(targets), model::ChangeType::kDelete);
    ASSERT_TRUE(deleted.ok()) << deleted.ToString();
  }

  static std::string RowText(const model::Batch& batch, int row) {
    std::string text;
    for (size_t i = 0; i < batch.columns.size(); ++i) {
      if (i > 0) text += "|";
      model::AppendText(text, batch.columns[i], row);
    }
    return text;
  }
  /// The rows that a snapshot has, in order of their texts.
  std::vector<std::string> ScanRows() {
    std::vector<std::string> rows;
    for (int bucket = 0; bucket < Info().descriptor.bucket_count; ++bucket) {
      auto scanner = connection_->OpenSnapshotScanner(kKeyed, bucket, std::nullopt);
      EXPECT_TRUE(scanner.ok()) << scanner.status().ToString();
      while (true) {
        auto batch = (*scanner)->Next();
        EXPECT_TRUE(batch.ok()) << batch.status().ToString();
        if (!batch.ok() || batch->num_rows == 0) break;
        for (int row = 0; row < batch->num_rows; ++row) rows.push_back(RowText(*batch, row));
      }
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  /// "-" for a key that has no row.
  std::string Find(int64_t id) {
    model::BatchBuilder builder({model::DataType::Bigint().NotNull()});
    builder.column(0).Append(id);
    builder.FinishRow();
    auto lookuper = connection_->OpenLookuper(kKeyed, std::nullopt);
    auto found = (*lookuper)->Lookup(builder.Finish());
    EXPECT_TRUE(found.ok()) << found.status().ToString();
    return found->row_of_key[0] < 0 ? "-" : RowText(found->rows, found->row_of_key[0]);
  }
  std::vector<std::string> Changelog(int bucket = 0) {
    auto scanner = connection_->OpenLogScanner(kKeyed, std::nullopt);
    EXPECT_TRUE((*scanner)->Subscribe(bucket, 0).ok());
    std::vector<std::string> texts;
    while (true) {
      auto polled = (*scanner)->Poll(0, 1 << 20);
      EXPECT_TRUE(polled.ok()) << polled.status().ToString();
      if (!polled.ok() || polled->empty()) return texts;
      for (const ScanRecords& part : *polled) {
        for (int row = 0; row < part.batch.num_rows; ++row) {
          texts.push_back(fmt::format("{} {}", ChangeTypeText(part.batch.change(row)),
                                      RowText(part.batch, row)));
        }
      }
    }
  }
};

}  // namespace forebay::client
