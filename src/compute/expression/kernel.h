#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "compute/expression/evaluator.h"
#include "model/column.h"

namespace forebay::compute {

class PythonRuntime;

/// What a kernel gets for an argument: a column of the batch's rows, or one cell that stands for
/// every row.
struct Operand {
  model::Column column;
  bool constant = false;

  const model::DataType& type() const { return column.type(); }
  bool IsNullConstant() const { return constant && column.IsNull(0); }
  /// The row of `column` that holds the cell of row `row`.
  int At(int row) const { return constant ? 0 : row; }
  bool IsNull(int row) const { return column.IsNull(At(row)); }
};

using Operands = std::span<const Operand>;

/// What a kernel may depend on besides its arguments; the same for every row of a batch.
struct BatchState {
  int num_rows = 0;
  int64_t now_ms = 0;
  int64_t watermark_ms = 0;
};

/// Computes a whole column. Belongs to one thread at a time: it may keep scratch memory and caches.
using Kernel = std::function<Result<model::Column>(const BatchState&, Operands)>;

/// One call in an expression, as a kernel's factory sees it.
struct CallSite {
  std::string_view name;
  model::DataType type;
  std::vector<model::DataType> args;
  /// The literal arguments' cells; null where an argument is no literal.
  std::vector<const Operand*> literals;
  const EvaluationContext* context = nullptr;
  /// The processes of the evaluator's Python functions.
  std::shared_ptr<PythonRuntime> python = nullptr;

  /// The text of a non-NULL literal character argument.
  std::optional<std::string_view> LiteralText(size_t arg) const {
    if (arg >= args.size() || literals[arg] == nullptr || literals[arg]->column.IsNull(0))
      return {};
    if (literals[arg]->column.physical() != model::PhysicalType::kString) return {};
    return literals[arg]->column.GetString(0);
  }
};

/// How the evaluator may treat a function.
enum FunctionFlags : uint8_t {
  kNoFlags = 0,
  kCheap = 1,     ///< never fails and costs little, so it may be computed for rows nobody selected
  kVolatile = 2,  ///< differs from batch to batch even for equal arguments
};

/// A row of the registry. `signature` has a letter an argument: s characters, x characters or
/// bytes, i l d any number cast to INT, BIGINT or DOUBLE, n any number, b BOOLEAN, t DATE, TIME or
/// TIMESTAMP, v interval, a ARRAY, m MAP, r ROW, * anything.
/// '?' makes the rest optional, '+' at the end repeats the last letter. The first entry of a name
/// that matches is taken.
struct FunctionEntry {
  const char* name;
  const char* signature;
  uint8_t flags;
  Result<Kernel> (*make)(const CallSite&);
};

/// The topics; a new function is an entry in one of them.
std::span<const FunctionEntry> ArithmeticFunctions();
std::span<const FunctionEntry> MathFunctions();
std::span<const FunctionEntry> ComparisonFunctions();
std::span<const FunctionEntry> LogicFunctions();
std::span<const FunctionEntry> CastFunctions();
std::span<const FunctionEntry> StringFunctions();
std::span<const FunctionEntry> JavaStringFunctions();
std::span<const FunctionEntry> SplitFunctions();
std::span<const FunctionEntry> EncodingFunctions();
std::span<const FunctionEntry> CharsetFunctions();
std::span<const FunctionEntry> UrlFunctions();
std::span<const FunctionEntry> PrintfFunctions();
std::span<const FunctionEntry> PatternFunctions();
std::span<const FunctionEntry> TemporalFunctions();
std::span<const FunctionEntry> ClockFunctions();
std::span<const FunctionEntry> TemporalTextFunctions();
std::span<const FunctionEntry> CollectionFunctions();
std::span<const FunctionEntry> ArrayFunctions();
std::span<const FunctionEntry> JsonFunctions();
std::span<const FunctionEntry> JsonTextFunctions();
std::span<const FunctionEntry> TextFunctions();
std::span<const FunctionEntry> BitmapFunctions();
std::span<const FunctionEntry> VariantFunctions();
std::span<const FunctionEntry> PythonFunctions();

/// The entry that matches, or null.
const FunctionEntry* FindFunction(std::string_view name, std::span<const model::DataType> args);
/// The type an argument must be cast to for `entry`; its own type when it fits.
model::DataType RequiredType(const FunctionEntry& entry, size_t arg, const model::DataType& type);

/// The error for a call that no entry takes.
Error NoKernel(const CallSite& call);

}  // namespace forebay::compute
