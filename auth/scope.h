#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shale::auth {

/// What a token lets its bearer do with one thing, as docker's `access` claims say it:
/// `{"type":"repository","name":"team/app","actions":["pull","push"]}`.
struct Grant {
  std::string type;
  std::string name;
  std::vector<std::string> actions;  ///< `*` is all

  bool operator==(const Grant&) const = default;
};

/// Reads `type:name:action,action` words with blanks (or `+`, a blank in a query)
/// between them. The name may have colons in it. `repository(plugin)` is
/// `repository`. Words of another form, and all beyond the 32nd, are left out.
std::vector<Grant> parse_scopes(std::string_view text);

std::string format_scope(const Grant& grant);
/// Several, with blanks between them.
std::string format_scopes(const std::vector<Grant>& access);

bool grants(const std::vector<Grant>& access, std::string_view type, std::string_view name,
            std::string_view action);

}  // namespace shale::auth
