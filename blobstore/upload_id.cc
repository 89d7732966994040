#include "blobstore/upload_id.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <system_error>

#include <sys/random.h>

namespace shale {
namespace {

constexpr std::string_view kForm = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";  // RFC 9562, 5.4
constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kVariantDigits = "89ab";

bool matches(char c, char form) {
  switch (form) {
    case 'x':
      return kHexDigits.find(c) != std::string_view::npos;
    case 'y':
      return kVariantDigits.find(c) != std::string_view::npos;
    default:
      return c == form;
  }
}

}  // namespace

Result<UploadId> UploadId::parse(std::string_view text) {
  bool valid = text.size() == kForm.size();
  for (std::size_t i = 0; valid && i < kForm.size(); ++i)
    valid = matches(text[i], kForm[i]);
  if (!valid) return Error{Errc::kUploadUnknown, "not an upload id"};
  return UploadId(std::string(text));
}

UploadId UploadId::random() {
  std::array<unsigned char, kForm.size()> noise{};
  // Up to 256 bytes come whole or, before the kernel's pool is ready, late.
  while (::getrandom(noise.data(), noise.size(), 0) != static_cast<ssize_t>(noise.size())) {
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "getrandom");
  }
  std::string text(kForm);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kForm[i] == 'x') text[i] = kHexDigits[noise[i] % kHexDigits.size()];
    if (kForm[i] == 'y') text[i] = kVariantDigits[noise[i] % kVariantDigits.size()];
  }
  return UploadId(std::move(text));
}

}  // namespace shale
