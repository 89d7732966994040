#include "server/index/missing_references.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace shale::index {
namespace {

std::string_view role(EdgeKind kind) {
  switch (kind) {
    case EdgeKind::kConfig:
      return "config";
    case EdgeKind::kLayer:
      return "layer";
    case EdgeKind::kBlob:
      return "blob";
    case EdgeKind::kManifest:
      return "manifest";
    case EdgeKind::kSubject:
      return "subject";
  }
  return "reference";
}

}  // namespace

void MissingReferences::add(const Edge& edge) {
  std::string words(role(edge.kind));
  words += ' ' + edge.target.digest.str() + " is not in repository " + repository_.str() +
           ": push it before the manifest that names it";
  if (std::ranges::find(details_, words) == details_.end()) {
    details_.push_back(std::move(words));
  }
}

Result<void> MissingReferences::verdict() && {
  if (details_.empty()) {
    return {};
  }
  std::string message = std::to_string(details_.size()) + " missing, first: " + details_.front();
  return Error{Errc::kManifestBlobUnknown, std::move(message), std::move(details_)};
}

}  // namespace shale::index
