#include "compute/nexmark/event_block.h"

#include <cstring>

namespace forebay::compute {
namespace {

using Type = NexmarkField::Type;
using model::Column;
using model::ColumnBuilder;
using model::StringRef;

constexpr NexmarkField kPersonFields[] = {
    {"id", Type::kBigint},          {"name", Type::kString},  {"emailAddress", Type::kString},
    {"creditCard", Type::kString},  {"city", Type::kString},  {"state", Type::kString},
    {"dateTime", Type::kTimestamp}, {"extra", Type::kString},
};
constexpr NexmarkField kAuctionFields[] = {
    {"id", Type::kBigint},         {"itemName", Type::kString}, {"description", Type::kString},
    {"initialBid", Type::kBigint}, {"reserve", Type::kBigint},  {"dateTime", Type::kTimestamp},
    {"expires", Type::kTimestamp}, {"seller", Type::kBigint},   {"category", Type::kBigint},
    {"extra", Type::kString},
};
constexpr NexmarkField kBidFields[] = {
    {"auction", Type::kBigint}, {"bidder", Type::kBigint}, {"price", Type::kBigint},
    {"channel", Type::kString}, {"url", Type::kString},    {"dateTime", Type::kTimestamp},
    {"extra", Type::kString},
};

constexpr int kCycles = NexmarkBlockLayout::kEvents / kNexmarkCycle;

const NexmarkEventSpec& SpecOf(NexmarkEvent event) {
  return NexmarkEvents()[static_cast<size_t>(event)];
}

/// Spreads the cells of one kind of event over all rows of a block; `copy` writes a cell.
template <typename T, typename Copy>
void Spread(const NexmarkEventSpec& spec, const T* cells, T* rows, Copy copy) {
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    T* first = rows + cycle * kNexmarkCycle + spec.first;
    for (int i = 0; i < spec.count; ++i) copy(cells[i], first[i]);
    cells += spec.count;
  }
}

void SpreadStrings(const NexmarkEventSpec& spec, const StringRef* cells, const char* heap,
                   StringRef* rows) {
  // The file has offsets where cells in memory have addresses: the second half of long ones.
  auto begin = reinterpret_cast<uintptr_t>(heap);
  Spread(spec, cells, rows, [begin](const StringRef& cell, StringRef& row) {
    uint64_t halves[2];
    std::memcpy(halves, &cell, sizeof(halves));
    halves[1] += cell.IsInlined() ? 0 : begin;
    std::memcpy(static_cast<void*>(&row), halves, sizeof(halves));
  });
}

}  // namespace

const std::array<NexmarkEventSpec, 3>& NexmarkEvents() {
  static constexpr std::array<NexmarkEventSpec, 3> kEvents = {
      NexmarkEventSpec{"person", 0, 1, kPersonFields},
      NexmarkEventSpec{"auction", 1, 3, kAuctionFields},
      NexmarkEventSpec{"bid", 4, 46, kBidFields},
  };
  return kEvents;
}

int NexmarkBlockLayout::RowsOf(NexmarkEvent event) { return kCycles * SpecOf(event).count; }

size_t NexmarkBlockLayout::OffsetOf(NexmarkEvent event, int field) {
  size_t offset = 0;
  for (const NexmarkEventSpec& spec : NexmarkEvents()) {
    bool here = &spec == &SpecOf(event);
    int end = here ? field : static_cast<int>(spec.fields.size());
    for (int i = 0; i < end; ++i) {
      offset += static_cast<size_t>(kCycles) * spec.count * spec.fields[i].width();
    }
    if (here) break;
  }
  return offset;
}

size_t NexmarkBlockLayout::bytes() {
  return OffsetOf(NexmarkEvent::kBid, static_cast<int>(std::size(kBidFields)));
}

NexmarkBatchMaker::NexmarkBatchMaker(std::vector<model::DataType> types, std::vector<int> columns,
                                     std::vector<std::vector<bool>> used_fields)
    : types_(std::move(types)), columns_(std::move(columns)), used_fields_(std::move(used_fields)) {
  constexpr int kRows = NexmarkBlockLayout::kEvents;
  constexpr int kWords = (kRows + 63) / 64;
  ColumnBuilder event_type(model::DataType::Int(), kRows);
  event_type.Resize(kRows);
  for (size_t event = 0; event < validity_.size(); ++event) {
    const NexmarkEventSpec& spec = NexmarkEvents()[event];
    validity_[event].reset(new uint64_t[kWords]());
    for (int row = 0; row < kRows; ++row) {
      int place = row % kNexmarkCycle - spec.first;
      if (place < 0 || place >= spec.count) continue;
      validity_[event][row >> 6] |= uint64_t{1} << (row & 63);
      event_type.mutable_values<int32_t>()[row] = static_cast<int32_t>(event);
    }
  }
  event_type_ = event_type.Finish();
  zeros_.reset(new char[kRows * sizeof(StringRef)]());
  no_rows_.reset(new uint64_t[kWords]());
}

Column NexmarkBatchMaker::MakeEvent(size_t index, const char* cells, const char* heap,
                                    const model::Owner& owner) const {
  constexpr int kRows = NexmarkBlockLayout::kEvents;
  auto event = static_cast<NexmarkEvent>(columns_[index] - 1);
  const NexmarkEventSpec& spec = SpecOf(event);
  const auto& validity = validity_[static_cast<size_t>(event)];
  const model::DataType& type = types_[index];
  std::vector<Column> fields;
  fields.reserve(spec.fields.size());
  for (size_t i = 0; i < spec.fields.size(); ++i) {
    const model::DataType& field_type = type.children()[i];
    if (!used_fields_[index].empty() && !used_fields_[index][i]) {
      fields.emplace_back(field_type, kRows, zeros_.get(), no_rows_.get(),
                          std::vector<model::Owner>{zeros_, no_rows_});
      continue;
    }
    int width = spec.fields[i].width();
    bool dense = spec.count * 2 > kNexmarkCycle;
    size_t bytes = static_cast<size_t>(kRows) * width;
    // Cells of NULL rows must be initialised; when nearly all rows have values the few others are
    // cleared by themselves.
    std::shared_ptr<char[]> rows(dense ? new char[bytes] : new char[bytes]());
    for (int cycle = 0; dense && cycle < kCycles; ++cycle) {
      std::memset(rows.get() + static_cast<size_t>(cycle) * kNexmarkCycle * width, 0,
                  static_cast<size_t>(spec.first) * width);
    }
    const char* from = cells + NexmarkBlockLayout::OffsetOf(event, static_cast<int>(i));
    std::vector<model::Owner> owners{rows, validity};
    if (width == sizeof(StringRef)) {
      SpreadStrings(spec, reinterpret_cast<const StringRef*>(from), heap,
                    reinterpret_cast<StringRef*>(rows.get()));
      owners.push_back(owner);
    } else {
      Spread(spec, reinterpret_cast<const int64_t*>(from), reinterpret_cast<int64_t*>(rows.get()),
             [](int64_t cell, int64_t& row) { row = cell; });
    }
    fields.emplace_back(field_type, kRows, rows.get(), validity.get(), std::move(owners));
  }
  return Column::Nested(type, kRows, nullptr, validity.get(), std::move(fields), {validity});
}

model::Batch NexmarkBatchMaker::Make(const char* cells, const char* heap,
                                     const model::Owner& owner) const {
  model::Batch batch;
  batch.num_rows = NexmarkBlockLayout::kEvents;
  batch.columns.reserve(columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    batch.columns.push_back(columns_[i] == 0 ? event_type_ : MakeEvent(i, cells, heap, owner));
  }
  return batch;
}

}  // namespace forebay::compute
