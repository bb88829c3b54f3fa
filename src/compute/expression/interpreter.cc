#include <algorithm>
#include <numeric>

#include "compute/expression/program.h"
#include "compute/expression/row_kernel.h"

namespace forebay::compute {

namespace {

using model::Column;
using model::ColumnBuilder;

std::vector<uint32_t> AllRows(int num_rows) {
  std::vector<uint32_t> rows(static_cast<size_t>(num_rows));
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

Operand Pick(const Operand& operand, std::span<const uint32_t> rows) {
  if (operand.constant) return operand;
  return Operand{operand.column.Gather(rows), false};
}

bool IsTrue(const Operand& operand, int row) {
  if (operand.column.physical() == model::PhysicalType::kNull) return false;
  int at = operand.At(row);
  return operand.column.values<uint8_t>()[at] != 0 && !operand.column.IsNull(at);
}

}  // namespace

std::optional<Operand> Scope::FromOutside(const Node& node, int id) const {
  if (cache_[id]) return cache_[id];
  if (parent_ != nullptr) {
    std::optional<Operand> outer = parent_->FromOutside(node, id);
    if (outer) return Pick(*outer, rows_);
    return std::nullopt;
  }
  if (node.kind != NodeKind::kColumn) return std::nullopt;
  return Operand{batch_->columns[node.column], false};
}

const Operand* Scope::Find(const Node& node, int id) {
  if (!cache_[id]) cache_[id] = FromOutside(node, id);
  return cache_[id] ? &*cache_[id] : nullptr;
}

const Operand* Scope::Remember(int id, Operand operand) {
  cache_[id] = std::move(operand);
  return &*cache_[id];
}

Result<const Operand*> Interpreter::Fold(int id) {
  if (!folded_[id]) {
    const model::Batch one_row(1, {});
    Scope scope(one_row, program_.nodes.size(), BatchState{.num_rows = 1});
    ASSIGN_OR_RETURN(Operand operand, Compute(scope, program_.nodes[id]));
    operand.constant = true;
    folded_[id] = std::move(operand);
  }
  return &*folded_[id];
}

Result<const Operand*> Interpreter::Get(Scope& scope, int id) {
  const Node& node = program_.nodes[id];
  if (node.kind == NodeKind::kLiteral) return &node.literal;
  if (node.constant) return Fold(id);
  if (const Operand* known = scope.Find(node, id)) return known;
  ASSIGN_OR_RETURN(Operand operand, Compute(scope, node));
  return scope.Remember(id, std::move(operand));
}

Result<Operand> Interpreter::Compute(Scope& scope, const Node& node) {
  switch (node.kind) {
    case NodeKind::kAnd:
    case NodeKind::kOr: return Connect(scope, node);
    case NodeKind::kCase: return Case(scope, node);
    case NodeKind::kCoalesce: return Coalesce(scope, node);
    default: return Call(scope, node);
  }
}

Result<Operand> Interpreter::Call(Scope& scope, const Node& node) {
  std::vector<Operand> args;
  args.reserve(node.args.size());
  for (int arg : node.args) {
    ASSIGN_OR_RETURN(const Operand* operand, Get(scope, arg));
    args.push_back(*operand);
  }
  ASSIGN_OR_RETURN(Column column, node.kernel(scope.state(), args));
  return Operand{std::move(column), false};
}

namespace {

// Ordered so that AND is the smaller and OR the greater of two.
constexpr uint8_t kFalse = 0, kUnknown = 1, kTrue = 2;

/// The three-valued states of a BOOLEAN operand.
void StatesOf(const Operand& operand, int num_rows, uint8_t* states) {
  if (operand.constant || operand.column.physical() == model::PhysicalType::kNull) {
    uint8_t state = operand.IsNull(0) ? kUnknown : (IsTrue(operand, 0) ? kTrue : kFalse);
    std::fill_n(states, num_rows, state);
    return;
  }
  const uint8_t* values = operand.column.values<uint8_t>();
  for (int row = 0; row < num_rows; ++row) states[row] = static_cast<uint8_t>(values[row] << 1);
  if (operand.column.validity() == nullptr) return;
  for (int row = 0; row < num_rows; ++row) {
    states[row] = operand.column.IsNull(row) ? kUnknown : states[row];
  }
}

Column ColumnOfStates(const model::DataType& type, const std::vector<uint8_t>& states) {
  int num_rows = static_cast<int>(states.size());
  ColumnBuilder builder(type, num_rows);
  builder.Resize(num_rows);
  uint8_t* out = builder.mutable_values<uint8_t>();
  uint8_t unknown = 0;
  for (int row = 0; row < num_rows; ++row) {
    out[row] = states[row] >> 1;
    unknown |= states[row] & 1;
  }
  if (unknown != 0) {
    for (int row = 0; row < num_rows; ++row) {
      if (states[row] == kUnknown) builder.SetNull(row);
    }
  }
  return builder.Finish();
}

}  // namespace

/// A right side that is dear or may fail sees only the rows that it can still decide.
Status Interpreter::ConnectArgument(Scope& scope, int id, bool conjunction,
                                    std::vector<uint8_t>& states) {
  int num_rows = scope.num_rows();
  std::vector<uint32_t> open;
  if (!program_.nodes[id].cheap) {
    uint8_t decided = conjunction ? kFalse : kTrue;
    for (int row = 0; row < num_rows; ++row) {
      if (states[row] != decided) open.push_back(row);
    }
    if (open.empty()) return {};
  }
  bool partial = !open.empty() && static_cast<int>(open.size()) < num_rows;
  std::vector<uint8_t> right(partial ? open.size() : num_rows);
  if (partial) {
    Scope inner(scope, open);
    ASSIGN_OR_RETURN(const Operand* operand, Get(inner, id));
    StatesOf(*operand, inner.num_rows(), right.data());
    for (size_t i = 0; i < open.size(); ++i) {
      uint8_t& state = states[open[i]];
      state = conjunction ? std::min(state, right[i]) : std::max(state, right[i]);
    }
    return {};
  }
  ASSIGN_OR_RETURN(const Operand* operand, Get(scope, id));
  StatesOf(*operand, num_rows, right.data());
  for (int row = 0; row < num_rows; ++row) {
    states[row] =
        conjunction ? std::min(states[row], right[row]) : std::max(states[row], right[row]);
  }
  return {};
}

Result<Operand> Interpreter::Connect(Scope& scope, const Node& node) {
  bool conjunction = node.kind == NodeKind::kAnd;
  std::vector<uint8_t> states(static_cast<size_t>(scope.num_rows()), conjunction ? kTrue : kFalse);
  for (int arg : node.args) {
    RETURN_IF_ERROR(ConnectArgument(scope, arg, conjunction, states));
  }
  return Operand{ColumnOfStates(node.type, states), false};
}

namespace {

/// Splits `rows` into those for which `condition` (about exactly these rows, or all rows when
/// `in_place`) is TRUE and the rest.
void Partition(const Operand& condition, bool in_place, std::vector<uint32_t>& rows,
               std::vector<uint32_t>& taken) {
  size_t kept = 0;
  taken.clear();
  const Column& column = condition.column;
  if (!condition.constant && !column.MayHaveNulls()) {
    // Without branches: which way a row goes cannot be predicted.
    const auto* flags = column.values<uint8_t>();
    taken.resize(rows.size());
    size_t took = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      uint32_t row = rows[i];
      bool is_true = flags[in_place ? row : i] != 0;
      taken[took] = row;
      rows[kept] = row;
      took += is_true;
      kept += !is_true;
    }
    taken.resize(took);
    rows.resize(kept);
    return;
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    int at = in_place ? static_cast<int>(rows[i]) : static_cast<int>(i);
    if (IsTrue(condition, at)) {
      taken.push_back(rows[i]);
    } else {
      rows[kept++] = rows[i];
    }
  }
  rows.resize(kept);
}

}  // namespace

Result<Operand> Interpreter::Case(Scope& scope, const Node& node) {
  std::vector<uint32_t> rows = AllRows(scope.num_rows()), taken;
  ColumnAssembler result(node.type, scope.num_rows());
  auto add = [&](int id, const std::vector<uint32_t>& of) -> Status {
    if (of.empty()) return {};
    if (program_.nodes[id].cheap || static_cast<int>(of.size()) == scope.num_rows()) {
      ASSIGN_OR_RETURN(const Operand* operand, Get(scope, id));
      result.AddInPlace(*operand, of);
      return {};
    }
    Scope inner(scope, of);
    ASSIGN_OR_RETURN(const Operand* operand, Get(inner, id));
    result.Add(*operand, of);
    return {};
  };
  size_t i = 0;
  for (; i + 1 < node.args.size() && !rows.empty(); i += 2) {
    int condition = node.args[i];
    bool in_place =
        program_.nodes[condition].cheap || static_cast<int>(rows.size()) == scope.num_rows();
    if (in_place) {
      ASSIGN_OR_RETURN(const Operand* operand, Get(scope, condition));
      Partition(*operand, true, rows, taken);
    } else {
      std::vector<uint32_t> asked = rows;
      Scope inner(scope, asked);
      ASSIGN_OR_RETURN(const Operand* operand, Get(inner, condition));
      Partition(*operand, false, rows, taken);
    }
    RETURN_IF_ERROR(add(node.args[i + 1], taken));
  }
  if (node.args.size() % 2 == 1) RETURN_IF_ERROR(add(node.args.back(), rows));
  return Operand{result.Finish(), false};
}

Result<Operand> Interpreter::Coalesce(Scope& scope, const Node& node) {
  std::vector<uint32_t> rows = AllRows(scope.num_rows());
  ColumnAssembler result(node.type, scope.num_rows());
  for (int arg : node.args) {
    if (rows.empty()) break;
    bool in_place = program_.nodes[arg].cheap || static_cast<int>(rows.size()) == scope.num_rows();
    Scope inner(scope, rows);
    ASSIGN_OR_RETURN(const Operand* operand, Get(in_place ? scope : inner, arg));
    if (!operand->constant && !operand->column.MayHaveNulls() &&
        static_cast<int>(rows.size()) == scope.num_rows()) {
      return *operand;
    }
    std::vector<uint32_t> found, missing;
    std::vector<uint32_t> places;
    for (size_t i = 0; i < rows.size(); ++i) {
      uint32_t at = in_place ? rows[i] : static_cast<uint32_t>(i);
      bool is_null = operand->IsNull(static_cast<int>(at));
      (is_null ? missing : found).push_back(rows[i]);
      if (!is_null) places.push_back(at);
    }
    if (!found.empty()) result.Add(Pick(*operand, places), found);
    rows = std::move(missing);
  }
  return Operand{result.Finish(), false};
}

void ColumnAssembler::Add(Operand operand, std::span<const uint32_t> rows) {
  int16_t source = static_cast<int16_t>(operands_.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    source_[rows[i]] = source;
    row_[rows[i]] = operand.constant ? 0 : static_cast<uint32_t>(i);
  }
  operands_.push_back(std::move(operand));
}

void ColumnAssembler::AddInPlace(Operand operand, std::span<const uint32_t> rows) {
  int16_t source = static_cast<int16_t>(operands_.size());
  for (uint32_t row : rows) {
    source_[row] = source;
    row_[row] = operand.constant ? 0 : row;
  }
  operands_.push_back(std::move(operand));
}

Column ColumnAssembler::Finish() {
  int num_rows = static_cast<int>(source_.size());
  ColumnBuilder builder(type_, num_rows);
  if (model::PhysicalSize(type_.physical()) == 0) {
    for (int row = 0; row < num_rows; ++row) {
      if (source_[row] < 0) {
        builder.AppendNull();
      } else {
        builder.AppendFrom(operands_[source_[row]].column, static_cast<int>(row_[row]));
      }
    }
    return builder.Finish();
  }
  builder.Resize(num_rows);
  model::DispatchPhysical(type_.physical(), [&]<typename T>(T*) {
    T* out = builder.mutable_values<T>();
    std::vector<const T*> values;
    std::vector<const uint64_t*> validity;
    for (const Operand& operand : operands_) {
      bool empty = operand.column.physical() == model::PhysicalType::kNull;
      values.push_back(empty ? nullptr : operand.column.values<T>());
      validity.push_back(operand.column.validity());
      builder.AddOwnersOf(operand.column);
    }
    for (int row = 0; row < num_rows; ++row) {
      if (source_[row] < 0 || values[source_[row]] == nullptr) {
        builder.SetNull(row);
      } else {
        uint32_t from = row_[row];
        out[row] = values[source_[row]][from];
        const uint64_t* bits = validity[source_[row]];
        if (bits != nullptr && (bits[from >> 6] >> (from & 63) & 1) == 0) builder.SetNull(row);
      }
    }
  });
  return builder.Finish();
}

/// Keeps of `rows` those for which `id` is TRUE; `all` says that `rows` has not been written yet
/// and stands for every row.
Status Interpreter::Narrow(Scope& scope, int id, std::vector<uint32_t>& rows, bool& all) {
  const Node& node = program_.nodes[id];
  if (node.kind == NodeKind::kAnd) {
    for (int arg : node.args) {
      RETURN_IF_ERROR(Narrow(scope, arg, rows, all));
      if (!all && rows.empty()) return {};
    }
    return {};
  }
  RETURN_IF_ERROR(Refine(scope, id, rows, all));
  all = false;
  return {};
}

Status Interpreter::Refine(Scope& scope, int id, std::vector<uint32_t>& rows, bool all) {
  const Node& node = program_.nodes[id];
  int count = all ? scope.num_rows() : static_cast<int>(rows.size());
  // Gathering the inputs of a few rows is cheaper than computing all of them.
  bool inside = all || count == scope.num_rows() || (node.cheap && count > scope.num_rows() / 4);
  if (node.selector && inside) {
    std::vector<Operand> args;
    for (int arg : node.args) {
      ASSIGN_OR_RETURN(const Operand* operand, Get(scope, arg));
      args.push_back(*operand);
    }
    if (all) rows.resize(static_cast<size_t>(scope.num_rows()));
    int kept = node.selector(args, all ? nullptr : rows.data(), count, rows.data());
    rows.resize(static_cast<size_t>(kept));
    return {};
  }
  std::vector<uint32_t> asked;
  if (!inside) asked = rows;
  Scope inner(scope, asked);
  ASSIGN_OR_RETURN(const Operand* operand, Get(inside ? scope : inner, id));
  if (all) rows = AllRows(scope.num_rows());
  std::vector<uint32_t> taken;
  Partition(*operand, inside, rows, taken);
  rows = std::move(taken);
  return {};
}

}  // namespace forebay::compute
