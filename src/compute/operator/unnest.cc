#include "compute/operator/unnest.h"

#include <algorithm>
#include <span>
#include <utility>

namespace forebay::compute {

using model::Batch;
using model::Column;
using model::DataType;
using model::TypeRoot;

namespace {

/// `column` as `type`, NULL also where a bit of `valid` is not set (null: everywhere it is).
Column WithValidity(const Column& column, const DataType& type, const uint64_t* valid,
                    std::vector<model::Owner> owners) {
  if (valid == nullptr || column.physical() == model::PhysicalType::kNull) {
    return column.WithType(type);
  }
  int rows = column.num_rows();
  size_t words = (static_cast<size_t>(rows) + 63) / 64;
  if (column.validity() != nullptr) {
    std::shared_ptr<uint64_t[]> bits(new uint64_t[words]);
    for (size_t i = 0; i < words; ++i) bits[i] = valid[i] & column.validity()[i];
    valid = bits.get();
    owners.push_back(std::move(bits));
  }
  owners.insert(owners.end(), column.owners().begin(), column.owners().end());
  if (model::PhysicalSize(column.physical()) > 0) {
    return Column(type, rows, column.raw_values(), valid, std::move(owners));
  }
  return Column::Nested(type, rows, column.offsets(), valid, column.children(), std::move(owners));
}

bool IsRows(const DataType& collection) {
  return !collection.Is(TypeRoot::kMap) && collection.children()[0].Is(TypeRoot::kRow);
}

int ElementColumns(const DataType& collection) {
  if (collection.Is(TypeRoot::kMap)) return 2;
  return IsRows(collection) ? static_cast<int>(collection.children()[0].children().size()) : 1;
}

/// The places `places` (at least one), or a part of the column without a copy when they follow one
/// another.
Column Picked(const Column& column, std::span<const uint32_t> places) {
  uint32_t next = places.front();
  bool run =
      std::all_of(places.begin(), places.end(), [&](uint32_t place) { return place == next++; });
  if (!run) return column.Gather(places);
  return column.Slice(static_cast<int>(places.front()), static_cast<int>(places.size()));
}

}  // namespace

Result<std::unique_ptr<Operator>> UnnestOperator::Make(const sql::UnnestNode& node,
                                                       const EvaluationContext& context) {
  std::unique_ptr<UnnestOperator> unnest(new UnnestOperator());
  ASSIGN_OR_RETURN(unnest->collection_, Evaluator::Make({node.collection}, context));
  unnest->kept_ = node.kept;
  unnest->produced_ = node.produced;
  unnest->types_ = node.OutputTypes();
  unnest->element_columns_ = ElementColumns(node.collection->type);
  unnest->left_outer_ = node.left_outer;
  if (node.condition != nullptr) {
    ASSIGN_OR_RETURN(unnest->condition_, Evaluator::Make({node.condition}, context));
  }
  return std::unique_ptr<Operator>(std::move(unnest));
}

Status UnnestOperator::Process(int, Batch batch) {
  ASSIGN_OR_RETURN(std::vector<Column> columns, collection_->Evaluate(batch));
  PlaceElements(columns[0]);
  if (condition_ != nullptr) RETURN_IF_ERROR(DropElements(batch, columns[0]));
  for (size_t begin = 0; begin < rows_.size(); begin += Batch::kMaxRows) {
    size_t end = std::min(begin + Batch::kMaxRows, rows_.size());
    RETURN_IF_ERROR(context_.output->Emit(BuildPart(batch, columns[0], begin, end)));
  }
  return Status::Ok();
}

void UnnestOperator::PlaceElements(const Column& collection) {
  rows_.clear();
  elements_.clear();
  ordinals_.clear();
  padded_ = false;
  bool counted = collection.type().Is(TypeRoot::kMultiset);
  // A ROW that is NULL is no element to Flink, though it has its place.
  const Column* skipped = IsRows(collection.type()) && collection.children()[0].MayHaveNulls()
                              ? &collection.children()[0]
                              : nullptr;
  const int32_t* counts =
      counted && collection.num_rows() > 0 ? collection.children()[1].values<int32_t>() : nullptr;
  for (int row = 0; row < collection.num_rows(); ++row) {
    int32_t ordinal = 0;
    size_t before = rows_.size();
    bool null = collection.IsNull(row);
    for (int32_t i = collection.offsets()[row]; !null && i < collection.offsets()[row + 1]; ++i) {
      for (int32_t copy = counted ? counts[i] : 1; copy > 0; --copy) {
        ++ordinal;
        if (skipped != nullptr && skipped->IsNull(i)) continue;
        rows_.push_back(static_cast<uint32_t>(row));
        elements_.push_back(static_cast<uint32_t>(i));
        ordinals_.push_back(ordinal);
      }
    }
    if (rows_.size() == before && left_outer_) PadRow(static_cast<uint32_t>(row));
  }
}

void UnnestOperator::PadRow(uint32_t row) {
  rows_.push_back(row);
  // Any place will do: the cell becomes NULL.
  elements_.push_back(elements_.empty() ? 0 : elements_.back());
  ordinals_.push_back(0);
  padded_ = true;
}

Status UnnestOperator::DropElements(const Batch& batch, const Column& collection) {
  std::vector<uint32_t> kept;
  std::vector<uint32_t> selected;
  for (size_t begin = 0; begin < rows_.size(); begin += Batch::kMaxRows) {
    size_t end = std::min(begin + Batch::kMaxRows, rows_.size());
    Batch part = BuildPart(batch, collection, begin, end);
    RETURN_IF_ERROR(condition_->Select(0, part, selected));
    for (uint32_t i : selected) kept.push_back(static_cast<uint32_t>(begin) + i);
  }
  std::vector<uint32_t> rows = std::exchange(rows_, {});
  std::vector<uint32_t> elements = std::exchange(elements_, {});
  std::vector<int32_t> ordinals = std::exchange(ordinals_, {});
  size_t next = 0;
  for (int row = 0; row < batch.num_rows; ++row) {
    bool is_padded = true;
    for (; next < kept.size() && rows[kept[next]] == static_cast<uint32_t>(row); ++next) {
      // A row padded before has no element, whatever the condition says of NULL.
      if (ordinals[kept[next]] == 0) continue;
      rows_.push_back(rows[kept[next]]);
      elements_.push_back(elements[kept[next]]);
      ordinals_.push_back(ordinals[kept[next]]);
      is_padded = false;
    }
    if (is_padded) PadRow(static_cast<uint32_t>(row));
  }
  return Status::Ok();
}

Batch UnnestOperator::BuildPart(const Batch& batch, const Column& collection, size_t begin,
                                size_t end) const {
  auto rows = std::span<const uint32_t>(rows_).subspan(begin, end - begin);
  Batch result;
  result.num_rows = static_cast<int>(rows.size());
  for (int column : kept_) result.columns.push_back(Picked(batch.columns[column], rows));
  for (size_t i = 0; i < produced_.size(); ++i) {
    result.columns.push_back(
        Produced(collection, produced_[i], types_[kept_.size() + i], begin, end));
  }
  if (!batch.IsInsertOnly()) {
    std::shared_ptr<model::ChangeType[]> changes(new model::ChangeType[rows.size()]);
    for (size_t i = 0; i < rows.size(); ++i) changes[i] = batch.change(static_cast<int>(rows[i]));
    result.changes = std::move(changes);
  }
  return result;
}

Column UnnestOperator::Produced(const Column& collection, int index, const DataType& type,
                                size_t begin, size_t end) const {
  int count = static_cast<int>(end - begin);
  std::vector<model::Owner> owners;
  const uint64_t* valid = nullptr;
  if (padded_) {
    size_t words = (static_cast<size_t>(count) + 63) / 64;
    std::shared_ptr<uint64_t[]> bits(new uint64_t[words]());
    for (size_t i = 0; i < end - begin; ++i) {
      bits[i >> 6] |= uint64_t{ordinals_[begin + i] > 0} << (i & 63);
    }
    valid = bits.get();
    owners.push_back(std::move(bits));
  }
  if (index == element_columns_) {
    model::ColumnBuilder ordinality(DataType::Int(), count);
    ordinality.Resize(count);
    std::copy(ordinals_.begin() + static_cast<int64_t>(begin),
              ordinals_.begin() + static_cast<int64_t>(end), ordinality.mutable_values<int32_t>());
    return WithValidity(ordinality.Finish(), type, valid, std::move(owners));
  }
  auto places = std::span<const uint32_t>(elements_).subspan(begin, end - begin);
  bool of_map = collection.type().Is(TypeRoot::kMap);
  const Column& element = collection.children()[of_map ? index : 0];
  // Of collections without any element there is nothing to pick from.
  if (element.num_rows() == 0) return Column::AllNull(type, count);
  if (of_map || !element.type().Is(TypeRoot::kRow)) {
    return WithValidity(Picked(element, places), type, valid, std::move(owners));
  }
  Column field =
      WithValidity(element.children()[index], type, element.validity(), element.owners());
  return WithValidity(Picked(field, places), type, valid, std::move(owners));
}

Status UnnestOperator::ProcessWatermark(Watermark watermark) {
  collection_->SetWatermark(watermark);
  if (condition_ != nullptr) condition_->SetWatermark(watermark);
  return Status::Ok();
}

}  // namespace forebay::compute
