#pragma once

#include <string_view>

namespace shale::auth {

/// Whether a user, group or robot may have this name: 1 to 128 bytes of UTF-8
/// without control characters, colons, commas or blanks at either end.
bool is_account_name(std::string_view name) noexcept;

/// Whether it is one that no user may have, because it stands for somebody else:
/// `anonymous` and `authenticated` in policies, `robot+NAME` where robots log in.
bool is_reserved_name(std::string_view name) noexcept;

}  // namespace shale::auth
