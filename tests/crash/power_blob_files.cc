#include "tests/crash/power_blob_files.h"

#include <fcntl.h>

namespace shale::testing::power {

std::optional<Place> BlobFiles::place(const Tree& tree, int directory, const char* name) const {
  if (directory == AT_FDCWD) return tree.place(name);
  const auto above = node(directory);
  return above ? tree.place(name, *above) : std::nullopt;
}

std::optional<Node> BlobFiles::node(int descriptor) const {
  const auto found = open_.find(descriptor);
  return found == open_.end() ? std::nullopt : std::optional(found->second);
}

int BlobFiles::open_at(int directory, const char* name, int flags, ::mode_t mode) {
  return journal_.change([&](Tree& tree) {
    const int descriptor = real_.open_at(directory, name, flags, mode);
    if (descriptor < 0) return descriptor;
    open_.erase(descriptor);
    const auto where = place(tree, directory, name);
    if (!where) return descriptor;
    auto opened = tree.at(*where);
    if (!opened && (flags & O_CREAT) != 0) {
      opened = tree.enter(*where, Record::Kind::kFile);
    } else if (opened && (flags & O_TRUNC) != 0) {
      tree.truncate(*opened, 0);
    }
    if (opened) open_.emplace(descriptor, *opened);
    return descriptor;
  });
}

void BlobFiles::close(int descriptor) {
  journal_.change([&](Tree&) {
    open_.erase(descriptor);
    real_.close(descriptor);
  });
}

::ssize_t BlobFiles::write_at(int descriptor, std::span<const std::byte> bytes,
                              std::uint64_t offset) {
  return journal_.change([&](Tree& tree) {
    const ::ssize_t count = real_.write_at(descriptor, bytes, offset);
    const auto file = node(descriptor);
    if (count > 0 && file) {
      tree.write(*file, offset,
                 {reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(count)});
    }
    return count;
  });
}

int BlobFiles::truncate(int descriptor, std::uint64_t size) {
  return journal_.change([&](Tree& tree) {
    const int done = real_.truncate(descriptor, size);
    const auto file = node(descriptor);
    if (done == 0 && file) tree.truncate(*file, size);
    return done;
  });
}

int BlobFiles::sync(int descriptor) {
  const auto synced = journal_.change([&](Tree&) { return node(descriptor); });
  if (synced) journal_.sync(*synced);
  return 0;
}

int BlobFiles::make_directory_at(int directory, const char* name, ::mode_t mode) {
  return journal_.change([&](Tree& tree) {
    const int done = real_.make_directory_at(directory, name, mode);
    const auto where = place(tree, directory, name);
    if (done == 0 && where) tree.enter(*where, Record::Kind::kDirectory);
    return done;
  });
}

int BlobFiles::rename_at(int from_directory, const char* from, int to_directory, const char* to) {
  return journal_.change([&](Tree& tree) {
    const int done = real_.rename_at(from_directory, from, to_directory, to);
    const auto source = place(tree, from_directory, from);
    const auto target = place(tree, to_directory, to);
    if (done == 0 && source && target) tree.rename(*source, *target);
    return done;
  });
}

int BlobFiles::unlink_at(int directory, const char* name) {
  return journal_.change([&](Tree& tree) {
    const int done = real_.unlink_at(directory, name);
    const auto where = place(tree, directory, name);
    if (done == 0 && where) tree.remove(*where);
    return done;
  });
}

}  // namespace shale::testing::power
