#include "server/http/link.h"

#include <doctest/doctest.h>

namespace shale::http {
namespace {

TEST_CASE("next_page_link: path and parameters between the angles") {
  CHECK(next_page_link("/v2/a/b/tags/list", {{"last", "v1.0"}, {"n", "10"}}) ==
        "</v2/a/b/tags/list?last=v1.0&n=10>; rel=\"next\"");
  CHECK(next_page_link("/v2/_catalog", {}) == "</v2/_catalog>; rel=\"next\"");
}

TEST_CASE("next_page_link: no value can end the link early or begin a line") {
  CHECK(next_page_link("/v2/a>b", {{"last", "x>; rel=\"evil\"&n=1\r\n"}}) ==
        "</v2/a%3Eb?last=x%3E%3B%20rel%3D%22evil%22%26n%3D1%0D%0A>; rel=\"next\"");
}

}  // namespace
}  // namespace shale::http
