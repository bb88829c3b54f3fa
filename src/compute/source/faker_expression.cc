#include "compute/source/faker_expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <span>

#include "base/ascii_case.h"
#include "base/hash.h"
#include "compute/source/faker_words.h"
#include "compute/source/made_rows.h"
#include "model/value_text.h"
#include "sql/functions/function_table.h"

namespace forebay::compute {
namespace {

/// Random numbers of one placeholder, one after the other.
class Dice {
 public:
  Dice(uint64_t seed, int64_t now_ms) : seed_(seed), now_ms_(now_ms) {}

  uint64_t Next() { return seed_ = HashInt(seed_, 0x9e3779b97f4a7c15ULL); }
  /// From `low` up to, not including, `high`.
  int64_t Between(int64_t low, int64_t high) {
    if (high <= low) return low;
    auto span = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
    return static_cast<int64_t>(static_cast<uint64_t>(low) + Next() % span);
  }
  std::string Pick(std::span<const std::string_view> words) {
    return std::string(words[Next() % words.size()]);
  }
  /// '#' becomes a digit, '?' a letter.
  std::string Pattern(std::string_view pattern) {
    std::string text;
    for (char c : pattern) {
      text += c == '#'   ? static_cast<char>('0' + Between(0, 10))
              : c == '?' ? static_cast<char>('a' + Between(0, 26))
                         : c;
    }
    return text;
  }
  std::string Hex(int digits) {
    std::string text;
    for (int i = 0; i < digits; ++i) text += "0123456789abcdef"[Next() & 15];
    return text;
  }
  int64_t now_ms() const { return now_ms_; }

 private:
  uint64_t seed_;
  const int64_t now_ms_;
};

using Arguments = std::vector<std::string>;
using Maker = std::string (*)(Dice& dice, const Arguments& arguments);

int64_t IntegerOf(const std::string& text) {
  int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

double NumberOf(const std::string& text) { return model::ParseDouble(text).value_or(0); }

std::string FirstName(Dice& dice, const Arguments&) { return dice.Pick(FakerFirstNames()); }
std::string LastName(Dice& dice, const Arguments&) { return dice.Pick(FakerLastNames()); }
std::string FullName(Dice& dice, const Arguments& none) {
  std::string first = FirstName(dice, none);
  return first + " " + LastName(dice, none);
}
std::string NameWithPrefix(Dice& dice, const Arguments& none) {
  std::string prefix = dice.Pick(FakerPrefixes());
  return prefix + " " + FullName(dice, none);
}
std::string UserName(Dice& dice, const Arguments& none) {
  std::string first = LowerAscii(FirstName(dice, none));
  return first + "." + LowerAscii(LastName(dice, none));
}
std::string StreetAddress(Dice& dice, const Arguments&) {
  std::string number = std::to_string(dice.Between(1, 300));
  return number + " " + dice.Pick(FakerStreets());
}
std::string FullAddress(Dice& dice, const Arguments& none) {
  std::string street = StreetAddress(dice, none);
  std::string city = dice.Pick(FakerCities());
  return street + ", " + dice.Pattern("#####") + " " + city;
}
std::string Company(Dice& dice, const Arguments&) {
  std::string name = dice.Pick(FakerCompanies());
  return name + " " + dice.Pick(FakerCompanySuffixes());
}
std::string Product(Dice& dice, const Arguments&) {
  std::string adjective = dice.Pick(FakerAdjectives());
  std::string material = dice.Pick(FakerMaterials());
  return adjective + " " + material + " " + dice.Pick(FakerProducts());
}
std::string Price(Dice& dice, const Arguments& range) {
  double low = range.empty() ? 0 : NumberOf(range[0]);
  double high = range.size() < 2 ? 100 : NumberOf(range[1]);
  return fmt::format("{:.2f}", low + (high - low) * UnitOf(dice.Next()));
}
std::string Email(Dice& dice, const Arguments& none) {
  std::string user = UserName(dice, none);
  return user + std::to_string(dice.Between(1, 1000)) + "@" + dice.Pick(FakerDomains());
}
std::string Url(Dice& dice, const Arguments&) {
  std::string domain = dice.Pick(FakerDomains());
  return "https://www." + domain + "/" + dice.Pick(FakerWords());
}
std::string IpAddress(Dice& dice, const Arguments&) {
  // Of the blocks kept for documentation nothing: these are private ones.
  return fmt::format("10.{}.{}.{}", dice.Between(0, 256), dice.Between(0, 256),
                     dice.Between(1, 255));
}
std::string MacAddress(Dice& dice, const Arguments&) {
  std::string text = "02";
  for (int i = 0; i < 5; ++i) text += ":" + dice.Hex(2);
  return text;
}
std::string Uuid(Dice& dice, const Arguments&) {
  std::string a = dice.Hex(8), b = dice.Hex(4), c = dice.Hex(3), d = dice.Hex(3);
  return fmt::format("{}-{}-4{}-a{}-{}", a, b, c, d, dice.Hex(12));
}
std::string NumberBetween(Dice& dice, const Arguments& range) {
  return std::to_string(dice.Between(IntegerOf(range[0]), IntegerOf(range[1])));
}
std::string RandomDouble(Dice& dice, const Arguments& a) {
  double low = NumberOf(a[1]), high = NumberOf(a[2]);
  int decimals = static_cast<int>(std::clamp<int64_t>(IntegerOf(a[0]), 0, 15));
  return fmt::format("{:.{}f}", low + (high - low) * UnitOf(dice.Next()), decimals);
}
std::string Digits(Dice& dice, const Arguments& a) {
  int64_t count = a.empty() ? 1 : std::clamp<int64_t>(IntegerOf(a[0]), 1, 18);
  return dice.Pattern(std::string(static_cast<size_t>(count), '#'));
}
std::string Sentence(Dice& dice, const Arguments&) {
  std::string text = dice.Pick(FakerWords());
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  for (int64_t i = dice.Between(3, 10); i > 0; --i) text += " " + dice.Pick(FakerWords());
  return text + ".";
}
std::string Characters(Dice& dice, const Arguments& a) {
  int64_t count = a.empty() ? 255 : std::clamp<int64_t>(IntegerOf(a[0]), 0, 1 << 20);
  return dice.Pattern(std::string(static_cast<size_t>(count), '?'));
}
std::string Option(Dice& dice, const Arguments& a) {
  return a[static_cast<size_t>(dice.Between(0, std::ssize(a)))];
}

int64_t UnitMs(const std::string& unit) {
  std::string lower = LowerAscii(unit);
  if (lower.starts_with("milli")) return 1;
  if (lower.starts_with("second")) return 1000;
  if (lower.starts_with("minute")) return 60'000;
  if (lower.starts_with("hour")) return 3'600'000;
  return 86'400'000;
}

std::string TimeText(int64_t ms) {
  std::string text;
  model::AppendTimestamp(text, ms, 3);
  return text;
}
/// Up to so long: "5", "DAYS".
int64_t SpanMs(Dice& dice, const Arguments& a) {
  constexpr int64_t kMostMs = 86'400'000 * int64_t{100'000};  // the year keeps four digits
  int64_t unit_ms = UnitMs(a[1]);
  int64_t most_ms = std::clamp<int64_t>(IntegerOf(a[0]), 0, kMostMs / unit_ms) * unit_ms;
  return dice.Between(1, std::max<int64_t>(most_ms, 2));
}
std::string Past(Dice& dice, const Arguments& a) {
  return TimeText(dice.now_ms() - SpanMs(dice, a));
}
std::string Future(Dice& dice, const Arguments& a) {
  return TimeText(dice.now_ms() + SpanMs(dice, a));
}
std::string Birthday(Dice& dice, const Arguments&) {
  constexpr int64_t kYearMs = 31'557'600'000;
  return TimeText(dice.now_ms() - dice.Between(18 * kYearMs, 65 * kYearMs));
}
std::string Iban(Dice& dice, const Arguments&) { return dice.Pattern("XX## #### #### #### ####"); }

/// Letters, digits and classes, each with an optional count: "[A-Z]{3}-\d{4}".
std::string Regexify(Dice& dice, const Arguments& a) {
  std::string text;
  std::string_view rest = a[0];
  while (!rest.empty()) {
    std::string choices;
    size_t used = 1;
    if (rest[0] == '[' && rest.find(']') != std::string_view::npos) {
      used = rest.find(']') + 1;
      for (size_t i = 1; i + 1 < used; ++i) {
        bool range = i + 3 < used && rest[i + 1] == '-';
        for (int c = rest[i]; range && c < rest[i + 2]; ++c) choices += static_cast<char>(c);
        choices += range ? rest[i + 2] : rest[i];
        if (range) i += 2;
      }
    } else if (rest[0] == '\\' && rest.size() > 1) {
      used = 2;
      choices = rest[1] == 'd' ? "0123456789" : std::string(1, rest[1]);
    } else {
      choices = std::string(1, rest[0]);
    }
    rest.remove_prefix(used);
    int64_t low = 1, high = 1;
    size_t close = rest.starts_with('{') ? rest.find('}') : std::string_view::npos;
    if (close != std::string_view::npos) {
      std::string counts(rest.substr(1, close - 1));
      size_t comma = counts.find(',');
      low = std::clamp<int64_t>(IntegerOf(counts), 0, 1000);
      high = comma == std::string::npos ? low : IntegerOf(counts.substr(comma + 1));
      high = std::clamp<int64_t>(high, low, 1000);
      rest.remove_prefix(close + 1);
    }
    for (int64_t i = dice.Between(low, high + 1); i > 0 && !choices.empty(); --i) {
      text += choices[dice.Next() % choices.size()];
    }
  }
  return text;
}

template <std::span<const std::string_view> (*words)()>
std::string WordOf(Dice& dice, const Arguments&) {
  return dice.Pick(words());
}

struct Placeholder {
  std::string_view name;
  Maker maker;
  size_t arguments_min = 0;
  size_t arguments_max = 0;
};

constexpr size_t kMany = 1000;
constexpr Placeholder kPlaceholders[] = {
    {"name.firstname", FirstName},
    {"name.lastname", LastName},
    {"name.fullname", FullName},
    {"name.name", FullName},
    {"name.namewithmiddle", FullName},
    {"name.prefix", WordOf<FakerPrefixes>},
    {"name.suffix", WordOf<FakerSuffixes>},
    {"name.nameprefixed", NameWithPrefix},
    {"name.title", WordOf<FakerJobs>},
    {"name.username", UserName},
    {"address.city", WordOf<FakerCities>},
    {"address.cityname", WordOf<FakerCities>},
    {"address.country", WordOf<FakerCountries>},
    {"address.countrycode", WordOf<FakerCountryCodes>},
    {"address.state", WordOf<FakerStates>},
    {"address.streetname", WordOf<FakerStreets>},
    {"address.streetaddress", StreetAddress},
    {"address.fulladdress", FullAddress},
    {"address.buildingnumber", [](Dice& d, const Arguments&) { return d.Pattern("##"); }},
    {"address.zipcode", [](Dice& d, const Arguments&) { return d.Pattern("#####"); }},
    {"address.latitude",
     [](Dice& d, const Arguments&) { return fmt::format("{:.6f}", UnitOf(d.Next()) * 180 - 90); }},
    {"address.longitude",
     [](Dice& d, const Arguments&) { return fmt::format("{:.6f}", UnitOf(d.Next()) * 360 - 180); }},
    {"country.name", WordOf<FakerCountries>},
    {"country.countrycode2", WordOf<FakerCountryCodes>},
    {"company.name", Company},
    {"company.industry", WordOf<FakerIndustries>},
    {"company.suffix", WordOf<FakerCompanySuffixes>},
    {"commerce.productname", Product},
    {"commerce.department", WordOf<FakerDepartments>},
    {"commerce.material", WordOf<FakerMaterials>},
    {"commerce.price", Price, 0, 2},
    {"color.name", WordOf<FakerColors>},
    {"commerce.color", WordOf<FakerColors>},
    {"currency.code", WordOf<FakerCurrencies>},
    {"job.title", WordOf<FakerJobs>},
    {"food.ingredient", WordOf<FakerFoods>},
    {"animal.name", WordOf<FakerAnimals>},
    {"internet.emailaddress", Email},
    {"internet.domainname", WordOf<FakerDomains>},
    {"internet.url", Url},
    {"internet.ipv4address", IpAddress},
    {"internet.privateipv4address", IpAddress},
    {"internet.macaddress", MacAddress},
    {"internet.uuid", Uuid},
    {"phonenumber.phonenumber",
     [](Dice& d, const Arguments&) { return d.Pattern("555-01##-####"); }},
    {"phonenumber.cellphone", [](Dice& d, const Arguments&) { return d.Pattern("555-01##-####"); }},
    {"finance.iban", Iban},
    {"finance.creditcard",
     [](Dice& d, const Arguments&) { return d.Pattern("0000-####-####-####"); }},
    {"crypto.md5", [](Dice& d, const Arguments&) { return d.Hex(32); }},
    {"crypto.sha256", [](Dice& d, const Arguments&) { return d.Hex(64); }},
    {"lorem.word", WordOf<FakerWords>},
    {"lorem.sentence", Sentence},
    {"lorem.characters", Characters, 0, 1},
    {"number.numberbetween", NumberBetween, 2, 2},
    {"random.numberbetween", NumberBetween, 2, 2},
    {"number.randomdouble", RandomDouble, 3, 3},
    {"number.randomdigit", [](Dice& d, const Arguments&) { return d.Pattern("#"); }},
    {"number.digits", Digits, 0, 1},
    {"bool.bool",
     [](Dice& d, const Arguments&) { return std::string(d.Next() & 1 ? "true" : "false"); }},
    {"options.option", Option, 1, kMany},
    {"date.past", Past, 2, 2},
    {"date.future", Future, 2, 2},
    {"date.birthday", Birthday},
    {"numerify", [](Dice& d, const Arguments& a) { return d.Pattern(a[0]); }, 1, 1},
    {"bothify", [](Dice& d, const Arguments& a) { return d.Pattern(a[0]); }, 1, 1},
    {"regexify", Regexify, 1, 1},
};

/// "'a','b'" as a and b.
Result<Arguments> ArgumentsOf(std::string_view text) {
  Arguments arguments;
  while (true) {
    size_t begin = text.find_first_not_of(" ,");
    if (begin == std::string_view::npos) return arguments;
    size_t end = text[begin] == '\'' ? text.find('\'', begin + 1) : std::string_view::npos;
    if (end == std::string_view::npos) {
      return InvalidArgument("arguments stand in quotes, with commas between: {}", text);
    }
    arguments.emplace_back(text.substr(begin + 1, end - begin - 1));
    text.remove_prefix(end + 1);
  }
}

Result<std::pair<Maker, Arguments>> PlaceholderOf(std::string_view text) {
  size_t blank = std::min(text.find(' '), text.size());
  std::string name = LowerAscii(text.substr(0, blank));
  // Flink-faker takes both spellings.
  std::erase(name, '_');
  ASSIGN_OR_RETURN(Arguments arguments, ArgumentsOf(text.substr(blank)));
  std::vector<std::string> known;
  for (const Placeholder& each : kPlaceholders) {
    known.emplace_back(each.name);
    if (each.name != name) continue;
    if (arguments.size() < each.arguments_min || arguments.size() > each.arguments_max) {
      return InvalidArgument("'#{{{}}}' has {} arguments", text, arguments.size());
    }
    return std::pair(each.maker, std::move(arguments));
  }
  Error error = InvalidArgument("'#{{{}}}' is nothing that can be made up", text);
  if (auto near = sql::NearestName(name, known)) error.hint = "did you mean '" + *near + "'?";
  return error;
}

}  // namespace

Result<FakerExpression> FakerExpression::Parse(std::string_view text) {
  FakerExpression expression;
  uint64_t index = 0;
  while (!text.empty()) {
    size_t begin = std::min(text.find("#{"), text.size());
    if (begin > 0) {
      expression.parts_.push_back([plain = std::string(text.substr(0, begin))](
                                      std::string& out, uint64_t, int64_t) { out += plain; });
      text.remove_prefix(begin);
      continue;
    }
    // A pattern's own braces are in quotes.
    size_t end = 2;
    for (bool quoted = false; end < text.size() && (quoted || text[end] != '}'); ++end) {
      if (text[end] == '\'') quoted = !quoted;
    }
    if (end >= text.size()) return InvalidArgument("'{}' has no closing brace", text);
    auto placeholder = PlaceholderOf(text.substr(2, end - 2));
    if (!placeholder.ok()) return placeholder.status();
    expression.parts_.push_back(
        [maker = placeholder->first, arguments = std::move(placeholder->second), number = ++index](
            std::string& out, uint64_t random, int64_t now_ms) {
          Dice dice(HashInt(random, number), now_ms);
          out += maker(dice, arguments);
        });
    text.remove_prefix(end + 1);
  }
  return expression;
}

std::string FakerExpression::Make(uint64_t random, int64_t now_ms) const {
  std::string text;
  for (const Part& part : parts_) part(text, random, now_ms);
  return text;
}

}  // namespace forebay::compute
