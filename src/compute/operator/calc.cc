#include "compute/operator/calc.h"

#include <algorithm>

#include "base/bytes.h"

namespace forebay::compute {

using model::Batch;
using model::Column;

namespace {

/// The field of every row; NULL where the ROW is.
Column FieldOf(const Column& row, int index, const model::DataType& type) {
  const Column& field = row.children()[static_cast<size_t>(index)];
  const uint64_t* of_row = row.validity();
  if (of_row == nullptr || of_row == field.validity()) return field.WithType(type);
  std::vector<model::Owner> owners = field.owners();
  owners.insert(owners.end(), row.owners().begin(), row.owners().end());
  const uint64_t* both = of_row;
  if (field.validity() != nullptr) {
    size_t words = (static_cast<size_t>(row.num_rows()) + 63) / 64;
    std::shared_ptr<uint64_t[]> bits(new uint64_t[words]);
    for (size_t i = 0; i < words; ++i) bits[i] = of_row[i] & field.validity()[i];
    both = bits.get();
    owners.push_back(std::move(bits));
  }
  return Column(type, row.num_rows(), field.raw_values(), both, std::move(owners));
}

}  // namespace

sql::ExpressionPtr CalcOperator::TakeFields(const sql::ExpressionPtr& e, int num_columns) {
  if (e->kind != sql::ExpressionKind::kCall) return e;
  bool is_field = e->function == "FIELD" && e->args[0]->kind == sql::ExpressionKind::kColumn &&
                  model::PhysicalSize(e->type.physical()) > 0;
  if (is_field) {
    int column = e->args[0]->column;
    int field = static_cast<int>(std::get<int64_t>(e->args[1]->value.data));
    for (size_t i = 0; i < fields_.size(); ++i) {
      if (fields_[i].column == column && fields_[i].field == field) {
        return sql::Expression::Column(e->type, num_columns + static_cast<int>(i));
      }
    }
    fields_.push_back({column, field, e->type});
    return sql::Expression::Column(e->type, num_columns + static_cast<int>(fields_.size()) - 1);
  }
  auto copy = std::make_shared<sql::Expression>(*e);
  for (sql::ExpressionPtr& arg : copy->args) arg = TakeFields(arg, num_columns);
  return copy;
}

Result<std::unique_ptr<Operator>> CalcOperator::Make(const sql::CalcNode& node,
                                                     const EvaluationContext& context) {
  std::unique_ptr<CalcOperator> calc(new CalcOperator());
  calc->types_ = node.OutputTypes();
  int num_columns = static_cast<int>(node.inputs[0]->output.size());
  std::vector<sql::ExpressionPtr> projections, computed;
  for (const sql::ExpressionPtr& projection : node.projections) {
    projections.push_back(calc->TakeFields(projection, num_columns));
  }
  sql::ExpressionPtr condition = node.condition;
  if (condition != nullptr) condition = calc->TakeFields(condition, num_columns);
  calc->used_.resize(static_cast<size_t>(num_columns) + calc->fields_.size());
  for (const sql::ExpressionPtr& projection : projections) {
    sql::CollectColumns(*projection, calc->used_);
    bool is_column = projection->kind == sql::ExpressionKind::kColumn;
    calc->sources_.push_back(is_column ? projection->column : -1);
    if (!is_column) computed.push_back(projection);
  }
  if (condition != nullptr) {
    ASSIGN_OR_RETURN(calc->condition_, Evaluator::Make({std::move(condition)}, context));
  }
  if (!computed.empty()) {
    ASSIGN_OR_RETURN(calc->projections_, Evaluator::Make(std::move(computed), context));
  }
  return std::unique_ptr<Operator>(std::move(calc));
}

Result<Batch> CalcOperator::Filter(Batch batch) {
  RETURN_IF_ERROR(condition_->Select(0, batch, rows_));
  int passed = static_cast<int>(rows_.size());
  if (passed == batch.num_rows) return batch;
  Batch filtered;
  filtered.num_rows = passed;
  if (passed == 0) return filtered;
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    // A column nothing reads keeps its place.
    filtered.columns.push_back(used_[i] ? batch.columns[i].Gather(rows_) : Column());
  }
  if (batch.changes != nullptr) {
    std::shared_ptr<model::ChangeType[]> changes(new model::ChangeType[passed]);
    for (int i = 0; i < passed; ++i) changes[i] = batch.changes[rows_[i]];
    filtered.changes = std::move(changes);
  }
  return filtered;
}

Result<Batch> CalcOperator::Compute(Batch batch) {
  for (const FieldColumn& each : fields_) {
    batch.columns.push_back(FieldOf(batch.columns[each.column], each.field, each.type));
  }
  if (condition_ != nullptr) {
    ASSIGN_OR_RETURN(batch, Filter(std::move(batch)));
    if (batch.num_rows == 0) return batch;
  }
  std::vector<Column> computed;
  if (projections_ != nullptr) {
    ASSIGN_OR_RETURN(computed, projections_->Evaluate(batch));
  }
  Batch result;
  result.num_rows = batch.num_rows;
  result.changes = batch.changes;
  result.columns.reserve(sources_.size());
  size_t next = 0;
  for (size_t i = 0; i < sources_.size(); ++i) {
    Column& column = sources_[i] >= 0 ? batch.columns[sources_[i]] : computed[next++];
    result.columns.push_back(column.physical() == types_[i].physical() ? column.WithType(types_[i])
                                                                       : column);
  }
  return result;
}

Status CalcOperator::ProcessWatermark(Watermark watermark) {
  if (condition_ != nullptr) condition_->SetWatermark(watermark);
  if (projections_ != nullptr) projections_->SetWatermark(watermark);
  return Status::Ok();
}

namespace {

constexpr std::string_view kWatermarkTable = "watermark";

int64_t UnitsPerMs(model::TimeUnit unit) {
  if (unit == model::TimeUnit::kMilli) return 1;
  return unit == model::TimeUnit::kMicro ? 1000 : 1000000;
}

}  // namespace

Result<std::unique_ptr<Operator>> WatermarkOperator::Make(const sql::WatermarkNode& node,
                                                          const EvaluationContext& context) {
  std::unique_ptr<WatermarkOperator> assigner(new WatermarkOperator());
  ASSIGN_OR_RETURN(assigner->expression_, Evaluator::Make({node.expression}, context));
  assigner->rowtime_ = node.rowtime;
  assigner->rowtime_name_ = node.inputs[0]->output[node.rowtime].name;
  if (!node.expression->type.IsTimestamp()) {
    return InvalidArgument("the watermark of {} has type {}, a timestamp is needed",
                           assigner->rowtime_name_, node.expression->type.ToString());
  }
  assigner->units_per_ms_ = UnitsPerMs(node.expression->type.time_unit());
  return std::unique_ptr<Operator>(std::move(assigner));
}

Status WatermarkOperator::Process(int, Batch batch) {
  const Column& rowtime = batch.columns[rowtime_];
  for (int row = 0; rowtime.MayHaveNulls() && row < batch.num_rows; ++row) {
    if (rowtime.IsNull(row)) {
      return InvalidArgument(
          "rowtime column '{}' is NULL; filter such rows out before the "
          "watermark, or declare another value for them",
          rowtime_name_);
    }
  }
  ASSIGN_OR_RETURN(std::vector<Column> values, expression_->Evaluate(batch));
  const int64_t* times = values[0].values<int64_t>();
  int64_t latest = kMinWatermark;
  bool nulls = values[0].MayHaveNulls();
  for (int row = 0; row < batch.num_rows; ++row) {
    if (!nulls || !values[0].IsNull(row)) latest = std::max(latest, times[row]);
  }
  if (latest != kMinWatermark) {
    // Rounded down: a watermark must not claim more than it knows.
    int64_t ms = latest / units_per_ms_ - (latest % units_per_ms_ < 0 ? 1 : 0);
    watermark_ = std::max(watermark_, ms);
  }
  return context_.output->Emit(std::move(batch));
}

Result<std::vector<int>> WatermarkOperator::RisesIn(const Batch& batch) {
  ASSIGN_OR_RETURN(std::vector<Column> values, expression_->Evaluate(batch));
  const int64_t* times = values[0].values<int64_t>();
  std::vector<int> rises;
  Watermark latest = watermark_;
  for (int row = 0; row < batch.num_rows; ++row) {
    if (values[0].IsNull(row)) continue;
    Watermark ms = times[row] / units_per_ms_ - (times[row] % units_per_ms_ < 0 ? 1 : 0);
    if (ms <= latest) continue;
    latest = ms;
    rises.push_back(row);
  }
  return rises;
}

Status WatermarkOperator::BeginSnapshot(StateWriter& writer) {
  ByteWriter value;
  value.Write<int64_t>(watermark_);
  writer.Put(kWatermarkTable, kUnkeyed, std::to_string(context_.shard), value.view());
  return Status::Ok();
}

Status WatermarkOperator::Restore(StateReader& reader) {
  // With another number of shards the smallest watermark is the one that holds for every row still
  // to come.
  Watermark smallest = kMaxWatermark;
  RETURN_IF_ERROR(reader.ForEach(kWatermarkTable, [&](std::string_view, std::string_view value) {
    ByteReader bytes(value);
    ASSIGN_OR_RETURN(int64_t watermark, bytes.Read<int64_t>());
    smallest = std::min(smallest, watermark);
    return Status::Ok();
  }));
  if (smallest != kMaxWatermark) watermark_ = smallest;
  return Status::Ok();
}

Status UnionOperator::Process(int, Batch batch) { return context_.output->Emit(std::move(batch)); }

}  // namespace forebay::compute
