#include <gtest/gtest.h>

#include "compute/sink/immediate_sinks.h"
#include "compute/sink/row_text.h"

namespace forebay::compute {
namespace {

using model::DataType;

/// Does nothing: print sinks ask for nothing.
class NoControl : public SinkControl {
 public:
  void HoldSources() override {}
  void ReleaseSources() override {}
  void RequestCheckpoint() override {}
  bool IsFallback() const override { return false; }
};

model::Batch TwoRows() {
  model::BatchBuilder builder({DataType::Int(), DataType::String()});
  builder.column(0).Append(int32_t{1});
  builder.column(1).AppendString("abc");
  builder.FinishRow();
  builder.column(0).AppendNull();
  builder.column(1).AppendString("longer than twelve");
  builder.FinishRow(model::ChangeType::kUpdateBefore);
  return builder.Finish();
}

std::vector<std::string> Printed(const std::string& identifier, int shard, int num_shards) {
  std::vector<std::string> lines;
  auto sink = MakePrintSink(identifier, [&](std::string_view line) { lines.emplace_back(line); });
  NoControl control;
  auto writer = sink->MakeWriter(shard, num_shards, control).value();
  EXPECT_TRUE(writer->Process(0, TwoRows()).ok());
  return lines;
}

// The forms of Flink's PrintSinkOutputWriter.
TEST(PrintSinkTest, PrefixesAreFlinks) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(Printed("ident", 0, 1),
            (Lines{"ident> +I[1, abc]", "ident> -U[null, longer than twelve]"}));
  EXPECT_EQ(Printed("ident", 1, 2)[0], "ident:2> +I[1, abc]");
  EXPECT_EQ(Printed("", 1, 2)[0], "2> +I[1, abc]");
  EXPECT_EQ(Printed("", 0, 1)[0], "+I[1, abc]");
}

// As java.time's, Double's and BigDecimal's toString.
TEST(RowTextTest, ValuesAreJavas) {
  model::BatchBuilder builder({DataType::Timestamp(3), DataType::TimestampLtz(6),
                               DataType::Double(), DataType::Decimal(10, 2), DataType::Boolean(),
                               DataType::Date(), DataType::Bytes(), DataType::Time()});
  builder.column(0).Append(int64_t{1704067200000});
  builder.column(1).Append(int64_t{1704067201500000});
  builder.column(2).Append(1e7);
  builder.column(3).Append(int64_t{-5});
  builder.column(4).Append(uint8_t{1});
  builder.column(5).Append(int32_t{-1});
  builder.column(6).AppendString(std::string("\x01\xff", 2));
  builder.column(7).Append(int32_t{45296000});
  builder.FinishRow();
  std::string text;
  AppendRowText(builder.Finish(), 0, text);
  EXPECT_EQ(text,
            "+I[2024-01-01T00:00, 2024-01-01T00:00:01.500Z, 1.0E7, -0.05, true, 1969-12-31, "
            "[1, -1], 12:34:56]");
}

}  // namespace
}  // namespace forebay::compute
