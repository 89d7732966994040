#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "server/cli/command_line.h"
#include "server/cli/control.h"

namespace shale::cli {

/// `shale tag list|history|show|rollback|restore`: where tags are and were, and the way back,
/// at the running server.
class TagCommand {
 public:
  explicit TagCommand(CLI::App& app);
  TagCommand(const TagCommand&) = delete;  // CLI11 keeps pointers to the members
  TagCommand& operator=(const TagCommand&) = delete;

  bool chosen() const;
  int run(const Surroundings& surroundings) const;

 private:
  int list(const Surroundings& surroundings) const;
  int history(const Surroundings& surroundings) const;
  int show(const Surroundings& surroundings) const;
  int rollback(const Surroundings& surroundings) const;
  int restore(const Surroundings& surroundings) const;
  int move(const Surroundings& surroundings, const ServerCommand& sub, std::string_view verb,
           const std::string& json) const;
  /// The path of the tag that was named; none when it was no REPOSITORY:TAG, which has been
  /// told then.
  std::optional<std::string> tag_path(const Surroundings& surroundings) const;

  CLI::App& command_;
  ServerCommand list_;
  ServerCommand history_;
  ServerCommand show_;
  ServerCommand rollback_;
  ServerCommand restore_;
  std::string name_;
  bool deleted_ = false;
  std::uint64_t limit_ = 100;
  std::optional<std::string> to_;
  std::optional<std::string> time_;
  std::string output_ = "table";
};

}  // namespace shale::cli
