#include "compute/expression/variant.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "compute/expression/cell_text.h"
#include "compute/expression/json_path.h"
#include "compute/expression/row_kernel.h"

namespace forebay::compute {

namespace {

using model::Column;
using model::ColumnBuilder;
using model::TypeRoot;

/// Decimals have as many digits, before and behind the point.
constexpr size_t kDecimalDigits = 38;
constexpr int kDepthMax = 1000;

/// A number's text without what says nothing: decimals keep their digits, doubles get an exponent.
std::string NumberCell(std::string_view text) {
  bool exponent = text.find_first_of("eE") != std::string_view::npos;
  size_t digits = static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }));
  if (!exponent && digits <= kDecimalDigits) return std::string(text == "-0" ? "0" : text);
  std::string cell;
  AppendDouble(cell, std::strtod(std::string(text).c_str(), nullptr));
  if (cell.find('E') == std::string::npos) cell += "E0";
  return cell;
}

/// Walks over text that is known to be JSON.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  /// Appends the value at the place as a cell. False when it has two members of one name and may
  /// not, or is nested too deep.
  bool Copy(bool allow_duplicates, int depth, std::string& out);
  /// Appends the cell at the place as Flink shows it.
  void Show(std::string& out);

 private:
  struct Member {
    std::string name;  ///< without escapes
    std::string value;
  };
  void SkipBlanks() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string::npos)
      ++at_;
  }
  char Peek() {
    SkipBlanks();
    return text_[at_];
  }
  /// The string at the place, in its quotes.
  std::string_view Quoted() {
    size_t begin = at_++;
    while (text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    ++at_;
    return text_.substr(begin, at_ - begin);
  }
  /// A number or a word.
  std::string_view Bare() {
    size_t begin = at_;
    while (at_ < text_.size() &&
           std::string_view(",]} \t\r\n").find(text_[at_]) == std::string_view::npos) {
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }
  static std::string Unescaped(std::string_view quoted) {
    auto json = JsonText::Parse(quoted);
    return json ? json->Scalar() : std::string();
  }
  /// Calls f(out) for every value of the object or array at the place, which comes to stand behind
  /// it; names of an object's members go to `names`.
  template <typename F>
  bool Each(std::vector<Member>& members, F&& f);

  std::string_view text_;
  size_t at_ = 0;
};

template <typename F>
bool Walker::Each(std::vector<Member>& members, F&& f) {
  bool object = text_[at_] == '{';
  ++at_;
  while (Peek() != '}' && Peek() != ']') {
    if (Peek() == ',') ++at_;
    Member member;
    if (object) {
      Peek();
      member.name = Unescaped(Quoted());
      Peek();
      ++at_;  // the colon
    }
    Peek();
    if (!f(member.value)) return false;
    members.push_back(std::move(member));
  }
  ++at_;
  return true;
}

bool Walker::Copy(bool allow_duplicates, int depth, std::string& out) {
  char first = Peek();
  if (first == '"') {
    AppendJsonString(out, Unescaped(Quoted()));
    return true;
  }
  if (first != '{' && first != '[') {
    std::string_view bare = Bare();
    bool number = first == '-' || (first >= '0' && first <= '9');
    out += number ? NumberCell(bare) : std::string(bare);
    return true;
  }
  if (depth >= kDepthMax) return false;
  std::vector<Member> members;
  bool copied =
      Each(members, [&](std::string& value) { return Copy(allow_duplicates, depth + 1, value); });
  if (!copied) return false;
  std::vector<Member> kept;
  std::unordered_map<std::string, size_t> places;
  for (Member& member : members) {
    auto [place, is_new] =
        first == '[' ? std::pair(places.end(), true) : places.try_emplace(member.name, kept.size());
    if (is_new) {
      kept.push_back(std::move(member));
    } else if (!allow_duplicates) {
      return false;
    } else {
      kept[place->second].value = std::move(member.value);
    }
  }
  out += first;
  for (size_t i = 0; i < kept.size(); ++i) {
    if (i > 0) out += ',';
    if (first == '{') {
      AppendJsonString(out, kept[i].name);
      out += ':';
    }
    out += kept[i].value;
  }
  out += first == '{' ? '}' : ']';
  return true;
}

void AppendNumber(std::string& out, std::string_view cell) {
  if (cell.find('E') != std::string_view::npos) {
    return AppendDouble(out, std::strtod(std::string(cell).c_str(), nullptr));
  }
  std::string text(cell);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
  }
  out += text == "-0" ? "0" : text;
}

void Walker::Show(std::string& out) {
  char first = Peek();
  if (first == '"') {
    out += Quoted();
    return;
  }
  if (first != '{' && first != '[') {
    std::string_view bare = Bare();
    bool number = first == '-' || (first >= '0' && first <= '9');
    return number ? AppendNumber(out, bare) : void(out += bare);
  }
  std::vector<Member> members;
  Each(members, [&](std::string& value) {
    Show(value);
    return true;
  });
  if (first == '{') {
    std::sort(members.begin(), members.end(),
              [](const Member& a, const Member& b) { return a.name < b.name; });
  }
  out += first;
  for (size_t i = 0; i < members.size(); ++i) {
    if (i > 0) out += ',';
    if (first == '{') {
      AppendJsonString(out, members[i].name);
      out += ':';
    }
    out += members[i].value;
  }
  out += first == '{' ? '}' : ']';
}

}  // namespace

std::optional<std::string> VariantOf(std::string_view json, bool allow_duplicates,
                                     bool& duplicate) {
  duplicate = false;
  if (!JsonText::Parse(json)) return std::nullopt;
  std::string cell;
  duplicate = !Walker(json).Copy(allow_duplicates, 0, cell);
  if (duplicate) return std::nullopt;
  return cell;
}

void AppendVariantJson(std::string& out, std::string_view variant) { Walker(variant).Show(out); }

namespace {

/// PARSE_JSON(text[, whether a name may come twice]); TRY_PARSE_JSON gives NULL for what is wrong.
template <bool kTry>
Result<Kernel> MakeParseJson(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      if (args[0].IsNull(row) || (args.size() > 1 && args[1].IsNull(row))) {
        builder.AppendNull();
        continue;
      }
      bool allow = args.size() > 1 && args[1].column.Get<uint8_t>(args[1].At(row)) != 0;
      bool duplicate = false;
      std::string_view text = args[0].column.GetString(args[0].At(row));
      auto cell = VariantOf(text, allow, duplicate);
      if (cell) {
        builder.AppendString(*cell);
      } else if (kTry) {
        builder.AppendNull();
      } else {
        return InvalidArgument(
            "PARSE_JSON: {}: '{}'",
            duplicate ? "a name is there twice, or it is nested too deep" : "the text is no JSON",
            text);
      }
    }
    return builder.Finish();
  });
}

/// variant['name'] and variant[index], counted from 1; NULL when there is no such place.
Result<Kernel> MakeVariantItem(const CallSite& call) {
  if (!call.args[0].Is(TypeRoot::kVariant)) return NoKernel(call);
  bool by_name = call.args[1].IsCharacter();
  return Kernel(
      [type = call.type, by_name](const BatchState& state, Operands args) -> Result<Column> {
        ColumnBuilder builder(type, state.num_rows);
        for (int row = 0; row < state.num_rows; ++row) {
          if (args[0].IsNull(row) || args[1].IsNull(row)) {
            builder.AppendNull();
            continue;
          }
          auto json = JsonText::Parse(args[0].column.GetString(args[0].At(row)));
          if (!json || (by_name ? !json->IsObject() : !json->IsArray())) {
            return InvalidArgument("a VARIANT that is no {} has no such place",
                                   by_name ? "object" : "array");
          }
          std::optional<JsonText> place;
          if (by_name) {
            place = json->Member(args[1].column.GetString(args[1].At(row)));
          } else if (int64_t index = args[1].column.Get<int32_t>(args[1].At(row)); index > 0) {
            place = json->Element(index - 1);
          }
          if (place) {
            builder.AppendString(place->text());
          } else {
            builder.AppendNull();
          }
        }
        return builder.Finish();
      });
}

constexpr FunctionEntry kEntries[] = {
    {"PARSE_JSON", "s?b", kNoFlags, MakeParseJson<false>},
    {"TRY_PARSE_JSON", "s?b", kNoFlags, MakeParseJson<true>},
    {"ITEM", "*s", kNoFlags, MakeVariantItem},
    {"ITEM", "*i", kNoFlags, MakeVariantItem},
};

}  // namespace

std::span<const FunctionEntry> VariantFunctions() { return kEntries; }

}  // namespace forebay::compute
