#include "compute/source/values_source.h"

#include <charconv>

namespace forebay::compute {
namespace {

class ValuesReader : public SourceReader {
 public:
  explicit ValuesReader(model::Batch rows) : rows_(std::move(rows)) {}

  Status Open(std::vector<SourceSplit> splits, Waker&) override {
    has_split_ = !splits.empty();
    if (!has_split_) return Status::Ok();
    const std::string& text = splits[0].position;
    std::from_chars(text.data(), text.data() + text.size(), next_);
    return Status::Ok();
  }

  Result<PollOutcome> Poll(SourceOutput& output) override {
    if (!has_split_ || next_ >= rows_.num_rows) return PollOutcome::kEnd;
    int count = std::min(model::Batch::kMaxRows, rows_.num_rows - next_);
    int begin = std::exchange(next_, next_ + count);
    RETURN_IF_ERROR(output.Emit(0, rows_.Slice(begin, count)));
    return PollOutcome::kProgress;
  }

  std::vector<SourceSplit> Positions() const override {
    if (!has_split_) return {};
    return {{"rows", std::to_string(next_)}};
  }

 private:
  const model::Batch rows_;
  bool has_split_ = false;
  int next_ = 0;
};

class ValuesSource : public Source {
 public:
  ValuesSource(const sql::ValuesNode& node, const EvaluationContext& context)
      : node_(node), context_(context) {}

  Result<std::vector<SourceSplit>> EnumerateSplits(int) override {
    return std::vector<SourceSplit>{{"rows", "0"}};
  }

  Result<std::unique_ptr<SourceReader>> MakeReader() override {
    model::BatchBuilder builder(node_.OutputTypes());
    for (const auto& row : node_.rows) {
      for (size_t i = 0; i < row.size(); ++i) {
        ASSIGN_OR_RETURN(model::Value value, EvaluateConstant(row[i], context_));
        model::AppendValue(builder.column(static_cast<int>(i)), value);
      }
      builder.FinishRow();
    }
    return std::unique_ptr<SourceReader>(std::make_unique<ValuesReader>(builder.Finish()));
  }

 private:
  const sql::ValuesNode& node_;
  const EvaluationContext& context_;
};

}  // namespace

Result<std::unique_ptr<Source>> MakeValuesSource(const sql::ValuesNode& node,
                                                 const JobContext& context) {
  return std::unique_ptr<Source>(std::make_unique<ValuesSource>(node, context.evaluation));
}

}  // namespace forebay::compute
