#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include <unistd.h>

#include "server/cli/command_line.h"
#include "server/cli/fsck.h"
#include "server/cli/password_prompt.h"
#include "server/cli/serve.h"

int main(int argc, char** argv) {
  try {
    std::vector<std::string> environment;
    for (char** entry = environ; *entry != nullptr; ++entry)
      environment.emplace_back(*entry);

    const int code =
        shale::cli::run({argv + 1, argv + argc}, {.environment = environment,
                                                  .out = std::cout,
                                                  .err = std::cerr,
                                                  .serve = shale::cli::serve,
                                                  .fsck = shale::cli::fsck,
                                                  .ask_password = shale::cli::ask_password,
                                                  .read_password = shale::cli::read_password});
    // A full disk behind `>` is found only now.
    return std::cout.flush() ? code : shale::cli::kFailure;
  } catch (const std::exception& failed) {
    std::cerr << "shale: " << failed.what() << '\n';
    return shale::cli::kFailure;
  }
}
