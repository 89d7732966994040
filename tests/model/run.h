#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/model/registry_model.h"
#include "tests/model/traffic.h"
#include "tests/model/wire_driver.h"

namespace shale::testing::model {

/// An answer that is not the model's. Says which, and what came before it.
class Difference : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Takes out of both answers what a registry may do differently.
using Forgive = std::function<void(const Request&, Answer& expected, Answer& got)>;

/// One sequence of requests, sent to a server and told to the model. One thread,
/// several connections: one request at a time, but uploads stay open across them,
/// and some requests are held in their middle while others go on.
class Run {
 public:
  struct Setup {
    std::string address;
    std::size_t connections = 4;
    std::uint64_t seed = 0;
    std::string name = "the sequence";  ///< in messages
    Forgive forgive = [](const Request&, Answer&, Answer&) {};
  };

  /// `universe` must outlive this.
  Run(const Universe& universe, Scope scope, RegistryModel model, Setup setup);

  /// The next request of the sequence. Throws `Difference`.
  void step();

  /// Requests on hold are ended.
  void settle();
  /// The server is another process over the same data. To be called when settled.
  void reconnect(const std::string& address);

  /// Asks for everything that is and for everything that could be: tags and catalog
  /// page by page, each manifest by each of its names, blobs, referrers, uploads.
  void compare_everything();

  void ask(const Request& request) { ask(drivers_.front(), request); }
  const RegistryModel& model() const { return model_; }
  /// What was asked and answered, such as `PUT blob upload: 400 DIGEST_INVALID`, and how often.
  const std::map<std::string, std::uint64_t>& seen() const { return seen_; }

 private:
  struct Held {
    Request request;
    std::size_t driver;
  };

  void ask(WireDriver& driver, const Request& request);
  /// No answer at all is a difference, too.
  Answer send(const Request& request, const std::function<Answer()>& driver) const;
  void release(std::size_t at);
  void ask_all_pages(Request request);
  void compare(const Request& request, Answer expected, Answer got);
  [[noreturn]] void fail(const Request& request, const std::string& what) const;
  void remember(const std::string& what);

  const Universe& universe_;
  Scope scope_;
  RegistryModel model_;
  Setup setup_;
  Traffic traffic_;
  UploadNames names_;
  std::vector<WireDriver> drivers_;
  std::vector<Held> held_;
  std::uint64_t steps_ = 0;
  std::deque<std::string> history_;
  std::map<std::string, std::uint64_t> seen_;
};

}  // namespace shale::testing::model
