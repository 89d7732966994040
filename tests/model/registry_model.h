#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/model/exchange.h"
#include "tests/model/manifest_reading.h"
#include "tests/model/profile.h"

namespace shale::testing::model {

/// A registry in a few maps, written from the distribution-spec and
/// server/api/README.md, with nothing of the real one in it. Answers each request
/// as the real one has to.
class RegistryModel {
 public:
  struct Manifest {
    std::string bytes;
    ManifestFacts facts;
  };
  struct Repository {
    std::map<std::string, std::string> blobs;  ///< digest to bytes
    std::map<std::string, Manifest> manifests;
    std::map<std::string, std::string> tags;  ///< to digests
  };
  struct Upload {
    std::string repository;
    std::string bytes;
    bool held = false;  ///< a request is writing to it
  };

  explicit RegistryModel(Profile profile) : profile_(std::move(profile)) {}

  /// The answer to a whole request.
  Answer answer(const Request& request);

  /// The same in two steps, for requests whose body comes late. `open` has the
  /// answer when the request is answered by its head alone; else the upload is
  /// held until `finish`.
  std::optional<Answer> open(const Request& request);
  Answer finish(const Request& request);

  /// Those that exist: with a blob or a manifest.
  const std::map<std::string, Repository>& repositories() const { return repositories_; }
  /// None when it does not exist.
  const Repository* find(const std::string& repository) const;
  const std::map<std::string, Upload>& uploads() const { return uploads_; }
  int uploads_begun() const { return last_upload_; }
  const Profile& profile() const { return profile_; }

  /// Takes over a repository as another model has it.
  void adopt(const std::string& name, Repository repository);

  /// Whether everything is there that the manifest needs to be pushed.
  std::vector<Reference> missing(const std::string& repository, const ManifestFacts& facts) const;
  /// Whether all of it that is there is as large as the manifest says.
  bool sizes_fit(const std::string& repository, const ManifestFacts& facts) const;
  bool is_named(const std::string& repository, const std::string& blob) const;

 private:
  struct Target;

  static std::optional<Target> target_of(const Request& request);
  std::optional<Answer> refuse(const Request& request, const Target& target) const;

  Answer serve(const Request& request, const Target& target);
  Answer catalog(const Request& request) const;
  Answer tags(const Request& request, const Target& target) const;
  Answer referrers(const Request& request, const Target& target) const;
  Answer get_manifest(const Request& request, const Target& target) const;
  Answer put_manifest(const Request& request, const Target& target);
  Answer delete_manifest(const Target& target);
  Answer get_blob(const Request& request, const Target& target) const;
  Answer delete_blob(const Target& target);
  Answer start_upload(const Request& request, const Target& target);
  std::optional<Answer> mount(const Request& request, const Target& target);
  std::optional<Answer> open_upload(const Request& request, const Target& target);
  Answer write_upload(const Request& request, const Target& target);
  Answer upload_status(const Target& target) const;
  Answer cancel_upload(const Target& target);

  Answer upload_answer(int status, const std::string& id) const;
  const Upload* find_upload(const Target& target) const;
  /// Drops what has become empty.
  void tidy(const std::string& repository);

  Profile profile_;
  std::map<std::string, Repository> repositories_;
  std::map<std::string, Upload> uploads_;
  int last_upload_ = 0;
};

}  // namespace shale::testing::model
