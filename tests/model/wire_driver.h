#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "tests/model/exchange.h"
#include "tests/support/wire_client.h"

namespace shale::testing::model {

/// What the server calls the uploads that the model calls `upload-7`. Shared by
/// the connections of one run.
class UploadNames {
 public:
  /// What stands behind `/uploads/` in a Location that the server gave; may have
  /// a query of its own, and change from answer to answer.
  void learn(const std::string& model_name, const std::string& tail);
  /// The same text where the name is unknown.
  std::string wire_name(const std::string& model_name) const;
  std::string model_name(const std::string& tail) const;

 private:
  std::map<std::string, std::string> tails_;
  std::map<std::string, std::string> names_;  // by tail without its query
};

/// One client's connection, kept as long as the server does. Takes requests to
/// bytes and the bytes of answers to what is compared.
class WireDriver {
 public:
  /// `names` must outlive this.
  WireDriver(std::string address, UploadNames& names)
      : address_(std::move(address)), names_(names) {}

  /// The server is another one from now on.
  void reconnect(const std::string& address);

  /// `expected` tells by which name the model knows an upload that begins. Throws
  /// `std::runtime_error` when there is no answer.
  Answer ask(const Request& request, const Answer& expected);

  /// Sends the head and waits until the server wants the body.
  void hold(const Request& request);
  /// Sends the body of the request on hold.
  Answer release(const Request& request, const Answer& expected);

 private:
  std::string bytes_of_head(const Request& request, bool expect_continue) const;
  Answer read(const Request& request, const Answer& expected);
  Answer comparable(const Request& request, const Answer& expected, WireResponse wire);

  std::string address_;
  UploadNames& names_;
  std::unique_ptr<WireClient> connection_;
};

}  // namespace shale::testing::model
