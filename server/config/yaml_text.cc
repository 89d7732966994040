#include "server/config/yaml_text.h"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <sstream>
#include <system_error>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

namespace shale::config {

namespace {

constexpr std::size_t kLargest = std::size_t{1} << 20;  ///< bytes

/// yaml-cpp 0.7 takes nothing of a document that begins with a comma, so that
/// `LoadAll` reads it again and again until no memory is left. This sees one
/// document begin where the one before it began.
class DocumentStarts final : public YAML::EventHandler {
 public:
  /// Where no document can be read, if anywhere. Throws what the parser throws.
  static std::optional<YAML::Mark> find(const std::string& text) {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    DocumentStarts starts;
    while (!starts.stuck_ && parser.HandleNextDocument(starts)) {
    }
    return starts.stuck_ ? starts.last_ : std::nullopt;
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    stuck_ = last_ && last_->pos == mark.pos;
    last_ = mark;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnScalar(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                const std::string& /*value*/) override {}
  void OnSequenceStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/,
                       YAML::anchor_t /*anchor*/, YAML::EmitterStyle::value /*style*/) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {}
  void OnMapEnd() override {}

 private:
  std::optional<YAML::Mark> last_;
  bool stuck_ = false;
};

}  // namespace

std::variant<std::string, Problem> read_text(const std::string& path) {
  const auto failed = [&](int error) -> Problem {
    return {path, {}, "cannot be read: " + std::generic_category().message(error)};
  };
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "re"));
  if (file == nullptr) return failed(errno);

  std::string text(kLargest + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) return failed(errno);
  if (text.size() > kLargest) return Problem{path, {}, "is larger than 1MiB: name another file"};
  return text;
}

std::optional<Place> find_stuck(const std::string& text) {
  const auto mark = DocumentStarts::find(text);
  if (!mark) return std::nullopt;
  return Place{static_cast<std::size_t>(mark->line) + 1,
               static_cast<std::size_t>(mark->column) + 1};
}

}  // namespace shale::config
