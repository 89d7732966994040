// The limit of what a durable upload can cost: receives, hashes with SHA-256 on a second thread,
// writes through the page cache, syncs file and directory, answers. No names, no metadata, no
// checks beyond the digest.
//
// It speaks as much of the distribution API as our own clients use, who finish an upload on the
// connection that began it.
#include <array>
#include <atomic>
#include <cstdio>
#include <optional>
#include <string>
#include <thread>

#include <fcntl.h>

#include "tests/bench/programs/chunk_decoder.h"
#include "tests/bench/programs/durable_file.h"
#include "tests/bench/programs/socket.h"

namespace shale::bench {
namespace {

struct Request {
  std::string method;
  std::string target;
  std::uint64_t content_length = 0;
  bool chunked = false;
};

Request parse(const std::string& head) {
  Request request;
  const std::size_t method_end = head.find(' ');
  const std::size_t target_end = head.find(' ', method_end + 1);
  request.method = head.substr(0, method_end);
  request.target = head.substr(method_end + 1, target_end - method_end - 1);
  if (const std::size_t at = head.find("Content-Length: "); at != std::string::npos) {
    request.content_length = number(head.substr(at + 16, head.find('\r', at) - at - 16).c_str());
  }
  request.chunked = head.find("Transfer-Encoding: chunked") != std::string::npos;
  return request;
}

class Connection {
 public:
  Connection(Socket socket, int directory) : socket_(std::move(socket)), directory_(directory) {}

  void serve() {
    std::string head;
    while (receive_head(head)) {
      answer(parse(head));
    }
  }

 private:
  bool receive_head(std::string& head) {
    std::size_t end = 0;
    std::array<char, 16384> piece;
    while ((end = rest_.find("\r\n\r\n")) == std::string::npos) {
      const std::size_t received = socket_.receive(piece.data(), piece.size());
      if (received == 0) {
        return false;
      }
      rest_.append(piece.data(), received);
    }
    head = rest_.substr(0, end + 2);
    rest_.erase(0, end + 4);
    return true;
  }

  void answer(const Request& request) {
    if (request.method == "GET") {
      respond("200 OK");
    } else if (request.method == "HEAD") {
      respond("404 Not Found");
    } else if (request.method == "POST") {
      respond("202 Accepted", "Location: /uploads/1\r\n");
    } else if (request.method == "PATCH") {
      receive_body(request, file());
      respond("202 Accepted", "Location: /uploads/1\r\n");
    } else {
      commit(request);
    }
  }

  // The last request of an upload, or the only one of a manifest.
  void commit(const Request& request) {
    DurableFile& whole = file();
    receive_body(request, whole);
    const std::string digest = hasher_.finish();
    whole.commit();
    file_.reset();
    const std::size_t at = request.target.find("digest=");
    const bool right = at == std::string::npos || request.target.substr(at + 7) == digest;
    respond(right ? "201 Created" : "400 Bad Request");
  }

  // The file that this connection is writing; made when the first bytes come.
  DurableFile& file() {
    static std::atomic<std::uint64_t> files = 0;
    return file_ ? *file_ : file_.emplace(directory_, std::to_string(files++));
  }

  void receive_body(const Request& request, DurableFile& file) {
    ChunkDecoder decoder;
    std::uint64_t left = request.content_length;
    while (request.chunked ? !decoder.ended() : left > 0) {
      Piece& piece = hasher_.next_piece();
      const std::string_view bytes = receive_piece(piece);
      if (request.chunked) {
        decoder.decode(bytes, piece.data);
      } else {
        piece.data.push_back(bytes);
        left -= bytes.size();
      }
      hasher_.hash(piece);
      file.append(piece);
    }
  }

  // A piece begins with what came behind the head.
  std::string_view receive_piece(Piece& piece) {
    std::size_t size = rest_.copy(piece.bytes.data(), piece.bytes.size());
    rest_.erase(0, size);
    if (size == 0) {
      size = socket_.receive(piece.bytes.data(), piece.bytes.size());
    }
    if (size == 0) {
      die("the client closed the connection within a body");
    }
    return {piece.bytes.data(), size};
  }

  void respond(const std::string& status, const std::string& fields = {}) {
    socket_.send("HTTP/1.1 " + status + "\r\n" + fields + "Content-Length: 0\r\n\r\n");
  }

  Socket socket_;
  int directory_;
  std::string rest_;
  HashThread hasher_;
  std::optional<DurableFile> file_;
};

int run(int argc, char** argv) {
  if (argc != 3) {
    die("sink ADDRESS DIRECTORY");
  }
  const int directory = ::open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) {
    die_of_errno(argv[2]);
  }
  const Socket listener = Socket::listen(argv[1]);
  for (;;) {
    // Ended by a signal, whatever its connections do.
    std::thread([socket = listener.accept(), directory]() mutable {
      Connection(std::move(socket), directory).serve();
    }).detach();
  }
}

}  // namespace
}  // namespace shale::bench

int main(int argc, char** argv) {
  return shale::bench::run(argc, argv);
}
