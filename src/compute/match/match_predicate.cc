#include "compute/match/match_predicate.h"

#include <array>
#include <optional>
#include <utility>

namespace forebay::compute {

using model::DataType;
using model::PhysicalType;
using model::TypeRoot;
using sql::Expression;
using sql::ExpressionKind;

namespace {

/// A value of any type that is handled here: integers and times as they are, booleans as 0 and 1.
struct Scalar {
  bool null = true;
  int64_t integer = 0;
  double number = 0;

  static Scalar Of(int64_t value) { return {false, value, 0}; }
  static Scalar Of(double value) { return {false, 0, value}; }
};

bool IsFloating(const DataType& type) {
  return type.physical() == PhysicalType::kDouble || type.physical() == PhysicalType::kFloat;
}

bool IsHandled(const DataType& type) {
  switch (type.physical()) {
    case PhysicalType::kBool:
    case PhysicalType::kInt8:
    case PhysicalType::kInt16:
    case PhysicalType::kInt32:
    case PhysicalType::kInt64: return !type.Is(TypeRoot::kDecimal);
    case PhysicalType::kDouble: return true;
    default: return false;
  }
}

/// A sum in the integer type, which wraps as in Java.
int64_t Wrapped(int64_t value, PhysicalType type) {
  switch (type) {
    case PhysicalType::kInt8: return static_cast<int8_t>(value);
    case PhysicalType::kInt16: return static_cast<int16_t>(value);
    case PhysicalType::kInt32: return static_cast<int32_t>(value);
    default: return value;
  }
}

/// Where a column is in an encoded row.
struct FieldReader {
  FieldReader(const RowCodec& codec, int index)
      : rows(&codec),
        column(index),
        offset(codec.field_offset(index)),
        type(codec.types()[index].physical()) {}

  Scalar Read(const char* row) const {
    if (row == nullptr || rows->IsNull(row, column)) return {};
    const char* cell = row + offset;
    switch (type) {
      case PhysicalType::kBool: return Scalar::Of(int64_t{LoadLe<uint8_t>(cell)});
      case PhysicalType::kInt8: return Scalar::Of(int64_t{LoadLe<int8_t>(cell)});
      case PhysicalType::kInt16: return Scalar::Of(int64_t{LoadLe<int16_t>(cell)});
      case PhysicalType::kInt32: return Scalar::Of(int64_t{LoadLe<int32_t>(cell)});
      case PhysicalType::kInt64: return Scalar::Of(LoadLe<int64_t>(cell));
      default: return Scalar::Of(LoadLe<double>(cell));
    }
  }

  const RowCodec* rows;
  int column;
  int offset;
  PhysicalType type;
};

class Node {
 public:
  virtual ~Node() = default;
  virtual Scalar Evaluate(const MatchedRows& match) const = 0;
};
using NodePtr = std::unique_ptr<Node>;

class LiteralNode : public Node {
 public:
  explicit LiteralNode(Scalar value) : value_(value) {}
  Scalar Evaluate(const MatchedRows&) const override { return value_; }

 private:
  Scalar value_;
};

class CellNode : public Node {
 public:
  CellNode(sql::MatchCell cell, FieldReader field) : cell_(std::move(cell)), field_(field) {}
  Scalar Evaluate(const MatchedRows& match) const override {
    return field_.Read(match.Find(cell_));
  }

 private:
  sql::MatchCell cell_;
  FieldReader field_;
};

enum class Total : uint8_t { kCount, kSum, kMin, kMax };

/// COUNT, SUM, MIN and MAX of an integer column; COUNT(*) without one.
class TotalNode : public Node {
 public:
  TotalNode(Total total, int variable, std::optional<FieldReader> field, PhysicalType result)
      : total_(total), variable_(variable), field_(field), result_(result) {}

  Scalar Evaluate(const MatchedRows& match) const override {
    int64_t count = 0;
    int64_t value = 0;
    match.ForEach(variable_, [&](const char* row) {
      Scalar cell = field_ ? field_->Read(row) : Scalar::Of(int64_t{0});
      if (cell.null) return;
      bool first = count++ == 0;
      if (total_ == Total::kSum) {
        value = static_cast<int64_t>(static_cast<uint64_t>(value) +
                                     static_cast<uint64_t>(cell.integer));
      } else if (first || (total_ == Total::kMin ? cell.integer < value : cell.integer > value)) {
        value = cell.integer;
      }
    });
    if (total_ == Total::kCount) return Scalar::Of(count);
    return count == 0 ? Scalar() : Scalar::Of(Wrapped(value, result_));
  }

 private:
  Total total_;
  int variable_;
  std::optional<FieldReader> field_;
  PhysicalType result_;
};

enum class Operation : uint8_t {
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kPlus,
  kMinus,
  kTimes
};

constexpr std::array<std::pair<std::string_view, Operation>, 9> kOperations = {
    {{"EQUALS", Operation::kEqual},
     {"NOT_EQUALS", Operation::kNotEqual},
     {"LESS_THAN", Operation::kLess},
     {"LESS_THAN_OR_EQUAL", Operation::kLessOrEqual},
     {"GREATER_THAN", Operation::kGreater},
     {"GREATER_THAN_OR_EQUAL", Operation::kGreaterOrEqual},
     {"PLUS", Operation::kPlus},
     {"MINUS", Operation::kMinus},
     {"TIMES", Operation::kTimes}}};

template <typename T>
Scalar Apply(Operation operation, T a, T b) {
  switch (operation) {
    case Operation::kEqual: return Scalar::Of(int64_t{a == b});
    case Operation::kNotEqual: return Scalar::Of(int64_t{a != b});
    case Operation::kLess: return Scalar::Of(int64_t{a < b});
    case Operation::kLessOrEqual: return Scalar::Of(int64_t{a <= b});
    case Operation::kGreater: return Scalar::Of(int64_t{a > b});
    case Operation::kGreaterOrEqual: return Scalar::Of(int64_t{a >= b});
    default: break;
  }
  if constexpr (std::is_same_v<T, double>) {
    if (operation == Operation::kPlus) return Scalar::Of(a + b);
    return Scalar::Of(operation == Operation::kMinus ? a - b : a * b);
  } else {
    auto x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
    uint64_t result = operation == Operation::kPlus    ? x + y
                      : operation == Operation::kMinus ? x - y
                                                       : x * y;
    return Scalar::Of(static_cast<int64_t>(result));
  }
}

class OperationNode : public Node {
 public:
  OperationNode(Operation operation, bool floating, PhysicalType result, NodePtr a, NodePtr b)
      : operation_(operation),
        floating_(floating),
        result_(result),
        a_(std::move(a)),
        b_(std::move(b)) {}
  Scalar Evaluate(const MatchedRows& match) const override {
    Scalar a = a_->Evaluate(match);
    if (a.null) return {};
    Scalar b = b_->Evaluate(match);
    if (b.null) return {};
    if (floating_) return Apply(operation_, a.number, b.number);
    Scalar result = Apply(operation_, a.integer, b.integer);
    result.integer = Wrapped(result.integer, result_);
    return result;
  }

 private:
  Operation operation_;
  bool floating_;
  PhysicalType result_;
  NodePtr a_;
  NodePtr b_;
};

/// AND and OR of SQL: what decides ends it, else NULL is stronger.
class LogicNode : public Node {
 public:
  LogicNode(bool conjunction, std::vector<NodePtr> args)
      : decisive_(conjunction ? 0 : 1), args_(std::move(args)) {}
  Scalar Evaluate(const MatchedRows& match) const override {
    bool unknown = false;
    for (const NodePtr& arg : args_) {
      Scalar value = arg->Evaluate(match);
      if (!value.null && value.integer == decisive_) return value;
      unknown = unknown || value.null;
    }
    return unknown ? Scalar() : Scalar::Of(1 - decisive_);
  }

 private:
  int64_t decisive_;
  std::vector<NodePtr> args_;
};

/// IS NULL, IS NOT NULL and NOT.
class TestNode : public Node {
 public:
  enum class Kind : uint8_t { kIsNull, kIsNotNull, kNot };
  TestNode(Kind kind, NodePtr arg) : kind_(kind), arg_(std::move(arg)) {}
  Scalar Evaluate(const MatchedRows& match) const override {
    Scalar value = arg_->Evaluate(match);
    if (kind_ == Kind::kNot) return value.null ? value : Scalar::Of(1 - value.integer);
    return Scalar::Of(int64_t{value.null == (kind_ == Kind::kIsNull)});
  }

 private:
  Kind kind_;
  NodePtr arg_;
};

class ToDoubleNode : public Node {
 public:
  explicit ToDoubleNode(NodePtr arg) : arg_(std::move(arg)) {}
  Scalar Evaluate(const MatchedRows& match) const override {
    Scalar value = arg_->Evaluate(match);
    return value.null ? value : Scalar::Of(static_cast<double>(value.integer));
  }

 private:
  NodePtr arg_;
};

/// Makes the nodes of one condition; a null pointer says that there is none.
class Builder {
 public:
  Builder(const sql::MatchInput& input, const RowCodec& rows) : input_(input), rows_(rows) {}

  NodePtr Build(const Expression& e) const {
    if (!IsHandled(e.type)) return nullptr;
    switch (e.kind) {
      case ExpressionKind::kLiteral: return Literal(e);
      case ExpressionKind::kColumn: return Column(e.column);
      case ExpressionKind::kCall: return Call(e);
    }
    return nullptr;
  }

 private:
  static NodePtr Literal(const Expression& e) {
    if (const auto* integer = std::get_if<int64_t>(&e.value.data)) {
      if (IsFloating(e.type)) return nullptr;
      return std::make_unique<LiteralNode>(Scalar::Of(*integer));
    }
    if (const auto* boolean = std::get_if<bool>(&e.value.data)) {
      return std::make_unique<LiteralNode>(Scalar::Of(int64_t{*boolean}));
    }
    const auto* number = std::get_if<double>(&e.value.data);
    if (number == nullptr || !IsFloating(e.type)) return nullptr;
    return std::make_unique<LiteralNode>(Scalar::Of(*number));
  }

  NodePtr Column(int column) const {
    size_t index = static_cast<size_t>(column);
    if (index < input_.cells.size()) {
      const sql::MatchCell& cell = input_.cells[index];
      return std::make_unique<CellNode>(cell, FieldReader(rows_, cell.column));
    }
    index -= input_.cells.size();
    return index < input_.aggregates.size() ? Aggregate(input_.aggregates[index]) : nullptr;
  }

  NodePtr Aggregate(const sql::MatchAggregate& aggregate) const {
    const std::string& name = aggregate.call.function;
    PhysicalType result = aggregate.call.type.physical();
    if (name == "COUNT" && aggregate.args.empty()) {
      return std::make_unique<TotalNode>(Total::kCount, aggregate.variable, std::nullopt, result);
    }
    if (aggregate.args.size() != 1 || aggregate.args[0]->kind != ExpressionKind::kColumn) {
      return nullptr;
    }
    const DataType& type = aggregate.args[0]->type;
    if (!IsHandled(type) || IsFloating(type) || !IsHandled(aggregate.call.type)) return nullptr;
    Total total = Total::kCount;
    if (name == "SUM" && type.IsInteger()) {
      total = Total::kSum;
    } else if (name == "MIN" || name == "MAX") {
      total = name == "MIN" ? Total::kMin : Total::kMax;
    } else if (name != "COUNT") {
      return nullptr;
    }
    FieldReader field(rows_, aggregate.args[0]->column);
    return std::make_unique<TotalNode>(total, aggregate.variable, field, result);
  }

  NodePtr Call(const Expression& e) const {
    if (e.function == "CAST") return Cast(e);
    if (e.function == "IS_NULL") return Test(TestNode::Kind::kIsNull, e);
    if (e.function == "IS_NOT_NULL") return Test(TestNode::Kind::kIsNotNull, e);
    if (e.function == "NOT") return Test(TestNode::Kind::kNot, e);
    if (e.function == "AND" || e.function == "OR") {
      std::vector<NodePtr> args;
      for (const sql::ExpressionPtr& arg : e.args) {
        args.push_back(Build(*arg));
        if (args.back() == nullptr) return nullptr;
      }
      return std::make_unique<LogicNode>(e.function == "AND", std::move(args));
    }
    for (const auto& [name, operation] : kOperations) {
      if (e.function == name) return Operate(e, operation);
    }
    return nullptr;
  }

  NodePtr Operate(const Expression& e, Operation operation) const {
    const DataType& type = e.args[0]->type;
    bool same = e.args.size() == 2 && type.EqualsIgnoringNullability(e.args[1]->type);
    bool sum = operation >= Operation::kPlus;
    if (!same || (sum && !(type.IsInteger() || IsFloating(type)))) return nullptr;
    if (sum && !type.EqualsIgnoringNullability(e.type)) return nullptr;
    NodePtr a = Build(*e.args[0]);
    NodePtr b = Build(*e.args[1]);
    if (a == nullptr || b == nullptr) return nullptr;
    return std::make_unique<OperationNode>(operation, IsFloating(type), e.type.physical(),
                                           std::move(a), std::move(b));
  }

  NodePtr Test(TestNode::Kind kind, const Expression& e) const {
    NodePtr arg = Build(*e.args[0]);
    return arg == nullptr ? nullptr : std::make_unique<TestNode>(kind, std::move(arg));
  }

  /// Casts of integers that cannot fail.
  NodePtr Cast(const Expression& e) const {
    const DataType& from = e.args[0]->type;
    if (!from.IsInteger()) return nullptr;
    bool widens =
        e.type.IsInteger() && PhysicalSize(e.type.physical()) >= PhysicalSize(from.physical());
    if (!widens && e.type.physical() != PhysicalType::kDouble) return nullptr;
    NodePtr arg = Build(*e.args[0]);
    if (arg == nullptr || widens) return arg;
    return std::make_unique<ToDoubleNode>(std::move(arg));
  }

  const sql::MatchInput& input_;
  const RowCodec& rows_;
};

class NodePredicate : public MatchPredicate {
 public:
  explicit NodePredicate(NodePtr node) : node_(std::move(node)) {}
  bool Holds(const MatchedRows& match) const override {
    Scalar value = node_->Evaluate(match);
    return !value.null && value.integer != 0;
  }

 private:
  NodePtr node_;
};

}  // namespace

std::unique_ptr<MatchPredicate> MatchPredicate::Make(const Expression& condition,
                                                     const sql::MatchInput& input,
                                                     const RowCodec& rows) {
  NodePtr node = Builder(input, rows).Build(condition);
  return node == nullptr ? nullptr : std::make_unique<NodePredicate>(std::move(node));
}

}  // namespace forebay::compute
