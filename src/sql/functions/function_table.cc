#include "sql/functions/function_table.h"

#include <algorithm>
#include <iterator>
#include <numeric>

#include "base/ascii_case.h"
#include "model/bitmap.h"
#include "sql/types/type_rules.h"

namespace forebay::sql {
namespace {

using model::DataType;
using model::TypeRoot;
using Args = std::vector<ExpressionPtr>;

DataType TString(const Args&) { return DataType::String(); }
DataType TInt(const Args&) { return DataType::Int(); }
DataType TBigint(const Args&) { return DataType::Bigint(); }
DataType TDouble(const Args&) { return DataType::Double(); }
DataType TBoolean(const Args&) { return DataType::Boolean(); }
DataType TBytes(const Args&) { return DataType::Bytes(); }
DataType TDate(const Args&) { return DataType::Date(); }
DataType TBitmap(const Args&) { return model::BitmapType(); }
DataType TVariant(const Args&) { return DataType::Variant(); }
DataType TIntArray(const Args&) { return DataType::Array(DataType::Int()); }
DataType TTimestamp3(const Args&) { return DataType::Timestamp(3); }
DataType TLtz3(const Args&) { return DataType::TimestampLtz(3); }
DataType TTime0(const Args&) { return DataType::Time(0); }
DataType TArg0(const Args& args) { return args[0]->type; }
DataType TVarcharArg0(const Args& args) { return DataType::Varchar(args[0]->type.length()); }
DataType TChar36(const Args&) { return DataType::Char(36); }
template <int kLength>
DataType TChar(const Args&) {
  return DataType::Char(kLength);
}
DataType TSha2(const Args&) { return DataType::Varchar(128); }
DataType TStringMap(const Args&) { return DataType::Map(DataType::String(), DataType::String()); }
DataType TStringArray(const Args&) { return DataType::Array(DataType::String()); }
DataType TDecimal0(const Args& args) {
  const DataType& type = args[0]->type;
  return type.Is(TypeRoot::kDecimal) ? DataType::Decimal(type.precision(), 0) : type;
}
DataType TRound(const Args& args) {
  const DataType& type = args[0]->type;
  if (!type.Is(TypeRoot::kDecimal)) return type;
  int digits = 0;
  if (args.size() > 1) {
    const auto* literal = std::get_if<int64_t>(&args[1]->value.data);
    if (literal == nullptr) return type;
    digits = static_cast<int>(*literal);
  }
  return DecimalRound(type, digits);
}
DataType TElt(const Args& args) {
  std::vector<DataType> types;
  for (size_t i = 1; i < args.size(); ++i) types.push_back(args[i]->type);
  return CommonType(types).value_or(DataType::String());
}
// The lengths add up.
DataType TOverlay(const Args& args) {
  int64_t length = int64_t{args[0]->type.length()} + args[1]->type.length();
  return DataType::Varchar(static_cast<int>(std::min<int64_t>(length, DataType::kMaxLength)));
}
DataType TElement(const Args& args) { return args[0]->type.children()[0].Nullable(); }
DataType TMapKeys(const Args& args) { return DataType::Array(args[0]->type.children()[0]); }
DataType TMapValues(const Args& args) { return DataType::Array(args[0]->type.children()[1]); }
DataType TMapEntries(const Args& args) {
  const auto& kv = args[0]->type.children();
  return DataType::Array(DataType::Row({{"key", kv[0]}, {"value", kv[1]}}));
}
DataType TMapFromArrays(const Args& args) {
  return DataType::Map(args[0]->type.children()[0], args[1]->type.children()[0]);
}

constexpr auto kAlways = Nullability::kAlways;
constexpr auto kNever = Nullability::kNever;
constexpr auto kOfArguments = Nullability::kOfArguments;

// Sorted by SQL name: FindFunction searches it in halves.
const FunctionSpec kFunctions[] = {
    {"ABS", "ABS", "N", TArg0},
    {"ACOS", "ACOS", "D", TDouble},
    {"ARRAY_DISTINCT", "ARRAY_DISTINCT", "R", TArg0},
    {"ARRAY_EXCEPT", "ARRAY_EXCEPT", "RR", TArg0},
    {"ARRAY_INTERSECT", "ARRAY_INTERSECT", "RR", TArg0},
    {"ARRAY_JOIN", "ARRAY_JOIN", "RS|S", TString, kAlways},
    {"ARRAY_MAX", "ARRAY_MAX", "R", TElement, kAlways},
    {"ARRAY_MIN", "ARRAY_MIN", "R", TElement, kAlways},
    {"ARRAY_REVERSE", "ARRAY_REVERSE", "R", TArg0},
    {"ARRAY_SLICE", "ARRAY_SLICE", "RI|I", TArg0, kAlways},
    {"ARRAY_SORT", "ARRAY_SORT", "R|BB", TArg0},
    {"ARRAY_UNION", "ARRAY_UNION", "RR", TArg0},
    {"ASCII", "ASCII", "S", TInt},
    {"ASIN", "ASIN", "D", TDouble},
    {"ATAN", "ATAN", "D", TDouble},
    {"ATAN2", "ATAN2", "DD", TDouble},
    {"BIN", "BIN", "L", TString},
    {"BITMAP_AND", "BITMAP_AND", "QQ", TBitmap},
    {"BITMAP_ANDNOT", "BITMAP_ANDNOT", "QQ", TBitmap},
    {"BITMAP_BUILD", "BITMAP_BUILD", "U", TBitmap},
    {"BITMAP_CARDINALITY", "BITMAP_CARDINALITY", "Q", TBigint},
    {"BITMAP_FROM_BYTES", "BITMAP_FROM_BYTES", "H", TBitmap},
    {"BITMAP_OR", "BITMAP_OR", "QQ", TBitmap},
    {"BITMAP_TO_ARRAY", "BITMAP_TO_ARRAY", "Q", TIntArray},
    {"BITMAP_TO_BYTES", "BITMAP_TO_BYTES", "Q", TBytes},
    {"BITMAP_TO_STRING", "BITMAP_TO_STRING", "Q", TString},
    {"BITMAP_XOR", "BITMAP_XOR", "QQ", TBitmap},
    {"CARDINALITY", "CARDINALITY", "A", TInt},
    {"CEIL", "CEIL", "N", TDecimal0},
    {"CEILING", "CEIL", "N", TDecimal0},
    {"CHARACTER_LENGTH", "CHAR_LENGTH", "S", TInt},
    {"CHAR_LENGTH", "CHAR_LENGTH", "S", TInt},
    {"CHR", "CHR", "L", TString, kAlways},
    {"CONCAT", "CONCAT", "S*", TString},
    {"CONCAT_WS", "CONCAT_WS", "SS*", TString},
    {"CONVERT_TZ", "CONVERT_TZ", "SSS", TString, kAlways},
    {"COS", "COS", "D", TDouble},
    {"COSH", "COSH", "D", TDouble},
    {"COT", "COT", "D", TDouble},
    {"CURRENT_DATE", "CURRENT_DATE", "", TDate, kNever},
    {"CURRENT_ROW_TIMESTAMP", "CURRENT_TIMESTAMP", "", TLtz3, kNever},
    {"CURRENT_TIME", "CURRENT_TIME", "", TTime0, kNever},
    {"CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP", "", TLtz3, kNever},
    {"CURRENT_WATERMARK", "CURRENT_WATERMARK", "T", TArg0, kAlways},
    {"DATE_FORMAT", "DATE_FORMAT", "FS", TString, kAlways},
    {"DECODE", "DECODE", "YS", TString, kAlways},
    {"DEGREES", "DEGREES", "D", TDouble},
    {"E", "E", "", TDouble, kNever},
    {"ELEMENT", "ELEMENT", "R", TElement, kAlways},
    {"ELT", "ELT", "IY*", TElt, kAlways},
    {"ENCODE", "ENCODE", "SS", TBytes, kAlways},
    {"ENDSWITH", "ENDSWITH", "YY", TBoolean},
    {"EXP", "EXP", "D", TDouble},
    {"FLOOR", "FLOOR", "N", TDecimal0},
    {"FROM_BASE64", "FROM_BASE64", "S", TString},
    {"FROM_UNIXTIME", "FROM_UNIXTIME", "L|S", TString, kAlways},
    {"HEX", "HEX", "A", TString},
    {"INET_ATON", "INET_ATON", "S", TBigint, kAlways},
    {"INET_NTOA", "INET_NTOA", "L", TString, kAlways},
    {"INITCAP", "INITCAP", "S", TArg0},
    {"IS_ALPHA", "IS_ALPHA", "S", TBoolean, kNever},
    {"IS_DECIMAL", "IS_DECIMAL", "G", TBoolean, kNever},
    {"IS_DIGIT", "IS_DIGIT", "G", TBoolean, kNever},
    {"JSON", "JSON", "S", TString},
    {"JSON_QUOTE", "JSON_QUOTE", "S", TString},
    {"JSON_STRING", "JSON_STRING", "A", TString},
    {"JSON_UNQUOTE", "JSON_UNQUOTE", "S", TString},
    {"LEFT", "LEFT", "SI", TVarcharArg0, kAlways},
    {"LN", "LN", "D", TDouble},
    {"LOCALTIME", "CURRENT_TIME", "", TTime0, kNever},
    {"LOCALTIMESTAMP", "LOCALTIMESTAMP", "", TTimestamp3, kNever},
    {"LOG", "LOG", "D|D", TDouble},
    {"LOG10", "LOG10", "D", TDouble},
    {"LOG2", "LOG2", "D", TDouble},
    {"LOWER", "LOWER", "S", TArg0},
    {"LPAD", "LPAD", "SIS", TString},
    {"MAP_ENTRIES", "MAP_ENTRIES", "M", TMapEntries},
    {"MAP_FROM_ARRAYS", "MAP_FROM_ARRAYS", "RR", TMapFromArrays},
    {"MAP_KEYS", "MAP_KEYS", "M", TMapKeys},
    {"MAP_VALUES", "MAP_VALUES", "M", TMapValues},
    {"MD5", "MD5", "S", TChar<32>},
    {"NOW", "CURRENT_TIMESTAMP", "", TLtz3, kNever},
    {"OVERLAY", "OVERLAY", "SSI|I", TOverlay},
    {"PARSE_JSON", "PARSE_JSON", "S|B", TVariant},
    {"PARSE_URL", "PARSE_URL", "SS|S", TString, kAlways},
    {"PI", "PI", "", TDouble, kNever},
    {"POSITION", "POSITION", "SS|I", TInt},
    {"POWER", "POWER", "DD", TDouble},
    {"PRINTF", "PRINTF", "S|A*", TString, kAlways},
    {"PROCTIME", "PROCTIME", "", TLtz3, kNever},
    {"RADIANS", "RADIANS", "D", TDouble},
    {"RAND", "RAND", "|I", TDouble, kNever, false},
    {"RAND_INTEGER", "RAND_INTEGER", "I|I", TInt, kNever, false},
    {"REGEXP", "REGEXP", "SS", TBoolean},
    {"REGEXP_COUNT", "REGEXP_COUNT", "SS", TInt, kAlways},
    {"REGEXP_EXTRACT", "REGEXP_EXTRACT", "SS|I", TString, kAlways},
    {"REGEXP_EXTRACT_ALL", "REGEXP_EXTRACT_ALL", "SS|I", TStringArray, kAlways},
    {"REGEXP_INSTR", "REGEXP_INSTR", "SS", TInt, kAlways},
    {"REGEXP_REPLACE", "REGEXP_REPLACE", "SSS", TString},
    {"REGEXP_SUBSTR", "REGEXP_SUBSTR", "SS", TString, kAlways},
    {"REPEAT", "REPEAT", "SI", TString},
    {"REPLACE", "REPLACE", "SSS", TString},
    {"REVERSE", "REVERSE", "S", TString, kAlways},
    {"RIGHT", "RIGHT", "SI", TVarcharArg0, kAlways},
    {"ROUND", "ROUND", "N|I", TRound},
    {"RPAD", "RPAD", "SIS", TString},
    {"SHA1", "SHA1", "S", TChar<40>},
    {"SHA2", "SHA2", "SI", TSha2},
    {"SHA224", "SHA224", "S", TChar<56>},
    {"SHA256", "SHA256", "S", TChar<64>},
    {"SHA384", "SHA384", "S", TChar<96>},
    {"SHA512", "SHA512", "S", TChar<128>},
    {"SIGN", "SIGN", "N", TArg0},
    {"SIN", "SIN", "D", TDouble},
    {"SINH", "SINH", "D", TDouble},
    {"SOURCE_WATERMARK", "SOURCE_WATERMARK", "", TLtz3},
    {"SPLIT", "SPLIT", "SS", TStringArray},
    {"SPLIT_INDEX", "SPLIT_INDEX", "SWI", TString, kAlways},
    {"SQRT", "SQRT", "D", TDouble},
    {"STARTSWITH", "STARTSWITH", "YY", TBoolean},
    {"STR_TO_MAP", "STR_TO_MAP", "S|SS", TStringMap, kAlways},
    {"SUBSTR", "SUBSTRING", "SI|I", TVarcharArg0, kAlways},
    {"SUBSTRING", "SUBSTRING", "SI|I", TVarcharArg0, kAlways},
    {"TAN", "TAN", "D", TDouble},
    {"TANH", "TANH", "D", TDouble},
    {"TO_BASE64", "TO_BASE64", "Y", TString},
    {"TO_DATE", "TO_DATE", "S|S", TDate, kAlways},
    {"TO_TIMESTAMP", "TO_TIMESTAMP", "S|S", TTimestamp3, kAlways},
    {"TO_TIMESTAMP_LTZ", "TO_TIMESTAMP_LTZ", "Z|WS", TLtz3, kAlways},
    {"TRANSLATE", "TRANSLATE", "SSS", TString},
    {"TRUNCATE", "TRUNCATE", "N|I", TRound},
    {"TRY_PARSE_JSON", "TRY_PARSE_JSON", "S|B", TVariant, kAlways},
    {"TYPEOF", "TYPEOF", "A|B", TString, kAlways},
    {"UNHEX", "UNHEX", "S", TBytes, kAlways},
    {"UNIX_TIMESTAMP", "UNIX_TIMESTAMP", "|SS", TBigint, kOfArguments},
    {"UPPER", "UPPER", "S", TArg0},
    {"URL_DECODE", "URL_DECODE", "S", TString, kAlways},
    {"URL_ENCODE", "URL_ENCODE", "S", TString, kAlways},
    {"UUID", "UUID", "", TChar36, kNever, false},
};

bool IsIntOrLess(const DataType& type) { return type.IsInteger() && !type.Is(TypeRoot::kBigint); }

bool Accepts(char letter, const DataType& type) {
  if (type.Is(TypeRoot::kNull)) return true;
  switch (letter) {
    case 'S': return type.IsCharacter();
    case 'I':
    case 'L': return type.IsInteger();
    case 'N': return type.IsNumeric() || type.IsInterval();
    case 'D': return type.IsNumeric();
    case 'B': return type.Is(TypeRoot::kBoolean);
    case 'T': return type.IsTemporal();
    case 'X': return type.IsCharacter() || type.IsTemporal();
    case 'F': return type.IsCharacter() || type.IsTimestamp();
    case 'Y': return type.IsBytes() || type.IsCharacter();
    case 'G': return type.IsCharacter() || type.IsNumeric();
    case 'Z': return type.IsCharacter() || type.IsNumeric();
    case 'W': return type.IsCharacter() || type.IsInteger();
    case 'R': return type.Is(TypeRoot::kArray);
    case 'M': return type.Is(TypeRoot::kMap);
    case 'Q': return model::IsBitmap(type);
    case 'H': return type.IsBytes();
    case 'U': return type.Is(TypeRoot::kArray) && IsIntOrLess(type.children()[0]);
    default: return true;
  }
}

ExpressionPtr Coerce(char letter, ExpressionPtr arg) {
  if (letter == 'I') return CastTo(std::move(arg), DataType::Int());
  if (letter == 'Z' && arg->type.IsInteger()) return CastTo(std::move(arg), DataType::Bigint());
  if (letter == 'Z' && arg->type.IsNumeric()) return CastTo(std::move(arg), DataType::Double());
  if (letter == 'W' && arg->type.IsInteger()) return CastTo(std::move(arg), DataType::Int());
  if (letter == 'L') return CastTo(std::move(arg), DataType::Bigint());
  if (letter == 'D') return CastTo(std::move(arg), DataType::Double());
  if (letter == 'U') {
    bool null = arg->type.Is(TypeRoot::kNull);
    DataType element = null ? DataType::Int() : arg->type.children()[0];
    return CastTo(std::move(arg),
                  DataType::Array(DataType::Int().WithNullable(element.nullable())));
  }
  if (letter == 'S' && arg->type.Is(TypeRoot::kNull))
    return CastTo(std::move(arg), DataType::String());
  return arg;
}

// The letter of argument `index`, 0 when there can be no such argument.
char LetterAt(std::string_view pattern, size_t index) {
  std::string letters;
  for (char c : pattern) {
    if (c == '|') continue;
    if (c == '*') return index < letters.size() ? letters[index] : letters.back();
    letters += c;
  }
  return index < letters.size() ? letters[index] : 0;
}

size_t RequiredCount(std::string_view pattern) {
  size_t bar = pattern.find('|');
  if (bar != std::string_view::npos) return bar;
  return pattern.ends_with('*') ? pattern.size() - 1 : pattern.size();
}

std::string TypeList(const Args& args) {
  std::string text;
  for (const ExpressionPtr& arg : args) {
    if (!text.empty()) text += ", ";
    text += arg->type.Nullable().ToString();
  }
  return text;
}

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

// A NULL, or an integer that fits, as a literal of `type`; nullptr when it must stay a CAST.
ExpressionPtr FoldLiteral(const Expression& literal, const DataType& type) {
  if (literal.value.IsNull()) return Expression::Literal(type.Nullable(), model::Value());
  const auto* integer = std::get_if<int64_t>(&literal.value.data);
  if (integer == nullptr || !literal.type.IsInteger()) return nullptr;
  DataType target = type.WithNullable(literal.type.nullable());
  if (type.IsInteger() && type.root() >= literal.type.root()) {
    return Expression::Literal(target, literal.value);
  }
  if (type.Is(TypeRoot::kDouble) && std::abs(*integer) < (int64_t{1} << 53)) {
    return Expression::Literal(target, model::Value(static_cast<double>(*integer)));
  }
  return nullptr;
}

}  // namespace

const FunctionSpec* FindFunction(std::string_view name) {
  std::string upper = UpperAscii(name);
  const auto* it = std::lower_bound(
      std::begin(kFunctions), std::end(kFunctions), upper,
      [](const FunctionSpec& spec, const std::string& key) { return spec.sql_name < key; });
  return it != std::end(kFunctions) && it->sql_name == upper ? it : nullptr;
}

std::span<const FunctionSpec> ListedFunctions() { return kFunctions; }

bool IsDeterministic(std::string_view name) {
  return name != "RAND" && name != "RAND_INTEGER" && name != "UUID" &&
         name != "PYTHON_NONDETERMINISTIC" && name != "PYTHON_TABLE";
}

Result<ExpressionPtr> MakeFunctionCall(const FunctionSpec& spec, Args args) {
  bool too_many = !args.empty() && LetterAt(spec.arguments, args.size() - 1) == 0;
  if (too_many || args.size() < RequiredCount(spec.arguments)) {
    return InvalidArgument("SQL-1007 wrong number of arguments for {}: {}", spec.sql_name,
                           args.size());
  }
  bool nullable = false;
  for (size_t i = 0; i < args.size(); ++i) {
    char letter = LetterAt(spec.arguments, i);
    if (args[i]->type.Is(TypeRoot::kNull) && letter != 'A' && letter != 'U') {
      Error error = InvalidArgument("SQL-1006 {}: illegal use of NULL", spec.sql_name);
      error.hint = "give it a type: CAST(NULL AS STRING)";
      return error;
    }
    if (!Accepts(letter, args[i]->type)) {
      return InvalidArgument("SQL-1006 cannot apply {} to arguments of types ({})", spec.sql_name,
                             TypeList(args));
    }
    args[i] = Coerce(letter, std::move(args[i]));
    nullable = nullable || args[i]->type.nullable();
  }
  DataType type = spec.result(args);
  if (spec.nullability == Nullability::kAlways) nullable = true;
  if (spec.nullability == Nullability::kNever) nullable = false;
  return Expression::Call(type.WithNullable(nullable), std::string(spec.name), std::move(args));
}

Result<DataType> AggregateType(std::string_view function, const std::vector<DataType>& args,
                               bool may_be_empty) {
  if (function == "COUNT") return DataType::Bigint().NotNull();
  if (args.empty()) {
    return InvalidArgument("SQL-1007 wrong number of arguments for {}: 0", function);
  }
  const DataType& type = args[0];
  bool nullable = type.nullable() || may_be_empty;
  if (function == "MIN" || function == "MAX") return type.WithNullable(nullable);
  if (function == "FIRST_VALUE" || function == "LAST_VALUE") return type;
  if (function == "SINGLE_VALUE") return type.WithNullable(nullable);
  if (function.starts_with("JSON_")) return DataType::Varchar(2000).NotNull();
  if (function.starts_with("BITMAP_")) {
    return function.ends_with("_CARDINALITY_AGG") ? DataType::Bigint() : model::BitmapType();
  }
  if (function == "PERCENTILE") {
    return args[1].Is(TypeRoot::kArray) ? DataType::Array(DataType::Double()) : DataType::Double();
  }
  if (function == "LISTAGG") {
    if (type.IsCharacter()) return type;
  } else if (function == "COLLECT") {
    return DataType::Multiset(type).NotNull();
  } else if (function == "ARRAY_AGG") {
    return DataType::Array(type);
  } else if (type.IsNumeric()) {
    if (function == "SUM") return SumType(type).WithNullable(nullable);
    if (function == "SUM0") return SumType(type).NotNull();
    return AvgType(type).WithNullable(nullable);
  }
  return InvalidArgument("SQL-1006 cannot apply {} to an argument of type {}", function,
                         type.Nullable().ToString());
}

ExpressionPtr CastTo(ExpressionPtr expression, const DataType& type) {
  if (expression->type.EqualsIgnoringNullability(type)) return expression;
  if (expression->kind == ExpressionKind::kLiteral) {
    if (ExpressionPtr folded = FoldLiteral(*expression, type)) return folded;
  }
  DataType target = type.WithNullable(expression->type.nullable());
  return Expression::Call(std::move(target), "CAST", {std::move(expression)});
}

std::optional<std::string> NearestName(std::string_view name,
                                       const std::vector<std::string>& candidates) {
  std::string wanted = UpperAscii(name);
  size_t best_distance = std::max<size_t>(1, wanted.size() / 3) + 1;
  std::optional<std::string> best;
  for (const std::string& candidate : candidates) {
    size_t distance = EditDistance(wanted, UpperAscii(candidate));
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace forebay::sql
