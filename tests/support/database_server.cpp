#include "support/database_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "support/free_port.hpp"
#include "support/process.hpp"
#include "support/process_tree.hpp"
#include "util/fd.hpp"
#include "util/strings.hpp"

namespace spillway::testing {
namespace fs = std::filesystem;
namespace {

using namespace std::chrono_literals;

constexpr auto k_patience = 60s;
constexpr auto k_poll = 5ms;
constexpr int k_certificate_days = 2;

std::string loopback_addresses() { return DatabaseServer::has_ipv6() ? "127.0.0.1,::1" : "127.0.0.1"; }

/// The server dies with the test program, and is nobody's when that is root's: neither server runs as root.
std::vector<std::string> as_server_user(std::vector<std::string> command) {
  std::vector<std::string> whole{"setpriv", "--pdeathsig", "KILL"};
  if (::geteuid() == 0) {
    whole.insert(whole.end(), {"--reuid", "nobody", "--regid", "nogroup", "--clear-groups"});
  }
  whole.emplace_back("--");
  whole.insert(whole.end(), std::make_move_iterator(command.begin()), std::make_move_iterator(command.end()));
  return whole;
}

std::string run_or_throw(const std::vector<std::string>& command, const ProcessOptions& options) {
  const ProcessResult result = Process(command, options).wait();
  if (result.exit_code == 0) return result.out;
  throw std::runtime_error(command[0] + " failed: " + result.out + result.err);
}

/// A program that Debian keeps out of the PATH of some or all users.
std::string program(const char* name) {
  for (const char* folder : {"/usr/lib/postgresql/15/bin", "/usr/sbin", "/usr/bin"}) {
    const fs::path path = fs::path(folder) / name;
    if (fs::exists(path)) return path;
  }
  throw std::runtime_error(std::string(name) + " is not installed: ./dev setup does it");
}

/// Of k_user by TCP with TLS.
std::string dsn_of(int port, const std::string& database) {
  return fmt::format("postgresql://{}:pa%20ss%27%22%5C%3A%2F%40%3F%23%25%26%3D%24w%C3%B6rd@{}:{}/{}?sslmode=require",
                     DatabaseServer::k_user, DatabaseServer::k_host, port, database);
}

bool accepts_connections(const fs::path& socket) {
  const Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket.string().copy(address.sun_path, sizeof address.sun_path - 1);
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

DatabaseServer::DatabaseServer(const std::string& name) : m_port(free_port()) {
  std::string folder = (fs::temp_directory_path() / ("spillway-" + name + "-XXXXXX")).string();
  if (::mkdtemp(folder.data()) == nullptr) throw std::system_error(errno, std::generic_category(), "mkdtemp");
  m_folder = folder;
  fs::permissions(m_folder, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec |
                                fs::perms::group_read | fs::perms::others_read);
  make_certificates();
  give_to_server_user(m_folder);
}

DatabaseServer::~DatabaseServer() {
  std::error_code ignored;
  fs::remove_all(m_folder, ignored);
}

bool DatabaseServer::has_ipv6() {
  const Fd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

std::string DatabaseServer::log() const {
  std::ostringstream text;
  text << std::ifstream(m_folder / "server.log").rdbuf();
  return text.str();
}

/// An authority, another one, and a certificate of the first for the loopback names.
void DatabaseServer::make_certificates() const {
  fs::create_directories(m_folder / "tls");
  const ProcessOptions here{.directory = m_folder / "tls", .environment = {}, .input = {}};
  const auto authority = [&](const std::string& name) {
    run_or_throw(
        {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=Spillway test " + name, "-keyout", name + ".key", "-out", name + ".crt"},
        here);
  };
  authority("ca");
  authority("other");
  std::ofstream(tls("names")) << "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\n";
  run_or_throw({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                "/CN=localhost", "-keyout", "server.key", "-out", "server.csr"},
               here);
  give_to_server_user(tls("server.key"));
  sign_certificate(k_certificate_days);
}

void DatabaseServer::sign_certificate(int days) const {
  run_or_throw({"openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
                "-CAcreateserial", "-days", std::to_string(days), "-extfile", "names", "-out", "server.crt"},
               {.directory = m_folder / "tls", .environment = {}, .input = {}});
}

void DatabaseServer::give_to_server_user(const fs::path& path) {
  if (::geteuid() != 0) return;
  const passwd* user = ::getpwnam("nobody");
  if (user == nullptr || ::chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot give away " + path.string());
  }
}

void DatabaseServer::run_as_server(std::vector<std::string> command) const {
  run_or_throw(as_server_user(std::move(command)),
               {.directory = m_folder, .environment = {{"HOME", "/"}}, .input = {}});
}

std::string DatabaseServer::run_client(const std::vector<std::string>& command, const std::string& input,
                                       const std::string& password_variable) {
  return run_or_throw(command, {.directory = "/", .environment = {{password_variable, k_password}}, .input = input});
}

std::string DatabaseServer::run_psql(const fs::path& folder, int port, const std::string& text,
                                     const std::string& database) {
  return run_client({"psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", folder, "-p",
                     std::to_string(port), "-U", k_user, "-d", database, "-f", "-"},
                    text, "PGPASSWORD");
}

void DatabaseServer::start() {
  std::vector<std::string> command = as_server_user(server_command());
  std::vector<char*> arguments;
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  const std::string log = m_folder / "server.log";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  const int status = ::posix_spawnp(&m_pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (status != 0) throw std::system_error(status, std::generic_category(), "cannot start " + command[0]);
  const auto deadline = std::chrono::steady_clock::now() + k_patience;
  while (!is_ready()) {
    const bool ended = ::waitpid(m_pid, nullptr, WNOHANG) == m_pid;
    if (ended) m_pid = -1;
    if (ended || std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("the server did not start: " + this->log());
    }
    std::this_thread::sleep_for(k_poll);
  }
}

void DatabaseServer::crash() {
  if (m_pid < 0) return;
  // Stopped, it starts nobody else in the meantime.
  ::kill(m_pid, SIGSTOP);
  ::waitpid(m_pid, nullptr, WUNTRACED);
  std::vector<Fd> others;
  for (const pid_t other : descendants(m_pid)) {
    others.push_back(open_process(other));
    ::kill(other, SIGKILL);
  }
  stop(SIGKILL);
  for (const Fd& other : others) {
    if (other && !ends_within(other, k_patience)) throw std::runtime_error("a process of the server does not end");
  }
}

void DatabaseServer::stop(int signal) {
  if (m_pid < 0) return;
  ::kill(m_pid, signal);
  ::waitpid(m_pid, nullptr, 0);
  m_pid = -1;
}

// --- PostgreSQL

PostgresServer::PostgresServer(std::vector<std::string> options)
    : DatabaseServer("postgres"), m_options(std::move(options)) {
  std::ofstream(folder() / "password") << k_password;
  run_as_server({program("initdb"), "--pgdata", data(), "--username", k_user, "--pwfile", folder() / "password",
                 "--auth-local", "scram-sha-256", "--auth-host", "scram-sha-256", "--encoding", "UTF8", "--locale",
                 "C.UTF-8", "--no-sync"});
  start();
  sql(std::string("CREATE DATABASE ") + k_database, "postgres");
}

/// Killed outright, it would leave its shared memory behind.
PostgresServer::~PostgresServer() { stop(SIGQUIT); }

std::vector<std::string> PostgresServer::server_command() const {
  std::vector<std::string> command{program("postgres"), "-D", data(), "-k", folder(), "-p", std::to_string(port())};
  std::vector<std::string> settings{"listen_addresses=" + loopback_addresses(),
                                    "fsync=off",
                                    "full_page_writes=off",
                                    "synchronous_commit=off",
                                    "max_wal_size=4GB",
                                    "ssl=on",
                                    "ssl_cert_file=" + tls("server.crt").string(),
                                    "ssl_key_file=" + tls("server.key").string(),
                                    "log_line_prefix=%a ",
                                    "timezone=UTC"};
  settings.insert(settings.end(), m_options.begin(), m_options.end());
  for (std::string& setting : settings) command.insert(command.end(), {"-c", std::move(setting)});
  return command;
}

/// The last line of its pid file says so; one that was killed leaves such a file too.
bool PostgresServer::is_ready() const {
  std::ifstream file(data() / "postmaster.pid");
  pid_t owner = -1;
  file >> owner;
  std::string last;
  for (std::string line; std::getline(file, line);) last = line;
  return owner == pid() && last.starts_with("ready");
}

std::string PostgresServer::dsn(const std::string& database) const { return dsn_of(port(), database); }

std::string PostgresServer::sql(const std::string& text, const std::string& database) const {
  return run_psql(folder(), port(), text, database);
}

// --- PgBouncer

Pooler::Pooler(const PostgresServer& database, Mode mode, std::vector<std::string> settings)
    : DatabaseServer("pooler") {
  std::ofstream(folder() / "users") << fmt::format("\"{}\" \"{}\"\n", k_user, replace_all(k_password, "\"", "\"\""));
  std::vector<std::string> lines{
      "[databases]",
      fmt::format("* = host={} port={}", database.socket_folder().string(), database.port()),
      "[pgbouncer]",
      fmt::format("listen_addr = {}", k_host),
      fmt::format("listen_port = {}", port()),
      fmt::format("unix_socket_dir = {}", folder().string()),
      "auth_type = scram-sha-256",
      fmt::format("auth_file = {}", (folder() / "users").string()),
      "client_tls_sslmode = allow",
      fmt::format("client_tls_cert_file = {}", tls("server.crt").string()),
      fmt::format("client_tls_key_file = {}", tls("server.key").string()),
      fmt::format("pool_mode = {}", mode == Mode::transaction ? "transaction" : "session")};
  lines.insert(lines.end(), std::make_move_iterator(settings.begin()), std::make_move_iterator(settings.end()));
  std::ofstream(configuration()) << join(lines, "\n") << "\n";
  start();
}

Pooler::~Pooler() { stop(SIGKILL); }

std::vector<std::string> Pooler::server_command() const { return {program("pgbouncer"), configuration()}; }

bool Pooler::is_ready() const { return accepts_connections(folder() / fmt::format(".s.PGSQL.{}", port())); }

std::string Pooler::dsn(const std::string& database) const { return dsn_of(port(), database); }

std::string Pooler::sql(const std::string& text, const std::string& database) const {
  return run_psql(folder(), port(), text, database);
}

// --- MariaDB

MariadbServer::MariadbServer(std::vector<std::string> options)
    : DatabaseServer("mariadb"), m_options(std::move(options)) {
  run_as_server({program("mariadb-install-db"), "--no-defaults", "--datadir=" + data().string(),
                 "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-log-bin",
                 "--innodb-flush-log-at-trx-commit=0"});
  std::string password;
  for (const char* c = k_password; *c != '\0'; ++c) {
    if (*c == '\'' || *c == '\\') password += '\\';
    password += *c;
  }
  std::ofstream(folder() / "init.sql") << "CREATE DATABASE IF NOT EXISTS " << k_database << ";\n"
                                       << "CREATE USER IF NOT EXISTS '" << k_user << "'@'%' IDENTIFIED BY '"
                                       << password << "';\n"
                                       << "GRANT ALL ON *.* TO '" << k_user << "'@'%' WITH GRANT OPTION;\n"
                                       << "ALTER USER root@localhost IDENTIFIED BY '" << password << "';\n";
  start();
}

MariadbServer::~MariadbServer() { stop(SIGKILL); }

std::vector<std::string> MariadbServer::server_command() const {
  std::vector<std::string> command{program("mariadbd"),
                                   "--no-defaults",
                                   "--datadir=" + data().string(),
                                   "--tmpdir=" + folder().string(),
                                   "--socket=" + socket().string(),
                                   "--pid-file=" + (folder() / "mariadb.pid").string(),
                                   "--port=" + std::to_string(port()),
                                   "--bind-address=" + loopback_addresses(),
                                   "--init-file=" + (folder() / "init.sql").string(),
                                   "--ssl-cert=" + tls("server.crt").string(),
                                   "--ssl-key=" + tls("server.key").string(),
                                   "--ssl-ca=" + ca_file().string(),
                                   "--skip-name-resolve",
                                   "--skip-log-bin",
                                   "--character-set-server=utf8mb4",
                                   "--local-infile=1",
                                   "--innodb-flush-log-at-trx-commit=0",
                                   "--innodb-doublewrite=0",
                                   "--default-time-zone=+00:00"};
  for (const std::string& option : m_options) command.push_back("--" + option);
  return command;
}

/// It opens its socket when it is ready to serve it; a stale one of a server that crashed does not answer.
bool MariadbServer::is_ready() const { return accepts_connections(socket()); }

std::string MariadbServer::sql(const std::string& text, const std::string& database) const {
  return run_client({"mariadb", "--no-defaults", "--batch", "--skip-column-names", "--default-character-set=utf8mb4",
                     "--socket=" + socket().string(), std::string("--user=") + k_user, database},
                    text, "MYSQL_PWD");
}

}  // namespace spillway::testing
