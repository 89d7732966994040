#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <doctest/doctest.h>
#include <stdlib.h>

namespace shale::config {

/// A file called shale.yaml in a directory of its own, gone at the end.
class ConfigFile {
 public:
  explicit ConfigFile(std::string_view text) : directory_(make_directory()) {
    std::ofstream file(path(), std::ios::binary);
    file << text;
    REQUIRE(file.flush());
  }
  ~ConfigFile() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;

  std::string path() const { return directory_ / "shale.yaml"; }
  const std::filesystem::path& directory() const { return directory_; }

  /// `text` with the directory before every mention of the file left out.
  std::string without_directory(std::string text) const {
    const std::string front = directory_.string() + '/';
    for (std::size_t at = text.find(front); at != std::string::npos; at = text.find(front)) {
      text.erase(at, front.size());
    }
    return text;
  }

 private:
  static std::filesystem::path make_directory() {
    std::string name = std::filesystem::temp_directory_path() / "shale-config-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    return name;
  }

  std::filesystem::path directory_;
};

}  // namespace shale::config
