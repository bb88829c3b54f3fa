#include <fmt/format.h>

#include <unordered_map>

#include "compute/expression/kernel.h"

namespace forebay::compute {

namespace {

using model::DataType;
using model::TypeRoot;

bool FitsLetter(char letter, const DataType& type) {
  if (type.Is(TypeRoot::kNull)) return true;
  switch (letter) {
    case 's': return type.IsCharacter();
    case 'x': return type.IsCharacter() || type.IsBytes();
    case 'i':
    case 'l':
    case 'd':
    case 'n': return type.IsNumeric();
    case 'b': return type.Is(TypeRoot::kBoolean);
    case 't': return type.IsTemporal();
    case 'v': return type.IsInterval();
    case 'a': return type.Is(TypeRoot::kArray);
    case 'm': return type.Is(TypeRoot::kMap);
    case 'r': return type.Is(TypeRoot::kRow);
    default: return letter == '*';
  }
}

/// The letter of argument `arg`, or 0 when there is none.
char LetterAt(std::string_view signature, size_t arg) {
  size_t index = 0;
  for (size_t i = 0; i < signature.size(); ++i) {
    if (signature[i] == '?') continue;
    if (signature[i] == '+') return signature[i - 1];
    if (index++ == arg) return signature[i];
  }
  return 0;
}

bool Matches(std::string_view signature, std::span<const DataType> args) {
  size_t required = 0;
  while (required < signature.size() && signature[required] != '?' && signature[required] != '+') {
    ++required;
  }
  if (args.size() < required) return false;
  for (size_t i = 0; i < args.size(); ++i) {
    if (!FitsLetter(LetterAt(signature, i), args[i])) return false;
  }
  return true;
}

using Table = std::unordered_map<std::string_view, std::vector<const FunctionEntry*>>;

Table BuildTable() {
  Table table;
  for (auto entries :
       {ArithmeticFunctions(), MathFunctions(),     ComparisonFunctions(), LogicFunctions(),
        CastFunctions(),       StringFunctions(),   JavaStringFunctions(), SplitFunctions(),
        EncodingFunctions(),   CharsetFunctions(),  UrlFunctions(),        PrintfFunctions(),
        PatternFunctions(),    TemporalFunctions(), ClockFunctions(),      TemporalTextFunctions(),
        CollectionFunctions(), ArrayFunctions(),    JsonFunctions(),       JsonTextFunctions(),
        TextFunctions(),       BitmapFunctions(),   PythonFunctions(),     VariantFunctions()}) {
    for (const FunctionEntry& entry : entries) table[entry.name].push_back(&entry);
  }
  return table;
}

}  // namespace

const FunctionEntry* FindFunction(std::string_view name, std::span<const DataType> args) {
  static const Table kTable = BuildTable();
  auto found = kTable.find(name);
  if (found == kTable.end()) return nullptr;
  for (const FunctionEntry* entry : found->second) {
    if (Matches(entry->signature, args)) return entry;
  }
  return nullptr;
}

DataType RequiredType(const FunctionEntry& entry, size_t arg, const DataType& type) {
  switch (LetterAt(entry.signature, arg)) {
    case 's':
    case 'x': return type.Is(TypeRoot::kNull) ? DataType::String() : type;
    case 'i': return type.Is(TypeRoot::kInteger) ? type : DataType::Int();
    case 'l': return type.Is(TypeRoot::kBigint) ? type : DataType::Bigint();
    case 'd': return type.Is(TypeRoot::kDouble) ? type : DataType::Double();
    case 'b': return type.Is(TypeRoot::kNull) ? DataType::Boolean() : type;
    default: return type;
  }
}

Error NoKernel(const CallSite& call) {
  std::string types;
  for (const DataType& type : call.args) {
    types += (types.empty() ? "" : ", ") + type.ToString();
  }
  return NotSupported("function {}({}) returning {} cannot be executed", call.name, types,
                      call.type.ToString());
}

}  // namespace forebay::compute
