#include <algorithm>
#include <array>
#include <charconv>

#include "sql/parser/interval_text.h"
#include "sql/parser/parser_impl.h"

// CREATE and ALTER MATERIALIZED TABLE.

namespace forebay::sql {

/// name [(columns)] [COMMENT] [DISTRIBUTED] [PARTITIONED BY] [WITH] [START_MODE] [FRESHNESS]
/// [REFRESH_MODE] AS query
Result<CreateMaterializedTableAst> Parser::CreateMaterializedTable(bool or_alter) {
  CreateMaterializedTableAst create;
  create.or_alter = or_alter;
  CreateTableAst& table = create.table;
  ASSIGN_OR_RETURN(table.name, QualifiedName());
  if (tokens_.PeekSymbol("(")) RETURN_IF_ERROR(MaterializedTableColumns(create));
  RETURN_IF_ERROR(TableClauses(table));
  RETURN_IF_ERROR(RefreshClauses(create));
  RETURN_IF_ERROR(tokens_.ExpectWords("AS"));
  ASSIGN_OR_RETURN(table.as_query, Query());
  return create;
}

/// (a, b): names alone give the order of the query's columns. Else as in CREATE TABLE.
Status Parser::MaterializedTableColumns(CreateMaterializedTableAst& create) {
  bool names_only = tokens_.PeekSymbol(",", 2) || tokens_.PeekSymbol(")", 2);
  if (!names_only) return TableElements(create.table);
  ASSIGN_OR_RETURN(create.column_order, NameList());
  return Status::Ok();
}

Status Parser::RefreshClauses(CreateMaterializedTableAst& create) {
  if (tokens_.AcceptWords("START_MODE")) {
    RETURN_IF_ERROR(tokens_.ExpectSymbol("="));
    Error error = NotSupported("START_MODE other than FROM_BEGINNING is not supported");
    error.position = tokens_.Peek().range.position;
    bool known =
        tokens_.AcceptWords("FROM_BEGINNING") || tokens_.AcceptWords("RESUME_OR_FROM_BEGINNING");
    if (!known) return error;
  }
  if (tokens_.AcceptWords("FRESHNESS")) {
    RETURN_IF_ERROR(tokens_.ExpectSymbol("="));
    ASSIGN_OR_RETURN(create.freshness, FreshnessInterval());
  }
  if (tokens_.AcceptWords("REFRESH_MODE")) {
    RETURN_IF_ERROR(tokens_.ExpectSymbol("="));
    if (tokens_.AcceptWords("FULL")) {
      create.refresh_mode = RefreshMode::kFull;
    } else if (tokens_.AcceptWords("CONTINUOUS")) {
      create.refresh_mode = RefreshMode::kContinuous;
    } else {
      return tokens_.Unexpected("FULL or CONTINUOUS");
    }
  }
  return Status::Ok();
}

/// INTERVAL '30' SECOND
Result<Freshness> Parser::FreshnessInterval() {
  SourcePosition position = tokens_.Peek().range.position;
  RETURN_IF_ERROR(tokens_.ExpectWords("INTERVAL"));
  bool negative = tokens_.AcceptSymbol("-");
  ASSIGN_OR_RETURN(std::string text, StringLiteral());
  if (negative) text = "-" + text;
  auto complain = [&](std::string message) {
    Error error = InvalidArgument("SQL-1040 {}", message);
    error.position = position;
    return error;
  };
  Freshness freshness;
  freshness.unit = SingularUnit(tokens_.Peek().upper);
  static constexpr std::array kUnits = {"SECOND", "MINUTE", "HOUR", "DAY", "WEEK"};
  bool known = std::find(kUnits.begin(), kUnits.end(), freshness.unit) != kUnits.end();
  if (!known || tokens_.PeekWords("TO", 1)) {
    return complain(
        "Materialized table freshness only supports SECOND, MINUTE, HOUR, DAY, WEEK as the time "
        "unit.");
  }
  tokens_.Next();
  auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), freshness.count);
  constexpr int64_t kCountMax = 1 << 30;
  bool whole = wrong == std::errc() && end == text.data() + text.size();
  if (!whole || freshness.count <= 0 || freshness.count > kCountMax) {
    return complain(fmt::format(
        "The freshness interval currently only supports positive integer type values. But was: {}",
        text));
  }
  return freshness;
}

/// name {SUSPEND | RESUME [WITH (...)] | REFRESH [PARTITION (...)] | AS query | what ALTER TABLE
/// takes}
Result<StatementAst> Parser::AlterMaterializedTable() {
  size_t mark = tokens_.mark();
  using Kind = AlterMaterializedTableAst::Kind;
  AlterMaterializedTableAst alter;
  ASSIGN_OR_RETURN(alter.name, QualifiedName());
  if (tokens_.AcceptWords("SUSPEND")) {
    alter.kind = Kind::kSuspend;
  } else if (tokens_.AcceptWords("RESUME")) {
    alter.kind = Kind::kResume;
    if (tokens_.AcceptWords("WITH")) {
      ASSIGN_OR_RETURN(alter.options, OptionList());
    }
  } else if (tokens_.AcceptWords("REFRESH")) {
    alter.kind = Kind::kRefresh;
    if (tokens_.AcceptWords("PARTITION")) {
      ASSIGN_OR_RETURN(alter.partition, PartitionSpec());
    }
  } else if (tokens_.AcceptWords("AS")) {
    alter.kind = Kind::kQuery;
    ASSIGN_OR_RETURN(alter.query, Query());
  } else if (tokens_.PeekWords("SET FRESHNESS") || tokens_.PeekWords("SET REFRESH_MODE") ||
             tokens_.PeekWords("RESET REFRESH_MODE")) {
    Error error = NotSupported("SQL-1020 ALTER MATERIALIZED TABLE ... SET {} is not supported",
                               tokens_.Peek(1).upper);
    error.hint = "CREATE OR ALTER MATERIALIZED TABLE changes the freshness";
    error.position = tokens_.Peek().range.position;
    return error;
  } else {
    tokens_.Rewind(mark);
    ASSIGN_OR_RETURN(AlterTableAst table, AlterTable());
    table.materialized = true;
    return Wrap(std::move(table));
  }
  return Wrap(std::move(alter));
}

}  // namespace forebay::sql
