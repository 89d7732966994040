#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

#include "tests/model/deviations.h"
#include "tests/model/run.h"

/// Sends the sequences of the model test to a registry that runs already and is
/// empty: `registry_against_model shale|docker-registry HOST:PORT`.
/// `SHALE_MODEL_SEED` repeats one run; `SHALE_MODEL_STEPS` makes it longer.
namespace shale::testing::model {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

int compare(const std::string& kind, const std::string& address) {
  const std::uint64_t seed = from_environment("SHALE_MODEL_SEED", std::random_device()());
  const std::uint64_t steps = from_environment("SHALE_MODEL_STEPS", 2000);
  std::cout << "SHALE_MODEL_SEED=" << seed << " SHALE_MODEL_STEPS=" << steps << "\n" << std::flush;
  const bool docker = kind == "docker-registry";
  const Profile profile = docker ? docker_registry() : Profile();
  const Universe universe(seed, profile);
  DockerRegistryDeviations deviations;
  Run::Setup setup{.address = address, .connections = 4, .seed = seed, .name = kind};
  if (docker) {
    setup.forgive = [&](const Request& request, Answer& expected, Answer& got) {
      deviations.forgive(request, expected, got);
    };
  }
  Run run(universe, {.repositories = universe.repositories, .sources = {}}, RegistryModel(profile),
          setup);
  try {
    for (std::uint64_t step = 0; step < steps; ++step)
      run.step();
    run.settle();
    run.compare_everything();
  } catch (const Difference& difference) {
    std::cout << difference.what() << "\n";
    return EXIT_FAILURE;
  }
  for (const auto& [what, times] : run.seen())
    std::cout << times << " times " << what << "\n";
  for (const auto& [what, times] : deviations.used())
    std::cout << times << " times different: " << what << "\n";
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace shale::testing::model

int main(int argc, char** argv) {
  const std::string kind = argc == 3 ? argv[1] : "";
  if (kind != "shale" && kind != "docker-registry") {
    std::cerr << "usage: registry_against_model shale|docker-registry HOST:PORT\n";
    return 2;
  }
  return shale::testing::model::compare(kind, argv[2]);
}
