#include "tests/crash/honest_client.h"

#include <doctest/doctest.h>

#include "tests/server/registry/fixture.h"

namespace shale::testing {
namespace {

/// Each chunk of a large blob is in several pieces, and on the disk when it is acknowledged;
/// small ones may be kept elsewhere.
constexpr std::size_t kLarge = 40'000;
constexpr std::size_t kSmall = 1500;

std::string with_digest(std::string_view location, const Digest& digest) {
  return with_query(location, "digest=" + digest.str());
}

}  // namespace

std::string HonestClient::content(std::string_view what, std::size_t size) const {
  std::string text;
  while (text.size() < size)
    text += std::string(what) + " of " + seed_ + '.';
  text.resize(size);
  return text;
}

void HonestClient::work() {
  work(Allowed());
}

void HonestClient::work(const Allowed& allowed) {
  allowed_ = allowed;
  const std::string config = content("config", kSmall);
  const std::string layer = content("layer", kLarge);
  push_in_chunks(layer, Algorithm::kSha256);
  push_in_chunks(content("late", kLarge), Algorithm::kSha512);  // read again for its other digest
  push_in_chunks(content("note", kSmall), Algorithm::kSha256);
  push_whole(config);
  push_whole(content("whole", kLarge));
  push_wrong();
  cancel();
  mount();
  push_manifest("kept", config, layer);
  push_manifest("deleted", config, layer);
  delete_some();
}

std::optional<WireResponse> HonestClient::ask(const std::string& request, int expected) {
  const int before = disk_.injected();
  const int files_before = disk_.files.injected();
  WireResponse answer = disk_.ask(request);
  INFO("request: ", request.substr(0, request.find('\r')));
  INFO("answer: ", answer.status, " ", answer.body);
  const bool struck = disk_.injected() != before;
  CHECK_FALSE((allowed_.sync_fails && struck && answer.status == 201));
  // Nor is a chunk acknowledged whose bytes the disk did not take. (What strikes the metadata
  // meanwhile may be the work of a thread of RocksDB's own.)
  const bool bytes_struck = disk_.files.injected() != files_before;
  CHECK_FALSE((allowed_.sync_fails && bytes_struck && answer.status == 202 &&
               request.starts_with("PATCH")));
  if (answer.status == expected) return answer;
  CHECK(allowed_.statuses.contains(answer.status));
  return std::nullopt;
}

void HonestClient::push_in_chunks(const std::string& content, Algorithm algorithm) {
  const auto started = ask(post(uploads()), 202);
  if (!started) return;
  const std::string location = started->header("Location");
  const Digest digest = digest_of(content, algorithm);
  sent_[digest.str()] = content;
  const int before = disk_.injected();
  const auto half = std::string_view(content).substr(0, content.size() / 2);
  bool done = false;
  bool all_anew = false;
  if (ask(sized("PATCH", location, half), 202)) {
    done = finish(location, digest, std::string_view(content).substr(half.size()));
  }
  if (!done) {
    const auto from = go_on(location, content);
    all_anew = from == std::size_t{0};
    if (from) done = finish(location, digest, "");
  }
  // What a failed sync may have cost cannot become good by asking again.
  const bool struck = allowed_.sync_fails && disk_.injected() != before;
  CHECK_FALSE((done && struck && content.size() == kLarge && !all_anew));
  if (done) blobs_[digest.str()] = content;
}

/// Asks where the upload stands, and sends what is missing. Returns from where.
std::optional<std::size_t> HonestClient::go_on(const std::string& location,
                                               const std::string& content) {
  const auto status = ask(get(location), 204);
  if (!status) return std::nullopt;
  const std::string range = status->header("Range");
  const std::size_t last = std::stoul(range.substr(range.find('-') + 1));
  const std::size_t offset = last == 0 ? 0 : last + 1;
  REQUIRE(offset <= content.size());
  if (!ask(sized("PATCH", location, std::string_view(content).substr(offset)), 202)) {
    return std::nullopt;
  }
  return offset;
}

bool HonestClient::finish(const std::string& location, const Digest& digest,
                          std::string_view rest) {
  return ask(sized("PUT", with_digest(location, digest), rest), 201).has_value();
}

void HonestClient::push_whole(const std::string& content) {
  const Digest digest = digest_of(content);
  sent_[digest.str()] = content;
  for (int attempt = 0; attempt < 2 && !blobs_.contains(digest.str()); ++attempt) {
    if (ask(sized("POST", with_digest(uploads(), digest), content), 201)) {
      blobs_[digest.str()] = content;
    }
  }
}

void HonestClient::push_wrong() {
  static_cast<void>(ask(
      sized("POST", with_digest(uploads(), digest_of("other")), content("wrong", kLarge)), 400));
}

void HonestClient::cancel() {
  const auto started = ask(post(uploads()), 202);
  if (!started) return;
  const std::string location = started->header("Location");
  if (ask(sized("PATCH", location, content("cancelled", kLarge)), 202)) {
    static_cast<void>(ask(del(location), 204));
  }
}

void HonestClient::mount() {
  const std::string shared(kShared);
  const Digest digest = digest_of(shared);
  sent_[digest.str()] = shared;
  if (ask(post(with_query(with_query(uploads(), "mount=" + digest.str()),
                          "from=" + std::string(kLibrary))),
          201)) {
    blobs_[digest.str()] = shared;
  }
}

void HonestClient::push_manifest(const std::string& tag, const std::string& config,
                                 const std::string& layer) {
  if (!blobs_.contains(digest_of(config).str()) || !blobs_.contains(digest_of(layer).str())) return;
  const std::string body = R"({"schemaVersion":2,"mediaType":")" + std::string(kImageManifest) +
                           R"(","config":)" + descriptor(kImageConfig, config) + R"(,"layers":[)" +
                           descriptor(kImageLayer, layer) + R"(],"annotations":{"tag":")" + tag +
                           "\"}}";
  const std::string type = "Content-Type: " + std::string(kImageManifest);
  if (ask(sized("PUT", manifest_url(repository_, tag), body, {type}), 201)) manifests_[tag] = body;
}

void HonestClient::delete_some() {
  // From the moment of sending it may be there or not; a 202 says that it is not.
  if (manifests_.erase("deleted") > 0 && ask(del(manifest_url(repository_, "deleted")), 202)) {
    manifests_["deleted"] = "";
  }
  const Digest shared = digest_of(kShared);
  if (blobs_.erase(shared.str()) > 0 && ask(del(blob_url(repository_, shared)), 202)) {
    deleted_.insert(shared.str());
  }
}

void HonestClient::check() {
  const index::RepositoryName name = repository(repository_);
  for (const auto& [text, content] : sent_) {
    const Digest digest = value(Digest::parse(text));
    if (!disk_.registry().stat_blob(name, digest)) {
      CHECK_FALSE(blobs_.contains(text));
      continue;
    }
    const auto open = value(disk_.registry().open_blob(name, digest));
    std::string read(open.link.size, '\0');
    CHECK(value(open.blob->read(0, std::as_writable_bytes(std::span(read)))) == read.size());
    CHECK(read == content);
  }
  for (const auto& [tag_name, body] : manifests_) {
    const auto there = disk_.registry().read_manifest(name, tag(tag_name));
    if (body.empty()) {
      CHECK(error_code(there) == Errc::kManifestUnknown);
    } else {
      CHECK(value(there).bytes == body);
    }
  }
  for (const std::string& digest : deleted_) {
    CHECK(error_code(disk_.registry().stat_blob(name, value(Digest::parse(digest)))) ==
          Errc::kBlobUnknown);
  }
}

}  // namespace shale::testing
