# Writes OUT, a source file that defines `shale::openapi::document` as the bytes of IN. As numbers, since
# compilers need not take a string literal of that length.
file(READ ${IN} bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
file(WRITE ${OUT} "#include \"openapi/document.h\"

namespace shale::openapi {
namespace {

constexpr unsigned char kBytes[] = {
${bytes}
};

}  // namespace

std::string_view document() noexcept {
  return {reinterpret_cast<const char*>(kBytes), sizeof kBytes};
}

}  // namespace shale::openapi
")
