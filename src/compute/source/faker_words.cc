#include "compute/source/faker_words.h"

namespace forebay::compute {
namespace {

constexpr std::string_view kFirstNames[] = {
    "Ada",    "Alan",   "Amir",   "Ana",     "Anders", "Aisha", "Bao",   "Beatriz", "Carlos",
    "Chiara", "Chloe",  "Daniel", "Diego",   "Elena",  "Emma",  "Erik",  "Fatima",  "Felix",
    "Freya",  "Grace",  "Hana",   "Hugo",    "Ines",   "Ivan",  "Jack",  "Jana",    "Joao",
    "Julia",  "Kenji",  "Lars",   "Leila",   "Lena",   "Liam",  "Lin",   "Lucia",   "Maya",
    "Mei",    "Miguel", "Mila",   "Mohamed", "Nadia",  "Nina",  "Noah",  "Nora",    "Olga",
    "Oscar",  "Paul",   "Priya",  "Ravi",    "Rosa",   "Samir", "Sara",  "Sofia",   "Tariq",
    "Theo",   "Tom",    "Uma",    "Vera",    "Wei",    "Yara",  "Yusuf", "Zoe"};
constexpr std::string_view kLastNames[] = {
    "Abbott",   "Ahmed",   "Andersson", "Bauer",  "Becker",   "Bianchi",  "Brown",  "Carter",
    "Castro",   "Chen",    "Cohen",     "Costa",  "Dubois",   "Eriksson", "Evans",  "Fernandez",
    "Fischer",  "Garcia",  "Gupta",     "Haddad", "Hansen",   "Hughes",   "Ito",    "Ivanova",
    "Jansen",   "Johnson", "Jones",     "Kaya",   "Keller",   "Khan",     "Kim",    "Kowalski",
    "Kumar",    "Larsen",  "Lee",       "Lopez",  "Martin",   "Meyer",    "Moreau", "Murphy",
    "Nakamura", "Nguyen",  "Novak",     "Okafor", "Oliveira", "Park",     "Patel",  "Petrov",
    "Popescu",  "Rossi",   "Santos",    "Sato",   "Schmidt",  "Silva",    "Singh",  "Smith",
    "Suzuki",   "Tanaka",  "Taylor",    "Torres", "Walker",   "Wang",     "Weber",  "Williams",
    "Wilson",   "Yilmaz",  "Zhang"};
constexpr std::string_view kPrefixes[] = {"Mr.", "Mrs.", "Ms.", "Dr.", "Prof."};
constexpr std::string_view kSuffixes[] = {"Jr.", "Sr.", "II", "III", "IV", "PhD", "MD"};
constexpr std::string_view kCities[] = {
    "Amsterdam",  "Athens",   "Auckland", "Bangkok",      "Barcelona",   "Berlin",    "Bogota",
    "Boston",     "Brussels", "Budapest", "Buenos Aires", "Cairo",       "Cape Town", "Chicago",
    "Copenhagen", "Dakar",    "Delhi",    "Dublin",       "Hamburg",     "Hanoi",     "Helsinki",
    "Istanbul",   "Jakarta",  "Karachi",  "Kyiv",         "Lagos",       "Lima",      "Lisbon",
    "London",     "Madrid",   "Manila",   "Melbourne",    "Mexico City", "Milan",     "Montreal",
    "Mumbai",     "Munich",   "Nairobi",  "New York",     "Osaka",       "Oslo",      "Paris",
    "Prague",     "Rome",     "Santiago", "Seoul",        "Singapore",   "Stockholm", "Sydney",
    "Tokyo",      "Toronto",  "Vienna",   "Warsaw",       "Zurich"};
constexpr std::string_view kCountries[] = {
    "Argentina",    "Australia",   "Austria",        "Belgium",       "Brazil",      "Canada",
    "Chile",        "China",       "Colombia",       "Czechia",       "Denmark",     "Egypt",
    "Finland",      "France",      "Germany",        "Greece",        "Hungary",     "India",
    "Indonesia",    "Ireland",     "Italy",          "Japan",         "Kenya",       "Mexico",
    "Netherlands",  "New Zealand", "Nigeria",        "Norway",        "Pakistan",    "Peru",
    "Philippines",  "Poland",      "Portugal",       "Romania",       "Senegal",     "Singapore",
    "South Africa", "South Korea", "Spain",          "Sweden",        "Switzerland", "Thailand",
    "Turkey",       "Ukraine",     "United Kingdom", "United States", "Vietnam"};
constexpr std::string_view kCountryCodes[] = {
    "AR", "AU", "AT", "BE", "BR", "CA", "CL", "CN", "CO", "CZ", "DK", "EG", "FI", "FR", "DE", "GR",
    "HU", "IN", "ID", "IE", "IT", "JP", "KE", "MX", "NL", "NZ", "NG", "NO", "PK", "PE", "PH", "PL",
    "PT", "RO", "SN", "SG", "ZA", "KR", "ES", "SE", "CH", "TH", "TR", "UA", "GB", "US", "VN"};
constexpr std::string_view kStates[] = {
    "Alabama",       "Alaska",      "Arizona",        "Arkansas",      "California",
    "Colorado",      "Connecticut", "Delaware",       "Florida",       "Georgia",
    "Hawaii",        "Idaho",       "Illinois",       "Indiana",       "Iowa",
    "Kansas",        "Kentucky",    "Louisiana",      "Maine",         "Maryland",
    "Massachusetts", "Michigan",    "Minnesota",      "Mississippi",   "Missouri",
    "Montana",       "Nebraska",    "Nevada",         "New Hampshire", "New Jersey",
    "New Mexico",    "New York",    "North Carolina", "North Dakota",  "Ohio",
    "Oklahoma",      "Oregon",      "Pennsylvania",   "Rhode Island",  "South Carolina",
    "South Dakota",  "Tennessee",   "Texas",          "Utah",          "Vermont",
    "Virginia",      "Washington",  "West Virginia",  "Wisconsin",     "Wyoming"};
constexpr std::string_view kStreets[] = {
    "Oak Street",    "Mill Lane",    "High Street",   "Station Road", "Church Road",
    "Park Avenue",   "Maple Drive",  "Harbour Way",   "King Street",  "Queen Street",
    "Bridge Street", "Garden Court", "Elm Street",    "Cedar Avenue", "River Road",
    "Hill Crescent", "School Lane",  "Market Square", "Meadow View",  "Forest Road"};
constexpr std::string_view kCompanies[] = {
    "Acorn",    "Bluebird",  "Cascade",  "Delta",    "Evergreen", "Falcon",
    "Granite",  "Horizon",   "Ironwood", "Juniper",  "Keystone",  "Lumen",
    "Meridian", "Northwind", "Orchard",  "Pinnacle", "Quartz",    "Redwood",
    "Summit",   "Tidewater", "Upland",   "Vertex",   "Willow",    "Zenith"};
constexpr std::string_view kCompanySuffixes[] = {"Inc",   "LLC",      "Ltd", "GmbH",
                                                 "Group", "and Sons", "SA",  "BV"};
constexpr std::string_view kIndustries[] = {
    "Agriculture", "Automotive", "Banking", "Biotechnology", "Chemicals",   "Construction",
    "Education",   "Energy",     "Food",    "Healthcare",    "Hospitality", "Insurance",
    "Logistics",   "Media",      "Mining",  "Retail",        "Software",    "Telecommunications",
    "Textiles",    "Tourism"};
constexpr std::string_view kAdjectives[] = {
    "Small", "Ergonomic", "Rustic",  "Intelligent", "Gorgeous", "Practical", "Sleek", "Awesome",
    "Heavy", "Light",     "Durable", "Compact",     "Portable", "Quiet",     "Smart", "Classic"};
constexpr std::string_view kMaterials[] = {
    "Steel", "Wooden", "Concrete", "Plastic", "Cotton", "Granite", "Rubber",   "Leather", "Silk",
    "Wool",  "Linen",  "Marble",   "Iron",    "Bronze", "Copper",  "Aluminum", "Paper"};
constexpr std::string_view kProducts[] = {"Chair", "Car",    "Computer", "Gloves", "Pants",
                                          "Shirt", "Table",  "Shoes",    "Hat",    "Plate",
                                          "Knife", "Bottle", "Coat",     "Lamp",   "Keyboard",
                                          "Bag",   "Bench",  "Clock",    "Watch",  "Wallet"};
constexpr std::string_view kDepartments[] = {
    "Books", "Movies",  "Music",  "Games",    "Electronics", "Computers", "Home", "Garden",
    "Tools", "Grocery", "Health", "Beauty",   "Toys",        "Kids",      "Baby", "Clothing",
    "Shoes", "Jewelry", "Sports", "Outdoors", "Automotive",  "Industrial"};
constexpr std::string_view kColors[] = {
    "amber",  "aqua",      "azure",  "beige",   "black",  "blue",   "bronze", "brown",
    "coral",  "crimson",   "cyan",   "gold",    "gray",   "green",  "indigo", "ivory",
    "khaki",  "lavender",  "lime",   "magenta", "maroon", "navy",   "olive",  "orange",
    "orchid", "pink",      "plum",   "purple",  "red",    "salmon", "silver", "tan",
    "teal",   "turquoise", "violet", "white",   "yellow"};
constexpr std::string_view kWords[] = {"lorem",      "ipsum",        "dolor",
                                       "sit",        "amet",         "consectetur",
                                       "adipiscing", "elit",         "sed",
                                       "do",         "eiusmod",      "tempor",
                                       "incididunt", "ut",           "labore",
                                       "et",         "dolore",       "magna",
                                       "aliqua",     "enim",         "ad",
                                       "minim",      "veniam",       "quis",
                                       "nostrud",    "exercitation", "ullamco",
                                       "laboris",    "nisi",         "aliquip",
                                       "ex",         "ea",           "commodo",
                                       "consequat",  "duis",         "aute",
                                       "irure",      "in",           "reprehenderit",
                                       "voluptate",  "velit",        "esse",
                                       "cillum",     "fugiat",       "nulla",
                                       "pariatur"};
constexpr std::string_view kJobs[] = {
    "Accountant",    "Architect",    "Baker",     "Biologist",   "Carpenter", "Chemist",
    "Data Engineer", "Dentist",      "Designer",  "Electrician", "Farmer",    "Firefighter",
    "Geologist",     "Journalist",   "Lawyer",    "Librarian",   "Mechanic",  "Nurse",
    "Pharmacist",    "Photographer", "Physician", "Pilot",       "Plumber",   "Teacher",
    "Translator",    "Veterinarian"};
constexpr std::string_view kDomains[] = {"example.com", "example.org", "example.net"};
constexpr std::string_view kCurrencies[] = {"EUR", "USD", "GBP", "JPY", "CHF", "SEK", "NOK",
                                            "DKK", "PLN", "CZK", "INR", "CNY", "BRL", "MXN",
                                            "CAD", "AUD", "ZAR", "TRY", "KRW", "SGD"};
constexpr std::string_view kFoods[] = {
    "apple",    "bread",     "butter",  "carrot", "cheese", "chicken", "coffee",
    "cucumber", "egg",       "garlic",  "honey",  "lemon",  "milk",    "mushroom",
    "noodles",  "olive oil", "onion",   "orange", "pasta",  "pepper",  "potato",
    "rice",     "salmon",    "spinach", "tea",    "tofu",   "tomato",  "yogurt"};
constexpr std::string_view kAnimals[] = {
    "badger",   "bear",   "beaver", "cat",   "cow",     "deer",  "dog",   "dolphin",  "eagle",
    "elephant", "falcon", "fox",    "frog",  "giraffe", "goat",  "hare",  "hedgehog", "horse",
    "kangaroo", "koala",  "lion",   "lynx",  "otter",   "owl",   "panda", "penguin",  "rabbit",
    "seal",     "sheep",  "swan",   "tiger", "turtle",  "whale", "wolf",  "zebra"};

}  // namespace

std::span<const std::string_view> FakerFirstNames() { return kFirstNames; }
std::span<const std::string_view> FakerLastNames() { return kLastNames; }
std::span<const std::string_view> FakerPrefixes() { return kPrefixes; }
std::span<const std::string_view> FakerSuffixes() { return kSuffixes; }
std::span<const std::string_view> FakerCities() { return kCities; }
std::span<const std::string_view> FakerCountries() { return kCountries; }
std::span<const std::string_view> FakerCountryCodes() { return kCountryCodes; }
std::span<const std::string_view> FakerStates() { return kStates; }
std::span<const std::string_view> FakerStreets() { return kStreets; }
std::span<const std::string_view> FakerCompanies() { return kCompanies; }
std::span<const std::string_view> FakerCompanySuffixes() { return kCompanySuffixes; }
std::span<const std::string_view> FakerIndustries() { return kIndustries; }
std::span<const std::string_view> FakerAdjectives() { return kAdjectives; }
std::span<const std::string_view> FakerMaterials() { return kMaterials; }
std::span<const std::string_view> FakerProducts() { return kProducts; }
std::span<const std::string_view> FakerDepartments() { return kDepartments; }
std::span<const std::string_view> FakerColors() { return kColors; }
std::span<const std::string_view> FakerWords() { return kWords; }
std::span<const std::string_view> FakerJobs() { return kJobs; }
std::span<const std::string_view> FakerDomains() { return kDomains; }
std::span<const std::string_view> FakerCurrencies() { return kCurrencies; }
std::span<const std::string_view> FakerFoods() { return kFoods; }
std::span<const std::string_view> FakerAnimals() { return kAnimals; }

}  // namespace forebay::compute
