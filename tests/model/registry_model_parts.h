#pragma once

#include <regex>
#include <string>
#include <utility>

#include "tests/model/registry_model.h"

/// What the sources of `RegistryModel` share.
namespace shale::testing::model {

enum class Resource { kBase, kCatalog, kTags, kReferrers, kManifest, kBlob, kUploads, kUpload };

/// What a path names.
struct RegistryModel::Target {
  Resource resource;
  std::string name;  ///< of the repository
  std::string item;  ///< tag, digest or upload
};

inline bool is_name(const std::string& text) {
  // Word for word from the distribution-spec.
  static const std::regex grammar(
      "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*");
  return text.size() <= 255 && std::regex_match(text, grammar);
}

inline bool is_tag(const std::string& text) {
  static const std::regex grammar("[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}");
  return std::regex_match(text, grammar);
}

/// `code` is the body in the form that is compared.
inline Answer error(int status, const std::string& code) {
  return {status,
          {{"content-type", "application/json"}, {"content-length", std::string(kSomeLength)}},
          code};
}

/// Without a body.
inline Answer plain(int status, std::map<std::string, std::string> fields = {}) {
  if (status != 204) fields["content-length"] = "0";
  return {status, std::move(fields), {}};
}

inline Answer content(std::map<std::string, std::string> fields, const std::string& body) {
  fields["content-length"] = std::to_string(body.size());
  return {200, std::move(fields), body};
}

/// If-None-Match, in the forms that the sequences send.
inline bool client_has(const Request& request, const std::string& digest) {
  const auto value = request.field("If-None-Match");
  return value && (*value == "*" || *value == digest ||
                   value->find('"' + digest + '"') != std::string::npos);
}

}  // namespace shale::testing::model
