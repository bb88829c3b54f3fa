#include "compute/nexmark/nexmark_source.h"

#include <charconv>
#include <limits>

#include "compute/nexmark/event_file.h"
#include "compute/nexmark/event_generator.h"

namespace forebay::compute {
namespace {

constexpr int64_t kDefaultRate = 10000;
constexpr int64_t kEndless = std::numeric_limits<int64_t>::max();

Result<int64_t> PositiveOption(const sql::TableScanNode& node, const std::string& key,
                               int64_t fallback) {
  auto found = node.table.options.find(key);
  if (found == node.table.options.end()) return fallback;
  const std::string& text = found->second;
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value <= 0) {
    return InvalidArgument("option '{}' needs a positive number, not '{}'", key, text);
  }
  return value;
}

/// The table must be the one that Nexmark declares.
Status CheckSchema(const model::Schema& schema) {
  Status error = InvalidArgument(
      "connector 'nexmark' needs the columns event_type INT, person ROW<...>, auction ROW<...>, "
      "bid ROW<...> of the Nexmark suite");
  if (schema.columns.size() != 1 + NexmarkEvents().size()) return error;
  if (!schema.columns[0].type.Is(model::TypeRoot::kInteger)) return error;
  for (size_t event = 0; event < NexmarkEvents().size(); ++event) {
    const auto& fields = NexmarkEvents()[event].fields;
    const model::DataType& type = schema.columns[1 + event].type;
    if (!type.Is(model::TypeRoot::kRow) || type.children().size() != fields.size()) return error;
    for (size_t i = 0; i < fields.size(); ++i) {
      bool is_string = fields[i].type == NexmarkField::Type::kString;
      auto expected = is_string ? model::PhysicalType::kString : model::PhysicalType::kInt64;
      if (type.children()[i].physical() != expected) return error;
    }
  }
  return Status::Ok();
}

/// Where events come from. Blocks by number.
struct Events {
  int64_t count = kEndless;
  std::shared_ptr<const NexmarkEventFile> file;       ///< null: they are made
  std::shared_ptr<const NexmarkGenerator> generator;  ///< null: they are read

  int64_t num_blocks() const { return (count - 1) / NexmarkBlockLayout::kEvents + 1; }
};

/// A block that was made, and what its strings point into.
struct MadeBlock {
  NexmarkBlock block;
  std::shared_ptr<const NexmarkGenerator> generator;
};

class NexmarkReader : public SourceReader {
 public:
  NexmarkReader(const Events& events, NexmarkBatchMaker maker)
      : events_(events), maker_(std::move(maker)) {}

  Status Open(std::vector<SourceSplit> splits, Waker&) override {
    for (const SourceSplit& split : splits) {
      Split parsed = {split.id, 0, 1};
      const std::string& position = split.position;
      std::from_chars(position.data(), position.data() + position.size(), parsed.next);
      const char* end = split.id.data() + split.id.size();
      std::from_chars(split.id.data() + split.id.find('/') + 1, end, parsed.step);
      splits_.push_back(std::move(parsed));
    }
    return Status::Ok();
  }

  Result<PollOutcome> Poll(SourceOutput& output) override {
    bool any = false;
    for (size_t i = 0; i < splits_.size(); ++i) {
      Split& split = splits_[i];
      if (split.next >= events_.num_blocks()) continue;
      any = true;
      model::Batch batch = MakeBatch(split.next);
      int64_t left = events_.count - split.next * NexmarkBlockLayout::kEvents;
      if (left < batch.num_rows) batch = batch.Slice(0, static_cast<int>(left));
      split.next += split.step;
      RETURN_IF_ERROR(output.Emit(static_cast<int>(i), std::move(batch)));
      if (split.next >= events_.num_blocks()) output.FinishSplit(static_cast<int>(i));
    }
    return any ? PollOutcome::kProgress : PollOutcome::kEnd;
  }

  std::vector<SourceSplit> Positions() const override {
    std::vector<SourceSplit> positions;
    for (const Split& split : splits_) positions.push_back({split.id, std::to_string(split.next)});
    return positions;
  }

 private:
  struct Split {
    std::string id;
    int64_t next;  ///< block
    int64_t step;
  };

  model::Batch MakeBatch(int64_t number) const {
    if (events_.file != nullptr) {
      return maker_.Make(events_.file->cells(number), events_.file->heap(number), events_.file);
    }
    auto made = std::make_shared<MadeBlock>();
    made->generator = events_.generator;
    events_.generator->Fill(number, made->block);
    return maker_.Make(made->block.cells.get(), nullptr, made);
  }

  const Events& events_;
  const NexmarkBatchMaker maker_;
  std::vector<Split> splits_;
};

/// As many splits as shards: split 1/4 has the blocks 1, 5, 9, ...
class NexmarkSource : public Source {
 public:
  NexmarkSource(const sql::TableScanNode& node, Events events)
      : node_(node), events_(std::move(events)) {}

  Result<std::vector<SourceSplit>> EnumerateSplits(int num_shards) override {
    std::vector<SourceSplit> splits;
    for (int i = 0; i < num_shards; ++i) {
      splits.push_back({fmt::format("{}/{}", i, num_shards), std::to_string(i)});
    }
    return splits;
  }

  Result<std::unique_ptr<SourceReader>> MakeReader() override {
    std::vector<std::vector<bool>> used_fields(node_.columns.size());
    for (size_t i = 0; i < node_.used_fields.size(); ++i) used_fields[i] = node_.used_fields[i];
    NexmarkBatchMaker maker(node_.OutputTypes(), node_.columns, std::move(used_fields));
    return std::unique_ptr<SourceReader>(
        std::make_unique<NexmarkReader>(events_, std::move(maker)));
  }

  bool IsBounded() const override { return events_.count != kEndless; }

 private:
  const sql::TableScanNode& node_;
  const Events events_;
};

}  // namespace

Result<std::unique_ptr<Source>> MakeNexmarkSource(const sql::TableScanNode& node,
                                                  const JobContext&) {
  RETURN_IF_ERROR(CheckSchema(node.table.info.descriptor.schema));
  Events events;
  ASSIGN_OR_RETURN(events.count, PositiveOption(node, "events", kEndless));
  ASSIGN_OR_RETURN(int64_t rate, PositiveOption(node, "rate", kDefaultRate));
  auto path = node.table.options.find("path");
  if (path == node.table.options.end()) {
    events.generator = std::make_shared<const NexmarkGenerator>(rate);
  } else {
    ASSIGN_OR_RETURN(events.file, NexmarkEventFile::Open(path->second));
    events.count = std::min(events.count, events.file->info().events);
  }
  return std::unique_ptr<Source>(std::make_unique<NexmarkSource>(node, std::move(events)));
}

}  // namespace forebay::compute
