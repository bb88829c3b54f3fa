// The sinks whose rows are out as soon as they are written: print, blackhole and the end of a
// query.

#include <cstdio>

#include "compute/sink/immediate_sinks.h"
#include "compute/sink/row_text.h"

namespace forebay::compute {
namespace {

/// Writes a line a row.
class PrintWriter : public SinkWriter {
 public:
  PrintWriter(std::string prefix, std::function<void(std::string_view)> print)
      : prefix_(std::move(prefix)), print_(std::move(print)) {}

  Status Process(int, model::Batch batch) override {
    for (int row = 0; row < batch.num_rows; ++row) {
      line_ = prefix_;
      AppendRowText(batch, row, line_);
      print_(line_);
    }
    return Status::Ok();
  }

 private:
  const std::string prefix_;
  const std::function<void(std::string_view)> print_;
  std::string line_;
};

class PrintSink : public Sink {
 public:
  PrintSink(std::string identifier, std::function<void(std::string_view)> print)
      : identifier_(std::move(identifier)), print_(std::move(print)) {}

  /// Flink's PrintSinkOutputWriter: "ident:subtask> " with several subtasks, "ident> " with one,
  /// "subtask> " without an identifier.
  Result<std::unique_ptr<SinkWriter>> MakeWriter(int shard, int num_shards, SinkControl&) override {
    std::string prefix = identifier_;
    if (num_shards > 1) {
      if (!prefix.empty()) prefix += ':';
      prefix += std::to_string(shard + 1);
    }
    if (!prefix.empty()) prefix += "> ";
    return std::unique_ptr<SinkWriter>(std::make_unique<PrintWriter>(std::move(prefix), print_));
  }

 private:
  const std::string identifier_;
  const std::function<void(std::string_view)> print_;
};

/// Takes rows and forgets them.
class BlackholeWriter : public SinkWriter {
 public:
  Status Process(int, model::Batch) override { return Status::Ok(); }
};

class BlackholeSink : public Sink {
 public:
  Result<std::unique_ptr<SinkWriter>> MakeWriter(int, int, SinkControl&) override {
    return std::unique_ptr<SinkWriter>(std::make_unique<BlackholeWriter>());
  }
};

/// Holds the job's sources while the session is behind.
class QueueThrottle {
 public:
  explicit QueueThrottle(SinkControl& control) : control_(control) {}
  void OnFull() {
    if (!held_.exchange(true)) control_.HoldSources();
  }
  void OnRoom() {
    if (held_.exchange(false)) control_.ReleaseSources();
  }

 private:
  SinkControl& control_;
  std::atomic<bool> held_{false};
};

class CollectWriter : public SinkWriter {
 public:
  CollectWriter(CollectQueue& queue, std::shared_ptr<QueueThrottle> throttle)
      : queue_(queue), throttle_(std::move(throttle)) {}

  Status Process(int, model::Batch batch) override {
    // Held before the push: the reader may make room, and release, as soon as it sees the batch.
    if (queue_.WouldFill()) throttle_->OnFull();
    queue_.Push(std::move(batch));
    return Status::Ok();
  }

 private:
  CollectQueue& queue_;
  const std::shared_ptr<QueueThrottle> throttle_;
};

class CollectSink : public Sink {
 public:
  explicit CollectSink(CollectQueue& queue) : queue_(queue) {}
  ~CollectSink() override { queue_.SetRoomCallback(nullptr); }

  Result<std::unique_ptr<SinkWriter>> MakeWriter(int, int, SinkControl& control) override {
    if (throttle_ == nullptr) {
      throttle_ = std::make_shared<QueueThrottle>(control);
      queue_.SetRoomCallback([throttle = throttle_] { throttle->OnRoom(); });
    }
    return std::unique_ptr<SinkWriter>(std::make_unique<CollectWriter>(queue_, throttle_));
  }

 private:
  CollectQueue& queue_;
  std::shared_ptr<QueueThrottle> throttle_;
};

void PrintToStdout(std::string_view line) {
  std::string text(line);
  text += '\n';
  // One call a line: stdio's lock keeps lines of several threads whole.
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace

std::unique_ptr<Sink> MakePrintSink(std::string identifier,
                                    std::function<void(std::string_view)> print) {
  if (!print) print = &PrintToStdout;
  return std::make_unique<PrintSink>(std::move(identifier), std::move(print));
}

std::unique_ptr<Sink> MakeBlackholeSink() { return std::make_unique<BlackholeSink>(); }

std::unique_ptr<Sink> MakeCollectSink(CollectQueue& queue) {
  return std::make_unique<CollectSink>(queue);
}

}  // namespace forebay::compute
