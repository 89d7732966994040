#include "server/cli/tls_command.h"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <ostream>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "server/net/self_signed.h"
#include "server/net/unique_fd.h"

namespace shale::cli {
namespace {

constexpr ::mode_t kForAll = 0644;
constexpr ::mode_t kForOwner = 0600;
/// Clocks differ: a certificate made here must be valid there at once.
constexpr std::chrono::hours kGrace{1};

[[noreturn]] void fail(const std::filesystem::path& path) {
  const std::string why = std::generic_category().message(errno);
  throw std::runtime_error("cannot write " + path.string() + ": " + why);
}

/// Never over a file that is there. Throws `std::runtime_error`.
void create_file(const std::filesystem::path& path, std::string_view text, ::mode_t mode) {
  const net::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!file && errno == EEXIST) {
    throw std::runtime_error(path.string() +
                             " is there already, and is not written over: move it away, or choose "
                             "another directory with --out");
  }
  if (!file) fail(path);
  while (!text.empty()) {
    const ::ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0) fail(path);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) != 0) fail(path);
}

struct Made {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

/// Both files or none. Throws `std::runtime_error`.
Made write_pair(const std::filesystem::path& directory, const net::PemPair& pair) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) throw std::runtime_error("cannot make " + directory.string() + ": " + error.message());
  Made made{.certificate = directory / "shale.crt", .key = directory / "shale.key"};
  create_file(made.key, pair.key, kForOwner);
  try {
    create_file(made.certificate, pair.certificate, kForAll);
  } catch (...) {
    std::filesystem::remove(made.key, error);
    throw;
  }
  return made;
}

/// As it stands in a URL.
std::string in_url(const std::string& host) {
  const std::string name = host.starts_with("*.") ? "registry" + host.substr(1) : host;
  return name.find(':') == std::string::npos ? name : '[' + name + ']';
}

std::string instructions(const Made& made, const std::string& host) {
  const std::string certificate = made.certificate.string();
  const std::string registry = in_url(host) + ":5443";
  return "Made " + certificate + " and " + made.key.string() +
         ".\n\n"
         "Serve with them; leave 127.0.0.1 out to serve other machines too:\n"
         "    shale serve --listen https://127.0.0.1:5443 --tls.certificates " +
         certificate + " --tls.keys " + made.key.string() +
         "\n"
         "Ask it with curl:\n"
         "    curl --cacert " +
         certificate + " https://" + registry +
         "/v2/\n"
         "Have docker believe it, on each machine that it runs on:\n"
         "    sudo install -D -m 644 " +
         certificate + " /etc/docker/certs.d/" + registry +
         "/ca.crt\n"
         "And podman, buildah and skopeo:\n"
         "    sudo install -D -m 644 " +
         certificate + " /etc/containers/certs.d/" + registry + "/ca.crt\n";
}

}  // namespace

TlsCommand::TlsCommand(CLI::App& app) {
  constexpr int kLongest = 3650;
  CLI::App* tls = app.add_subcommand("tls", "Certificates");
  tls->require_subcommand(1);
  self_signed_ = tls->add_subcommand(
      "self-signed", "Make a certificate that vouches for itself, with its key, for a first try");
  self_signed_
      ->add_option("--host", hosts_,
                   "What clients call this registry: a name, a wildcard or an IP address; may be "
                   "repeated")
      ->type_name("HOST")
      ->allow_extra_args(false)
      ->required();
  self_signed_
      ->add_option("--out", directory_,
                   "Where shale.crt and shale.key are written; nothing there is written over")
      ->type_name("DIR")
      ->required();
  self_signed_->add_option("--days", days_, "How long it is valid")
      ->check(CLI::Range(1, kLongest))
      ->type_name("DAYS")
      ->capture_default_str();
  self_signed_->add_option("--output", output_, "How to tell what was made: table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->type_name("FORMAT")
      ->capture_default_str();
}

bool TlsCommand::chosen() const {
  return self_signed_->parsed();
}

int TlsCommand::run(const Surroundings& surroundings) const {
  const auto now = std::chrono::system_clock::now();
  try {
    const net::PemPair pair = net::make_self_signed(
        hosts_, {.from = now - kGrace, .until = now + std::chrono::days(days_)});
    const Made made = write_pair(directory_, pair);
    if (output_ == "json") {
      const nlohmann::ordered_json json{{"certificate", made.certificate.string()},
                                        {"key", made.key.string()},
                                        {"hosts", hosts_},
                                        {"days", days_}};
      surroundings.out << json.dump(2) << '\n';
    } else {
      surroundings.out << instructions(made, hosts_.front());
    }
    return kOk;
  } catch (const std::exception& failed) {
    surroundings.err << "shale: " << failed.what() << '\n';
    return kFailure;
  }
}

}  // namespace shale::cli
