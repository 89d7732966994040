#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "blobstore/result.h"

namespace shale::api {

// Bodies of requests. What is wrong is `kInvalidArgument`, in words for the client.

/// A JSON object with no other members than these; empty for no body.
Result<nlohmann::ordered_json> read_object(std::string_view text,
                                           std::initializer_list<std::string_view> members);
/// A member that is true or false; false when it is not there.
Result<bool> read_flag(const nlohmann::ordered_json& json, const char* name);
/// A member that is a string; none when it is not there.
Result<std::optional<std::string>> read_text(const nlohmann::ordered_json& json, const char* name);

}  // namespace shale::api
