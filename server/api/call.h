#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "server/api/front.h"
#include "server/api/target.h"
#include "server/http/message.h"
#include "server/http/uri.h"
#include "server/registry/registry.h"

namespace shale::api {

struct Caller;
class Guard;
class Operations;

/// What the operator decides about the wire.
struct Settings {
  Front front;
  bool absolute_locations = false;
  std::size_t page_size = 1000;       ///< most entries of one page
  std::size_t catalog_default = 100;  ///< entries of a catalog page without `n`
  std::size_t manifest_bytes = std::size_t{4} << 20;
  bool access_log = true;
  std::chrono::milliseconds slow{0};  ///< requests that take longer get a line; 0: none does
};

/// One request on its way through a handler.
struct Call {
  const http::Request& request;
  const Target& target;
  const http::Query& query;
  registry::Registry& registry;
  const Settings& settings;
  const Caller* caller = nullptr;    ///< null where there is no authentication
  const Guard* guard = nullptr;      ///< likewise
  Operations* operations = nullptr;  ///< null where there is no server around

  Result<index::RepositoryName> repository() const;
  /// The digest at the end of the path.
  Result<Digest> digest() const;
  /// Who does this, for the history.
  std::string actor() const;
  /// Whether the caller may pull from a repository; everybody without authentication.
  bool may_pull(const index::RepositoryName& repository) const;
  /// Whether the caller may know that a repository is there: what their tokens are for
  /// does not matter.
  bool may_see(const index::RepositoryName& repository) const;
  /// Whether the whole registry is the caller's to administer; everybody's without
  /// authentication.
  bool may_administer_all() const;
  /// What the caller's pushes may do to the tags of a repository.
  index::TagMoves tag_moves(const index::RepositoryName& repository) const;
  /// A path of this registry as the client can reach it: relative, unless the
  /// settings say otherwise.
  std::string location(std::string_view path) const;
};

std::string blob_path(const index::RepositoryName& repository, const Digest& digest);
std::string manifest_path(const index::RepositoryName& repository, std::string_view reference);
std::string upload_path(const index::RepositoryName& repository, const UploadId& upload);

}  // namespace shale::api
