#pragma once

#include <string>
#include <string_view>

namespace shale::auth {

/// A fresh secret: `shale_`, 40 letters and digits (238 bits), and 6 that check them, so
/// that scanners for leaked secrets can tell one without asking anybody.
std::string make_robot_secret();

/// Whether a text has that form, and its end fits.
bool is_robot_secret(std::string_view text);

/// What is kept of it. Quick: nobody can guess so many bits, however fast.
std::string hash_robot_secret(std::string_view secret);

}  // namespace shale::auth
