#include "server/cli/help.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "server/cli/prose.h"

namespace shale::cli {

std::string path_of(const CLI::App& command) {
  std::string path;
  for (const CLI::App* at = &command; at->get_parent() != nullptr; at = at->get_parent())
    path.insert(0, path.empty() ? at->get_name() : at->get_name() + ' ');
  return path;
}

namespace {

class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_description(const CLI::App* app) const override {
    const std::string line = CLI::Formatter::make_description(app);
    const std::string_view prose = prose_of(path_of(*app));
    return prose.empty() ? line : line + '\n' + std::string(prose) + "\n\n";
  }

  std::string make_group(std::string group, bool is_positional,
                         std::vector<const CLI::Option*> options) const override {
    if (group == kSettings) return {};
    return CLI::Formatter::make_group(std::move(group), is_positional, std::move(options));
  }
};

}  // namespace

std::shared_ptr<CLI::FormatterBase> help_formatter() {
  return std::make_shared<HelpFormatter>();
}

}  // namespace shale::cli
