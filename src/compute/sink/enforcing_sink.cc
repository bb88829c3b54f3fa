#include "compute/sink/enforcing_sink.h"

namespace forebay::compute {

using model::Batch;

namespace {

class EnforcingWriter : public SinkWriter {
 public:
  EnforcingWriter(std::unique_ptr<SinkWriter> writer, const NotNullEnforcer& nulls,
                  const LengthEnforcer& lengths)
      : writer_(std::move(writer)), nulls_(nulls), lengths_(lengths) {}

  Status Open(const OperatorContext& context) override { return writer_->Open(context); }
  Status Process(int input, Batch batch) override {
    ASSIGN_OR_RETURN(Batch checked, nulls_.Check(std::move(batch)));
    ASSIGN_OR_RETURN(checked, lengths_.Check(std::move(checked)));
    return checked.num_rows == 0 ? Status::Ok() : writer_->Process(input, std::move(checked));
  }
  Status ProcessWatermark(Watermark watermark) override {
    return writer_->ProcessWatermark(watermark);
  }
  Status Tick(int64_t now_ms) override { return writer_->Tick(now_ms); }
  void SetIdle(bool idle) override { writer_->SetIdle(idle); }
  Status Finish() override { return writer_->Finish(); }
  Status BeginSnapshot(StateWriter& state) override { return writer_->BeginSnapshot(state); }
  bool ContinueSnapshot(int64_t deadline_ns) override {
    return writer_->ContinueSnapshot(deadline_ns);
  }
  Status Restore(StateReader& state) override { return writer_->Restore(state); }
  int64_t StateBytes() const override { return writer_->StateBytes(); }
  Result<EpochWork> EndEpoch() override { return writer_->EndEpoch(); }

 private:
  const std::unique_ptr<SinkWriter> writer_;
  const NotNullEnforcer& nulls_;
  const LengthEnforcer& lengths_;
};

class EnforcingSink : public Sink {
 public:
  EnforcingSink(std::unique_ptr<Sink> sink, NotNullEnforcer nulls, LengthEnforcer lengths)
      : sink_(std::move(sink)), nulls_(std::move(nulls)), lengths_(std::move(lengths)) {}

  Result<std::unique_ptr<SinkWriter>> MakeWriter(int shard, int num_shards,
                                                 SinkControl& control) override {
    ASSIGN_OR_RETURN(auto writer, sink_->MakeWriter(shard, num_shards, control));
    return std::unique_ptr<SinkWriter>(
        std::make_unique<EnforcingWriter>(std::move(writer), nulls_, lengths_));
  }
  Result<std::unique_ptr<Committer>> MakeCommitter() override { return sink_->MakeCommitter(); }

 private:
  const std::unique_ptr<Sink> sink_;
  const NotNullEnforcer nulls_;
  const LengthEnforcer lengths_;
};

}  // namespace

std::unique_ptr<Sink> WithEnforcers(std::unique_ptr<Sink> sink, NotNullEnforcer nulls,
                                    LengthEnforcer lengths) {
  if (!nulls.IsNeeded() && !lengths.IsNeeded()) return sink;
  return std::make_unique<EnforcingSink>(std::move(sink), std::move(nulls), std::move(lengths));
}

}  // namespace forebay::compute
