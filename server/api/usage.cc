#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "auth/repository_pattern.h"
#include "server/api/caller.h"
#include "server/api/errors.h"
#include "server/api/handlers.h"
#include "server/api/json_text.h"

namespace shale::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr WireError kDenied{403, "DENIED", "this is for whoever administers all that it is about"};
constexpr WireError kBadQuestion{400, "UNSUPPORTED", "the question cannot be understood"};

/// The largest that are told without being asked for by number, and the most.
constexpr std::size_t kLargest = 20;
constexpr std::size_t kMost = 1000;

http::Response answer(const Json& json) {
  return json_response(dump(json));
}

/// Whether all repositories of the namespace are the caller's to administer; the empty one
/// is all there are.
bool may_administer(const Call& call, const std::string& name_space) {
  if (call.caller == nullptr) return true;
  const auto covers = [&](const std::string& pattern) {
    const auto where = auth::RepositoryPattern::parse(pattern);
    return where && call.caller->may_administer(*where);
  };
  if (name_space.empty()) return covers("**");
  return covers(name_space + "/**") && call.caller->may(auth::Action::kAdmin, name_space);
}

/// The number that a parameter asks for, from 1 to `kMost`.
Result<std::size_t> number_of(const Call& call, const char* name) {
  const auto text = call.query.find(name);
  if (!text) return kLargest;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size() || number == 0 || number > kMost) {
    const std::string why = std::string(name) + " must be a number from 1 to " +
                            std::to_string(kMost) + ", not " + std::string(*text);
    return Error{Errc::kPageInvalid, why, {why}};
  }
  return number;
}

void add_counters(Json& json, const index::Usage& usage, std::uint64_t in_flight) {
  json["logical"] = usage.logical;
  json["unique"] = usage.unique;
  json["shared"] = usage.logical - usage.unique;
  json["pinned"] = usage.pinned;
  json["in_flight"] = in_flight;
  json["tags"] = usage.tags;
  json["manifests"] = usage.manifests;
  json["blobs"] = usage.blobs;
}

Json repository_json(const registry::RepositoryUsage& usage) {
  Json json{{"repository", usage.repository.str()}};
  add_counters(json, usage.usage, usage.in_flight);
  return json;
}

Json largest_json(const std::vector<registry::RepositoryUsage>& largest) {
  Json list = Json::array();
  for (const registry::RepositoryUsage& usage : largest)
    list.push_back(repository_json(usage));
  return list;
}

Json store_json(const registry::StoreReport& report) {
  const auto bytes = static_cast<double>(report.stored.bytes);
  const auto logical = static_cast<double>(report.sum.logical);
  return {{"stored", report.stored.bytes},
          {"logical", report.sum.logical},
          {"ratio", bytes > 0 ? logical / bytes : 1.0},
          {"pinned", report.sum.pinned},
          {"in_flight", report.in_flight},
          {"uploads", report.uploads},
          {"repositories", report.stored.repositories},
          {"tags", report.sum.tags},
          {"manifests", report.stored.manifests},
          {"blobs", report.stored.blobs},
          {"largest", largest_json(report.largest)}};
}

Json image_json(const registry::FoundImage& image) {
  Json json{{"repository", image.repository.str()},
            {"digest", image.descriptor.digest.str()},
            {"media_type", image.descriptor.media_type},
            {"tags", Json::array()},
            {"by_layers", image.by_layers},
            {"by_annotation", image.by_annotation}};
  for (const index::Tag& tag : image.tags)
    json["tags"].push_back(tag.str());
  return json;
}

http::Response images_response(const registry::FoundImages& images) {
  Json list = Json::array();
  for (const registry::FoundImage& image : images.items)
    list.push_back(image_json(image));
  return answer({{"images", std::move(list)}, {"more", images.more}});
}

/// `DIGEST`, `REPOSITORY@DIGEST` or `REPOSITORY:TAG`.
Result<registry::BaseImage> base_of(std::string_view text) {
  if (auto digest = Digest::parse(text)) return registry::BaseImage{std::nullopt, *digest};
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    SHALE_TRY_ASSIGN(auto repository, index::RepositoryName::parse(text.substr(0, at)));
    SHALE_TRY_ASSIGN(const Digest digest, Digest::parse(text.substr(at + 1)));
    return registry::BaseImage{std::move(repository), digest};
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    const std::string why =
        "base must be REPOSITORY:TAG, REPOSITORY@DIGEST or DIGEST, not " + std::string(text);
    return Error{Errc::kInvalidArgument, why, {why}};
  }
  SHALE_TRY_ASSIGN(auto repository, index::RepositoryName::parse(text.substr(0, colon)));
  SHALE_TRY_ASSIGN(auto tag, index::Tag::parse(text.substr(colon + 1)));
  return registry::BaseImage{std::move(repository), std::move(tag)};
}

}  // namespace

Result<http::Response> get_usage(const Call& call) {
  const auto name_space = call.query.find("namespace");
  const std::string where(name_space.value_or(""));
  if (name_space && !index::RepositoryName::parse(where)) {
    return error_response(kBadQuestion, {"there can be no namespace " + where});
  }
  if (!may_administer(call, where)) return error_response(kDenied);
  SHALE_TRY_ASSIGN(const std::size_t largest, number_of(call, "top"));
  const auto report = call.registry.usage_report();
  if (!name_space) {
    SHALE_TRY_ASSIGN(const auto usage, report.of_store(largest));
    return answer(store_json(usage));
  }
  SHALE_TRY_ASSIGN(const auto usage, report.of_namespace(where, largest));
  Json json{{"namespace", where}};
  add_counters(json, usage.usage, usage.in_flight);
  json["largest"] = largest_json(usage.largest);
  return answer(json);
}

Result<http::Response> get_repository_usage(const Call& call) {
  SHALE_TRY_ASSIGN(const auto repository, call.repository());
  SHALE_TRY_ASSIGN(const auto usage, call.registry.usage_report().of_repository(repository));
  return answer(repository_json(usage));
}

Result<http::Response> get_layers(const Call& call) {
  if (!may_administer(call, "")) return error_response(kDenied);
  SHALE_TRY_ASSIGN(const std::size_t top, number_of(call, "top"));
  SHALE_TRY_ASSIGN(const auto layers, call.registry.usage_report().most_shared_layers(top));
  Json list = Json::array();
  for (const registry::SharedLayer& layer : layers) {
    list.push_back({{"digest", layer.digest.str()},
                    {"size", layer.size},
                    {"images", layer.images},
                    {"repositories", layer.repositories}});
  }
  return answer({{"layers", std::move(list)}});
}

Result<http::Response> get_images(const Call& call) {
  const auto layer = call.query.find("layer");
  const auto base = call.query.find("base");
  if (layer.has_value() == base.has_value()) {
    return error_response(kBadQuestion, {"ask with either layer= or base="});
  }
  const auto visible = [&](const index::RepositoryName& repository) {
    return call.may_see(repository);
  };
  if (layer) {
    SHALE_TRY_ASSIGN(const Digest digest, Digest::parse(*layer));
    SHALE_TRY_ASSIGN(const auto images, call.registry.usage_report().images_with(digest, visible));
    return images_response(images);
  }
  SHALE_TRY_ASSIGN(const auto asked, base_of(*base));
  if (asked.repository && !call.may_see(*asked.repository)) {
    // As if it were not there: that, too, is nothing to tell.
    return Error{Errc::kManifestUnknown, "no such base that the caller may pull"};
  }
  SHALE_TRY_ASSIGN(const auto images, call.registry.usage_report().images_on(asked, visible));
  return images_response(images);
}

Result<http::Response> get_quotas(const Call& call) {
  SHALE_TRY_ASSIGN(const auto quotas, call.registry.usage_report().quotas());
  Json list = Json::array();
  for (const registry::QuotaUse& use : quotas) {
    if (!may_administer(call, use.quota.name_space)) continue;
    Json json{{"namespace", use.quota.name_space}};
    const auto add = [&](const char* name, std::optional<std::uint64_t> limit, std::int64_t used) {
      if (limit) json[name] = {{"limit", *limit}, {"used", used}};
    };
    add("bytes", use.quota.bytes, use.used.logical);
    add("tags", use.quota.tags, use.used.tags);
    list.push_back(std::move(json));
  }
  return answer({{"quotas", std::move(list)}});
}

}  // namespace shale::api
