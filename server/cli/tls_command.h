#pragma once

#include <string>
#include <vector>

#include "server/cli/command_line.h"

namespace CLI {  // NOLINT(readability-identifier-naming): not ours
class App;
}  // namespace CLI

namespace shale::cli {

/// `shale tls self-signed`: a certificate for a first try, and how to use it.
class TlsCommand {
 public:
  explicit TlsCommand(CLI::App& app);
  TlsCommand(const TlsCommand&) = delete;  // CLI11 keeps pointers to the members
  TlsCommand& operator=(const TlsCommand&) = delete;

  bool chosen() const;
  int run(const Surroundings& surroundings) const;

 private:
  CLI::App* self_signed_;
  std::vector<std::string> hosts_;
  std::string directory_;
  int days_ = 365;
  std::string output_ = "table";
};

}  // namespace shale::cli
