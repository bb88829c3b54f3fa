#pragma once

#include <string_view>

#include "sql/analyzer/query_analyzer.h"

namespace forebay::sql {

/// Checks CREATE TABLE: columns, primary key, computed columns, watermark, LIKE. WITH keys are the
/// connector's business.
Result<CatalogTable> AnalyzeCreateTable(QueryAnalyzer& queries, const CreateTableAst& ast,
                                        std::string_view text);

/// CREATE TABLE ... AS: the INSERT that fills the table, whose query's columns are named; nullptr
/// when there is no query.
std::shared_ptr<const InsertAst> FillOf(const CreateTableAst& ast);

/// Analyzes computed columns and the watermark by planning a scan of the table.
Status CheckExpressions(QueryAnalyzer& queries, const CreateTableAst& ast,
                        const CatalogTable& table);

/// The part of the statement's text that `range` is.
std::string TextOf(const SourceRange& range, std::string_view text);

}  // namespace forebay::sql
