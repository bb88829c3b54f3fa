#include "serve/output/result_writer.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "format/text/json_writer.h"
#include "model/value_text.h"

namespace forebay::serve {

using model::Batch;

std::string JsonString(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string ColumnsJson(const std::vector<ColumnHeader>& columns) {
  std::string text = "\"columns\":[";
  for (size_t i = 0; i < columns.size(); ++i) {
    text += fmt::format("{}{{\"name\":{},\"type\":{}}}", i > 0 ? "," : "",
                        JsonString(columns[i].name), JsonString(columns[i].type));
  }
  return text + "]";
}

void AppendRowsJson(std::string& out, const Batch& rows, bool& first) {
  for (int row = 0; row < rows.num_rows; ++row) {
    out += first ? "[" : ",[";
    first = false;
    for (size_t i = 0; i < rows.columns.size(); ++i) {
      if (i > 0) out += ',';
      format::AppendJsonValue(out, rows.columns[i], row);
    }
    out += ']';
  }
}

void AppendRowsText(std::string& out, const Batch& rows, bool& first) {
  std::string cell;
  for (int row = 0; row < rows.num_rows; ++row) {
    out += first ? "[" : ",[";
    first = false;
    for (size_t i = 0; i < rows.columns.size(); ++i) {
      if (i > 0) out += ',';
      cell.clear();
      if (!rows.columns[i].IsNull(row)) model::AppendText(cell, rows.columns[i], row);
      out += rows.columns[i].IsNull(row) ? "null" : JsonString(cell);
    }
    out += ']';
  }
}

void AppendKindsJson(std::string& out, const Batch& rows, bool& first) {
  for (int row = 0; row < rows.num_rows; ++row) {
    out += fmt::format("{}\"{}\"", first ? "" : ",", model::ChangeTypeText(rows.change(row)));
    first = false;
  }
}

namespace {

/// Bytes may be anything: they are shown in hexadecimal, as in JSON.
constexpr model::TextOptions kCellText = {.bytes_as_hex = true};

class JsonWriter : public ResultWriter {
 public:
  explicit JsonWriter(std::FILE* out) : out_(out) {}

  void Begin(int statement, std::vector<ColumnHeader> columns, bool is_changelog) override {
    head_ = fmt::format("{{\"statement\":{},{},\"rows\":[", statement, ColumnsJson(columns));
    is_changelog_ = is_changelog;
  }
  void Rows(const Batch& rows) override {
    AppendRowsJson(rows_, rows, first_row_);
    if (is_changelog_) AppendKindsJson(kinds_, rows, first_kind_);
  }
  void End() override {
    std::string line = head_ + rows_ + "]";
    if (is_changelog_) line += ",\"kinds\":[" + kinds_ + "]";
    line += "}\n";
    std::fwrite(line.data(), 1, line.size(), out_);
    std::fflush(out_);
  }

 private:
  std::FILE* out_;
  std::string head_;
  std::string rows_;
  std::string kinds_;
  bool first_row_ = true;
  bool first_kind_ = true;
  bool is_changelog_ = false;
};

class CsvWriter : public ResultWriter {
 public:
  explicit CsvWriter(std::FILE* out) : out_(out) {}

  void Begin(int, std::vector<ColumnHeader> columns, bool is_changelog) override {
    is_changelog_ = is_changelog;
    std::string line = is_changelog ? "op" : "";
    for (size_t i = 0; i < columns.size(); ++i) {
      if (!line.empty() || i > 0) line += ',';
      AppendField(line, columns[i].name);
    }
    Print(line + "\n");
  }
  void Rows(const Batch& rows) override {
    std::string text;
    std::string cell;
    for (int row = 0; row < rows.num_rows; ++row) {
      if (is_changelog_) text += model::ChangeTypeText(rows.change(row));
      for (size_t i = 0; i < rows.columns.size(); ++i) {
        if (is_changelog_ || i > 0) text += ',';
        cell.clear();
        if (!rows.columns[i].IsNull(row)) model::AppendText(cell, rows.columns[i], row, kCellText);
        AppendField(text, cell);
      }
      text += '\n';
    }
    Print(text);
  }
  void End() override { std::fflush(out_); }

 private:
  static void AppendField(std::string& out, const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
      out += text;
      return;
    }
    out += '"';
    for (char c : text) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }
  void Print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), out_); }

  std::FILE* out_;
  bool is_changelog_ = false;
};

/// Columns a text takes on a terminal.
int DisplayWidth(const std::string& text) {
  int width = 0;
  auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t code;
    utf8proc_ssize_t bytes = utf8proc_iterate(at, left, &code);
    if (bytes <= 0) {
      bytes = 1;
      width += 1;
    } else {
      width += utf8proc_charwidth(code);
    }
    at += bytes;
    left -= bytes;
  }
  return width;
}

class TableFrame : public ResultWriter {
 public:
  explicit TableFrame(std::FILE* out) : out_(out) {}

  void Begin(int, std::vector<ColumnHeader> columns, bool is_changelog) override {
    columns_ = std::move(columns);
    is_changelog_ = is_changelog;
    if (is_changelog) columns_.insert(columns_.begin(), ColumnHeader{"op", "", false});
  }

  void Rows(const Batch& rows) override {
    for (int row = 0; row < rows.num_rows; ++row) {
      std::vector<std::string> cells;
      if (is_changelog_) cells.emplace_back(model::ChangeTypeText(rows.change(row)));
      for (const model::Column& column : rows.columns) {
        std::string cell;
        if (column.IsNull(row)) {
          cell = "NULL";
        } else {
          model::AppendText(cell, column, row, kCellText);
        }
        for (char& c : cell) {
          if (!Multiline() && (c == '\n' || c == '\r' || c == '\t')) c = ' ';
        }
        cells.push_back(std::move(cell));
      }
      pending_.push_back(std::move(cells));
    }
    // A changelog is shown as it comes; a bounded result waits for enough rows to choose good
    // widths.
    constexpr size_t kSampleRows = 1000;
    if (is_changelog_ || !widths_.empty() || pending_.size() >= kSampleRows) Flush();
  }

  void End() override {
    if (Multiline()) return PrintMultiline();
    Flush();
    PrintLine();
    std::fflush(out_);
  }

 private:
  /// EXPLAIN and SHOW CREATE: one long text, printed as it is.
  bool Multiline() const { return columns_.size() == 1 && columns_[0].name == "result"; }
  void PrintMultiline() {
    for (const auto& cells : pending_) std::fprintf(out_, "%s\n", cells[0].c_str());
    std::fflush(out_);
  }

  void Flush() {
    if (Multiline()) return;
    if (widths_.empty()) {
      for (const ColumnHeader& column : columns_) widths_.push_back(DisplayWidth(column.name));
      constexpr int kWidthMax = 60;
      for (const auto& cells : pending_) {
        for (size_t i = 0; i < cells.size(); ++i) {
          widths_[i] = std::max(widths_[i], std::min(DisplayWidth(cells[i]), kWidthMax));
        }
      }
      PrintLine();
      std::vector<std::string> names;
      for (const ColumnHeader& column : columns_) names.push_back(column.name);
      PrintCells(names);
      PrintLine();
    }
    for (const auto& cells : pending_) PrintCells(cells);
    pending_.clear();
    std::fflush(out_);
  }

  void PrintLine() {
    std::string line = "+";
    for (int width : widths_) line += std::string(static_cast<size_t>(width) + 2, '-') + "+";
    std::fprintf(out_, "%s\n", line.c_str());
  }

  void PrintCells(const std::vector<std::string>& cells) {
    std::string line = "|";
    for (size_t i = 0; i < cells.size(); ++i) {
      int room = std::max(0, widths_[i] - DisplayWidth(cells[i]));
      std::string pad(static_cast<size_t>(room), ' ');
      line += columns_[i].is_number ? " " + pad + cells[i] + " |" : " " + cells[i] + pad + " |";
    }
    std::fprintf(out_, "%s\n", line.c_str());
  }

  std::FILE* out_;
  std::vector<ColumnHeader> columns_;
  bool is_changelog_ = false;
  std::vector<int> widths_;
  std::vector<std::vector<std::string>> pending_;
};

}  // namespace

std::unique_ptr<ResultWriter> MakeResultWriter(OutputFormat format, std::FILE* out) {
  switch (format) {
    case OutputFormat::kTable: return std::make_unique<TableFrame>(out);
    case OutputFormat::kCsv: return std::make_unique<CsvWriter>(out);
    case OutputFormat::kJson: return std::make_unique<JsonWriter>(out);
  }
  return nullptr;
}

}  // namespace forebay::serve
