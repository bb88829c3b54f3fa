#include <array>

#include "sql/parser/parser_impl.h"

// SHOW and DESCRIBE.

namespace forebay::sql {

Result<ShowAst> Parser::Show() {
  using Kind = ShowAst::Kind;
  struct Form {
    const char* words;
    Kind kind;
    bool has_name;
  };
  static constexpr std::array<Form, 21> kForms = {{
      {"DATABASES", Kind::kDatabases, false},
      {"TABLES", Kind::kTables, false},
      {"VIEWS", Kind::kViews, false},
      {"COLUMNS", Kind::kColumns, false},
      {"USER FUNCTIONS", Kind::kUserFunctions, false},
      {"FULL MODULES", Kind::kFullModules, false},
      {"PROCEDURES", Kind::kProcedures, false},
      {"JARS", Kind::kJars, false},
      {"MODELS", Kind::kModels, false},
      {"MATERIALIZED TABLES", Kind::kMaterializedTables, false},
      {"CREATE MATERIALIZED TABLE", Kind::kCreateMaterializedTable, true},
      {"CREATE TABLE", Kind::kCreateTable, true},
      {"CREATE VIEW", Kind::kCreateView, true},
      {"CREATE CATALOG", Kind::kCreateCatalog, true},
      {"FUNCTIONS", Kind::kFunctions, false},
      {"CATALOGS", Kind::kCatalogs, false},
      {"CURRENT DATABASE", Kind::kCurrentDatabase, false},
      {"CURRENT CATALOG", Kind::kCurrentCatalog, false},
      {"JOBS", Kind::kJobs, false},
      {"MODULES", Kind::kModules, false},
      {"PARTITIONS", Kind::kPartitions, true},
  }};
  ShowAst show;
  for (const Form& form : kForms) {
    if (!tokens_.AcceptWords(form.words)) continue;
    show.kind = form.kind;
    if (form.has_name) {
      ASSIGN_OR_RETURN(show.name, QualifiedName());
    } else {
      RETURN_IF_ERROR(ShowFilter(show));
    }
    if (form.kind == Kind::kPartitions && tokens_.AcceptWords("PARTITION")) {
      ASSIGN_OR_RETURN(show.partition, PartitionSpec());
    }
    return show;
  }
  return tokens_.Unexpected(
      "DATABASES, TABLES, VIEWS, COLUMNS, PARTITIONS, JOBS, FUNCTIONS or CREATE TABLE");
}

Status Parser::ShowFilter(ShowAst& show) {
  if (tokens_.AcceptWords("FROM") || tokens_.AcceptWords("IN")) {
    ASSIGN_OR_RETURN(show.name, QualifiedName());
  }
  show.not_like = tokens_.AcceptWords("NOT");
  show.ignore_case = tokens_.AcceptWords("ILIKE");
  if (show.ignore_case || tokens_.AcceptWords("LIKE")) {
    ASSIGN_OR_RETURN(show.like, StringLiteral());
  } else if (show.not_like) {
    return tokens_.Unexpected("LIKE or ILIKE");
  }
  return Status::Ok();
}

Result<DescribeAst> Parser::Describe() {
  DescribeAst describe;
  if (tokens_.AcceptWords("DATABASE")) {
    describe.kind = DescribeAst::Kind::kDatabase;
  } else if (tokens_.AcceptWords("CATALOG")) {
    describe.kind = DescribeAst::Kind::kCatalog;
  } else if (tokens_.AcceptWords("FUNCTION")) {
    describe.kind = DescribeAst::Kind::kFunction;
  } else if (tokens_.PeekWords("JOB") && tokens_.Peek(1).kind == TokenKind::kString) {
    tokens_.Next();
    describe.kind = DescribeAst::Kind::kJob;
    describe.name.parts.push_back(tokens_.Next().text);
    return describe;
  }
  describe.extended = tokens_.AcceptWords("EXTENDED");
  ASSIGN_OR_RETURN(describe.name, QualifiedName());
  return describe;
}

}  // namespace forebay::sql
