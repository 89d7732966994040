#include "server/index/rocks/key_reading.h"

#include "server/index/rocks/keys.h"

namespace shale::index::rocks {

std::optional<RepositoryName> read_repository(Decoder& key) {
  auto name = RepositoryName::parse(key.terminated());
  return name ? std::optional(*std::move(name)) : std::nullopt;
}

std::optional<Linked> read_link(Decoder& key) {
  auto repository = read_repository(key);
  auto digest = key.digest();
  if (!repository || !digest) {
    return std::nullopt;
  }
  return Linked{*std::move(repository), *std::move(digest)};
}

std::string named(const Linked& link) {
  return link.repository.str() + " " + link.digest.str();
}

std::string shown(std::string_view key) {
  std::string text;
  for (const char c : key) {
    text += c >= ' ' && c <= '~' ? c : '?';
  }
  return text;
}

std::optional<EdgeKind> read_kind(Decoder& key) {
  const auto kind = static_cast<EdgeKind>(key.u8());
  const EdgeKind present = keys::of_present(kind);
  const bool known = present >= EdgeKind::kConfig && present <= EdgeKind::kSubject;
  return known ? std::optional(kind) : std::nullopt;
}

}  // namespace shale::index::rocks
