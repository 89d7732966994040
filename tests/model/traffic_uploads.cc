#include <algorithm>

#include "tests/model/traffic.h"

namespace shale::testing::model {

Request Traffic::start_upload(const RegistryModel& model) {
  Request post{"POST", "/v2/" + repository() + "/blobs/uploads/"};
  const std::string& content = dice_.one_of(universe_.contents);
  if (dice_.chance(30)) {
    const std::string digest = digest_of_bytes(content, algorithm(model).c_str());
    post.query.emplace_back("digest", digest);
    post.body = dice_.chance(85) ? content : content + "more";
    post.chunked = dice_.chance(40);
  } else if (model.profile().sha512 && dice_.chance(15)) {
    const std::vector<std::string> hints = {"sha256", "sha512", "md5"};
    post.query.emplace_back("digest-algorithm", dice_.one_of(hints));
  }
  return post;
}

Request Traffic::mount(const RegistryModel& model) {
  Request post{"POST", "/v2/" + repository() + "/blobs/uploads/"};
  std::vector<std::string> sources = scope_.repositories;
  sources.insert(sources.end(), scope_.sources.begin(), scope_.sources.end());
  const std::string from = dice_.one_of(sources);
  std::string digest = blob_digest(model, from);
  const bool anywhere = dice_.chance(25);
  // Beside others, only what everybody may mount is sure to be there, or not.
  if (anywhere && !scope_.alone) {
    const bool known = !scope_.sources.empty() && dice_.chance(70);
    digest = known ? blob_digest(model, dice_.one_of(scope_.sources)) : std::string();
    const RegistryModel::Repository* shared = known ? model.find(scope_.sources.front()) : nullptr;
    if (shared == nullptr || !shared->blobs.contains(digest)) {
      digest = digest_of_bytes("nobody has this");
    }
  }
  if (dice_.chance(4)) digest = dice_.one_of(universe_.bad_digests);
  post.query.emplace_back("mount", digest);
  if (!anywhere) {
    post.query.emplace_back("from", dice_.chance(4) ? dice_.one_of(universe_.bad_names) : from);
  }
  return post;
}

std::string Traffic::upload_path(const RegistryModel& model) {
  const auto& uploads = model.uploads();
  const unsigned kind = static_cast<unsigned>(dice_.below(100));
  std::string id = "00000000-0000-4000-8000-000000000000";
  std::string name = repository();
  if (kind < 90 && !uploads.empty()) {
    const auto& [known, upload] = dice_.one_of(uploads);
    id = known;
    if (kind < 85) name = upload.repository;
    // One that somebody writes to just now is the more interesting.
    for (const auto& [other, busy] : uploads) {
      if (!busy.held || kind >= 25) continue;
      id = other;
      name = busy.repository;
    }
  } else if (kind < 95 && model.uploads_begun() > 0) {
    // Has ended, most of the time.
    id = "upload-" + std::to_string(1 + dice_.below(std::size_t(model.uploads_begun())));
  }
  return "/v2/" + name + "/blobs/uploads/" + id;
}

Request Traffic::write_upload(const RegistryModel& model) {
  if (model.uploads().empty() && dice_.chance(80)) {
    return {"POST", "/v2/" + repository() + "/blobs/uploads/"};
  }
  Request write{"PATCH", upload_path(model)};
  write.fields = {{"Content-Type", "application/octet-stream"}};
  const auto upload = model.uploads().find(write.part_from_end(0));
  const std::string there = upload == model.uploads().end() ? "" : upload->second.bytes;
  // Goes on with a content that begins like what is there.
  std::vector<std::string> fitting;
  std::ranges::copy_if(universe_.contents, std::back_inserter(fitting),
                       [&](const std::string& content) { return content.starts_with(there); });
  if (fitting.empty()) fitting = {there};
  const std::string content = dice_.one_of(fitting);
  const std::string rest = content.substr(there.size());

  if (dice_.chance(45)) {
    write.method = "PUT";
    write.body = rest;
    std::string digest = digest_of_bytes(content, algorithm(model).c_str());
    if (dice_.chance(8)) digest = digest_of_bytes("other");
    if (dice_.chance(3)) digest = dice_.one_of(universe_.bad_digests);
    if (!dice_.chance(3)) write.query.emplace_back("digest", digest);
  } else {
    write.body = rest.substr(0, dice_.below(rest.size() + 1));
    if (dice_.chance(8)) write.body = "what fits nowhere";
  }
  write.chunked = dice_.chance(40);
  const bool with_range = !write.body.empty() && dice_.chance(45);
  if (with_range) {
    std::string range = content_range(model, there.size(), write.body.size());
    if (model.profile().checks_chunk_length && dice_.chance(15)) {
      // More is announced than comes.
      range = content_range(model, there.size(), write.body.size() + 3);
    }
    write.fields.emplace_back("Content-Range", range);
  }
  return write;
}

/// Of a chunk; at times one that is out of order or malformed.
std::string Traffic::content_range(const RegistryModel& model, std::size_t offset,
                                   std::size_t length) {
  if (model.profile().checks_chunk_order) {
    if (dice_.chance(20)) offset = dice_.chance(50) ? 0 : offset + 1;
    if (dice_.chance(2)) return "bytes 0-3/4";
    if (dice_.chance(2)) return "7-3";
  }
  return std::to_string(offset) + "-" + std::to_string(offset + length - 1);
}

Request Traffic::ask_upload(const RegistryModel& model) {
  const std::vector<std::string> methods = {"GET", "GET", "HEAD", "DELETE"};
  Request ask{dice_.one_of(methods), upload_path(model)};
  const auto upload = model.uploads().find(ask.part_from_end(0));
  const bool busy = upload != model.uploads().end() && upload->second.held;
  if (busy && dice_.chance(50)) ask.method = "DELETE";
  return ask;
}

}  // namespace shale::testing::model
