#pragma once

#include <string>
#include <vector>

#include "format/text/row_error.h"
#include "model/batch.h"
#include "model/table.h"
#include "serve/http/http_message.h"

namespace forebay::serve {

/// How to read a request's body, as text that the journal keeps: format, header, unknown fields,
/// null literal. kInvalidArgument when the request does not say a format that can be read.
Result<std::string> BodyParametersOf(const HttpRequest& request);

/// The rows of a body, by parameters of BodyParametersOf; `error` says where a bad one is.
Result<model::Batch> ReadIngestBody(const std::vector<model::ColumnSpec>& columns,
                                    const std::string& parameters, const std::string& body,
                                    format::RowError& error);

}  // namespace forebay::serve
