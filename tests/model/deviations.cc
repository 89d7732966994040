#include "tests/model/deviations.h"

#include <nlohmann/json.hpp>

namespace shale::testing::model {
namespace {

using Json = nlohmann::json;

struct Deviation {
  const char* what;
  const char* why;
  /// Makes the two answers the same in what the entry is about.
  void (*even)(const Request&, Answer& expected, Answer& got);
};

void drop(const char* field, Answer& expected, Answer& got) {
  expected.fields.erase(field);
  got.fields.erase(field);
}

bool has_code(const Answer& answer, const char* code) {
  return answer.body.starts_with(code);
}

/// The members of a list in a body, whatever their order.
std::set<std::string> members(const std::string& body, const char* list) {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  std::set<std::string> names;
  if (!json.is_object() || !json.contains(list) || !json[list].is_array()) return names;
  for (const Json& name : json[list])
    names.insert(name.get<std::string>());
  return names;
}

bool is_manifest_request(const Request& request) {
  return request.part_from_end(1) == "manifests";
}

bool is_tags_request(const Request& request) {
  return request.path.ends_with("/tags/list");
}

bool by_tag(const Request& request) {
  return request.part_from_end(0).find(':') == std::string::npos;
}

const Deviation kDeviations[] = {
    {"JSON has a charset", "one media type, whatever its parameters",
     [](const Request&, Answer&, Answer& got) {
       const auto type = got.fields.find("content-type");
       if (type == got.fields.end()) return;
       if (type->second == "application/json; charset=utf-8") type->second = "application/json";
     }},
    {"the connection is closed where a body was not wanted", "RFC 9110 leaves that to the server",
     [](const Request& request, Answer&, Answer& got) {
       if (!request.body.empty()) got.fields.erase("connection");
     }},
    {"no ETag on 201, another Cache-Control, next to nothing on 304",
     "RFC 9110 recommends them at most",
     [](const Request&, Answer& expected, Answer& got) {
       if (expected.status == 201) drop("etag", expected, got);
       drop("cache-control", expected, got);
       if (expected.status != 304 || got.status != 304) return;
       for (const char* field :
            {"accept-ranges", "content-length", "content-type", "docker-content-digest", "etag"})
         drop(field, expected, got);
     }},
    {"If-None-Match of a manifest is one strong tag or nothing, of a blob never without quotes",
     "no part of the spec, and a needless 200 is harmless",
     [](const Request&, Answer& expected, Answer& got) {
       if (expected.status != 304 || (got.status != 200 && got.status != 206)) return;
       const char* digest = "docker-content-digest";
       if (got.fields[digest] == expected.fields[digest]) expected = got;
     }},
    {"If-None-Match with the digest that is asked for: 304 without a look at what is there",
     "no part of the spec, and a fault: what was deleted seems to be there",
     [](const Request& request, Answer& expected, Answer& got) {
       if (!is_manifest_request(request) || by_tag(request) || expected.status != 404) return;
       if (request.field("If-None-Match") && got.status == 304) expected = got;
     }},
    {"no OCI-Subject", "came with the referrers of spec 1.1, which 2.8.2 does not have",
     [](const Request&, Answer& expected, Answer& got) {
       if (got.fields.contains("oci-subject") || got.fields.contains("warning")) return;
       expected.fields.erase("oci-subject");
       expected.fields.erase("warning");
     }},
    {"the catalog has every repository that ever had a blob, and no other",
     "the spec only reserves the catalog's name",
     [](const Request& request, Answer& expected, Answer& got) {
       if (request.path == "/v2/_catalog" && got.status == 200) expected.body = got.body;
     }},
    {"tags are in no order", "2.8.2 is known not to sort them",
     [](const Request& request, Answer& expected, Answer& got) {
       if (is_tags_request(request) &&
           members(expected.body, "tags") == members(got.body, "tags") && got.status == 200 &&
           expected.status == 200) {
         expected.body = got.body;
       }
     }},
    {"a repository has a tag list from its first tag on, and for good",
     "since when a repository exists, the spec does not say",
     [](const Request& request, Answer& expected, Answer& got) {
       const auto empty = [](const Answer& answer) {
         return answer.status == 404 || members(answer.body, "tags").empty();
       };
       if (is_tags_request(request) && empty(expected) && empty(got)) expected = got;
     }},
    {"DELETE of a tag is refused as a malformed digest",
     "400 is what the spec asks for; the code is known to be wrong",
     [](const Request& request, Answer& expected, Answer& got) {
       if (request.method != "DELETE" || !is_manifest_request(request) || !by_tag(request)) return;
       if (expected.status == got.status && has_code(got, "DIGEST_INVALID"))
         got.body = expected.body;
     }},
    {"/v2/ takes any method, / is there, /v2 leads to /v2/", "the spec knows GET /v2/ alone",
     [](const Request& request, Answer& expected, Answer& got) {
       if (request.path == "/v2/" && expected.status == 405 && got.status == 200) expected = got;
       if (request.path == "/" && got.status == 200) expected = got;
       if (request.path == "/v2" && got.status == 301) expected = got;
     }},
    {"405 in other words, and with other methods allowed; lists have no HEAD",
     "the spec has no code for it and asks for GET alone",
     [](const Request& request, Answer& expected, Answer& got) {
       const bool list = is_tags_request(request) || request.path == "/v2/_catalog";
       const bool head_of_list = list && request.method == "HEAD";
       if (got.status == 405 && (expected.status == 405 || head_of_list)) expected = got;
     }},
    {"malformed names, tags and digests in a path: 404 or a redirect without the body of the spec",
     "the spec asks for an error; such paths are no routes there",
     [](const Request&, Answer& expected, Answer& got) {
       const auto type = got.fields.find("content-type");
       const bool no_route = got.status == 404 && type != got.fields.end() &&
                             type->second == "text/plain; charset=utf-8";
       if (expected.status != 400 && expected.status != 404) return;
       if (no_route || got.status == 301) expected = got;
     }},
    {"500 for a malformed digest of a manifest and for a name that is too long",
     "known faults of 2.8.2; the spec asks for 400 or 404",
     [](const Request& request, Answer& expected, Answer& got) {
       const bool digest = is_manifest_request(request) && !by_tag(request);
       const bool name = request.path.size() > 255;
       if (expected.status == 400 && got.status == 500 && (digest || name)) expected = got;
     }},
    {"of two faults the other is told", "the spec does not say in which order to look",
     [](const Request& request, Answer& expected, Answer& got) {
       if (request.method != "PUT" || !has_code(expected, "DIGEST_INVALID")) return;
       if (got.status == 404 && has_code(got, "BLOB_UPLOAD_INVALID")) expected = got;
       if (got.status == 400 && has_code(got, "MANIFEST_BLOB_UNKNOWN")) expected = got;
     }},
    {"DELETE of an upload names it", "a field of Docker's, not of the spec's",
     [](const Request& request, Answer&, Answer& got) {
       if (request.method == "DELETE" && got.status == 204) got.fields.erase("docker-upload-uuid");
     }},
    {"an upload that is not there is BLOB_UPLOAD_INVALID",
     "its state is in the Location, and what has none is malformed",
     [](const Request&, Answer& expected, Answer& got) {
       if (expected.status != got.status || !has_code(expected, "BLOB_UPLOAD_UNKNOWN")) return;
       if (has_code(got, "BLOB_UPLOAD_INVALID")) got.body = expected.body;
     }},
};

}  // namespace

void DockerRegistryDeviations::forgive(const Request& request, Answer& expected, Answer& got) {
  for (const Deviation& deviation : kDeviations) {
    if (expected == got) return;
    const Answer before_expected = expected;
    const Answer before_got = got;
    deviation.even(request, expected, got);
    const bool needed = !(expected == before_expected && got == before_got);
    if (needed) ++used_[std::string(deviation.what) + " (" + deviation.why + ")"];
  }
}

}  // namespace shale::testing::model
