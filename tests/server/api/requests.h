#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace shale::testing {

/// Whole lines, such as `Range: bytes=0-9`.
using Fields = std::initializer_list<std::string_view>;

/// The head of an HTTP/1.1 request, up to and with its empty line.
std::string head_of(std::string_view method, std::string_view target, Fields fields = {});

// Requests without a body. POST and DELETE say so, as clients do.
std::string get(std::string_view target, Fields fields = {});
std::string head(std::string_view target, Fields fields = {});
std::string post(std::string_view target, Fields fields = {});
std::string del(std::string_view target, Fields fields = {});

/// A request whose body goes with its Content-Length.
std::string sized(std::string_view method, std::string_view target, std::string_view body,
                  Fields fields = {});
/// A request whose body goes in chunks of at most `chunk_bytes`, its length untold.
std::string chunked(std::string_view method, std::string_view target, std::string_view body,
                    Fields fields = {}, std::size_t chunk_bytes = 1000);
/// A body in chunks, with the last, empty one.
std::string in_chunks(std::string_view body, std::size_t chunk_bytes = 1000);

/// `target` with one more parameter.
std::string with_query(std::string_view target, std::string_view parameter);

/// `text` with every `:` and `/` escaped, as Go's clients send digests and names.
std::string escaped(std::string_view text);

}  // namespace shale::testing
