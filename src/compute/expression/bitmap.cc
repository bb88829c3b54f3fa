#include "model/bitmap.h"
#include "compute/expression/row_kernel.h"

namespace forebay::compute {

namespace {

using model::Bitmap;
using model::Column;
using model::ColumnBuilder;
using model::TypeRoot;

/// A kernel that appends a cell a row with f(builder, row, args), which sees only rows without NULL
/// arguments.
template <typename F>
Kernel BitmapKernel(const CallSite& call, F f) {
  return [type = call.type, f](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      bool null = false;
      for (const Operand& arg : args) null |= arg.IsNull(row);
      if (null) {
        builder.AppendNull();
      } else {
        RETURN_IF_ERROR(f(builder, row, args));
      }
    }
    return builder.Finish();
  };
}

Result<Bitmap> BitmapAt(const Operand& arg, int row) {
  return Bitmap::Parse(arg.column.GetString(arg.At(row)));
}

bool AreBitmaps(const CallSite& call) {
  for (const model::DataType& type : call.args) {
    if (!model::IsBitmap(type)) return false;
  }
  return true;
}

/// NULL elements are left out.
Result<Kernel> MakeBuild(const CallSite& call) {
  if (!call.args[0].children()[0].Is(TypeRoot::kInteger)) return NoKernel(call);
  return BitmapKernel(call, [](ColumnBuilder& out, int row, Operands args) -> Status {
    int at = args[0].At(row);
    const Column& list = args[0].column;
    Bitmap bitmap;
    for (int i = list.offsets()[at]; i < list.offsets()[at + 1]; ++i) {
      if (list.children()[0].IsNull(i)) continue;
      bitmap.Add(static_cast<uint32_t>(list.children()[0].Get<int32_t>(i)));
    }
    out.AppendString(bitmap.Serialize());
    return Status::Ok();
  });
}

template <void (Bitmap::*kCombine)(const Bitmap&)>
Result<Kernel> MakeCombine(const CallSite& call) {
  if (!AreBitmaps(call)) return NoKernel(call);
  return BitmapKernel(call, [](ColumnBuilder& out, int row, Operands args) -> Status {
    ASSIGN_OR_RETURN(Bitmap left, BitmapAt(args[0], row));
    ASSIGN_OR_RETURN(Bitmap right, BitmapAt(args[1], row));
    (left.*kCombine)(right);
    out.AppendString(left.Serialize());
    return Status::Ok();
  });
}

Result<Kernel> MakeCardinality(const CallSite& call) {
  if (!AreBitmaps(call)) return NoKernel(call);
  return BitmapKernel(call, [](ColumnBuilder& out, int row, Operands args) -> Status {
    ASSIGN_OR_RETURN(Bitmap bitmap, BitmapAt(args[0], row));
    out.Append<int64_t>(bitmap.Cardinality());
    return Status::Ok();
  });
}

/// A few bytes can hold a run of all 2^32 values, hence the bound.
Result<Kernel> MakeToArray(const CallSite& call) {
  if (!AreBitmaps(call)) return NoKernel(call);
  return BitmapKernel(call, [](ColumnBuilder& out, int row, Operands args) -> Status {
    constexpr int64_t kElementsMax = int64_t{1} << 26;
    ASSIGN_OR_RETURN(Bitmap bitmap, BitmapAt(args[0], row));
    if (bitmap.Cardinality() > kElementsMax) {
      return InvalidArgument("BITMAP_TO_ARRAY: the bitmap has {} values, an array at most {}",
                             bitmap.Cardinality(), kElementsMax);
    }
    bitmap.ForEach(
        [&](uint32_t value) { out.child(0).Append<int32_t>(static_cast<int32_t>(value)); });
    out.FinishEntry();
    return Status::Ok();
  });
}

Result<Kernel> MakeToString(const CallSite& call) {
  if (!AreBitmaps(call)) return NoKernel(call);
  return BitmapKernel(call, [](ColumnBuilder& out, int row, Operands args) -> Status {
    ASSIGN_OR_RETURN(Bitmap bitmap, BitmapAt(args[0], row));
    out.AppendString(bitmap.ToText());
    return Status::Ok();
  });
}

Result<Kernel> MakeToBytes(const CallSite& call) {
  if (!AreBitmaps(call)) return NoKernel(call);
  return BitmapKernel(call, [](ColumnBuilder& out, int row, Operands args) -> Status {
    out.AppendString(args[0].column.GetString(args[0].At(row)));
    return Status::Ok();
  });
}

/// Bytes of another writer may not be the smallest; cells always are.
Result<Kernel> MakeFromBytes(const CallSite& call) {
  return BitmapKernel(call, [](ColumnBuilder& out, int row, Operands args) -> Status {
    auto bitmap = BitmapAt(args[0], row);
    if (!bitmap.ok()) return InvalidArgument("BITMAP_FROM_BYTES: {}", bitmap.message());
    out.AppendString(bitmap->Serialize());
    return Status::Ok();
  });
}

constexpr FunctionEntry kEntries[] = {
    {"BITMAP_BUILD", "a", kNoFlags, MakeBuild},
    {"BITMAP_AND", "**", kNoFlags, MakeCombine<&Bitmap::And>},
    {"BITMAP_OR", "**", kNoFlags, MakeCombine<&Bitmap::Or>},
    {"BITMAP_XOR", "**", kNoFlags, MakeCombine<&Bitmap::Xor>},
    {"BITMAP_ANDNOT", "**", kNoFlags, MakeCombine<&Bitmap::AndNot>},
    {"BITMAP_CARDINALITY", "*", kNoFlags, MakeCardinality},
    {"BITMAP_TO_ARRAY", "*", kNoFlags, MakeToArray},
    {"BITMAP_TO_STRING", "*", kNoFlags, MakeToString},
    {"BITMAP_TO_BYTES", "*", kNoFlags, MakeToBytes},
    {"BITMAP_FROM_BYTES", "x", kNoFlags, MakeFromBytes},
};

}  // namespace

std::span<const FunctionEntry> BitmapFunctions() { return kEntries; }

}  // namespace forebay::compute
