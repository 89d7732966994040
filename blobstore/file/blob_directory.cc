#include "blobstore/file/blob_directory.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <string>
#include <string_view>

#include <fcntl.h>

#include "blobstore/file/directories.h"

namespace shale::file {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

/// `<first two hex>/<hex>`, spelled into a buffer of its own: this is on the way
/// of every download.
class BlobName {
 public:
  explicit BlobName(const Digest& digest) {
    const auto raw = digest.raw();
    char* end = spell(name_.data(), raw[0]);
    *end++ = '/';
    for (const std::byte b : raw)
      end = spell(end, b);
    *end = '\0';
  }

  const char* c_str() const noexcept { return name_.data(); }

 private:
  static char* spell(char* at, std::byte b) {
    *at++ = kHexDigits[std::to_integer<unsigned>(b) >> 4];
    *at++ = kHexDigits[std::to_integer<unsigned>(b) & 0xf];
    return at;
  }

  std::array<char, 2 + 1 + 128 + 1> name_;
};

std::string fan_out_name(std::size_t byte) {
  return {kHexDigits[byte >> 4], kHexDigits[byte & 0xf]};
}

std::size_t first_byte(const Digest& digest) {
  return std::to_integer<std::size_t>(digest.raw()[0]);
}

Error unknown(const Digest& digest) {
  return Error{Errc::kBlobUnknown, "no blob " + digest.str() + " is stored"};
}

}  // namespace

Result<std::unique_ptr<BlobDirectory>> BlobDirectory::open(const File& blobs, Algorithm algorithm) {
  SHALE_TRY_ASSIGN(auto directory, open_directory(blobs, std::string(algorithm_name(algorithm))));
  return std::unique_ptr<BlobDirectory>(new BlobDirectory(std::move(directory), algorithm));
}

Result<std::uint64_t> BlobDirectory::size(const Digest& digest) const {
  const BlobName name(digest);
  struct ::stat status{};
  const int done = directory_.files().status_at(directory_.descriptor(), name.c_str(), status);
  if (done == -ENOENT) return unknown(digest);
  if (done < 0) return system_error(-done, "stat", directory_.path() + "/" + name.c_str());
  if (!S_ISREG(status.st_mode)) {
    return Error{Errc::kCorrupt, directory_.path() + "/" + name.c_str() + " is no regular file"};
  }
  return static_cast<std::uint64_t>(status.st_size);
}

Result<File> BlobDirectory::open(const Digest& digest) const {
  const BlobName name(digest);
  // Without waiting, in case somebody put a pipe there.
  const int descriptor = directory_.files().open_at(directory_.descriptor(), name.c_str(),
                                                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
  if (descriptor == -ENOENT) return unknown(digest);
  std::string path = directory_.path() + "/" + name.c_str();
  if (descriptor < 0) return system_error(-descriptor, "open", path);
  return File(directory_.files(), descriptor, std::move(path));
}

Result<void> BlobDirectory::remove(const Digest& digest) {
  const BlobName name(digest);
  const int done = directory_.files().unlink_at(directory_.descriptor(), name.c_str());
  if (done < 0 && done != -ENOENT) {
    return system_error(-done, "remove", directory_.path() + "/" + name.c_str());
  }
  return {};
}

Result<std::vector<StoredFile>> BlobDirectory::list(const std::optional<Digest>& after,
                                                    std::size_t limit) const {
  std::vector<StoredFile> listed;
  for (std::size_t byte = after ? first_byte(*after) : 0; byte < fan_outs_.size(); ++byte) {
    if (listed.size() >= limit) break;
    SHALE_TRY_ASSIGN(const auto digests, list_fan_out(byte, after));
    for (const Digest& digest : digests) {
      if (listed.size() >= limit) break;
      const BlobName name(digest);
      struct ::stat status{};
      const int done = directory_.files().status_at(directory_.descriptor(), name.c_str(), status);
      if (done == -ENOENT) continue;  // removed meanwhile
      if (done < 0) return system_error(-done, "stat", directory_.path() + "/" + name.c_str());
      if (!S_ISREG(status.st_mode)) continue;
      listed.push_back(
          {digest, static_cast<std::uint64_t>(status.st_size), time_of(status.st_mtim)});
    }
  }
  return listed;
}

Result<std::vector<Digest>> BlobDirectory::list_fan_out(std::size_t byte,
                                                        const std::optional<Digest>& after) const {
  std::vector<Digest> digests;
  const std::string name = fan_out_name(byte);
  const std::string path = directory_.path() + "/" + name;
  const int descriptor = directory_.files().open_at(directory_.descriptor(), name.c_str(),
                                                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
  if (descriptor == -ENOENT) return digests;
  if (descriptor < 0) return system_error(-descriptor, "open the directory", path);
  const File fan_out(directory_.files(), descriptor, path);
  SHALE_TRY_ASSIGN(const auto names, list_names(fan_out));
  for (const std::string& hex : names) {
    auto digest = Digest::parse(std::string(algorithm_name(algorithm_)) + ":" + hex);
    // A file elsewhere than its name says is none that anybody would find.
    if (!digest || first_byte(*digest) != byte) continue;
    if (!after || *digest > *after) digests.push_back(*std::move(digest));
  }
  std::ranges::sort(digests);
  return digests;
}

Result<bool> BlobDirectory::move_out(const Digest& digest, const File& to,
                                     const std::string& name) {
  const BlobName blob(digest);
  const int renamed = directory_.files().rename_at(directory_.descriptor(), blob.c_str(),
                                                   to.descriptor(), name.c_str());
  if (renamed == -ENOENT) return false;
  if (renamed < 0) {
    return system_error(-renamed, "rename",
                        directory_.path() + "/" + blob.c_str() + " to " + to.path() + "/" + name);
  }
  return true;
}

Result<void> BlobDirectory::sync_removal(const Digest& digest) {
  const std::size_t byte = first_byte(digest);
  SHALE_TRY_ASSIGN(auto directory, open_fan_out(byte));
  return fan_outs_[byte].sync.run([&directory] { return directory.sync(); });
}

Result<File> BlobDirectory::open_fan_out(std::size_t byte) {
  const std::string name = fan_out_name(byte);
  std::string path = directory_.path() + "/" + name;
  const auto open = [&] {
    return directory_.files().open_at(directory_.descriptor(), name.c_str(),
                                      O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
  };
  int descriptor = open();
  if (descriptor == -ENOENT) {
    fan_outs_[byte].durable = false;  // in case somebody removed it
    SHALE_TRY(make_directory(directory_, name));
    descriptor = open();
  }
  if (descriptor < 0) return system_error(-descriptor, "open the directory", path);
  return File(directory_.files(), descriptor, std::move(path));
}

Result<BlobDirectory::Place> BlobDirectory::place(const Digest& digest) {
  const std::size_t byte = first_byte(digest);
  SHALE_TRY_ASSIGN(auto directory, open_fan_out(byte));
  if (FanOut& fan_out = fan_outs_[byte]; !fan_out.durable) {
    SHALE_TRY(sync_.run([this] { return directory_.sync(); }));
    fan_out.durable = true;
  }
  return Place(*this, digest, std::move(directory));
}

Result<void> BlobDirectory::Place::move_in(const File& uploads, const std::string& name) {
  const File& blobs = blobs_.directory_;
  const BlobName blob(digest_);
  const int renamed =
      blobs.files().rename_at(uploads.descriptor(), name.c_str(), blobs.descriptor(), blob.c_str());
  if (renamed == -ENOENT) {
    return Error{Errc::kUploadUnknown, "upload " + name + " was cancelled"};
  }
  if (renamed < 0) {
    return system_error(-renamed, "rename",
                        uploads.path() + "/" + name + " to " + blobs.path() + "/" + blob.c_str());
  }
  return {};
}

Result<void> BlobDirectory::Place::sync() {
  return blobs_.fan_outs_[first_byte(digest_)].sync.run([this] { return directory_.sync(); });
}

}  // namespace shale::file
