#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace shale::registry {

/// How the body of a manifest is read.
enum class Shape : std::uint8_t {
  kImage,    ///< OCI image manifest, Docker schema 2: a config and layers
  kIndex,    ///< OCI index, Docker manifest list: further manifests
  kSchema1,  ///< Docker schema 1, which is not taken
  kOther,    ///< another `+json` type: kept, and read as far as it looks like one of ours
  kNone,     ///< no manifest type at all
};

/// Like the functions below, of a type in lower case and without parameters.
Shape shape_of(std::string_view media_type);

/// Whether the type's specification demands `mediaType` in the body too.
bool names_itself(std::string_view media_type);

/// Whether an index entry of this type is a manifest rather than a blob.
bool is_manifest_type(std::string_view media_type);

/// Whether blobs of this type are usually never pushed, because their licence
/// forbids it (image-spec, layer.md, "Non-Distributable Layers").
bool is_non_distributable(std::string_view media_type);

/// The media type of a Content-Type header: a view of it without parameters and
/// blanks.
std::string_view essence(std::string_view content_type);

/// `text` with its ASCII letters in lower case: so media types are compared, which
/// have no case (RFC 9110, section 8.3.1).
std::string lower_case(std::string_view text);

}  // namespace shale::registry
