#pragma once

#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace shale::bench {

/// A running SHA-256, which a copy continues on its own.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256& other);
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256();

  void update(std::string_view bytes);
  /// "sha256:…"; the next bytes begin a new hash.
  std::string finish();

 private:
  evp_md_ctx_st* context_;
};

std::string digest_of(std::string_view bytes);

}  // namespace shale::bench
