#include <string>
#include <utility>

#include "server/api/handlers.h"
#include "server/api/paging.h"
#include "server/http/link.h"

namespace shale::api {
namespace {

http::Response json_response(std::string json) {
  http::Response response;
  response.headers.add("Content-Type", "application/json");
  response.body.emplace_back(std::move(json));
  return response;
}

/// A list in JSON. No character of a name or tag needs escaping there, and pages
/// are long, so they are written as they are.
template <class T>
std::string names(const index::Page<T>& page) {
  std::string list = "[";
  for (const T& item : page.items) {
    if (list.size() > 1) list += ',';
    ((list += '"') += item.str()) += '"';
  }
  return list += ']';
}

/// `n=0` asks for nothing, so nothing is said to follow (spec, "Listing Tags").
template <class T>
void add_link(http::Response& response, const index::Page<T>& page, std::string_view path,
              std::size_t limit) {
  if (!page.more || page.items.empty()) return;
  response.headers.add("Link", http::next_page_link(path, {{"last", page.items.back().str()},
                                                           {"n", std::to_string(limit)}}));
}

/// The page that a caller sees who may not pull everything. Reads on over what is
/// hidden until the page is full, so that no name of that shows, not even in a link.
Result<index::Page<index::RepositoryName>> visible_repositories(const Call& call,
                                                                const PageRequest& asked) {
  constexpr std::size_t kAtOnce = 1000;
  index::Page<index::RepositoryName> visible;
  std::string after(asked.after);
  while (asked.limit > 0) {
    SHALE_TRY_ASSIGN(auto page, call.registry.list_repositories(after, kAtOnce));
    for (index::RepositoryName& name : page.items) {
      after = name.str();
      if (!call.may_see(name)) continue;
      visible.more = visible.items.size() == asked.limit;
      if (visible.more) return visible;
      visible.items.push_back(std::move(name));
    }
    if (!page.more || page.items.empty()) break;
  }
  return visible;
}

}  // namespace

Result<http::Response> get_tags(const Call& call) {
  SHALE_TRY_ASSIGN(const auto repository, call.repository());
  SHALE_TRY_ASSIGN(const auto asked, page_request(call, call.settings.page_size));
  SHALE_TRY_ASSIGN(const auto page, call.registry.list_tags(repository, asked.after, asked.limit));

  auto response =
      json_response(R"({"name":")" + repository.str() + R"(","tags":)" + names(page) + "}");
  add_link(response, page, "/v2/" + repository.str() + "/tags/list", asked.limit);
  return response;
}

Result<http::Response> get_catalog(const Call& call) {
  SHALE_TRY_ASSIGN(const auto asked, page_request(call, call.settings.catalog_default));
  SHALE_TRY_ASSIGN(const auto page, call.caller == nullptr
                                        ? call.registry.list_repositories(asked.after, asked.limit)
                                        : visible_repositories(call, asked));

  auto response = json_response(R"({"repositories":)" + names(page) + "}");
  add_link(response, page, "/v2/_catalog", asked.limit);
  return response;
}

}  // namespace shale::api
