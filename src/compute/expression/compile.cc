#include <fmt/format.h>

#include "compute/expression/program.h"
#include "compute/expression/split_index.h"
#include "compute/python/python_function.h"

namespace forebay::compute {

namespace {

using model::DataType;
using model::TypeRoot;
using sql::Expression;
using sql::ExpressionKind;

/// Depth of an expression: the compiler and the interpreter call themselves once a level.
constexpr int kMaxDepth = 2000;

model::Column OneRow(const DataType& type, const model::Value& value) {
  model::ColumnBuilder builder(type, 1);
  model::AppendValue(builder, value);
  return builder.Finish();
}

/// A text that is equal for equal cells and types.
std::string ValueKey(const model::Value& value) {
  return std::visit(
      [](const auto& data) -> std::string {
        using T = std::decay_t<decltype(data)>;
        if constexpr (std::is_same_v<T, std::monostate>) {
          return "null";
        } else if constexpr (std::is_same_v<T, model::Int128>) {
          return fmt::format("{}/{}", static_cast<int64_t>(data >> 64),
                             static_cast<uint64_t>(data));
        } else if constexpr (std::is_same_v<T, double>) {
          return fmt::format("{:a}", data);
        } else if constexpr (std::is_same_v<T, model::Value::List>) {
          std::string key = "[";
          for (const model::Value& item : data) key += ValueKey(item) + ",";
          return key + "]";
        } else if constexpr (std::is_same_v<T, std::string>) {
          return fmt::format("{}:{}", data.size(), data);
        } else {
          return fmt::format("{}", data);
        }
      },
      value.data);
}

/// A CAST from floating point to DECIMAL: NaN ends the query.
bool MayHaveNoDigits(const CallSite& call) {
  return call.type.Is(TypeRoot::kDecimal) && !call.args[0].IsExactNumeric();
}

class Compiler {
 public:
  explicit Compiler(const EvaluationContext& context) { program_.context = context; }

  Result<int> Add(const Expression& expression, int depth);
  Program&& Take() && { return std::move(program_); }
  Program& program() { return program_; }

 private:
  Result<int> AddCall(const Expression& expression, int depth);
  Result<int> AddFunction(std::string name, const DataType& type, std::vector<int> args);
  Result<int> AddSpecial(NodeKind kind, std::string name, const DataType& type,
                         std::vector<int> args);
  Result<int> AddPiece(const DataType& type, const std::vector<int>& args);
  Result<int> AddReplacedLength(const DataType& type, int text);
  bool IsLiteral(int id, model::PhysicalType type) const;
  Result<int> CastTo(const DataType& type, int id);
  Status AlignComparison(std::string_view name, std::vector<int>& args);
  void SkipWideningCasts(const DataType& type, std::vector<int>& args);
  int Insert(std::string key, Node node);

  Program program_;
  std::map<std::string, int> known_;
  std::map<std::string, std::shared_ptr<PieceCutter>> cutters_;  ///< by the key of their node
  std::shared_ptr<PythonRuntime> python_ = std::make_shared<PythonRuntime>();
};

int Compiler::Insert(std::string key, Node node) {
  int id = static_cast<int>(program_.nodes.size());
  auto [position, is_new] = known_.emplace(std::move(key), id);
  if (is_new) program_.nodes.push_back(std::move(node));
  return position->second;
}

Result<int> Compiler::Add(const Expression& expression, int depth) {
  if (depth > kMaxDepth) {
    return NotSupported("an expression is nested deeper than {} levels", kMaxDepth);
  }
  Node node;
  node.type = expression.type;
  switch (expression.kind) {
    case ExpressionKind::kCall: return AddCall(expression, depth);
    case ExpressionKind::kColumn:
      node.kind = NodeKind::kColumn;
      node.column = expression.column;
      return Insert(fmt::format("${}", expression.column), std::move(node));
    case ExpressionKind::kLiteral: break;
  }
  node.kind = NodeKind::kLiteral;
  node.constant = true;
  node.literal = Operand{OneRow(expression.type, expression.value), true};
  return Insert(fmt::format("{} {}", expression.type.ToString(), ValueKey(expression.value)),
                std::move(node));
}

Result<int> Compiler::AddCall(const Expression& expression, int depth) {
  std::vector<int> args;
  for (const sql::ExpressionPtr& arg : expression.args) {
    ASSIGN_OR_RETURN(int id, Add(*arg, depth + 1));
    args.push_back(id);
  }
  const std::string& name = expression.function;
  if (name == "AND") return AddSpecial(NodeKind::kAnd, name, expression.type, std::move(args));
  if (name == "OR") return AddSpecial(NodeKind::kOr, name, expression.type, std::move(args));
  if (name == "CASE" || name == "IF") {
    return AddSpecial(NodeKind::kCase, "CASE", expression.type, std::move(args));
  }
  if (name == "COALESCE" || name == "IFNULL") {
    return AddSpecial(NodeKind::kCoalesce, "COALESCE", expression.type, std::move(args));
  }
  if (name == "SPLIT_INDEX") return AddPiece(expression.type, args);
  if (name == "CHAR_LENGTH") return AddReplacedLength(expression.type, args[0]);
  RETURN_IF_ERROR(AlignComparison(name, args));
  return AddFunction(name, expression.type, std::move(args));
}

/// A literal, not NULL, whose cells are of `type`.
bool Compiler::IsLiteral(int id, model::PhysicalType type) const {
  const Node& node = program_.nodes[id];
  return node.kind == NodeKind::kLiteral && node.type.physical() == type &&
         !node.literal.column.IsNull(0);
}

/// Calls of SPLIT_INDEX that differ in the index alone take their pieces from one node.
Result<int> Compiler::AddPiece(const DataType& type, const std::vector<int>& args) {
  bool shares = program_.nodes[args[0]].type.IsCharacter() &&
                IsLiteral(args[1], model::PhysicalType::kString) &&
                IsLiteral(args[2], model::PhysicalType::kInt32) &&
                program_.nodes[args[2]].literal.column.Get<int32_t>(0) >= 0;
  if (!shares) return AddFunction("SPLIT_INDEX", type, args);
  std::string key = fmt::format("pieces {} {}", args[0], args[1]);
  std::shared_ptr<PieceCutter>& cutter = cutters_[key];
  if (cutter == nullptr) {
    cutter = std::make_shared<PieceCutter>(program_.nodes[args[1]].literal.column.GetString(0));
  }
  Node pieces;
  pieces.kind = NodeKind::kCall;
  pieces.args = {args[0]};
  pieces.cheap = false;
  pieces.constant = program_.nodes[args[0]].constant;
  pieces.kernel = [cutter](const BatchState& state, Operands texts) -> Result<model::Column> {
    return cutter->Cut(state.num_rows, texts[0]);
  };
  Node piece = pieces;
  piece.type = type;
  int child = cutter->Want(program_.nodes[args[2]].literal.column.Get<int32_t>(0));
  piece.kernel = [child](const BatchState&, Operands rows) -> Result<model::Column> {
    return rows[0].column.children()[static_cast<size_t>(child)];
  };
  piece.args = {Insert(key, std::move(pieces))};
  return Insert(fmt::format("piece {} of {}", child, key), std::move(piece));
}

/// CHAR_LENGTH. The length of what REPLACE makes is computed without it; to count by
/// CHAR_LENGTH(s) - CHAR_LENGTH(REPLACE(s, 'x', '')) is common.
Result<int> Compiler::AddReplacedLength(const DataType& type, int text) {
  const Node& replace = program_.nodes[text];
  bool is_replaced = replace.function == "REPLACE" &&
                     IsLiteral(replace.args[1], model::PhysicalType::kString) &&
                     !program_.nodes[replace.args[1]].literal.column.GetString(0).empty();
  if (!is_replaced) return AddFunction("CHAR_LENGTH", type, {text});
  std::vector<int> args = replace.args;
  ASSIGN_OR_RETURN(int length, AddFunction("CHAR_LENGTH", type, {args[0]}));
  args.insert(args.begin(), length);
  return AddFunction("REPLACED_LENGTH", type, std::move(args));
}

/// Values of a conditional take the result's physical form.
Result<int> Compiler::AddSpecial(NodeKind kind, std::string name, const DataType& type,
                                 std::vector<int> args) {
  Node node;
  node.kind = kind;
  node.type = type;
  node.function = name;
  node.constant = true;
  std::string key = name + " " + type.ToString();
  for (size_t i = 0; i < args.size(); ++i) {
    bool value = kind == NodeKind::kCoalesce ||
                 (kind == NodeKind::kCase && (i % 2 == 1 || i + 1 == args.size()));
    if (value) {
      ASSIGN_OR_RETURN(args[i], CastTo(type, args[i]));
    }
    const Node& arg = program_.nodes[args[i]];
    node.cheap &= arg.cheap;
    node.constant &= arg.constant;
    key += fmt::format(" {}", args[i]);
  }
  node.args = std::move(args);
  return Insert(std::move(key), std::move(node));
}

/// Makes the cells of `id` physically those of `type`; the analyzer has already made them logically
/// so.
Result<int> Compiler::CastTo(const DataType& type, int id) {
  const DataType& from = program_.nodes[id].type;
  bool same_decimal = !type.Is(TypeRoot::kDecimal) || !from.Is(TypeRoot::kDecimal) ||
                      (type.scale() == from.scale() && type.precision() == from.precision());
  bool same_unit =
      !type.IsTimestamp() || !from.IsTimestamp() || type.time_unit() == from.time_unit();
  if (from.physical() == type.physical() && same_decimal && same_unit) return id;
  return AddFunction("CAST", type, {id});
}

/// Comparisons work on two operands of one physical type.
Status Compiler::AlignComparison(std::string_view name, std::vector<int>& args) {
  bool comparison = name == "IN" || name == "EQUALS" || name == "NOT_EQUALS" ||
                    name.starts_with("LESS_THAN") || name.starts_with("GREATER_THAN") ||
                    name == "IS_DISTINCT_FROM" || name == "IS_NOT_DISTINCT_FROM";
  if (!comparison) return {};
  for (size_t i = 1; i < args.size(); ++i) {
    const DataType a = program_.nodes[args[0]].type, b = program_.nodes[args[i]].type;
    std::optional<DataType> common;
    if (a.IsNumeric() && b.IsNumeric() && a.physical() != b.physical()) {
      bool decimal = a.Is(TypeRoot::kDecimal) || b.Is(TypeRoot::kDecimal);
      if (!a.IsExactNumeric() || !b.IsExactNumeric()) {
        common = DataType::Double();
      } else if (!decimal) {
        common = DataType::Bigint();
      }
    } else if (a.IsTimestamp() && b.IsTimestamp() && a.time_unit() != b.time_unit()) {
      common = a.precision() > b.precision() ? a : b;
    } else if (a.Is(TypeRoot::kNull) && !b.Is(TypeRoot::kNull)) {
      common = b;
    } else if (b.Is(TypeRoot::kNull) && !a.Is(TypeRoot::kNull)) {
      common = a;
    }
    if (!common || (i > 1 && !(common->physical() == a.physical()))) continue;
    ASSIGN_OR_RETURN(args[i], CastTo(*common, args[i]));
    ASSIGN_OR_RETURN(args[0], CastTo(*common, args[0]));
  }
  return {};
}

/// An integer cast to a DECIMAL of scale 0 that holds all of its values needs no cast as an operand
/// of DECIMAL arithmetic: the kernels read integers, and 64-bit operands are several times faster
/// than 128-bit ones.
void Compiler::SkipWideningCasts(const DataType& type, std::vector<int>& args) {
  if (!type.Is(TypeRoot::kDecimal)) return;
  for (int& arg : args) {
    const Node& node = program_.nodes[arg];
    if (node.function != "CAST" || !node.type.Is(TypeRoot::kDecimal)) continue;
    const DataType& from = program_.nodes[node.args[0]].type;
    if (!from.IsInteger() || node.type.scale() != 0) continue;
    int digits = from.Is(TypeRoot::kBigint) ? 19 : (from.Is(TypeRoot::kInteger) ? 10 : 5);
    if (node.type.precision() >= digits) arg = node.args[0];
  }
}

Result<int> Compiler::AddFunction(std::string name, const DataType& type, std::vector<int> args) {
  if (name == "PLUS" || name == "MINUS" || name == "TIMES") SkipWideningCasts(type, args);
  CallSite call{name, type, {}, {}, &program_.context, python_};
  for (int arg : args) call.args.push_back(program_.nodes[arg].type);
  const FunctionEntry* entry = FindFunction(name, call.args);
  if (entry == nullptr) return NoKernel(call);
  Node node;
  node.kind = NodeKind::kCall;
  node.type = type;
  node.function = name;
  node.cheap = (entry->flags & kCheap) != 0 && !(name == "CAST" && MayHaveNoDigits(call));
  node.constant = (entry->flags & kVolatile) == 0;
  std::string key = name + " " + type.ToString();
  for (size_t i = 0; i < args.size(); ++i) {
    DataType required = RequiredType(*entry, i, call.args[i]);
    ASSIGN_OR_RETURN(args[i], CastTo(required, args[i]));
    const Node& arg = program_.nodes[args[i]];
    call.args[i] = arg.type;
    call.literals.push_back(arg.kind == NodeKind::kLiteral ? &arg.literal : nullptr);
    node.cheap &= arg.cheap;
    node.constant &= arg.constant;
    key += fmt::format(" {}", args[i]);
  }
  if ((entry->flags & kVolatile) != 0) key += fmt::format(" volatile {}", program_.nodes.size());
  if (auto found = known_.find(key); found != known_.end()) return found->second;
  // CastTo may have moved the nodes.
  for (size_t i = 0; i < args.size(); ++i) {
    const Node& arg = program_.nodes[args[i]];
    call.literals[i] = arg.kind == NodeKind::kLiteral ? &arg.literal : nullptr;
  }
  ASSIGN_OR_RETURN(node.kernel, entry->make(call));
  if (args.size() == 2) node.selector = MakeSelector(name, call.args[0], call.args[1]);
  node.args = std::move(args);
  return Insert(std::move(key), std::move(node));
}

}  // namespace

Result<Program> Compile(const std::vector<sql::ExpressionPtr>& expressions,
                        const EvaluationContext& context) {
  Compiler compiler(context);
  for (const sql::ExpressionPtr& expression : expressions) {
    ASSIGN_OR_RETURN(int root, compiler.Add(*expression, 0));
    compiler.program().roots.push_back(root);
  }
  return std::move(compiler).Take();
}

}  // namespace forebay::compute
