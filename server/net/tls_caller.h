#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "server/net/wire.h"

namespace shale::net {

/// What is to be said of the certificates that a server has shown.
struct ChainJudgement {
  enum class Fault : std::uint8_t {
    kExpired,
    kNotYetValid,
    kSelfSigned,     ///< it vouches for itself, and is not among the roots
    kUnknownIssuer,  ///< the chain ends before a root: `end_issuer` is not known
    kWrongName,
    kOther,
  };
  struct Finding {
    Fault fault;
    std::string words;  ///< OpenSSL's, with the certificate that they are about
  };

  std::vector<Finding> findings;   ///< empty: clients with these roots take it
  std::string protocol;            ///< `TLSv1.3`
  std::vector<std::string> names;  ///< DNS names and addresses of the first certificate
  std::string end_issuer;          ///< who has signed the last one that was sent
  std::size_t sent = 0;            ///< how many were sent
  std::chrono::sys_seconds until;  ///< when the first of those sent expires

  bool has(Fault fault) const noexcept;
};

/// Begins TLS as a client, and shakes hands with everybody: whom to believe is for the caller
/// to say, who gets a judgement. OpenSSL raises SIGPIPE when the other side is gone: the
/// process has to ignore it.
class TlsCaller {
 public:
  /// Believes the system's roots and those in the file `ca`, if not empty. Or says what is
  /// wrong with that.
  static std::variant<TlsCaller, std::string> make(const std::string& ca);
  TlsCaller(TlsCaller&&) noexcept;
  TlsCaller& operator=(TlsCaller&&) noexcept;
  ~TlsCaller();

  struct Begun {
    std::unique_ptr<Wire> wire;
    ChainJudgement judgement;
  };
  /// Shakes hands with `host`, a name or an IP address, at the other end of `socket`. Or says
  /// why that failed.
  std::variant<Begun, std::string> begin(UniqueFd socket, const std::string& host) const;

 private:
  struct State;
  explicit TlsCaller(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace shale::net
