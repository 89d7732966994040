#pragma once

namespace shale::auth {

// Hashes of "secret", at the lowest cost that each form has.
inline constexpr const char* kBcryptA =
    "$2a$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
inline constexpr const char* kBcryptB =
    "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
inline constexpr const char* kBcryptY =
    "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
inline constexpr const char* kSha512 =
    "$6$rounds=1000$saltsalt$LAV5VE5Y7w1d73x1mFNspYWUpazfmwv2SoepNXNKJ/otop/Zok96Hr8Q13LEv0DRY/"
    "x8v0/crpIjl8NJSAqXV/";
inline constexpr const char* kYescrypt =
    "$y$j75$abcdefghijklmnop$vZlXu1XtxOBWRxjOpQqONp1WYfMO0dN.H4xeSMU2ZvC";

}  // namespace shale::auth
