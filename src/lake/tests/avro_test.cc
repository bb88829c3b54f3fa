#include <gmock/gmock.h>

#include <random>

#include "lake/avro/avro_codec.h"

namespace forebay::lake {
namespace {

std::string Encoded(const AvroJson& schema, const AvroJson& datum) {
  ByteWriter out;
  Status status = EncodeAvro(schema, datum, out);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return out.Take();
}

AvroJson Bytes(std::string_view bytes) {
  return AvroJson::binary(std::vector<uint8_t>(bytes.begin(), bytes.end()));
}

AvroJson SampleSchema() {
  return AvroJson::parse(R"({"type":"record","name":"r","fields":[
    {"name":"id","type":"long","field-id":1},
    {"name":"note","type":["null","string"],"field-id":2},
    {"name":"tags","type":{"type":"array","items":"string","element-id":4},"field-id":3},
    {"name":"raw","type":["null",{"type":"fixed","name":"f","size":3}],"field-id":5}]})");
}

AvroFile SampleFile() {
  AvroFile file;
  file.schema = SampleSchema();
  file.metadata = {{"format-version", "2"}};
  file.datums = {{{"id", -5}, {"note", "hello"}, {"tags", {"a", "b"}}, {"raw", nullptr}},
                 {{"id", int64_t{1} << 40},
                  {"note", nullptr},
                  {"tags", AvroJson::array()},
                  {"raw", Bytes("xyz")}}};
  return file;
}

// The examples of the Avro specification, "Binary Encoding".
TEST(AvroCodecTest, EncodesAsTheSpecificationSays) {
  EXPECT_EQ(Encoded("long", 0), std::string("\x00", 1));
  EXPECT_EQ(Encoded("long", -1), "\x01");
  EXPECT_EQ(Encoded("long", 1), "\x02");
  EXPECT_EQ(Encoded("long", -64), "\x7f");
  EXPECT_EQ(Encoded("long", 64), "\x80\x01");
  EXPECT_EQ(Encoded("string", "foo"),
            "\x06"
            "foo");
  AvroJson record = AvroJson::parse(R"({"type":"record","name":"test","fields":[
    {"name":"a","type":"long"},{"name":"b","type":"string"}]})");
  EXPECT_EQ(Encoded(record, {{"a", 27}, {"b", "foo"}}),
            "\x36\x06"
            "foo");
  AvroJson array = {{"type", "array"}, {"items", "long"}};
  EXPECT_EQ(Encoded(array, {3, 27}), std::string("\x04\x06\x36\x00", 4));
  AvroJson option = AvroJson::array({"null", "string"});
  EXPECT_EQ(Encoded(option, nullptr), std::string("\x00", 1));
  EXPECT_EQ(Encoded(option, "a"),
            "\x02\x02"
            "a");
}

TEST(AvroCodecTest, RefusesWhatDoesNotFit) {
  ByteWriter out;
  EXPECT_EQ(EncodeAvro("long", "text", out).kind(), ErrorKind::kInvalidArgument);
  EXPECT_EQ(EncodeAvro(SampleSchema(), {{"id", nullptr}}, out).kind(), ErrorKind::kInvalidArgument);
  AvroJson fixed = {{"type", "fixed"}, {"name", "f"}, {"size", 3}};
  EXPECT_EQ(EncodeAvro(fixed, Bytes("four"), out).kind(), ErrorKind::kInvalidArgument);
}

TEST(AvroFileTest, RoundTrip) {
  auto bytes = WriteAvroFile(SampleFile());
  ASSERT_TRUE(bytes.ok());
  auto read = ReadAvroFile(*bytes);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->schema, SampleSchema());  // with its field-ids
  EXPECT_EQ(read->datums, SampleFile().datums);
  EXPECT_EQ(read->metadata, SampleFile().metadata);
}

TEST(AvroFileTest, ReadsDeflatedBlocks) {
  // {"a": 7} with schema {"type":"record","name":"r","fields":[{"name":"a","type":"long"}]}, codec
  // deflate: the block is a stored deflate block of the one byte 0x0e.
  std::string schema = R"({"type":"record","name":"r","fields":[{"name":"a","type":"long"}]})";
  ByteWriter out;
  out.WriteBytes(std::string_view("Obj\x01", 4));
  AvroJson map = {{"type", "map"}, {"values", "bytes"}};
  ASSERT_TRUE(
      EncodeAvro(map, {{"avro.schema", Bytes(schema)}, {"avro.codec", Bytes("deflate")}}, out)
          .ok());
  std::string sync(16, 's');
  out.WriteBytes(sync);
  out.WriteBytes(std::string_view("\x02\x0c\x01\x01\x00\xfe\xff\x0e", 8));
  out.WriteBytes(sync);
  auto read = ReadAvroFile(out.view());
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  ASSERT_EQ(read->datums.size(), 1u);
  EXPECT_EQ(read->datums[0]["a"], 7);
}

TEST(AvroFileTest, HostileBytesAreCorruption) {
  EXPECT_EQ(ReadAvroFile("").kind(), ErrorKind::kCorruption);
  EXPECT_EQ(ReadAvroFile("PAR1").kind(), ErrorKind::kCorruption);
  std::string bytes = *WriteAvroFile(SampleFile());
  for (size_t size = 0; size < bytes.size(); ++size) {
    auto read = ReadAvroFile(std::string_view(bytes).substr(0, size));
    // Cut between blocks a file is whole, with fewer rows.
    if (read.ok()) {
      EXPECT_TRUE(read->datums.empty());
    }
  }
  // A schema of no bytes and a huge count must not exhaust memory.
  AvroFile nulls;
  nulls.schema = "null";
  nulls.datums = {nullptr};
  EXPECT_EQ(ReadAvroFile(*WriteAvroFile(nulls)).kind(), ErrorKind::kCorruption);
}

TEST(AvroFileTest, MutatedBytesNeverCrash) {
  const std::string bytes = *WriteAvroFile(SampleFile());
  std::mt19937_64 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string mutated = bytes;
    for (uint64_t change = 0; change <= random() % 4; ++change) {
      mutated[random() % mutated.size()] = static_cast<char>(random());
    }
    auto read = ReadAvroFile(mutated);
    if (!read.ok()) {
      EXPECT_NE(read.kind(), ErrorKind::kInternal);
    }
  }
}

TEST(AvroFileTest, DeeplyNestedSchemaIsNoStackOverflow) {
  std::string schema;
  for (int i = 0; i < 100'000; ++i) schema += R"({"type":)";
  schema += R"("long")" + std::string(100'000, '}');
  AvroJson json = AvroJson::parse(schema);
  std::string one("\x02", 1);
  ByteReader in(one);
  auto value = DecodeAvro(json, in);
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(*value, 1);
}

}  // namespace
}  // namespace forebay::lake
