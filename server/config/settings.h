#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/config.h"

namespace shale::config {

/// How a value looks in YAML and JSON.
enum class Kind : std::uint8_t {
  kText,      ///< quoted
  kWord,      ///< one of a few, needs no quotes
  kBool,      ///< true or false
  kNumber,    ///< a plain number
  kSize,      ///< 64KiB; in JSON a number of bytes
  kDuration,  ///< 30s
};

/// What is wrong with one of the texts given for a setting.
struct Complaint {
  std::size_t item = 0;  ///< which of the texts
  std::string why;
};

/// One thing that can be set, whatever the source. The file, the environment,
/// the flags, the help text, the reference and the printed configuration all
/// come from this.
struct Setting {
  // NOLINTBEGIN(readability-redundant-member-init): else g++ wants them named everywhere.
  std::string_view key = {};  ///< `section.name`, or `section.group.name`
  std::string_view flag =
      {};  ///< a short flag without the dashes, beside `--section.name`; may be empty
  Kind kind = Kind::kText;
  bool list = false;
  bool live = false;          ///< a change counts without a restart
  std::string form = {};      ///< what a value looks like, as a noun: "size, 1KiB to 1MiB"
  std::string_view doc = {};  ///< sentences

  /// Reads the texts into its field; on any complaint the field is as before.
  /// What is no list is given exactly one text.
  std::function<std::vector<Complaint>(Config&, std::span<const std::string>)> assign = {};
  /// The value as texts that `assign` reads back.
  std::function<std::vector<std::string>(const Config&)> texts = {};
  // NOLINTEND(readability-redundant-member-init)

  std::string_view section() const { return key.substr(0, key.find('.')); }
  /// Within the section; empty for most.
  std::string_view group() const {
    const std::size_t first = key.find('.') + 1;
    const std::size_t last = key.rfind('.') + 1;
    return first == last ? std::string_view() : key.substr(first, last - first - 1);
  }
  std::string_view name() const { return key.substr(key.rfind('.') + 1); }
  /// `SHALE_SECTION__NAME`
  std::string variable() const;
};

/// All of them, section by section, in the order in which they are shown.
std::span<const Setting> settings();

/// Null when there is none.
const Setting* find_setting(std::string_view key);

/// What the environment variables of settings begin with.
inline constexpr std::string_view kVariablePrefix = "SHALE_";

}  // namespace shale::config
