#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <tuple>
#include <vector>

#include "cli/command.hpp"
#include "cli/console.hpp"
#include "run/exit_code.hpp"

int main(int argc, char** argv) {
  using namespace spillway;
  // A file that is opened must not become a standard stream that whoever started this had closed.
  for (int fd = 0; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) std::ignore = ::open("/dev/null", O_RDWR);
  }
  // A reader that goes away is an error of the write, not the end of the program.
  std::signal(SIGPIPE, SIG_IGN);
  cli::Console console;
  try {
    return cli::dispatch(std::vector<std::string>(argv + 1, argv + argc), console);
  } catch (...) {
    const Error error = current_error();
    const int exit_code = run::exit_code(run::Phase::command, error.code);
    console.error(error, exit_code);
    return exit_code;
  }
}
