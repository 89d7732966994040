#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shale::http {

/// A `Link` field to the next page: `</v2/app/tags/list?last=v1&n=10>; rel="next"`.
/// `path` and the parameters are plain text and are encoded here, so nothing in
/// them can end the URI early. Relative, because clients refuse another origin.
std::string next_page_link(
    std::string_view path,
    const std::vector<std::pair<std::string_view, std::string_view>>& parameters);

}  // namespace shale::http
