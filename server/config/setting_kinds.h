#pragma once

// How each kind of setting is read, bounded and written: the words of which the
// table in settings.cc is made. Private to it.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "server/config/parsed.h"
#include "server/config/settings.h"
#include "server/config/text.h"
#include "server/config/units.h"

namespace shale::config {

/// A field of a section of the struct.
template <class Section, class Value>
struct Field {
  Section Config::* section;
  Value Section::* member;

  Value& of(Config& config) const { return config.*section.*member; }
  const Value& of(const Config& config) const { return config.*section.*member; }
};
template <class Section, class Value>
Field(Section Config::*, Value Section::*) -> Field<Section, Value>;

/// A field of a group within a section.
template <class Section, class Group, class Value>
struct GroupField {
  Section Config::* section;
  Group Section::* group;
  Value Group::* member;

  Value& of(Config& config) const { return config.*section.*group.*member; }
  const Value& of(const Config& config) const { return config.*section.*group.*member; }
};
template <class Section, class Group, class Value>
GroupField(Section Config::*, Group Section::*, Value Group::*)
    -> GroupField<Section, Group, Value>;

template <class Value>
struct Bounds {
  Value low;
  Value high;
};

/// Fills in the reading and writing of a setting that is no list.
template <class Place, class Parse, class Format>
Setting scalar(Setting setting, Place field, const Parse& parse, const Format& format) {
  using Value = std::remove_reference_t<decltype(field.of(std::declval<Config&>()))>;
  setting.assign = [field, parse](Config& config,
                                  std::span<const std::string> texts) -> std::vector<Complaint> {
    auto parsed = parse(texts.front());
    if (auto* wrong = std::get_if<Wrong>(&parsed)) return {{.item = 0, .why = wrong->why}};
    field.of(config) = static_cast<Value>(*std::get_if<0>(&parsed));
    return {};
  };
  setting.texts = [field, format](const Config& config) -> std::vector<std::string> {
    return {format(field.of(config))};
  };
  return setting;
}

inline std::string text_of(const std::string& item) {
  return item;
}
template <class Item>
std::string text_of(const Item& item) {
  return item.str();
}

template <class Section, class Item, class Parse>
Setting list(Setting setting, Field<Section, std::vector<Item>> field, const Parse& parse) {
  setting.list = true;
  setting.assign = [field, parse](Config& config, std::span<const std::string> texts) {
    std::vector<Item> items;
    std::vector<Complaint> complaints;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      auto parsed = parse(texts[i]);
      if (auto* wrong = std::get_if<Wrong>(&parsed)) {
        complaints.push_back({.item = i, .why = std::move(wrong->why)});
      } else {
        items.push_back(std::get<0>(std::move(parsed)));
      }
    }
    if (complaints.empty()) field.of(config) = std::move(items);
    return complaints;
  };
  setting.texts = [field](const Config& config) {
    std::vector<std::string> texts;
    for (const Item& item : field.of(config))
      texts.push_back(text_of(item));
    return texts;
  };
  return setting;
}

/// Refuses what `parse` takes and the bounds do not.
template <class Value, class Parse, class Format>
auto bounded(Bounds<Value> bounds, Parse parse, Format format) {
  return [bounds, parse, format](std::string_view text) {
    auto parsed = parse(text);
    if (const auto* value = std::get_if<Value>(&parsed)) {
      if (*value < bounds.low) {
        parsed = Wrong{std::string(text) + " is too small: write at least " + format(bounds.low)};
      } else if (*value > bounds.high) {
        parsed = Wrong{std::string(text) + " is too large: write at most " + format(bounds.high)};
      }
    }
    return parsed;
  };
}

template <class Value, class Format>
std::string form_of(std::string_view noun, Bounds<Value> bounds, Format format) {
  return std::string(noun) + ", " + format(bounds.low) + " to " + format(bounds.high);
}

inline Parsed<std::uint64_t> parse_count(std::string_view text) {
  const auto count = parse_number<std::uint64_t>(text);
  if (!count) return Wrong{quoted(text) + " is not a number: write digits only, such as 100"};
  return *count;
}

inline std::string format_count(std::uint64_t count) {
  return std::to_string(count);
}

template <class Section, class Value>
Setting number(std::string_view key, Field<Section, Value> field, Bounds<std::uint64_t> bounds,
               std::string_view doc) {
  return scalar({.key = key,
                 .kind = Kind::kNumber,
                 .form = form_of("number", bounds, format_count),
                 .doc = doc},
                field, bounded(bounds, parse_count, format_count), format_count);
}

template <class Section, class Value>
Setting size(std::string_view key, Field<Section, Value> field, Bounds<std::uint64_t> bounds,
             std::string_view doc) {
  return scalar(
      {.key = key, .kind = Kind::kSize, .form = form_of("size", bounds, format_size), .doc = doc},
      field, bounded(bounds, parse_size, format_size), format_size);
}

template <class Section>
Setting duration(std::string_view key, Field<Section, std::chrono::milliseconds> field,
                 Bounds<std::chrono::milliseconds> bounds, std::string_view doc) {
  return scalar({.key = key,
                 .kind = Kind::kDuration,
                 .form = form_of("duration", bounds, format_duration),
                 .doc = doc},
                field, bounded(bounds, parse_duration, format_duration), format_duration);
}

inline Parsed<bool> parse_bool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return Wrong{quoted(text) + " is neither true nor false: write one of these two words"};
}

template <class Section>
Setting truth(std::string_view key, Field<Section, bool> field, std::string_view doc) {
  return scalar({.key = key, .kind = Kind::kBool, .form = "true or false", .doc = doc}, field,
                parse_bool, [](bool value) { return value ? "true" : "false"; });
}

template <class Value>
using Choice = std::pair<std::string_view, Value>;

template <class Value>
std::string either_of(const std::vector<Choice<Value>>& choices) {
  std::string words;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i != 0) words += i + 1 == choices.size() ? " or " : ", ";
    words += choices[i].first;
  }
  return words;
}

template <class Section, class Value>
Setting choice(std::string_view key, Field<Section, Value> field,
               const std::vector<Choice<std::type_identity_t<Value>>>& choices,
               std::string_view doc) {
  const std::string words = either_of(choices);
  const auto parse = [choices, words](std::string_view text) -> Parsed<Value> {
    for (const auto& [word, value] : choices) {
      if (word == text) return value;
    }
    return Wrong{quoted(text) + " is not known here: write " + words};
  };
  const auto format = [choices](Value value) {
    const auto found = std::ranges::find(choices, value, &Choice<Value>::second);
    return std::string(found->first);
  };
  return scalar({.key = key, .kind = Kind::kWord, .form = words, .doc = doc}, field, parse, format);
}

/// A change of it counts without a restart.
inline Setting live(Setting setting) {
  setting.live = true;
  return setting;
}

inline Setting with_flag(std::string_view flag, Setting setting) {
  setting.flag = flag;
  return setting;
}

}  // namespace shale::config
