#include <algorithm>

#include "tests/model/registry_model_parts.h"

namespace shale::testing::model {
namespace {

struct ByteRange {
  std::size_t first;
  std::size_t last;
};

std::string content_range(const ByteRange& range, std::size_t size) {
  return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.last) + "/" +
         std::to_string(size);
}

/// The ranges that are within the blob; none when the field is to be ignored.
std::optional<std::vector<ByteRange>> parse_ranges(const std::string& field, std::size_t size) {
  static const std::regex whole("bytes=((?:\\d+-\\d*|-\\d+)(?:, *(?:\\d+-\\d*|-\\d+))*)");
  static const std::regex member("(\\d*)-(\\d*)");
  std::smatch match;
  if (!std::regex_match(field, match, whole)) return std::nullopt;
  const std::string list = match[1];
  std::vector<ByteRange> ranges;
  std::size_t wanted = 0;
  for (std::sregex_iterator at(list.begin(), list.end(), member); at != std::sregex_iterator();
       ++at) {
    const std::string first = (*at)[1];
    const std::string last = (*at)[2];
    ByteRange range{0, size - 1};
    if (first.empty()) {
      const std::size_t suffix = std::stoul(last);
      if (size == 0 && suffix > 0) return std::nullopt;
      if (suffix == 0) continue;
      range.first = size - std::min(size, suffix);
    } else {
      range.first = std::stoul(first);
      if (size == 0 && range.first == 0) return std::nullopt;
      if (!last.empty()) range.last = std::min<std::size_t>(std::stoul(last), size - 1);
      if (size == 0 || range.first >= size || range.last < range.first) continue;
    }
    wanted += range.last - range.first + 1;
    if (wanted > size) return std::nullopt;
    ranges.push_back(range);
  }
  return ranges;
}

void cut(Answer& whole, const std::vector<ByteRange>& ranges) {
  const std::string bytes = std::move(whole.body);
  whole.status = 206;
  whole.body.clear();
  if (ranges.size() == 1) {
    whole.body = bytes.substr(ranges[0].first, ranges[0].last - ranges[0].first + 1);
    whole.fields["content-range"] = content_range(ranges[0], bytes.size());
    whole.fields["content-length"] = std::to_string(whole.body.size());
    return;
  }
  for (const ByteRange& range : ranges) {
    whole.body += content_range(range, bytes.size()) + "\n" +
                  bytes.substr(range.first, range.last - range.first + 1) + "\n";
  }
  whole.fields["content-type"] = "multipart/byteranges";
  whole.fields["content-length"] = kSomeLength;
}

struct ChunkRange {
  std::size_t first;
  std::size_t length;
};

/// The Content-Range of a chunk; an inner none when it is malformed.
std::optional<std::optional<ChunkRange>> chunk_range(const Request& request) {
  static const std::regex grammar("([0-9]+)-([0-9]+)");
  const auto field = request.field("Content-Range");
  if (!field) return std::nullopt;
  std::smatch match;
  if (!std::regex_match(*field, match, grammar)) return std::optional<ChunkRange>();
  const std::size_t first = std::stoul(match[1]);
  const std::size_t last = std::stoul(match[2]);
  if (last < first) return std::optional<ChunkRange>();
  return std::optional(ChunkRange{first, last - first + 1});
}

Answer blob_created(const std::string& repository, const std::string& digest) {
  return plain(201, {{"location", "/v2/" + repository + "/blobs/" + digest},
                     {"docker-content-digest", digest}});
}

}  // namespace

Answer RegistryModel::get_blob(const Request& request, const Target& target) const {
  if (!is_digest(target.item)) return error(400, "DIGEST_INVALID");
  const Repository* repository = find(target.name);
  if (repository == nullptr) return error(404, "BLOB_UNKNOWN");
  const auto blob = repository->blobs.find(target.item);
  if (blob == repository->blobs.end()) return error(404, "BLOB_UNKNOWN");
  Answer found = content({{"content-type", "application/octet-stream"},
                          {"docker-content-digest", target.item},
                          {"etag", '"' + target.item + '"'},
                          {"accept-ranges", "bytes"},
                          {"cache-control", "max-age=31536000, immutable"}},
                         blob->second);
  if (client_has(request, target.item)) {
    found.status = 304;
    found.body.clear();
    return found;
  }
  const auto field = request.field("Range");
  const auto if_range = request.field("If-Range");
  if (request.method == "HEAD" || !field) return found;
  if (if_range && *if_range != '"' + target.item + '"') return found;
  const auto ranges = parse_ranges(*field, blob->second.size());
  if (!ranges) return found;
  if (ranges->empty()) {
    Answer refused = error(416, "UNSUPPORTED");
    refused.fields["content-range"] = "bytes */" + std::to_string(blob->second.size());
    return refused;
  }
  cut(found, *ranges);
  return found;
}

Answer RegistryModel::delete_blob(const Target& target) {
  if (!is_digest(target.item)) return error(400, "DIGEST_INVALID");
  const Repository* repository = find(target.name);
  if (repository == nullptr || !repository->blobs.contains(target.item)) {
    return error(404, "BLOB_UNKNOWN");
  }
  if (profile_.keeps_named_blobs && is_named(target.name, target.item)) {
    Answer refused = error(405, "UNSUPPORTED");
    refused.fields["allow"] = "GET, HEAD";
    return refused;
  }
  repositories_[target.name].blobs.erase(target.item);
  tidy(target.name);
  return plain(202);
}

// --- uploads ---

std::optional<Answer> RegistryModel::mount(const Request& request, const Target& target) {
  const auto digest = request.parameter("mount");
  const auto from = request.parameter("from");
  if (!digest || (!from && !profile_.mount_from_anywhere)) return std::nullopt;
  const bool bad_from = from && !is_name(*from);
  if (!is_digest(*digest) || bad_from) {
    if (!profile_.refuses_bad_mounts) return std::nullopt;
    return error(400, is_digest(*digest) ? "NAME_INVALID" : "DIGEST_INVALID");
  }
  for (const auto& [name, repository] : repositories_) {
    const bool own = name == target.name && profile_.mount_from_anywhere;
    if (from && name != *from && !own) continue;
    const auto blob = repository.blobs.find(*digest);
    if (blob == repository.blobs.end()) continue;
    const std::string bytes = blob->second;
    repositories_[target.name].blobs[*digest] = bytes;
    return blob_created(target.name, *digest);
  }
  return std::nullopt;
}

Answer RegistryModel::start_upload(const Request& request, const Target& target) {
  if (auto mounted = mount(request, target)) return *std::move(mounted);
  if (const auto digest = request.parameter("digest"); digest && profile_.single_post) {
    if (!is_digest(*digest)) return error(400, "DIGEST_INVALID");
    if (digest_of_bytes(request.body, algorithm_of(*digest).c_str()) != *digest) {
      return error(400, "DIGEST_INVALID");
    }
    repositories_[target.name].blobs[*digest] = request.body;
    return blob_created(target.name, *digest);
  }
  const auto hint = request.parameter("digest-algorithm");
  if (hint && *hint != "sha256" && *hint != "sha512") return error(400, "DIGEST_INVALID");
  const std::string id = "upload-" + std::to_string(++last_upload_);
  uploads_[id].repository = target.name;
  return upload_answer(202, id);
}

Answer RegistryModel::upload_answer(int status, const std::string& id) const {
  const Upload& upload = uploads_.at(id);
  const std::size_t size = upload.bytes.size();
  return plain(status, {{"location", "/v2/" + upload.repository + "/blobs/uploads/" + id},
                        {"range", "0-" + std::to_string(size > 0 ? size - 1 : 0)},
                        {"docker-upload-uuid", id}});
}

const RegistryModel::Upload* RegistryModel::find_upload(const Target& target) const {
  const auto found = uploads_.find(target.item);
  const bool its_own = found != uploads_.end() && found->second.repository == target.name;
  return its_own ? &found->second : nullptr;
}

std::optional<Answer> RegistryModel::open_upload(const Request& request, const Target& target) {
  if (request.method == "PUT" && !is_digest(request.parameter("digest").value_or(""))) {
    return error(400, "DIGEST_INVALID");
  }
  const auto range = chunk_range(request);
  if (range && !*range) return error(400, "BLOB_UPLOAD_INVALID");
  if (range && !request.chunked && (*range)->length != request.body.size()) {
    return error(400, "SIZE_INVALID");
  }
  const Upload* upload = find_upload(target);
  if (upload == nullptr) return error(404, "BLOB_UPLOAD_UNKNOWN");
  if (upload->held) return error(409, "BLOB_UPLOAD_INVALID");
  if (range && (*range)->first != upload->bytes.size()) {
    Answer refused = error(416, "BLOB_UPLOAD_INVALID");
    for (const auto& [name, value] : upload_answer(416, target.item).fields)
      refused.fields.try_emplace(name, value);
    return refused;
  }
  uploads_[target.item].held = true;
  return std::nullopt;
}

Answer RegistryModel::write_upload(const Request& request, const Target& target) {
  if (find_upload(target) == nullptr) return error(404, "BLOB_UPLOAD_UNKNOWN");  // cancelled
  Upload& upload = uploads_[target.item];
  upload.held = false;
  upload.bytes += request.body;
  const auto range = chunk_range(request);
  if (range && *range && (*range)->length != request.body.size()) {
    return error(400, "SIZE_INVALID");
  }
  if (request.method == "PATCH") return upload_answer(202, target.item);

  const std::string digest = *request.parameter("digest");
  const std::string bytes = std::move(upload.bytes);
  uploads_.erase(target.item);
  if (digest_of_bytes(bytes, algorithm_of(digest).c_str()) != digest) {
    return error(400, "DIGEST_INVALID");
  }
  repositories_[target.name].blobs[digest] = bytes;
  return blob_created(target.name, digest);
}

Answer RegistryModel::upload_status(const Target& target) const {
  if (find_upload(target) == nullptr) return error(404, "BLOB_UPLOAD_UNKNOWN");
  return upload_answer(204, target.item);
}

Answer RegistryModel::cancel_upload(const Target& target) {
  if (find_upload(target) == nullptr) return error(404, "BLOB_UPLOAD_UNKNOWN");
  uploads_.erase(target.item);
  return plain(204);
}

}  // namespace shale::testing::model
