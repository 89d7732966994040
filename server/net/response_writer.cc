#include "server/net/response_writer.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

namespace shale::net {
namespace {

/// A short body rides in the packet of its head.
constexpr std::size_t kRidesWithHead = 16UL * 1024;

}  // namespace

ResponseWriter::ResponseWriter(http::Response response, std::string head)
    : response_(std::move(response)), head_(std::move(head)), head_size_(head_.size()) {
  // The kernel holds back what goes before a piece, so each piece has to bring bytes.
  std::erase_if(response_.body,
                [](const http::BodyPiece& piece) { return http::length_of(piece) == 0; });
  if (response_.body.empty()) return;
  const auto* text = std::get_if<std::string>(&response_.body.front());
  if (text == nullptr || text->size() > kRidesWithHead) return;
  head_ += *text;
  response_.body.erase(response_.body.begin());
}

ResponseWriter::Progress ResponseWriter::write(Stream& stream, std::size_t& budget) {
  while (true) {
    if (head_sent_ && piece_ == response_.body.size()) return Progress::kDone;
    if (budget == 0) return Progress::kYielded;

    const std::uint64_t size = head_sent_ ? http::length_of(response_.body[piece_]) : head_.size();
    if (offset_ < size) {
      const Transfer moved = write_some(stream, budget);
      if (moved.state == Transfer::State::kBlocked) return Progress::kBlocked;
      if (moved.state != Transfer::State::kMoved) return Progress::kBroken;
      offset_ += moved.bytes;
      sent_ += moved.bytes;
      budget -= std::min(budget, moved.bytes);
      progressed_ = true;
    }
    if (offset_ == size) {
      piece_ += head_sent_ ? 1 : 0;
      head_sent_ = true;
      offset_ = 0;
    }
  }
}

Transfer ResponseWriter::write_some(Stream& stream, std::size_t budget) {
  if (!head_sent_) {
    const bool more = piece_ < response_.body.size();
    return stream.write(std::string_view(head_).substr(offset_), more);
  }
  const http::BodyPiece& piece = response_.body[piece_];
  const bool more = piece_ + 1 < response_.body.size();
  if (const auto* text = std::get_if<std::string>(&piece)) {
    return stream.write(std::string_view(*text).substr(offset_, budget), more);
  }
  const auto& slice = std::get<http::FileSlice>(piece);
  const std::uint64_t left = slice.length - offset_;
  return stream.send_file(slice.descriptor, slice.offset + offset_,
                          static_cast<std::size_t>(std::min<std::uint64_t>(left, budget)));
}

std::uint64_t ResponseWriter::body_bytes_sent() const noexcept {
  return sent_ > head_size_ ? sent_ - head_size_ : 0;
}

bool ResponseWriter::took_progress() noexcept {
  return std::exchange(progressed_, false);
}

}  // namespace shale::net
