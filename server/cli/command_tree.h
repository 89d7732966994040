#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): not ours
class App;
}  // namespace CLI

namespace shale::cli {

/// What may stand in the place of a value.
enum class Takes : unsigned char { kNothing, kText, kChoice, kFile, kDirectory };

/// A flag, or a word that has its place on the command line.
struct Argument {
  std::vector<std::string> names;  ///< `--output`, `-h`; of a word its name alone
  std::string doc;                 ///< sentences, without the last full stop
  Takes takes = Takes::kNothing;
  std::string form;                  ///< what stands for the value: `FILE`
  std::vector<std::string> choices;  ///< of `kChoice`
  std::string fallback;              ///< the value when it is left out; may be empty
  bool required = false;
  bool repeated = false;
  bool setting = false;  ///< one of `config::settings()`

  friend bool operator==(const Argument&, const Argument&) = default;
};

/// A command with all that is below it, as the command line knows it.
struct Command {
  std::string name;
  std::string path;  ///< from below the program: `tag list`; empty for the program
  std::string doc;
  std::vector<Argument> flags;
  std::vector<Argument> words;
  std::vector<Command> commands;
};

/// Of a program that has all its commands. Manual and completion are made from this.
Command command_tree(const CLI::App& program);

/// Every command of the tree, each before those below it, the program first.
std::vector<const Command*> all_commands(const Command& program);

}  // namespace shale::cli
