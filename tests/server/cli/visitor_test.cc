#include "server/cli/doctor/visitor.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>

#include <doctest/doctest.h>

#include "tests/server/net/tls_fixture.h"

namespace shale::cli::doctor {
namespace {

constexpr std::chrono::seconds kPatience{10};

/// A registry on 127.0.0.1 with a good certificate, until somebody else's takes its place.
struct Registry {
  Registry() : server(application, prepared()) {}

  net::Options prepared() {
    net::Options options;
    options.listen = {"https://127.0.0.1:0"};
    options.workers = 1;
    options.pool_threads = 1;
    options.certificates = {folder.make("own", {"127.0.0.1"})};
    std::filesystem::copy(options.certificates.front().certificate, folder / "ca.crt");
    return options;
  }
  void take_over() {
    folder.make("own", {"127.0.0.1"});
    REQUIRE(server.reload_certificates());
  }

  Visitor visitor() const {
    auto tls = net::TlsCaller::make((folder / "ca.crt").string());
    REQUIRE(std::holds_alternative<net::TlsCaller>(tls));
    const auto origin = parse_instance(server.addresses().front());
    REQUIRE(origin);
    return {*origin, std::move(std::get<net::TlsCaller>(tls)), kPatience};
  }

  testing::CertificateFolder folder;
  testing::FakeApplication application;
  net::Server server;
};

const HttpRequest kPoint{.target = "/point"};

void expect_answer(const Visitor::Answer& answer) {
  const auto* answered = std::get_if<HttpAnswer>(&answer);
  REQUIRE_MESSAGE(answered != nullptr, std::get<std::string>(answer));
  CHECK(answered->body == "hello");
}

void expect_mistrust(const Visitor::Answer& answer) {
  const auto* why = std::get_if<std::string>(&answer);
  REQUIRE(why != nullptr);
  CHECK(why->starts_with("its certificate is not to be trusted: "));
}

TEST_CASE("Visitor: sends nothing to a later connection whose certificate is not good") {
  Registry registry;
  Visitor visitor = registry.visitor();
  REQUIRE(std::holds_alternative<Visitor::Meeting>(visitor.meet()));
  expect_answer(visitor.ask(kPoint));
  visitor.authorize(Login{.user = "alice", .password = "secret"}.basic());
  expect_answer(visitor.ask(kPoint));

  registry.take_over();
  expect_mistrust(visitor.ask(kPoint));
  expect_mistrust(visitor.ask_at(visitor.origin(), kPoint));
  CHECK(registry.application.planned == 2);
}

TEST_CASE("Visitor: a certificate that was never good is taken, but not for an Authorization") {
  Registry registry;
  registry.take_over();
  Visitor visitor = registry.visitor();
  REQUIRE(std::holds_alternative<Visitor::Meeting>(visitor.meet()));
  expect_answer(visitor.ask(kPoint));
  HttpRequest secret = kPoint;
  secret.fields.emplace_back("Authorization", "Basic YTpi");
  expect_mistrust(visitor.ask_at(visitor.origin(), secret));
  visitor.authorize("Basic YTpi");
  expect_mistrust(visitor.ask(kPoint));
  CHECK(registry.application.planned == 1);
}

}  // namespace
}  // namespace shale::cli::doctor
