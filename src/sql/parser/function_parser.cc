#include "sql/parser/lexer.h"
#include "sql/parser/parser_impl.h"

// CREATE and ALTER FUNCTION, and calls of functions that are written in SQL.

namespace forebay::sql {

namespace {

/// What a body's names stand for.
using Arguments = std::map<std::string, ExpressionAstPtr>;

std::shared_ptr<ExpressionAst> CastOf(ExpressionAstPtr value, const model::DataType& type,
                                      const char* kind, const SourceRange& range) {
  auto cast = std::make_shared<ExpressionAst>();
  cast->kind = ExpressionAstKind::kCast;
  cast->text = kind;
  cast->type = type;
  cast->args = {std::move(value)};
  cast->range = range;
  return cast;
}

/// A copy of `body` with the arguments in place of the parameters. Everything in it stands where
/// the call stands, so that errors point into the statement.
ExpressionAstPtr Substitute(const ExpressionAstPtr& body, const Arguments& arguments,
                            const SourceRange& range) {
  if (body == nullptr) return nullptr;
  if (body->kind == ExpressionAstKind::kName) {
    auto argument = arguments.find(body->names[0]);
    if (argument != arguments.end()) {
      ExpressionAstPtr value = argument->second;
      for (size_t i = 1; i < body->names.size(); ++i) {
        auto field = std::make_shared<ExpressionAst>();
        field->kind = ExpressionAstKind::kField;
        field->text = body->names[i];
        field->args = {std::move(value)};
        field->range = range;
        value = std::move(field);
      }
      return value;
    }
  }
  auto copy = std::make_shared<ExpressionAst>(*body);
  copy->range = range;
  for (ExpressionAstPtr& arg : copy->args) arg = Substitute(arg, arguments, range);
  copy->filter = Substitute(copy->filter, arguments, range);
  return copy;
}

}  // namespace

/// After CREATE [TEMPORARY] or ALTER [TEMPORARY]: [SYSTEM] FUNCTION [IF [NOT] EXISTS] name, then
/// AS 'class' [LANGUAGE JAVA | SCALA | PYTHON], (a type, ...) RETURNS type LANGUAGE SQL AS 'body',
/// or LANGUAGE TEMPORAL AS 'table' WITH (...).
Result<FunctionAst> Parser::Function(bool alter, bool temporary) {
  FunctionAst function;
  function.alter = alter;
  function.temporary = temporary;
  size_t mark = tokens_.mark();
  function.system = tokens_.AcceptWords("SYSTEM");
  RETURN_IF_ERROR(tokens_.ExpectWords("FUNCTION"));
  function.lenient = tokens_.AcceptWords(alter ? "IF EXISTS" : "IF NOT EXISTS");
  ASSIGN_OR_RETURN(function.name, QualifiedName());
  RETURN_IF_ERROR(FunctionBody(function));
  function.range = tokens_.RangeFrom(mark);
  return function;
}

Status Parser::FunctionBody(FunctionAst& function) {
  bool has_parameters = tokens_.AcceptSymbol("(");
  while (has_parameters && !tokens_.AcceptSymbol(")")) {
    FunctionAst::Parameter parameter;
    ASSIGN_OR_RETURN(parameter.name, Identifier());
    ASSIGN_OR_RETURN(parameter.type, Type());
    function.parameters.push_back(std::move(parameter));
    if (!tokens_.PeekSymbol(")")) RETURN_IF_ERROR(tokens_.ExpectSymbol(","));
  }
  if (tokens_.AcceptWords("RETURNS")) {
    ASSIGN_OR_RETURN(model::DataType type, Type());
    function.returns = std::move(type);
  }
  auto language = [&]() -> Status {
    if (!tokens_.AcceptWords("LANGUAGE")) return Status::Ok();
    if (tokens_.Peek().kind != TokenKind::kWord) return tokens_.Unexpected("a language");
    function.language = tokens_.Next().upper;
    return Status::Ok();
  };
  RETURN_IF_ERROR(language());
  RETURN_IF_ERROR(tokens_.ExpectWords("AS"));
  ASSIGN_OR_RETURN(std::string text, StringLiteral());
  if (function.language.empty()) RETURN_IF_ERROR(language());
  (function.language == "SQL" ? function.body : function.class_name) = std::move(text);
  if (function.language == "TEMPORAL") {
    RETURN_IF_ERROR(tokens_.ExpectWords("WITH"));
    ASSIGN_OR_RETURN(function.options, OptionList());
  }
  if (function.language != "SQL") return Status::Ok();
  if (function.returns && has_parameters) return Status::Ok();
  return tokens_.Unexpected("(parameter type, ...) RETURNS type before LANGUAGE SQL");
}

/// The body of `function` with the call's arguments in it; types are checked by the analyzer.
Result<ExpressionAstPtr> Parser::ExpandFunction(const ExpressionAst& call,
                                                const SqlFunction& function) {
  auto fail = [&](Error error) {
    error.position = call.range.position;
    return error;
  };
  if (function_depth_ >= kMaxFunctionDepth) {
    return fail(
        InvalidArgument("SQL-1006 function '{}' calls itself, or others too deep", call.text));
  }
  if (call.args.size() != function.parameters.size() || call.distinct || call.over != nullptr ||
      call.filter != nullptr) {
    return fail(InvalidArgument("SQL-1006 function '{}' takes {} arguments, not {}", call.text,
                                function.parameters.size(), call.args.size()));
  }
  Arguments arguments;
  for (size_t i = 0; i < call.args.size(); ++i) {
    const FunctionAst::Parameter& parameter = function.parameters[i];
    arguments[parameter.name] = CastOf(call.args[i], parameter.type, "ARGUMENT", call.range);
  }
  auto parse = [&]() -> Result<ExpressionAstPtr> {
    ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(function.body, {1, 1}));
    Parser parser(std::move(tokens), functions_);
    parser.function_depth_ = function_depth_ + 1;
    ASSIGN_OR_RETURN(ExpressionAstPtr body, parser.Expression());
    RETURN_IF_ERROR(parser.ExpectEnd());
    return body;
  };
  auto body = parse();
  if (!body.ok()) {
    Error error = body.status().error();
    error.message += " (in function '" + call.text + "')";
    return fail(std::move(error));
  }
  ExpressionAstPtr value = Substitute(*body, arguments, call.range);
  return ExpressionAstPtr(CastOf(std::move(value), function.returns, "RESULT", call.range));
}

}  // namespace forebay::sql
