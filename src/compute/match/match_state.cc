// MatchOperator's part of checkpoints. A key's entry holds its waiting rows, then the rows and
// links of its partial and completed matches, each once, then the matches.

#include <map>

#include "compute/match/match_recognize.h"
#include "compute/operator/progress.h"

namespace forebay::compute {

namespace {

constexpr std::string_view kTable = "match_keys";

void WriteRow(const MatchRow& row, ByteWriter& value) {
  value.Write<int64_t>(row.time);
  value.WriteString(row.key());
  value.WriteString(row.row_view());
}

/// Numbers the links of the matches, earlier ones first.
std::vector<const MatchLink*> LinksOf(const MatchKeyState& state,
                                      std::map<const MatchLink*, uint32_t>& numbers) {
  std::vector<const MatchLink*> links;
  std::vector<const MatchLink*> chain;
  auto add = [&](const PartialMatch& match) {
    chain.clear();
    for (const MatchLink* link = match.last; link != nullptr; link = link->previous) {
      if (numbers.contains(link)) break;
      chain.push_back(link);
    }
    for (size_t i = chain.size(); i-- > 0;) {
      numbers[chain[i]] = static_cast<uint32_t>(links.size());
      links.push_back(chain[i]);
    }
  };
  for (const PartialMatch& match : state.partial.items()) add(match);
  for (const PartialMatch& match : state.completed.items()) add(match);
  return links;
}

}  // namespace

void MatchOperator::Save(KeyedTable::Entry* entry, ByteWriter& value) const {
  const Key* key = KeyOf(entry);
  size_t count = 0;
  for (const MatchRow* row = key->first_waiting; row != nullptr; row = row->next_waiting) ++count;
  value.WriteVarint(count);
  for (const MatchRow* row = key->first_waiting; row != nullptr; row = row->next_waiting) {
    WriteRow(*row, value);
  }
  value.Write<uint8_t>(key->state != nullptr ? 1 : 0);
  if (key->state == nullptr) return;
  value.Write<int64_t>(key->asked);
  std::map<const MatchLink*, uint32_t> numbers;
  std::vector<const MatchLink*> links = LinksOf(*key->state, numbers);
  std::map<const MatchRow*, uint32_t> rows;
  for (const MatchLink* link : links) rows.emplace(link->row, 0);
  value.WriteVarint(rows.size());
  uint32_t next = 0;
  for (auto& [row, number] : rows) {
    number = next++;
    value.Write<uint64_t>(row->number);
    WriteRow(*row, value);
  }
  auto number_of = [&](const MatchLink* link) {
    return link == nullptr ? 0 : numbers.at(link) + 1;
  };
  value.WriteVarint(links.size());
  for (const MatchLink* link : links) {
    value.WriteVarint(number_of(link->previous));
    value.WriteVarint(rows.at(link->row));
    value.WriteVarint(static_cast<uint64_t>(link->variable));
  }
  for (const MatchQueue* queue : {&key->state->partial, &key->state->completed}) {
    value.WriteVarint(queue->items().size());
    for (const PartialMatch& match : queue->items()) {
      value.WriteVarint(static_cast<uint64_t>(match.state));
      value.WriteVarint(number_of(match.last));
      value.Write<uint64_t>(match.start);
      value.Write<int64_t>(match.start_time);
    }
  }
}

Status MatchOperator::BeginSnapshot(StateWriter& writer) {
  table_.BeginSnapshot(writer, kTable,
                       [this](KeyedTable::Entry* entry, ByteWriter& value) { Save(entry, value); });
  if (!is_proctime_) SaveProgress(writer, context_.shard, progress_);
  return Status::Ok();
}

namespace {

/// Reads a saved row; the caller owns a reference.
Result<MatchRow*> ReadRow(ByteReader& value, const RowCodec& rows, MatchStore& store) {
  ASSIGN_OR_RETURN(int64_t time, value.Read<int64_t>());
  ASSIGN_OR_RETURN(std::string_view key, value.ReadString());
  ASSIGN_OR_RETURN(std::string_view row, value.ReadString());
  RETURN_IF_ERROR(rows.Check(row));
  return store.NewRow(key, row, time);
}

/// A number below `limit`.
Result<size_t> ReadIndex(ByteReader& value, size_t limit) {
  ASSIGN_OR_RETURN(uint64_t index, value.ReadVarint());
  if (index >= limit) return Corruption("a saved match refers to what is not there");
  return static_cast<size_t>(index);
}

}  // namespace

Status MatchOperator::LoadRows(ByteReader& value, std::vector<MatchRow*>& rows) {
  ASSIGN_OR_RETURN(uint64_t count, value.ReadVarint());
  for (uint64_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(uint64_t number, value.Read<uint64_t>());
    ASSIGN_OR_RETURN(MatchRow * row, ReadRow(value, rows_, store_));
    row->number = number;
    next_number_ = std::max(next_number_, number + 1);
    rows.push_back(row);
  }
  return Status::Ok();
}

Status MatchOperator::LoadLinks(ByteReader& value, const std::vector<MatchRow*>& rows,
                                std::vector<MatchLink*>& links) {
  ASSIGN_OR_RETURN(uint64_t count, value.ReadVarint());
  for (uint64_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(size_t previous, ReadIndex(value, links.size() + 1));
    ASSIGN_OR_RETURN(size_t row, ReadIndex(value, rows.size()));
    ASSIGN_OR_RETURN(size_t variable, ReadIndex(value, node_.variables.size()));
    links.push_back(store_.NewLink(previous == 0 ? nullptr : links[previous - 1], rows[row],
                                   static_cast<int>(variable)));
  }
  return Status::Ok();
}

Result<PartialMatch> MatchOperator::LoadPartial(ByteReader& value,
                                                const std::vector<MatchLink*>& links) {
  PartialMatch match;
  ASSIGN_OR_RETURN(size_t state, ReadIndex(value, runner_.automaton().size()));
  match.state = static_cast<int>(state);
  ASSIGN_OR_RETURN(size_t last, ReadIndex(value, links.size() + 1));
  match.last = last == 0 ? nullptr : MatchStore::Share(links[last - 1]);
  ASSIGN_OR_RETURN(match.start, value.Read<uint64_t>());
  ASSIGN_OR_RETURN(match.start_time, value.Read<int64_t>());
  if ((match.start == PartialMatch::kNoStart) != (match.last == nullptr)) {
    return Corruption("a saved partial match has no rows");
  }
  return match;
}

Status MatchOperator::Load(KeyedTable::Entry* entry, ByteReader& value) {
  Key* key = KeyOf(entry);
  ASSIGN_OR_RETURN(uint64_t waiting, value.ReadVarint());
  for (uint64_t i = 0; i < waiting; ++i) {
    ASSIGN_OR_RETURN(MatchRow * row, ReadRow(value, rows_, store_));
    Wait(entry, row);
  }
  ASSIGN_OR_RETURN(uint8_t has_state, value.Read<uint8_t>());
  if (has_state == 0) return Status::Ok();
  SetState(key, MatchKeyState());
  ASSIGN_OR_RETURN(key->asked, value.Read<int64_t>());
  std::vector<MatchRow*> rows;
  RETURN_IF_ERROR(LoadRows(value, rows));
  std::vector<MatchLink*> links;
  RETURN_IF_ERROR(LoadLinks(value, rows, links));
  for (MatchQueue* queue : {&key->state->partial, &key->state->completed}) {
    ASSIGN_OR_RETURN(uint64_t count, value.ReadVarint());
    for (uint64_t i = 0; i < count; ++i) {
      ASSIGN_OR_RETURN(PartialMatch match, LoadPartial(value, links));
      // The array of a heap, added in order, is the same array.
      queue->Add(match);
      if (match.last != nullptr && node_.within_ms > 0) {
        timers_[match.start_time + node_.within_ms].push_back(entry);
      }
    }
  }
  for (MatchLink* link : links) store_.Release(link);
  for (MatchRow* row : rows) store_.Release(row);
  return Status::Ok();
}

Status MatchOperator::Restore(StateReader& reader) {
  RETURN_IF_ERROR(LoadProgress(reader, progress_));
  return ForEachStored(reader, kTable, codec_, 0, 0, [&](const StoredEntry& stored) -> Status {
    KeyedTable::Entry* entry = table_.FindOrInsertOne(stored.key, stored.hash);
    table_.MarkStored(entry);
    ByteReader value(stored.value);
    return Load(entry, value);
  });
}

}  // namespace forebay::compute
