#include "server/cli/manual_commands.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>

#include "server/cli/command_tree.h"
#include "server/cli/completion.h"
#include "server/cli/manual.h"
#include "server/cli/version.h"

namespace shale::cli {

ManualCommands::ManualCommands(CLI::App& app)
    : program_(app),
      man_(*app.add_subcommand("man", "Print a page of the manual, in troff")),
      completion_(*app.add_subcommand("completion",
                                      "Print a script that completes the command "
                                      "line of shale in a shell")) {
  man_.add_option("page", page_, "A command, or shale.yaml; else the page of shale itself")
      ->type_name("PAGE");
  man_.add_option("--out", directory_, "Write all pages into this directory instead")
      ->excludes("page")
      ->type_name("DIR");
  completion_.add_option("shell", shell_, "The shell")
      ->required()
      ->check(CLI::IsMember(shells()))
      ->type_name("SHELL");
}

bool ManualCommands::chosen() const {
  return man_.parsed() || completion_.parsed();
}

int ManualCommands::run(const Surroundings& surroundings) const {
  if (man_.parsed()) return man(surroundings);
  surroundings.out << completion(command_tree(program_), shell_);
  return kOk;
}

int ManualCommands::man(const Surroundings& surroundings) const {
  const std::vector<Page> pages = manual(command_tree(program_), version());
  if (directory_) {
    std::error_code error;
    std::filesystem::create_directories(*directory_, error);
    for (const Page& page : pages) {
      const auto file = std::filesystem::path(*directory_) / page.file();
      if (std::ofstream(file, std::ios::binary) << page.text << std::flush) continue;
      surroundings.err << "shale: " << file.string() << " cannot be written\n";
      return kFailure;
    }
    return kOk;
  }
  const auto page = std::ranges::find_if(pages, [&](const Page& candidate) {
    return candidate.name == (page_.empty() ? "shale" : page_) ||
           candidate.name == "shale-" + page_;
  });
  if (page == pages.end()) {
    surroundings.err << "shale: there is no page `" << page_
                     << "`: write the name of a command, or shale.yaml\n";
    return kUsage;
  }
  surroundings.out << page->text;
  return kOk;
}

}  // namespace shale::cli
