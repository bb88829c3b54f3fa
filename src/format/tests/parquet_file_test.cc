#include "format/parquet_file.h"

#include <arrow/record_batch.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "format/arrow_convert.h"
#include "format/tests/sample_batches.h"

namespace forebay::format {
namespace {

using model::Batch;
using model::DataType;
using model::Schema;

Schema SchemaOf(const std::vector<DataType>& types) {
  Schema schema;
  for (size_t i = 0; i < types.size(); ++i) {
    schema.columns.push_back({"c" + std::to_string(i), types[i], "", static_cast<int>(i) + 1});
  }
  return schema;
}

TEST(ArrowConvertTest, ArrowItselfAgreesOnEveryType) {
  for (double nulls : {0.0, 0.3, 1.0}) {
    Batch batch = RandomBatch(AllTypes(), 130, 4, nulls);
    auto arrow = ToArrow(batch, SchemaOf(AllTypes()));
    ASSERT_TRUE(arrow.ok()) << arrow.status().ToString();
    ASSERT_TRUE((*arrow)->ValidateFull().ok()) << (*arrow)->ValidateFull().ToString();
    auto back = FromArrow(**arrow, AllTypes());
    ASSERT_TRUE(back.ok()) << back.status().ToString();
    EXPECT_TRUE(SameRows(batch, *back));
  }
}

class ParquetFileTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ =
        std::filesystem::temp_directory_path() / ("forebay_parquet_" + std::to_string(getpid()));
    std::filesystem::create_directories(directory_);
    path_ = directory_ / "rows.parquet";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  Schema WriteRows(const Batch& batch, const std::vector<DataType>& types) {
    Schema schema = SchemaOf(types);
    ParquetWriteOptions options;
    for (const auto& column : schema.columns) options.field_ids.push_back(column.id);
    auto writer = ParquetFileWriter::Open(path_, schema, options).value();
    EXPECT_TRUE(writer->Write(batch).ok());
    EXPECT_TRUE(writer->Close().ok());
    return schema;
  }

  std::filesystem::path directory_;
  std::string path_;
};

TEST_F(ParquetFileTest, EveryTypeComesBack) {
  Batch batch = RandomBatch(AllTypes(), 500, 6, 0.2);
  Schema schema = WriteRows(batch, AllTypes());
  auto reader = ParquetFileReader::Open(path_).value();
  EXPECT_EQ(reader->num_rows(), 500);
  ASSERT_TRUE(reader->Select(schema.columns, true).ok());
  auto read = reader->Next();
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_TRUE(SameRows(batch, *read));
  EXPECT_EQ(reader->Next()->num_rows, 0);
}

TEST_F(ParquetFileTest, ProjectsReordersAndFillsMissingColumns) {
  Batch batch = RandomBatch(AllTypes(), 100, 6, 0.2);
  Schema schema = WriteRows(batch, AllTypes());
  auto reader = ParquetFileReader::Open(path_).value();
  std::vector<model::ColumnSpec> wanted = {
      schema.columns[28], schema.columns[3], {"new", DataType::String(), "", 99}};
  ASSERT_TRUE(reader->Select(wanted).ok());
  Batch read = reader->Next().value();
  std::vector<int> projection = {28, 3};
  EXPECT_TRUE(read.columns[2].IsNull(0));
  read.columns.pop_back();
  EXPECT_TRUE(SameRows(batch.Project(projection), read));
}

TEST_F(ParquetFileTest, StatisticsCountNulls) {
  model::BatchBuilder builder({DataType::Int()});
  for (int i = 0; i < 10; ++i) {
    i % 3 == 0 ? builder.column(0).AppendNull() : builder.column(0).Append<int32_t>(i);
    builder.FinishRow();
  }
  WriteRows(builder.Finish(), {DataType::Int()});
  auto statistics = ParquetFileReader::Open(path_).value()->Statistics();
  ASSERT_EQ(statistics.size(), 1u);
  EXPECT_EQ(statistics[0].null_count, 4);
  EXPECT_EQ(statistics[0].value_count, 10);
  EXPECT_EQ(statistics[0].min, std::string("\1\0\0\0", 4));
  EXPECT_EQ(statistics[0].max, std::string("\x8\0\0\0", 4));
}

TEST_F(ParquetFileTest, DamagedFilesAreErrors) {
  EXPECT_FALSE(ParquetFileReader::Open(path_).ok());
  std::ofstream(path_) << "PAR1 this is no parquet file PAR1";
  EXPECT_EQ(ParquetFileReader::Open(path_).kind(), ErrorKind::kCorruption);
}

}  // namespace
}  // namespace forebay::format
