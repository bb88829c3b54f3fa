#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compute/expression/kernel.h"
#include "model/batch.h"
#include "sql/plan/expression.h"

namespace forebay::compute {

/// Writes into `out` the rows among `in` (all `count` rows when null) for which a comparison holds;
/// returns how many.
using Selector = std::function<int(Operands, const uint32_t* in, int count, uint32_t* out)>;

/// The selector of a comparison of two operands of one fixed-width type, of which the second may be
/// constant; empty for any other call.
Selector MakeSelector(std::string_view function, const model::DataType& left,
                      const model::DataType& right);

enum class NodeKind : uint8_t { kLiteral, kColumn, kCall, kAnd, kOr, kCase, kCoalesce };

/// A step of a program. Equal subexpressions are one node; arguments come before their users.
struct Node {
  NodeKind kind = NodeKind::kLiteral;
  model::DataType type;
  int column = -1;
  Operand literal;
  std::string function;
  std::vector<int> args;
  Kernel kernel;
  Selector selector;
  bool cheap = true;      ///< this node and all below it: see kCheap
  bool constant = false;  ///< depends on no column and no clock
};

/// Expressions compiled to kernels.
struct Program {
  EvaluationContext context;
  std::vector<Node> nodes;
  std::vector<int> roots;
};

Result<Program> Compile(const std::vector<sql::ExpressionPtr>& expressions,
                        const EvaluationContext& context);

/// The rows a node is evaluated for: a batch, or some rows of another scope; remembers what was
/// computed.
class Scope {
 public:
  Scope(const model::Batch& batch, size_t num_nodes, const BatchState& state)
      : batch_(&batch), cache_(num_nodes), state_(state) {}
  /// Rows `rows` of `parent`, which must outlive this.
  Scope(const Scope& parent, std::span<const uint32_t> rows)
      : parent_(&parent), rows_(rows), cache_(parent.cache_.size()), state_(parent.state_) {
    state_.num_rows = static_cast<int>(rows.size());
  }

  int num_rows() const { return state_.num_rows; }
  const BatchState& state() const { return state_; }
  /// The node's operand when this or an outer scope has it.
  const Operand* Find(const Node& node, int id);
  const Operand* Remember(int id, Operand operand);

 private:
  const model::Batch* batch_ = nullptr;
  const Scope* parent_ = nullptr;
  std::span<const uint32_t> rows_;
  std::vector<std::optional<Operand>> cache_;
  BatchState state_;

  std::optional<Operand> FromOutside(const Node& node, int id) const;
};

/// Runs a program over batches. Belongs to one thread at a time.
class Interpreter {
 public:
  explicit Interpreter(Program program)
      : program_(std::move(program)), folded_(program_.nodes.size()) {}

  const Program& program() const { return program_; }
  Result<const Operand*> Get(Scope& scope, int id);
  /// The rows among `rows` for which node `id` is TRUE.
  Status Narrow(Scope& scope, int id, std::vector<uint32_t>& rows, bool& all);

 private:
  Result<Operand> Compute(Scope& scope, const Node& node);
  Result<Operand> Call(Scope& scope, const Node& node);
  Result<Operand> Connect(Scope& scope, const Node& node);
  Result<Operand> Case(Scope& scope, const Node& node);
  Result<Operand> Coalesce(Scope& scope, const Node& node);
  Result<const Operand*> Fold(int id);
  Status Refine(Scope& scope, int id, std::vector<uint32_t>& rows, bool all);
  Status ConnectArgument(Scope& scope, int id, bool conjunction, std::vector<uint8_t>& states);

  Program program_;
  std::vector<std::optional<Operand>> folded_;
};

/// Puts together a column of rows that come from several operands.
class ColumnAssembler {
 public:
  ColumnAssembler(model::DataType type, int num_rows)
      : type_(std::move(type)), source_(num_rows, -1), row_(num_rows, 0) {}

  /// Row rows[i] of the result is row i of `operand`.
  void Add(Operand operand, std::span<const uint32_t> rows);
  /// Row rows[i] of the result is row rows[i] of `operand`.
  void AddInPlace(Operand operand, std::span<const uint32_t> rows);
  /// Rows that got no cell are NULL.
  model::Column Finish();

 private:
  model::DataType type_;
  std::vector<Operand> operands_;
  std::vector<int16_t> source_;
  std::vector<uint32_t> row_;
};

}  // namespace forebay::compute
