#include "metrics/metrics.h"

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using shale::metrics::Counter;
using shale::metrics::Histogram;
using shale::metrics::Labels;
using shale::metrics::Metrics;
using shale::metrics::Samples;

namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("Metrics: a counter is shown with its help, its type, its labels and its value") {
  Metrics metrics;
  const Counter pulls = metrics.counter("shale_pulls_total", "Pulls.", {{"kind", "blob"}});
  pulls.add();
  pulls.add(2);

  const std::string text = metrics.text();
  CHECK(has_line(text, "# HELP shale_pulls_total Pulls."));
  CHECK(has_line(text, "# TYPE shale_pulls_total counter"));
  CHECK(has_line(text, "shale_pulls_total{kind=\"blob\"} 3"));
}

TEST_CASE("Metrics: whoever asks for the same name and labels moves the same instrument") {
  Metrics metrics;
  metrics.counter("shale_pulls_total", "Pulls.", {{"kind", "blob"}}).add();
  metrics.counter("shale_pulls_total", "Pulls.", {{"kind", "blob"}}).add();
  metrics.counter("shale_pulls_total", "Pulls.", {{"kind", "manifest"}}).add();

  const std::string text = metrics.text();
  CHECK(has_line(text, "shale_pulls_total{kind=\"blob\"} 2"));
  CHECK(has_line(text, "shale_pulls_total{kind=\"manifest\"} 1"));
}

TEST_CASE("Metrics: a histogram counts what is up to each bound") {
  Metrics metrics;
  const Histogram times = metrics.histogram("shale_wait_seconds", "Waits.", {0.5, 2});
  times.observe(0.25);
  times.observe(1);
  times.observe(8);

  const std::string text = metrics.text();
  CHECK(has_line(text, "shale_wait_seconds_bucket{le=\"0.5\"} 1"));
  CHECK(has_line(text, "shale_wait_seconds_bucket{le=\"2\"} 2"));
  CHECK(has_line(text, "shale_wait_seconds_bucket{le=\"+Inf\"} 3"));
  CHECK(has_line(text, "shale_wait_seconds_count 3"));
  CHECK(has_line(text, "shale_wait_seconds_sum 9.25"));
}

TEST_CASE("Metrics: sources are asked at each scrape, and their samples stand in one family") {
  Metrics metrics;
  int scrapes = 0;
  metrics.add_source([&](Samples& samples) {
    ++scrapes;
    samples.gauge("shale_level_bytes", "Size of a level.", 10, {{"level", "0"}});
    samples.counter("shale_stalls_total", "Stalls.", scrapes);
    samples.gauge("shale_level_bytes", "Size of a level.", 20, {{"level", "1"}});
  });

  metrics.text();
  const std::string text = metrics.text();
  CHECK(text.find("# HELP shale_level_bytes") == text.rfind("# HELP shale_level_bytes"));
  CHECK(has_line(text, "shale_level_bytes{level=\"0\"} 10"));
  CHECK(has_line(text, "shale_level_bytes{level=\"1\"} 20"));
  CHECK(has_line(text, "shale_stalls_total 2"));
}

TEST_CASE("Metrics: texts of labels are escaped, so that a line stays a line") {
  Metrics metrics;
  metrics.counter("shale_seen_total", "Seen.", {{"what", "a\"b\\c\nd"}}).add();
  CHECK(has_line(metrics.text(), R"(shale_seen_total{what="a\"b\\c\nd"} 1)"));
}

TEST_CASE("Metrics: a name that cannot be one is a bug that shows at once") {
  Metrics metrics;
  CHECK_THROWS_AS(metrics.counter("shale-pulls", "Pulls."), std::invalid_argument);
}

TEST_CASE("Metrics: threads may count while others scrape") {
  Metrics metrics;
  const Counter counter = metrics.counter("shale_steps_total", "Steps.");
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        for (int step = 0; step < 1000; ++step)
          counter.add();
      });
    }
    for (int scrape = 0; scrape < 20; ++scrape)
      metrics.text();
  }
  CHECK(has_line(metrics.text(), "shale_steps_total 3000"));
}
