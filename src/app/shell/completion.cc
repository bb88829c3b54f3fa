#include "app/shell/completion.h"

#include <strings.h>

#include <algorithm>
#include <cctype>

#include "base/ascii_case.h"
#include "sql/parser/parser.h"

namespace forebay::app {

namespace {

/// Commands' words that are no reserved words.
constexpr const char* kOtherWords[] = {"DATABASES", "TABLES", "JOBS", "JOB", "VIEW", "DATABASE"};

bool StartsWith(std::string_view word, const std::string& prefix) {
  return word.size() >= prefix.size() &&
         strncasecmp(word.data(), prefix.data(), prefix.size()) == 0;
}

bool IsLower(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return std::islower(c); });
}

}  // namespace

std::vector<std::string> Completion::Matches(const std::string& prefix, bool names_only) {
  if (!tables_known_) {
    tables_known_ = true;
    names_.clear();
    for (const char* show : {"SHOW TABLES;", "SHOW VIEWS;", "SHOW DATABASES;"}) {
      for (std::string& name : runner_.Names(show)) names_.push_back(std::move(name));
    }
    if (functions_.empty()) functions_ = runner_.Names("SHOW FUNCTIONS;");
  }
  std::vector<std::string> matches;
  for (const std::string& name : names_) {
    if (StartsWith(name, prefix)) matches.push_back(name);
  }
  if (!names_only) {
    auto add = [&](std::string_view word) {
      if (!StartsWith(word, prefix)) return;
      matches.emplace_back(word);
      if (IsLower(prefix)) matches.back() = LowerAscii(matches.back());
    };
    for (std::string_view word : sql::ReservedWords()) add(word);
    for (const char* word : kOtherWords) add(word);
    for (const std::string& function : functions_) add(function);
  }
  std::sort(matches.begin(), matches.end());
  matches.erase(std::unique(matches.begin(), matches.end()), matches.end());
  return matches;
}

}  // namespace forebay::app
