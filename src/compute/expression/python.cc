#include "compute/expression/row_kernel.h"
#include "compute/python/python_function.h"

namespace forebay::compute {

namespace {

using model::Column;

/// A column of the batch's rows, also of an argument that is the same in all of them.
Column ExpandedArgument(const Operand& arg, int num_rows) {
  if (!arg.constant) return arg.column;
  std::vector<uint32_t> zeros(static_cast<size_t>(num_rows), 0);
  return arg.column.Gather(zeros);
}

/// PYTHON(spec, arguments...), and PYTHON_TABLE, which gives the function's rows as an ARRAY.
template <bool kTable>
Result<Kernel> MakePython(const CallSite& call) {
  auto spec = call.LiteralText(0);
  if (!spec || call.python == nullptr) return NoKernel(call);
  std::vector<model::DataType> types(call.args.begin() + 1, call.args.end());
  ASSIGN_OR_RETURN(auto made, PythonFunction::Make(*spec, types, call.type, call.python));
  std::shared_ptr<PythonFunction> function = std::move(made);
  return Kernel([function](const BatchState& state, Operands args) -> Result<Column> {
    std::vector<Column> columns;
    for (size_t i = 1; i < args.size(); ++i) {
      columns.push_back(ExpandedArgument(args[i], state.num_rows));
    }
    return kTable ? function->Table(columns, state.num_rows)
                  : function->Scalar(columns, state.num_rows);
  });
}

constexpr FunctionEntry kEntries[] = {
    {"PYTHON", "s?*+", kNoFlags, MakePython<false>},
    {"PYTHON_NONDETERMINISTIC", "s?*+", kVolatile, MakePython<false>},
    {"PYTHON_TABLE", "s?*+", kVolatile, MakePython<true>},
};

}  // namespace

std::span<const FunctionEntry> PythonFunctions() { return kEntries; }

}  // namespace forebay::compute
