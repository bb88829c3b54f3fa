#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "model/batch.h"
#include "serve/output/result_writer.h"

// Results whose columns and cells another program spells as JSON.

namespace forebay::app {

/// A column by its name and its type in SQL.
serve::ColumnHeader TextColumn(std::string name, std::string type);

/// A builder of rows whose cells are all text.
model::BatchBuilder TextRows(size_t num_columns);

/// Appends a row from an array of cells: strings, null, or other JSON as it is spelled. What the
/// array lacks is NULL.
void AppendTextRow(const nlohmann::ordered_json& cells, size_t num_columns,
                   model::ChangeType change, model::BatchBuilder& rows);

}  // namespace forebay::app
