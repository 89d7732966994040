#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/htpasswd.h"
#include "auth/secrets.h"

namespace shale::auth {

/// The hashes that names of nobody are compared with, so that such a login takes as long as
/// one of somebody. Each name has one of the users' hashes, picked by a keyed hash of the
/// name, and has it again and again: where the costs of hashes differ, those of unknown names
/// are spread as those of users are, and neither repeating an attempt nor the next edit of
/// the file tells one from the other. A value that never changes: thread-safe.
class Decoys {
 public:
  /// `key` is the same for all that follow each other, and outlives them.
  Decoys(const Htpasswd& users, const KeyedHash& key);

  /// Whole, whoever is asked for, and even where there are no users.
  const std::string& of(std::string_view name) const;

 private:
  const KeyedHash& key_;
  /// The hashes at their places on a circle; a name has the next one after its own place.
  /// So a new user takes over some of the names, and all others keep what they have.
  std::vector<std::pair<KeyedHash::Value, std::string>> circle_;
};

}  // namespace shale::auth
