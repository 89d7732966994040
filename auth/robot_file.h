#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "auth/robot.h"

namespace shale::auth {

/// Robots in a JSON file, which auth/README.md describes; for its owner alone, and
/// replaced as a whole. One that is missing holds none.
class RobotFile final : public RobotStore {
 public:
  explicit RobotFile(std::string path) : path_(std::move(path)) {}

  std::variant<std::vector<Robot>, std::string> load() override;
  std::optional<std::string> save(const std::vector<Robot>& robots) override;

 private:
  std::string path_;
};

/// The file's text and back; a fault is told without the file's name.
std::string write_robots(const std::vector<Robot>& robots);
std::variant<std::vector<Robot>, std::string> read_robots(const std::string& text);

}  // namespace shale::auth
