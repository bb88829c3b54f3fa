#include "format/avro/avro_file.h"

#include <gtest/gtest.h>

#include "format/avro/avro_cell.h"
#include "format/avro/avro_schema.h"
#include "format/tests/cells.h"

namespace forebay::format {
namespace {

using model::DataType;

std::vector<model::ColumnSpec> Columns() {
  return {{"id", DataType::Int().NotNull()},
          {"name", DataType::String()},
          {"price", DataType::Decimal(30, 3)},
          {"at", DataType::Timestamp(3)},
          {"tags", DataType::Array(DataType::String())},
          {"props", DataType::Map(DataType::String().NotNull(), DataType::Int())},
          {"pos", DataType::Row({{"x", DataType::Double()}, {"ok", DataType::Boolean()}})}};
}

model::Batch Rows() {
  model::BatchBuilder builder(TypesOf(Columns()));
  for (int i = 0; i < 5000; ++i) {
    builder.column(0).Append<int32_t>(i - 100);
    if (i % 3 == 0) {
      for (int c = 1; c < 7; ++c) builder.column(c).AppendNull();
      builder.FinishRow();
      continue;
    }
    builder.column(1).AppendString("name " + std::to_string(i));
    builder.column(2).Append<model::Int128>((i % 2 == 0 ? -1 : 1) * model::Int128{i} *
                                            1'000'000'007);
    builder.column(3).Append<int64_t>(i * 1001 - 5000);
    for (int t = 0; t < i % 4; ++t) builder.column(4).child(0).AppendString("t");
    builder.column(4).FinishEntry();
    builder.column(5).child(0).AppendString("k");
    builder.column(5).child(1).AppendNull();
    builder.column(5).FinishEntry();
    builder.column(6).child(0).Append<double>(i / 2.0);
    builder.column(6).child(1).Append<uint8_t>(1);
    builder.column(6).FinishEntry();
    builder.FinishRow();
  }
  return builder.Finish();
}

Result<std::string> Read(const std::vector<model::ColumnSpec>& columns, std::string_view file,
                         size_t chunk) {
  AvroFileReader reader(columns);
  model::BatchBuilder builder(TypesOf(columns));
  for (size_t at = 0; at < file.size(); at += chunk) {
    RETURN_IF_ERROR(reader.Feed(file.substr(at, chunk), builder));
  }
  RETURN_IF_ERROR(reader.Finish());
  return Shown(builder.Finish());
}

TEST(AvroFileTest, EveryCodecGivesTheRowsBackHoweverTheFileIsCut) {
  model::Batch rows = Rows();
  for (AvroCodec codec :
       {AvroCodec::kNull, AvroCodec::kDeflate, AvroCodec::kSnappy, AvroCodec::kZstandard}) {
    auto writer = AvroFileWriter::Make(Columns(), codec, true);
    ASSERT_TRUE(writer.ok()) << writer.message();
    ASSERT_TRUE((*writer)->Write(rows).ok());
    std::string file = (*writer)->Finish().value();
    for (size_t chunk : {size_t{97}, file.size()}) {
      auto read = Read(Columns(), file, chunk);
      ASSERT_TRUE(read.ok()) << read.message();
      EXPECT_EQ(*read, Shown(rows));
    }
    EXPECT_FALSE(Read(Columns(), std::string_view(file).substr(0, file.size() - 3), 1000).ok());
    file[file.size() / 2] ^= 1;
    (void)Read(Columns(), file, 1000);  // whatever it says, it comes back
  }
}

TEST(AvroFileTest, FieldsAreFoundByName) {
  auto writer = AvroFileWriter::Make(Columns(), AvroCodec::kNull, true).value();
  ASSERT_TRUE(writer->Write(Rows().Slice(1, 2)).ok());
  std::string file = writer->Finish().value();
  auto read =
      Read({{"nope", DataType::Int()}, {"name", DataType::String()}, {"id", DataType::Bigint()}},
           file, 64);
  ASSERT_TRUE(read.ok()) << read.message();
  EXPECT_EQ(*read, "NULL|name 1|-99|\nNULL|name 2|-98|\n");
  EXPECT_EQ(Read({{"name", DataType::Date()}}, file, 64).status().kind(),
            ErrorKind::kInvalidArgument);
}

TEST(AvroFileTest, FlinksSchema) {
  EXPECT_EQ(AvroSchemaOf({{"id", DataType::Int().NotNull()}, {"at", DataType::Timestamp(3)}}, true)
                .value(),
            R"({"type":"record","name":"record","namespace":"org.apache.flink.avro.generated",)"
            R"("fields":[{"name":"id","type":"int"},{"name":"at","type":["null",)"
            R"({"type":"long","logicalType":"timestamp-millis"}],"default":null}]})");
  EXPECT_FALSE(AvroSchemaOf({{"at", DataType::TimestampLtz(3)}}, true).ok());
}

TEST(AvroFileTest, RecordsThatNameEachOtherAreNoSchemaBeyondBounds) {
  std::string doubled = R"({"type":"record","name":"r0","fields":[{"name":"f","type":"int"}]})";
  for (int i = 1; i < 40; ++i) {
    doubled = fmt::format(R"({{"type":"record","name":"r{}","fields":[{{"name":"a","type":{}}},)"
                          R"({{"name":"b","type":"r{}"}}]}})",
                          i, doubled, i - 1);
  }
  EXPECT_EQ(ParseAvroSchema(doubled).kind(), ErrorKind::kNotSupported);
}

TEST(AvroFileTest, TextIsNoDecimal) {
  auto writer =
      AvroFileWriter::Make({{"price", DataType::String()}}, AvroCodec::kNull, true).value();
  model::BatchBuilder builder({DataType::String()});
  builder.column(0).AppendString("12");
  builder.FinishRow();
  ASSERT_TRUE(writer->Write(builder.Finish()).ok());
  std::string file = writer->Finish().value();
  EXPECT_EQ(Read({{"price", DataType::Decimal(10, 2)}}, file, 64).kind(),
            ErrorKind::kInvalidArgument);
}

TEST(AvroFileTest, ItemsWithoutBytesAreCountedTogether) {
  std::string schema = R"({"type":"record","name":"r","fields":[{"name":"n",)"
                       R"("type":{"type":"array","items":"null"}}]})";
  std::string file = "Obj\x01";
  AppendAvroLong(file, 1);
  AppendAvroString(file, "avro.schema");
  AppendAvroString(file, schema);
  AppendAvroLong(file, 0);
  std::string sync(16, 's');
  std::string row;
  for (int i = 0; i < 40; ++i) AppendAvroLong(row, 1 << 15);
  AppendAvroLong(row, 0);
  file += sync;
  AppendAvroLong(file, 1);
  AppendAvroString(file, row);
  file += sync;
  EXPECT_EQ(Read({{"n", DataType::Array(DataType::Int())}}, file, 4096).kind(),
            ErrorKind::kCorruption);
}

TEST(AvroFileTest, HostileLengthsEndTheReading) {
  std::string head = "Obj\x01";
  for (const std::string& tail :
       {std::string("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        std::string("\x02\xfe\xff\xff\xff\x1f"), std::string("\x01\x00", 2)}) {
    AvroFileReader reader(Columns());
    model::BatchBuilder builder(TypesOf(Columns()));
    Status fed = reader.Feed(head + tail + std::string(100, '\xff'), builder);
    EXPECT_FALSE(fed.ok() && reader.Finish().ok());
  }
}

TEST(AvroFileTest, ColumnsMayBeLessNullableThanTheFile) {
  std::vector<model::ColumnSpec> columns = {{"id", DataType::Int()},
                                            {"tags", DataType::Array(DataType::String())}};
  model::BatchBuilder builder(
      {DataType::Int().NotNull(), DataType::Array(DataType::String().NotNull()).NotNull()});
  builder.column(0).Append<int32_t>(7);
  builder.column(1).child(0).AppendString("t");
  builder.column(1).FinishEntry();
  builder.FinishRow();
  auto writer = AvroFileWriter::Make(columns, AvroCodec::kNull, true).value();
  ASSERT_TRUE(writer->Write(builder.Finish()).ok());
  std::string file = writer->Finish().value();
  // A row: branch 1 and 7; branch 1, a block of one item, its branch 1, "t", no more blocks.
  EXPECT_NE(file.find(std::string("\x02\x0e\x02\x02\x02\x02t\0", 8)), std::string::npos);
}

}  // namespace
}  // namespace forebay::format
