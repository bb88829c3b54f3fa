#include "app/commands/script_text.h"

#include <fstream>
#include <iostream>
#include <sstream>

namespace forebay::app {

Result<std::string> ReadScript(const std::vector<std::string>& statements,
                               const std::string& file) {
  std::string script;
  for (const std::string& statement : statements) {
    // On a line of its own: the statement may end in a comment, and errors quote the line.
    script += statement + "\n;\n";
  }
  if (file.empty()) return script;
  std::ostringstream text;
  if (file == "-") {
    text << std::cin.rdbuf();
    return text.str();
  }
  std::ifstream input(file, std::ios::binary);
  if (!input) return NotFound("cannot read the script {}", file);
  text << input.rdbuf();
  return text.str();
}

}  // namespace forebay::app
