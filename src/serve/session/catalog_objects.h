#pragma once

#include <string>

#include "sql/catalog/catalog.h"

namespace forebay::serve {

// The kinds of SQL objects that storage keeps without understanding them, by "database.name".
inline constexpr const char* kForeignTableObject = "foreign_table";
inline constexpr const char* kViewObject = "view";
inline constexpr const char* kFunctionObject = "function";
inline constexpr const char* kModelObject = "model";
/// By the database's name: comment and options of a database.
inline constexpr const char* kDatabaseObject = "database";
/// A table that CREATE TABLE ... AS has made and not yet filled.
inline constexpr const char* kUnfinishedObject = "unfinished_table";

/// What is kept of a view.
std::string ViewToJson(const sql::CatalogView& view);

}  // namespace forebay::serve
