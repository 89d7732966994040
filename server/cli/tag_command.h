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
  /// A subcommand with the flags that say which server it is for.
  struct Sub {
    Sub(CLI::App& parent, const char* name, const char* doc);

    CLI::App& command;
    ControlOption at;
  };

  int list(const Surroundings& surroundings) const;
  int history(const Surroundings& surroundings) const;
  int show(const Surroundings& surroundings) const;
  int rollback(const Surroundings& surroundings) const;
  int restore(const Surroundings& surroundings) const;
  int move(const Surroundings& surroundings, const Sub& sub, std::string_view verb,
           const std::string& json) const;
  /// The path of the tag that was named; none when it was no REPOSITORY:TAG, which has been
  /// told then.
  std::optional<std::string> tag_path(const Surroundings& surroundings) const;

  CLI::App& command_;
  Sub list_;
  Sub history_;
  Sub show_;
  Sub rollback_;
  Sub restore_;
  std::string name_;
  bool deleted_ = false;
  std::uint64_t limit_ = 100;
  std::optional<std::string> to_;
  std::optional<std::string> time_;
  std::string output_ = "table";
};

}  // namespace shale::cli
