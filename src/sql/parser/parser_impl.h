#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sql/parser/ast.h"
#include "sql/parser/parser.h"
#include "sql/parser/token_stream.h"

namespace forebay::sql {

/// A recursive-descent parser of one statement; the comments on the productions name the files
/// they are in. Thread-compatible.
class Parser {
 public:
  /// Deeper nesting is refused, so that hostile input cannot exhaust the stack.
  static constexpr int kMaxDepth = 256;
  /// Longer chains of operators (a + b + c ...) and of set operations are refused: their trees lean
  /// to one side and are as deep as the chain is long.
  static constexpr int kMaxChain = 1000;

  /// SQL functions may call one another this deep.
  static constexpr int kMaxFunctionDepth = 16;

  /// `functions`, which may be null, outlives the parser.
  explicit Parser(std::vector<Token> tokens, FunctionSource* functions = nullptr)
      : tokens_(std::move(tokens)), functions_(functions) {}

  Result<StatementAst> Statement();
  Result<ExpressionAstPtr> Expression();
  Result<model::DataType> Type();
  /// Fails unless every token was taken.
  Status ExpectEnd();

 private:
  using Options = std::map<std::string, std::string>;

  // expression_parser.cc
  bool AtQuantifier(const std::string& comparison) const;
  Result<ExpressionAstPtr> Quantified(ExpressionAstPtr left, const std::string& comparison,
                                      size_t mark);
  Result<ExpressionAstPtr> Binary(int min_precedence);
  Result<ExpressionAstPtr> Unary();
  Result<ExpressionAstPtr> Postfix();
  Result<ExpressionAstPtr> Primary();
  Result<ExpressionAstPtr> Predicate(ExpressionAstPtr left, size_t mark, bool& taken);
  Result<ExpressionAstPtr> IsPredicate(ExpressionAstPtr left, size_t mark);
  Result<ExpressionAstPtr> InPredicate(ExpressionAstPtr left, bool negated, size_t mark);
  Result<ExpressionAstPtr> Number(size_t mark);
  Result<ExpressionAstPtr> Parenthesized(size_t mark);
  Result<ExpressionAstPtr> WordExpression(size_t mark);
  std::optional<ExpressionAst> WordLiteral();
  Result<ExpressionAstPtr> Exists(size_t mark);
  bool AtMatchModifier() const;
  Result<ExpressionAstPtr> MatchModified(size_t mark);
  Result<ExpressionAstPtr> Case(size_t mark);
  Result<ExpressionAstPtr> Cast(size_t mark);
  Result<ExpressionAstPtr> Interval(size_t mark);
  Result<ExpressionAstPtr> Name(size_t mark);
  Result<ExpressionAstPtr> Constructor(size_t mark, ExpressionAstKind kind);
  Result<std::vector<ExpressionAstPtr>> ExpressionList();
  Result<std::string> TimeUnitWord();
  /// Counts a link of a chain; an error when there are too many.
  Status CountLink(int& links) const;

  // call_parser.cc
  Result<ExpressionAstPtr> SpecialCall(size_t mark, const std::string& name, bool& taken);
  Result<ExpressionAstPtr> ExtractCall(size_t mark);
  Result<ExpressionAstPtr> TrimCall(size_t mark);
  Result<ExpressionAstPtr> SubstringCall(size_t mark, const std::string& name);
  Result<ExpressionAstPtr> PositionCall(size_t mark);
  Result<ExpressionAstPtr> UnitCall(size_t mark, const std::string& name);
  Result<ExpressionAstPtr> FloorCall(size_t mark, const std::string& name);
  Result<ExpressionAstPtr> JsonCall(size_t mark, const std::string& name);
  Result<ExpressionAstPtr> JsonConstructor(size_t mark, const std::string& name);
  Result<ExpressionAstPtr> Call(size_t mark, const std::vector<std::string>& names);
  Result<ExpressionAstPtr> Argument();
  Result<ExpressionAstPtr> TableArgument(size_t mark);
  Status CallSuffix(ExpressionAst& call);
  Result<std::shared_ptr<const OverAst>> Over();
  Result<OverAst> WindowSpecification();
  Result<OverAst::Bound> FrameBound();

  // type_parser.cc
  Result<model::DataType> TypeWithoutNullability();
  Result<model::DataType> NamedType();
  Result<model::DataType> RowType();
  Result<model::DataType> TimestampType();
  Result<model::DataType> IntervalType();
  Result<int> OptionalLength(int default_length, int max_length);
  Result<std::pair<int, int>> PrecisionAndScale();
  bool AcceptTypeClose();

  // query_parser.cc
  Result<QueryAstPtr> Query();
  Result<QueryAst> QueryTerm(int level);
  Result<QueryAst> QueryPrimary();
  Result<CteAst> Cte();
  Status QueryTail(QueryAst& query);
  Result<SelectAst> Select();
  Status SelectClauses(SelectAst& select);
  Result<SelectItemAst> SelectItem();
  Result<GroupItemAst> GroupItem();
  Result<std::vector<OrderItemAst>> OrderItems();
  Result<std::vector<std::vector<ExpressionAstPtr>>> ValuesRows();
  bool AtQueryStart(size_t ahead = 0) const;

  // table_reference_parser.cc
  Result<TableAstPtr> From();
  Result<TableAstPtr> JoinedTable();
  Result<TableAstPtr> JoinRight(TableAstPtr left, JoinAstKind kind, bool natural);
  bool AcceptJoin(JoinAstKind& kind, bool& natural);
  Result<TableAst> TablePrimary();
  Status NamedTable(TableAst& table);
  Status TableSample(TableAst& table);
  Status TableAlias(TableAst& table);

  // match_recognize_parser.cc
  Result<TableAst> MatchRecognize(TableAst input);
  Status MatchClauses(MatchAst& match);
  Status RowsPerMatch(MatchAst& match);
  Status AfterMatch(MatchAst& match);
  Status MatchPattern(MatchAst& match);
  Status MatchSubset(MatchAst& match);
  Result<std::vector<MatchAst::Named>> Measures();
  Result<std::vector<MatchAst::Named>> Definitions();
  Result<PatternAst> Alternation();
  Result<PatternAst> Concatenation();
  Result<PatternAst> PatternFactor();
  Result<PatternAst> PatternPrimary();
  Status PatternQuantifier(PatternAst& part);
  Result<int> PatternCount();

  // table_ddl_parser.cc
  Result<CreateTableAst> CreateTable(bool temporary, bool or_replace);
  Status TableClauses(CreateTableAst& table);
  Status TableElements(CreateTableAst& table);
  Status TableElement(CreateTableAst& table);
  Status PrimaryKey(CreateTableAst& table);
  Result<ColumnAst> ColumnDefinition();
  Status Distribution(CreateTableAst& table);
  Result<TableLikeAst> TableLike();
  bool AtColumnOrder() const;

  // materialized_table_parser.cc
  Result<CreateMaterializedTableAst> CreateMaterializedTable(bool or_alter);
  Status MaterializedTableColumns(CreateMaterializedTableAst& create);
  Status RefreshClauses(CreateMaterializedTableAst& create);
  Result<Freshness> FreshnessInterval();
  Result<StatementAst> AlterMaterializedTable();

  // alter_table_parser.cc
  Result<AlterTableAst> AlterTable();
  Status AlterElements(AlterTableAst& alter);
  Status AlterElement(AlterTableAst& alter);
  Status AlterDrop(AlterTableAst& alter);
  Status AlterRename(AlterTableAst& alter);
  Result<bool> AlterPartitions(AlterTableAst& alter);
  Result<bool> AlterDistribution(AlterTableAst& alter);
  Result<std::vector<std::string>> KeyList();

  // alter_object_parser.cc
  Result<StatementAst> Alter();
  Result<AlterViewAst> AlterView();
  Result<AlterDatabaseAst> AlterDatabase();
  Result<AlterCatalogAst> AlterCatalog();

  // function_parser.cc
  Result<FunctionAst> Function(bool alter, bool temporary);
  Status FunctionBody(FunctionAst& function);
  Result<ExpressionAstPtr> ExpandFunction(const ExpressionAst& call, const SqlFunction& function);

  // change_parser.cc
  Result<UpdateAst> Update();
  Result<DeleteAst> Delete();
  Result<TruncateAst> Truncate();
  Result<TableAst> ChangedTable();
  Result<AnalyzeTableAst> AnalyzeTable();
  Result<ModuleAst> Module(ModuleAst::Kind kind);
  Result<CallAst> CallProcedure();
  Result<StatementAst> CompilePlan();
  Result<StatementAst> ExecutePlan();
  Result<StatementAst> PlannedStatement();

  // model_parser.cc
  Result<ModelAst> CreateModel(bool temporary);
  Result<ModelAst> AlterModel();
  Result<ModelAst> NamedModel(ModelAst::Kind kind, bool temporary);

  // show_parser.cc
  Result<ShowAst> Show();
  Status ShowFilter(ShowAst& show);
  Result<DescribeAst> Describe();

  // statement_parser.cc
  Result<StatementAst> StatementNode();
  Result<StatementAst> Create();
  Result<CreateViewAst> CreateView(bool temporary, bool or_replace);
  Result<CreateCatalogAst> CreateCatalog();
  Result<CreateDatabaseAst> CreateDatabase();
  Result<DropAst> Drop();
  Result<InsertAst> Insert();
  Result<StatementSetAst> StatementSet();
  Result<StatementAst> Explain();
  Result<SetAst> Set();
  Result<UseAst> Use();
  Result<ResetAst> Reset();
  Result<StopJobAst> StopJob();
  Result<StartJobAst> StartJob();

  // name_parser.cc
  Result<std::string> Identifier();
  Result<NameAst> QualifiedName();
  Result<std::vector<std::string>> NameList();
  Result<std::string> StringLiteral();
  Result<Options> OptionList();
  Result<Options> PartitionSpec();
  Result<Options> OptionHints();

  /// A statement that is `node`, one of the kinds of StatementAst.
  template <typename T>
  static StatementAst Wrap(T node) {
    StatementAst statement;
    statement.node = std::move(node);
    return statement;
  }
  template <typename T>
  static Result<StatementAst> Wrap(Result<T> node) {
    if (!node.ok()) return node.status();
    return Wrap(std::move(node).value());
  }

  TokenStream tokens_;
  FunctionSource* functions_;
  int depth_ = 0;
  bool in_match_ = false;   ///< within MATCH_RECOGNIZE (...): FINAL and RUNNING stand before calls
  int function_depth_ = 0;  ///< of SQL functions in SQL functions
};

}  // namespace forebay::sql
