#include "server/cli/doctor/trial.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <nlohmann/json.hpp>

#include "auth/secrets.h"
#include "blobstore/digest.h"

namespace shale::cli::doctor {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kLarge = std::size_t{4} << 20;
constexpr std::size_t kStreamed = std::size_t{1536} << 10;  // over the usual limit of 1 MiB
constexpr std::string_view kManifestType = "application/vnd.oci.image.manifest.v1+json";
constexpr std::array<std::string_view, 2> kTags{"trial-1", "trial-2"};
constexpr std::string_view kForwarded =
    "set server.external_url to how clients come, or have the proxy send X-Forwarded-Proto and "
    "X-Forwarded-Host and name it in server.trusted_proxies";

std::chrono::microseconds since(Clock::time_point begun) {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun);
}

std::string digest_of(std::string_view bytes) {
  return Digest::of(Algorithm::kSha256, std::as_bytes(std::span(bytes))).str();
}

const HttpAnswer* good(const Visitor::Answer& answer, int status) {
  const auto* answered = std::get_if<HttpAnswer>(&answer);
  return answered != nullptr && answered->status == status ? answered : nullptr;
}

/// Its path and query, whoever's server it names: what is wrong with that is told elsewhere.
std::string target_of(const std::string& location) {
  const auto url = Url::parse(location);
  return url ? url->target : location;
}

std::string with_digest(const std::string& target, const std::string& digest) {
  return target + (target.find('?') == std::string::npos ? '?' : '&') + "digest=" + digest;
}

Json descriptor(const std::string& type, const std::string& digest, std::size_t size) {
  return {{"mediaType", type}, {"digest", digest}, {"size", size}};
}

}  // namespace

std::string fault_of_location(std::string_view location, const Origin& ours) {
  if (location.starts_with("/") && !location.starts_with("//")) return {};
  const auto url = Url::parse(location);
  if (!url) return "no URL that clients can follow";
  return url->origin == ours ? std::string() : "leads to " + url->origin.str();
}

std::string advice_on(int status, bool registry_words) {
  switch (status) {
    case 401:
    case 403:
      if (registry_words) {
        return "give --user NAME of somebody who may push there, or another --repository";
      }
      return "what is in front refuses this: let every method under /v2/ through";
    case 405:
    case 501:
      return registry_words ? "it is switched off in the configuration"
                            : "let every method under /v2/ through what is in front";
    case 411:
      return "what is in front wants a Content-Length: let chunked bodies through";
    case 413:
      return registry_words ? "see quotas of the configuration"
                            : "what is in front limits bodies: switch that off under /v2/ (nginx: "
                              "client_max_body_size 0)";
    case 502:
    case 504:
      return "what is in front gives up: is the server well, and is its time for an answer long "
             "enough for large layers?";
    case 507:
      return "free disk space; storage.reserve is kept free";
    default:
      return "see the server's log for this request";
  }
}

Trial::Trial(const Visitor& visitor, Standing standing, std::string repository, Report& report)
    : visitor_(visitor),
      standing_(standing),
      repository_(std::move(repository)),
      report_(report),
      large_(make_blob(auth::random_bytes(kLarge), "application/octet-stream")),
      streamed_(make_blob(auth::random_bytes(kStreamed), "application/octet-stream")),
      config_(make_blob("{}", "application/vnd.oci.empty.v1+json")) {
  Json manifest{{"schemaVersion", 2},
                {"mediaType", kManifestType},
                {"artifactType", "application/vnd.shale.doctor"},
                {"config", descriptor(config_.media_type, config_.digest, config_.bytes.size())},
                {"layers", Json::array()}};
  for (const Blob* layer : {&large_, &streamed_})
    manifest["layers"].push_back(descriptor(layer->media_type, layer->digest, layer->bytes.size()));
  manifest_ = manifest.dump();
  manifest_digest_ = digest_of(manifest_);
}

Trial::Blob Trial::make_blob(std::string bytes, std::string media_type) {
  std::string digest = digest_of(bytes);
  return {
      .bytes = std::move(bytes), .digest = std::move(digest), .media_type = std::move(media_type)};
}

void Trial::fail(const std::string& check, const std::string& what, const Visitor::Answer& answer) {
  const auto* answered = std::get_if<HttpAnswer>(&answer);
  const std::string advice =
      answered != nullptr ? advice_on(answered->status, !answered->words().empty())
                          : "does what is in front, or a firewall, end long or large requests?";
  // Without a login nothing was promised.
  const bool refused = answered != nullptr && (answered->status == 401 || answered->status == 403);
  if (refused && standing_ != Standing::kLoggedIn) {
    report_.warn(check, what + ": " + told(answer), advice);
  } else {
    report_.fail(check, what + ": " + told(answer), advice);
  }
}

std::string Trial::begin_upload(const std::string& check) {
  const auto answer = visitor_.ask({.method = "POST", .target = path("/blobs/uploads/")});
  const auto* answered = good(answer, 202);
  if (answered == nullptr) {
    fail(check, "no upload to " + repository_, answer);
    return {};
  }
  return answered->field("Location");
}

bool Trial::check_locations() {
  const std::string location = begin_upload("upload");
  if (location.empty()) return false;
  const Origin& ours = visitor_.origin();
  const std::string fault = fault_of_location(location, ours);
  if (!fault.empty()) {
    report_.fail("locations",
                 "we came by " + ours.str() + ", and the Location of an upload " + fault,
                 std::string(kForwarded));
  } else {
    report_.ok("locations", location.starts_with('/') ? "relative" : ours.str());
  }
  const auto cancelled = visitor_.ask({.method = "DELETE", .target = target_of(location)});
  if (good(cancelled, 405) != nullptr) {
    report_.ok("cancel", "switched off (registry.delete_uploads): uploads that are left expire");
  } else if (good(cancelled, 204) == nullptr) {
    fail("cancel", "the upload stays", cancelled);
  }
  return true;
}

/// The closing request of an upload, with the bytes or without.
bool Trial::finish_upload(const std::string& check, const std::string& target, const Blob& blob,
                          bool sent) {
  const auto answer = visitor_.ask({.method = "PUT",
                                    .target = with_digest(target, blob.digest),
                                    .fields = {{"Content-Type", "application/octet-stream"}},
                                    .body = sent ? std::string() : blob.bytes});
  if (good(answer, 201) == nullptr) {
    fail(check, bytes_text(blob.bytes.size()) + " not taken", answer);
    cancel(target);
    return false;
  }
  pushed_.push_back(blob.digest);
  return true;
}

void Trial::cancel(const std::string& target) {
  static_cast<void>(visitor_.ask({.method = "DELETE", .target = target}));
}

bool Trial::push() {
  // Each is tried, whatever has come of the other: a proxy may refuse one alone.
  const bool whole = push_whole();
  const bool chunked = push_chunked();
  return whole && chunked && push_manifest();
}

bool Trial::push_whole() {
  const std::string location = begin_upload("push");
  if (location.empty()) return false;
  const auto begun = Clock::now();
  if (!finish_upload("push", target_of(location), large_, /*sent=*/false)) return false;
  const auto taken = since(begun);
  report_.ok("push", bytes_text(kLarge) + " in one request, " + rate_text(kLarge, taken));
  return true;
}

bool Trial::push_chunked() {
  const std::string location = begin_upload("stream");
  if (location.empty()) return false;
  const auto begun = Clock::now();
  const auto answer = visitor_.ask({.method = "PATCH",
                                    .target = target_of(location),
                                    .fields = {{"Content-Type", "application/octet-stream"}},
                                    .body = streamed_.bytes,
                                    .sending = HttpRequest::Sending::kChunked});
  const auto* answered = good(answer, 202);
  if (answered == nullptr) {
    fail("stream", bytes_text(kStreamed) + " in a chunked PATCH not taken", answer);
    cancel(target_of(location));
    return false;
  }
  const auto taken = since(begun);
  const std::string next = target_of(answered->field("Location"));
  if (!finish_upload("stream", next, streamed_, /*sent=*/true)) return false;
  report_.ok("stream",
             bytes_text(kStreamed) + " in a chunked PATCH, " + rate_text(kStreamed, taken));
  return true;
}

bool Trial::push_manifest() {
  const std::string location = begin_upload("manifest");
  if (location.empty() ||
      !finish_upload("manifest", target_of(location), config_, /*sent=*/false)) {
    return false;
  }
  for (const std::string_view tag : kTags) {
    const auto answer = visitor_.ask({.method = "PUT",
                                      .target = path("/manifests/" + std::string(tag)),
                                      .fields = {{"Content-Type", std::string(kManifestType)}},
                                      .body = manifest_});
    if (good(answer, 201) == nullptr) {
      fail("manifest", "not taken", answer);
      return false;
    }
    tagged_ = true;
  }
  report_.ok("manifest", "an image with two tags in " + repository_);
  return true;
}

void Trial::pull() {
  const auto manifest = visitor_.ask({.target = path("/manifests/" + std::string(kTags.front())),
                                      .fields = {{"Accept", std::string(kManifestType)}}});
  const auto* answered = good(manifest, 200);
  if (answered == nullptr) return fail("pull", "no manifest", manifest);
  if (answered->body != manifest_ || answered->field("Content-Type") != kManifestType) {
    return report_.fail("pull", "the manifest comes back changed",
                        "let what is in front leave bodies and Content-Type as they are");
  }
  const std::string at = path("/blobs/" + large_.digest);
  const auto begun = Clock::now();
  const auto blob = visitor_.ask({.target = at});
  const auto taken = since(begun);
  answered = good(blob, 200);
  if (answered == nullptr) return fail("pull", "no blob", blob);
  if (answered->body != large_.bytes) {
    return report_.fail("pull", "the blob comes back changed",
                        "let what is in front leave bodies as they are, then `shale scrub run`");
  }
  report_.ok("pull", "the same bytes, " + rate_text(kLarge, taken));

  constexpr std::size_t kFrom = 1000;
  constexpr std::size_t kMany = 100;
  const auto part = visitor_.ask({.target = at, .fields = {{"Range", "bytes=1000-1099"}}});
  if (const auto* some = good(part, 206); some != nullptr) {
    if (some->body == large_.bytes.substr(kFrom, kMany)) {
      report_.ok("range", "part of a blob");
    } else {
      report_.fail("range", "the bytes are others", "let what is in front leave Range alone");
    }
  } else if (good(part, 200) != nullptr) {
    report_.warn("range", "all of the blob came",
                 "let what is in front pass Range on: broken pulls begin anew otherwise");
  } else {
    fail("range", "no part of a blob", part);
  }
}

void Trial::check_paging() {
  const auto answer = visitor_.ask({.target = path("/tags/list?n=1")});
  const auto* answered = good(answer, 200);
  if (answered == nullptr) return fail("paging", "no list of tags", answer);
  const std::string link = answered->field("Link");
  const auto begin = link.find('<');
  const auto end = link.find('>');
  if (begin == std::string::npos || end == std::string::npos || end < begin) {
    return report_.fail("paging", "a first page without a Link to the second",
                        "let what is in front pass Link on");
  }
  const std::string next = link.substr(begin + 1, end - begin - 1);
  const std::string fault = fault_of_location(next, visitor_.origin());
  if (!fault.empty()) {
    return report_.fail("paging", "the Link to the next page " + fault, std::string(kForwarded));
  }
  const auto second = visitor_.ask({.target = target_of(next)});
  if (good(second, 200) == nullptr) return fail("paging", "no second page", second);
  report_.ok("paging", next.starts_with('/') ? "relative" : visitor_.origin().str());
}

void Trial::check_buffering() {
  const std::string location = begin_upload("buffering");
  if (location.empty()) return;
  // A part that does not fit is refused before its bytes are there; by who waits for them
  // in order to hand them on, it is not.
  constexpr std::chrono::seconds kPatience{1};
  const std::string target = target_of(location);
  const auto answer = visitor_.ask_within(
      {.method = "PATCH",
       .target = target,
       .fields = {{"Content-Type", "application/octet-stream"},
                  {"Content-Range", "1000000-" + std::to_string(1000000 + kStreamed - 1)}},
       .body = streamed_.bytes,
       .sending = HttpRequest::Sending::kWithheld},
      kPatience);
  if (good(answer, 416) != nullptr) {
    report_.ok("buffering", "none: bodies are handed on as they come");
  } else if (std::holds_alternative<std::string>(answer)) {
    report_.warn("buffering", "what is in front waits for whole bodies",
                 "have it hand them on as they come (nginx: proxy_request_buffering off): each "
                 "layer is written to its disk first otherwise");
  }  // Whoever refuses them altogether has been told of.
  cancel(target);
}

/// As an administrator can, with all in one request.
bool Trial::remove_for_good() {
  const auto answer = visitor_.ask({.method = "POST",
                                    .target = "/api/v1/repositories/" + repository_ + "/remove",
                                    .fields = {{"Content-Type", "application/json"}},
                                    .body = R"({"for_good":true})"});
  return good(answer, 200) != nullptr;
}

void Trial::remove_one_by_one() {
  std::vector<std::string> targets;
  if (tagged_) targets.push_back(path("/manifests/" + manifest_digest_));
  for (const std::string& digest : pushed_)
    targets.push_back(path("/blobs/" + digest));
  for (const std::string& target : targets) {
    const auto answer = visitor_.ask({.method = "DELETE", .target = target});
    if (good(answer, 202) != nullptr) continue;
    const bool off = good(answer, 405) != nullptr;
    return report_.warn(
        "clean up", off ? "deletes are switched off" : "not all of it: " + told(answer),
        "remove the rest with `shale rm --all --for-good " + repository_ + "` on the server");
  }
  report_.ok("clean up",
             tagged_ ? "deleted; storage.history keeps it for restores until it ends" : "deleted");
}

void Trial::clean_up() {
  if (pushed_.empty()) return;
  if (tagged_) {
    const auto answer = visitor_.ask(
        {.method = "DELETE", .target = path("/manifests/" + std::string(kTags.back()))});
    if (good(answer, 405) != nullptr) {
      report_.ok("delete", "tags: switched off (registry.delete_tags)");
    } else if (good(answer, 202) == nullptr) {
      fail("delete", "the tag stays", answer);
    } else {
      report_.ok("delete", "a tag");
    }
  }
  if (tagged_ && remove_for_good()) {
    report_.ok("clean up", "removed for good");
  } else {
    remove_one_by_one();
  }
}

}  // namespace shale::cli::doctor
