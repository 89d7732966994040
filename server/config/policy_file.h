#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "server/config/load.h"

namespace shale::config {

/// A policy file as written: its form is right, its words are not looked at.
/// README.md of `auth` has the language.
struct PolicyFile {
  struct Word {
    std::string text;
    std::size_t line = 0;  ///< from 1
  };
  struct Rule {
    bool allow = false;  ///< or deny
    std::vector<Word> actions;
    std::vector<Word> subjects;
    std::vector<Word> repositories;
    std::size_t line = 0;
  };
  struct Group {
    Word name;
    std::vector<Word> members;
  };
  std::vector<Group> groups;
  std::vector<Rule> rules;
};

/// Reads a text; `path` is what problems name.
std::variant<PolicyFile, std::vector<Problem>> parse_policy(const std::string& text,
                                                            const std::string& path);
/// Reads `groups` and `rules`. All problems there are, each with file and line.
std::variant<PolicyFile, std::vector<Problem>> read_policy_file(const std::string& path);

}  // namespace shale::config
