#include "tests/model/universe.h"

#include <nlohmann/json.hpp>

#include "tests/model/exchange.h"

namespace shale::testing::model {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kManifests = 26;
/// A blob that only things name.
constexpr const char* kOfThingsAlone = "of things alone";

Json descriptor(const std::string& type, const std::string& content,
                const char* algorithm = "sha256") {
  return {{"mediaType", type},
          {"digest", digest_of_bytes(content, algorithm)},
          {"size", content.size()}};
}

/// Writes manifests that name contents, and each other backwards.
class Author {
 public:
  Author(Universe& universe, const Profile& profile, std::uint64_t seed)
      : universe_(universe), profile_(profile), dice_(seed) {}

  PushableManifest write() {
    const unsigned kind = static_cast<unsigned>(dice_.below(100));
    Json root{{"schemaVersion", 2}};
    std::string type = kOciImage;
    if (kind < 35 || universe_.manifests.size() < 3) {
      image(root, kOciImage, kOciConfig, kOciLayer);
    } else if (kind < 50) {
      type = kDockerImage;
      image(root, type, "application/vnd.docker.container.image.v1+json",
            "application/vnd.docker.image.rootfs.diff.tar.gzip");
    } else if (kind < 70) {
      type = dice_.chance(75) ? kOciIndex : kDockerList;
      index(root, type);
    } else if (kind < 88 || !profile_.any_manifest_type) {
      image(root, kOciImage, "application/vnd.oci.empty.v1+json", "text/plain");
      root["artifactType"] = kThing;
    } else {
      type = kThing;
      root["mediaType"] = type;
      root["blobs"] = Json::array({descriptor("text/plain", blob(), algorithm())});
    }
    const bool oci = type == kOciImage || type == kOciIndex;
    const bool untyped = oci && dice_.chance(25);
    if (untyped) root.erase("mediaType");
    if (oci && !universe_.manifests.empty() && dice_.chance(45)) refer(root);
    if (dice_.chance(40)) root["annotations"] = {{"title", dice_.chance(50) ? "x" : "y \"z\""}};
    // A layer of things only; to an image it says nothing.
    if (untyped && profile_.any_manifest_type && dice_.chance(70)) {
      root["blobs"] = Json::array({descriptor("text/plain", kOfThingsAlone)});
    }
    return finished(root, type);
  }

  static PushableManifest finished(const Json& root, const std::string& type, int indent = -1) {
    const std::string body = root.dump(indent);
    return {body, type, read_manifest(type, body).value_or(ManifestFacts())};
  }

 private:
  const std::string& blob() { return dice_.one_of(universe_.contents); }
  const char* algorithm() { return profile_.sha512 && dice_.chance(10) ? "sha512" : "sha256"; }
  const PushableManifest& other() { return dice_.one_of(universe_.manifests); }

  void image(Json& root, const std::string& type, const char* config, const char* layer) {
    root["mediaType"] = type;
    root["config"] = descriptor(config, blob(), algorithm());
    root["layers"] = Json::array();
    for (std::size_t count = dice_.below(4); count > 0; --count) {
      const bool lone = profile_.lone_layers && type == kOciImage && dice_.chance(10);
      root["layers"].push_back(
          lone ? descriptor(kLoneLayer, "kept elsewhere " + std::to_string(count))
               : descriptor(layer, blob(), algorithm()));
    }
  }

  void index(Json& root, const std::string& type) {
    root["mediaType"] = type;
    root["manifests"] = Json::array();
    for (std::size_t count = dice_.below(4); count > 0; --count) {
      const PushableManifest& child = other();
      // An index of Docker's lists images alone; docker-registry does not look.
      if (child.type == kThing && !profile_.any_manifest_type) continue;
      root["manifests"].push_back(descriptor(child.type, child.body, algorithm()));
    }
    if (profile_.blobs_in_indexes && dice_.chance(20)) {
      root["manifests"].push_back(descriptor(kOciLayer, blob()));
    }
  }

  void refer(Json& root) {
    const PushableManifest& subject = other();
    root["subject"] = descriptor(subject.type, subject.body, algorithm());
  }

  Universe& universe_;
  const Profile& profile_;
  Dice dice_;
};

void add_bad_manifests(Universe& universe) {
  const Json config = descriptor(kOciConfig, universe.contents[0]);
  const Json good{{"schemaVersion", 2}, {"config", config}, {"layers", Json::array()}};
  const auto add = [&](const std::string& type, const std::string& body) {
    universe.bad_manifests.push_back({body, type, {}});
  };
  const auto with = [&](const char* member, Json value) {
    Json changed = good;
    changed[member] = std::move(value);
    return changed.dump();
  };
  const auto without = [&](const char* member) {
    Json changed = good;
    changed.erase(member);
    return changed.dump();
  };
  add(kOciImage, "no JSON");
  add(kOciImage, "");
  add(kOciImage, "[]");
  add(kOciImage, good.dump() + "}");
  add("", good.dump());
  add("application/json", good.dump());
  add("text/plain", good.dump());
  add(kDockerImage, good.dump());
  add(kOciImage, with("mediaType", kOciIndex));
  add(kOciImage, with("schemaVersion", 1));
  add(kOciImage, without("schemaVersion"));
  add(kOciImage, without("config"));
  add(kOciImage, without("layers"));
  add(kOciIndex, good.dump());
  add(kOciImage, with("manifests", Json::array()));
  add("application/vnd.docker.distribution.manifest.v1+json", good.dump());
  Json bad = config;
  bad["digest"] = "sha256:12";
  add(kOciImage, with("config", bad));
  bad = config;
  bad["size"] = -1;
  add(kOciImage, with("config", bad));
  bad = config;
  bad["size"] = 77;
  add(kOciImage, with("layers", Json::array({bad})));
  // These are wrong where what they name is there, and lack it elsewhere.
  add(kOciImage, with("config", bad));
  bad = descriptor(kOciLayer, universe.contents[1]);
  bad["size"] = 77;
  add(kOciImage, with("layers", Json::array({bad})));
  const PushableManifest& child = universe.manifests.front();
  bad = descriptor(child.type, child.body);
  bad["size"] = 77;
  const Json index{{"schemaVersion", 2}, {"manifests", Json::array({bad})}};
  add(kOciIndex, index.dump());
}

}  // namespace

Universe::Universe(std::uint64_t seed, const Profile& profile) {
  repositories = {"a",         "a/b",       "a-b",       "a/blobs/uploads", "blobs/uploads",
                  "manifests", "tags/list", "uploads/x", "a/manifests/b",   "x/referrers/y"};
  tags = {"latest", "v1", "V1", "_", "1.0-rc.1_x", "list", std::string(128, 't')};
  contents = {"", "{}", "a", "ab", "abcabcabc", std::string(2048, 'z'), "config 1", "config 2"};
  Dice dice(seed);
  for (const std::size_t size : {700UL, 30'000UL, 90'000UL, 600'000UL}) {
    std::string noise;
    while (noise.size() < size)
      noise += static_cast<char>(dice.below(256));
    contents.push_back(noise);
  }
  Author author(*this, profile, seed + 1);
  while (manifests.size() < kManifests) {
    manifests.push_back(author.write());
    const PushableManifest latest = manifests.back();
    // The same bytes as another type say other things.
    if (latest.facts.type != kThing && latest.body.find("\"blobs\"") != std::string::npos) {
      manifests.push_back({latest.body, kThing, *read_manifest(kThing, latest.body)});
    }
  }
  contents.emplace_back(kOfThingsAlone);

  bad_names = {"Upper", "a/", "-a", "a..b", "a/_b", "a//b", "", std::string(256, 'n')};
  bad_tags = {".hidden", "-dash", std::string(129, 't'), "a+b"};
  bad_digests = {"sha256:12",
                 "sha256:" + std::string(64, 'A'),
                 "sha512:" + std::string(64, 'a'),
                 "md5:" + std::string(32, 'a'),
                 ":",
                 "sha256:"};
  paths_to_nothing = {"/",
                      "/v1/",
                      "/v2/a",
                      "/v2/tags/list",
                      "/v2/a/tags/other",
                      "/v2/a/blob/x",
                      "/v2/manifests/x",
                      "/v2/blobs/uploads/"};
  add_bad_manifests(*this);

  for (const char* algorithm : {"sha256", "sha512"}) {
    for (std::size_t at = 0; at < contents.size(); ++at)
      contents_by_digest_.emplace(digest_of_bytes(contents[at], algorithm), at);
    for (std::size_t at = 0; at < manifests.size(); ++at)
      manifests_by_digest_.emplace(digest_of_bytes(manifests[at].body, algorithm), at);
  }
}

const std::string* Universe::content_of(const std::string& digest) const {
  const auto found = contents_by_digest_.find(digest);
  return found == contents_by_digest_.end() ? nullptr : &contents[found->second];
}

const PushableManifest* Universe::manifest_of(const std::string& digest) const {
  const auto found = manifests_by_digest_.find(digest);
  return found == manifests_by_digest_.end() ? nullptr : &manifests[found->second];
}

}  // namespace shale::testing::model
