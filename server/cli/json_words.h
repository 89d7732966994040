#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace shale::cli {

/// Texts of a list with `between` between them; empty for none.
std::string joined(const nlohmann::ordered_json& texts, std::string_view between);
/// The same with commas, and a dash for none.
std::string listed(const nlohmann::ordered_json& texts);

}  // namespace shale::cli
