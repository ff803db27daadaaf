#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "project.hpp"
#include "sandbox/bwrap_channel.hpp"
#include "sandbox/cgroup.hpp"
#include "sandbox_support.hpp"

/// A worker that wants out of its sandbox (hostile_worker.cpp), one attempt a test. It is in the sandbox that a run
/// of this pipeline makes; that it would succeed without one is shown for those attempts that need no privilege.
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr auto k_secret = "planted-5ecret-7f3a";

class Escape : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);
    ::setenv("PLANTED_TOKEN", k_secret, 1);
    m_project.write("films.csv", "id,title\n1,Alien\n");
    m_project.write("payroll.csv", k_secret);
    m_project.write(".env", std::string("TOKEN=") + k_secret);
    m_project.write("home/.ssh/id_ed25519", k_secret);
    m_project.write("logs/run_1/events.jsonl", k_secret);
    m_project.write("logs/run_2/commands.jsonl", k_secret);
    m_project.write("logs/run_2/events.jsonl", "");
    m_project.write("logs/run_2/cfg/extract-films.json", R"({"path": "films.csv"})");
    m_project.write("logs/run_2/cfg/write-films.json", R"({"path": "out/films.csv"})");
    fs::create_directories(m_project / "logs/run_2/artifacts/_system");
    fs::create_directories(m_project / "out");
    m_place.session_id = "run_2";
    m_place.run_dir = m_project / "logs/run_2";
    m_place.base_dir = m_project.path();
    m_place.manifest = Json::parse(R"({"steps": [
      {"id": "extract-films", "driver": "filesystem.csv_extractor", "cfg_path": "cfg/extract-films.json"},
      {"id": "write-films", "driver": "filesystem.csv_writer", "cfg_path": "cfg/write-films.json"}]})");
    m_program.process = sandbox::worker_program(m_place).process;
    m_program.process.arguments = {HOSTILE_WORKER, GetParam(), m_project.path().string(), m_place.run_dir.string(),
                                   std::to_string(::getpid())};
  }
  void TearDown() override { ::unsetenv("PLANTED_TOKEN"); }

  std::unique_ptr<sandbox::Channel> open_sandbox() const {
    // The libraries of this test are the worker's too.
    std::vector<sandbox::Mount> files = sandbox::program_files();
    files.push_back({HOSTILE_WORKER, sandbox::Mount::Kind::readable});
    config::SandboxLimits limits;
    limits.memory_bytes = std::uint64_t{1} << 30;
    limits.open_files = 1024;
    limits.processes = 50;
    limits.file_size_bytes = std::uint64_t{1} << 30;
    return sandbox::open_bwrap_channel(m_place, limits, m_program, files);
  }

  /// What the worker got hold of.
  static std::string outcome(sandbox::Channel& channel) {
    const auto message = channel.receive(60s);
    if (!message) return "nothing came";
    return std::get<protocol::Response>(*message).body["got"];
  }

  Project m_project;
  sandbox::RunPlace m_place;
  sandbox::WorkerProgram m_program;
};

class EscapeFromTheSandbox : public Escape {};

TEST_P(EscapeFromTheSandbox, IsDenied) {
  if (!no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
  const auto channel = open_sandbox();
  EXPECT_EQ(outcome(*channel), "");
  EXPECT_EQ(read_text(m_project / "films.csv"), "id,title\n1,Alien\n") << "the input is as it was";
  EXPECT_EQ(read_text(m_project / "payroll.csv"), k_secret);
}

INSTANTIATE_TEST_SUITE_P(
    Attempt, EscapeFromTheSandbox,
    ::testing::Values("read_etc_shadow", "read_etc_passwd", "read_the_home", "read_beside_the_input",
                      "read_the_dotenv", "read_another_run", "read_the_record", "read_environment_of_process_1",
                      "read_own_environment", "read_environment_of_the_parent", "read_environment_of_the_host",
                      "read_with_dots", "read_root_of_process_1", "list_the_project", "list_the_runs",
                      "list_the_hosts_tmp", "read_the_disk", "read_memory_of_the_machine", "read_sysfs",
                      "write_the_project", "write_the_root", "write_etc", "write_the_input", "truncate_the_input",
                      "chmod_the_input", "delete_the_input", "write_the_config", "write_the_record",
                      "write_the_run_card", "redirect_the_run_card", "write_the_program", "write_core_pattern",
                      "write_sysrq", "link_out_of_the_output_folder", "hard_link_of_an_input", "make_a_device",
                      "socket_to_loopback", "socket_for_names", "socket_to_the_kernel", "raw_socket", "file_socket",
                      "abstract_socket", "see_the_networks_of_the_host", "signal_the_host", "signal_everybody",
                      "see_other_processes", "start_a_process", "start_a_process_by_clone",
                      "start_a_process_in_new_namespaces", "run_a_shell", "ptrace_the_parent",
                      "read_memory_of_the_parent", "steal_a_descriptor", "mount", "unmount_the_root",
                      "new_user_namespace", "namespace_of_process_1"),
    [](const auto& tested) { return std::string(tested.param); });

INSTANTIATE_TEST_SUITE_P(OnTheKernel, EscapeFromTheSandbox,
                         ::testing::Values("change_root", "file_by_handle", "bpf", "keyctl", "perf_event_open",
                                           "userfaultfd", "io_uring", "kexec", "kernel_module", "kernel_log",
                                           "set_the_clock", "become_root", "type_into_the_terminal",
                                           "allocate_50_gigabytes", "raise_its_limits", "open_ten_thousand_files",
                                           "write_a_huge_file", "fill_tmp", "fill_dev_shm"),
                         [](const auto& tested) { return std::string(tested.param); });

/// With a connection a worker may ask for sockets; its own are in a network of their own.
class EscapeWithAConnection : public Escape {
 protected:
  void SetUp() override {
    Escape::SetUp();
    m_listener = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(m_listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(m_listener.get(), 1), 0);
    ASSERT_EQ(::getsockname(m_listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    m_project.write("out/port", std::to_string(ntohs(address.sin_port)));
    m_place.connections = {{"@postgres.main", {{"host", "127.0.0.1"}, {"port", 1}}}};
  }

  Fd m_listener;
};

TEST_P(EscapeWithAConnection, IsDenied) {
  if (!no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
  const auto channel = open_sandbox();
  EXPECT_EQ(outcome(*channel), "");
}

INSTANTIATE_TEST_SUITE_P(Attempt, EscapeWithAConnection,
                         ::testing::Values("connect_to_loopback", "connect_by_sending", "listen_on_loopback",
                                           "ask_a_socket_for_networks", "socket_of_a_virtual_machine",
                                           "socket_to_the_kernel", "raw_socket", "file_socket", "abstract_socket",
                                           "see_the_networks_of_the_host", "read_etc_shadow", "steal_a_descriptor"),
                         [](const auto& tested) { return std::string(tested.param); });

/// What only a control group limits: of root, and of memory that is shared.
class EscapeFromTheControlGroup : public Escape {
 protected:
  void SetUp() override {
    if (!no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
    if (!sandbox::Cgroup::create(std::string("spillway-test-") + GetParam(), {std::uint64_t{1} << 30, 50})) {
      GTEST_SKIP() << "no control group can be made here";
    }
    Escape::SetUp();
  }
};

TEST_P(EscapeFromTheControlGroup, IsDenied) {
  const auto channel = open_sandbox();
  if (std::string_view(GetParam()) != "share_2_gigabytes") {
    EXPECT_EQ(outcome(*channel), "");
    return;
  }
  try {
    EXPECT_EQ(outcome(*channel), "");
    FAIL() << "it lives";
  } catch (const Exception& exception) {
    EXPECT_EQ(exception.error().to_display(),
              "error: the worker ran out of memory: it was killed when it had taken the 1.0 GB that it may\n"
              "  hint: raise SPILLWAY_SANDBOX_MEMORY (--sandbox-memory), or lower SPILLWAY_MEMORY_LIMIT "
              "(--memory-limit) so that more is spilled");
  }
}

INSTANTIATE_TEST_SUITE_P(Attempt, EscapeFromTheControlGroup,
                         ::testing::Values("share_2_gigabytes", "start_a_hundred_threads"),
                         [](const auto& tested) { return std::string(tested.param); });

class WithoutASandbox : public Escape {};

TEST_P(WithoutASandbox, TheAttemptSucceeds) {
  const auto channel = sandbox::open_process_channel(m_program);
  EXPECT_NE(outcome(*channel), "") << "the attempt proves nothing";
}

INSTANTIATE_TEST_SUITE_P(
    Attempt, WithoutASandbox,
    ::testing::Values("read_etc_passwd", "read_the_home", "read_beside_the_input", "read_the_dotenv",
                      "read_another_run", "read_the_record", "read_with_dots", "list_the_project", "list_the_runs",
                      "read_sysfs", "write_the_project", "write_the_input", "chmod_the_input", "delete_the_input",
                      "write_the_config", "write_the_record", "write_the_run_card", "redirect_the_run_card",
                      "link_out_of_the_output_folder", "hard_link_of_an_input", "socket_to_loopback",
                      "signal_the_host", "see_other_processes", "start_a_process", "start_a_process_by_clone",
                      "allocate_50_gigabytes", "start_a_hundred_threads", "open_ten_thousand_files"),
    [](const auto& tested) { return std::string(tested.param); });

}  // namespace
}  // namespace spillway::testing
