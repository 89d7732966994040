#include "server/net/response_writer.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace shale::net {
namespace {

/// Takes `room` bytes at a time and says of which the last left the machine at once.
class RecordingStream final : public Stream {
 public:
  explicit RecordingStream(std::size_t room) : room_(room) {}

  int descriptor() const noexcept override { return -1; }
  Transfer read(std::span<std::byte> /*into*/) override { return {}; }
  Transfer write(std::string_view bytes, bool more) override {
    const std::size_t taken = std::min(room_, bytes.size());
    sent_ += bytes.substr(0, taken);
    held_back_ = more;
    return {Transfer::State::kMoved, taken};
  }
  Transfer send_file(int /*file*/, std::uint64_t offset, std::size_t length) override {
    const std::size_t taken = std::min(room_, length);
    sent_ += "<" + std::to_string(offset) + "+" + std::to_string(taken) + ">";
    held_back_ = false;
    return {Transfer::State::kMoved, taken};
  }
  void shutdown_write() noexcept override {}

  const std::string& sent() const { return sent_; }
  bool held_back() const { return held_back_; }

 private:
  std::size_t room_;
  std::string sent_;
  bool held_back_ = false;
};

http::FileSlice slice(std::uint64_t offset, std::uint64_t length) {
  return {.owner = nullptr, .descriptor = -1, .offset = offset, .length = length};
}

http::Response response_of(std::vector<http::BodyPiece> body) {
  http::Response response;
  response.body = std::move(body);
  return response;
}

TEST_CASE("ResponseWriter: sends its pieces in order, whatever the stream takes at a time") {
  const std::string large(20'000, 'x');
  for (const std::size_t room : {1, 7, 100'000}) {
    RecordingStream stream(room);
    ResponseWriter writer(response_of({large, std::string("tail")}), "head ");
    std::size_t budget = 1 << 20;
    CHECK(writer.write(stream, budget) == ResponseWriter::Progress::kDone);
    CHECK(stream.sent() == "head " + large + "tail");
    CHECK(writer.body_bytes_sent() == large.size() + 4);
  }
}

TEST_CASE("ResponseWriter: text that rides with the head is held only once") {
  RecordingStream stream(7);
  ResponseWriter writer(response_of({std::string(1000, 'x'), slice(0, 3)}), "head ");
  CHECK(writer.response().body.size() == 1);
  std::size_t budget = 1 << 20;
  CHECK(writer.write(stream, budget) == ResponseWriter::Progress::kDone);
  CHECK(stream.sent() == "head " + std::string(1000, 'x') + "<0+3>");
  CHECK(writer.body_bytes_sent() == 1003);
}

TEST_CASE("ResponseWriter: a file goes on where it stopped, turn by turn") {
  RecordingStream stream(100);
  ResponseWriter writer(response_of({slice(10, 250)}), "head ");
  std::size_t budget = 105;
  CHECK(writer.write(stream, budget) == ResponseWriter::Progress::kYielded);
  CHECK(budget == 0);
  CHECK(stream.sent() == "head <10+100>");
  budget = 1000;
  CHECK(writer.write(stream, budget) == ResponseWriter::Progress::kDone);
  CHECK(budget == 850);
  CHECK(stream.sent() == "head <10+100><110+100><210+50>");
}

TEST_CASE("ResponseWriter: nothing is held back for a piece that has no bytes") {
  const std::vector<std::vector<http::BodyPiece>> bodies = {
      {},
      {slice(0, 0)},
      {std::string()},
      {std::string("text"), slice(0, 0)},
      {slice(0, 3), std::string()},
      {std::string(20'000, 'x'), std::string(), slice(0, 0)},
  };
  for (const auto& body : bodies) {
    RecordingStream stream(100'000);
    ResponseWriter writer(response_of(body), "head ");
    std::size_t budget = 1 << 20;
    CHECK(writer.write(stream, budget) == ResponseWriter::Progress::kDone);
    CHECK_FALSE(stream.held_back());
  }
}

}  // namespace
}  // namespace shale::net
