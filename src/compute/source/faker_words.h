#pragma once

#include <span>
#include <string_view>

namespace forebay::compute {

// What made-up rows are made of (faker_expression.h). Lists of our own.
std::span<const std::string_view> FakerFirstNames();
std::span<const std::string_view> FakerLastNames();
std::span<const std::string_view> FakerPrefixes();
std::span<const std::string_view> FakerSuffixes();
std::span<const std::string_view> FakerCities();
std::span<const std::string_view> FakerCountries();
std::span<const std::string_view> FakerCountryCodes();
std::span<const std::string_view> FakerStates();
std::span<const std::string_view> FakerStreets();
std::span<const std::string_view> FakerCompanies();
std::span<const std::string_view> FakerCompanySuffixes();
std::span<const std::string_view> FakerIndustries();
std::span<const std::string_view> FakerAdjectives();
std::span<const std::string_view> FakerMaterials();
std::span<const std::string_view> FakerProducts();
std::span<const std::string_view> FakerDepartments();
std::span<const std::string_view> FakerColors();
std::span<const std::string_view> FakerWords();
std::span<const std::string_view> FakerJobs();
std::span<const std::string_view> FakerDomains();
std::span<const std::string_view> FakerCurrencies();
std::span<const std::string_view> FakerFoods();
std::span<const std::string_view> FakerAnimals();

}  // namespace forebay::compute
