#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace spillway::testing {

/// A database server of the tests' own: a private instance in a temporary folder, on a free loopback port and a unix
/// socket, with TLS, run by an unprivileged user when the tests are root's. It ends with this object, and with the
/// test program if that is killed. What is common to the two servers below; start one per test program, as its
/// program takes a second to make its files.
class DatabaseServer {
 public:
  static constexpr const char* k_host = "127.0.0.1";
  /// Where it listens too, when the machine has it.
  static constexpr const char* k_ipv6_host = "::1";
  static bool has_ipv6();
  static constexpr const char* k_database = "spillway";
  /// A user who may do everything, and whose password tries what connection strings and shells trip over.
  static constexpr const char* k_user = "spillway";
  static constexpr const char* k_password = "pa ss'\"\\:/@?#%&=$wörd";

  DatabaseServer(const DatabaseServer&) = delete;
  DatabaseServer& operator=(const DatabaseServer&) = delete;
  virtual ~DatabaseServer();

  int port() const { return m_port; }
  const std::filesystem::path& folder() const { return m_folder; }
  /// The authority that signed the server's certificate, which is for localhost, 127.0.0.1 and ::1.
  std::filesystem::path ca_file() const { return m_folder / "tls/ca.crt"; }
  /// An authority that did not.
  std::filesystem::path other_ca_file() const { return m_folder / "tls/other.crt"; }
  std::string log() const;

  /// Kills the server and whatever it started at once: what was not committed is lost.
  void crash();
  /// Starts it again on the same files and port.
  void restart() { start(); }
  /// Makes the server's certificate anew, for this many days (-1: it has expired). It is read when the server starts.
  void sign_certificate(int days) const;
  /// Gives a file or folder to the user that servers run as.
  static void give_to_server_user(const std::filesystem::path& path);

  /// Runs SQL with the server's own command line client as k_user and returns what it prints: rows as lines, columns
  /// separated by tabs. Throws with the client's words when it fails.
  virtual std::string sql(const std::string& text, const std::string& database = k_database) const = 0;

 protected:
  explicit DatabaseServer(const std::string& name);

  virtual std::vector<std::string> server_command() const = 0;
  virtual bool is_ready() const = 0;

  void start();
  void stop(int signal);
  /// Runs a program of the server's package as the server's user; throws with its output when it fails.
  void run_as_server(std::vector<std::string> command) const;
  static std::string run_client(const std::vector<std::string>& command, const std::string& input,
                                const std::string& password_variable);
  /// Runs SQL by psql over the unix socket in that folder.
  static std::string run_psql(const std::filesystem::path& folder, int port, const std::string& text,
                              const std::string& database);
  pid_t pid() const { return m_pid; }
  std::filesystem::path data() const { return m_folder / "data"; }
  std::filesystem::path tls(const std::string& name) const { return m_folder / "tls" / name; }

 private:
  void make_certificates() const;

  std::filesystem::path m_folder;
  int m_port = 0;
  pid_t m_pid = -1;
};

class PostgresServer : public DatabaseServer {
 public:
  /// `options` are settings as postgres -c takes them, after those that make it fast and forgetful (fsync=off).
  explicit PostgresServer(std::vector<std::string> options = {});
  ~PostgresServer() override;
  std::string sql(const std::string& text, const std::string& database = k_database) const override;
  const std::filesystem::path& socket_folder() const { return folder(); }
  /// Of a connection by TCP, with TLS: its password has every character that means something in a URL.
  std::string dsn(const std::string& database = k_database) const;

 private:
  std::vector<std::string> server_command() const override;
  bool is_ready() const override;
  std::vector<std::string> m_options;
};

/// PgBouncer in front of a server that outlives it: what Supabase's pooler and its like do with a connection. Lets
/// k_user in, by TCP with TLS and by a unix socket.
class Pooler : public DatabaseServer {
 public:
  enum class Mode { transaction, session };
  /// `settings` are lines of its configuration: "default_pool_size = 1".
  Pooler(const PostgresServer& database, Mode mode, std::vector<std::string> settings = {});
  ~Pooler() override;
  /// By another client, through the pooler.
  std::string sql(const std::string& text, const std::string& database = k_database) const override;
  const std::filesystem::path& socket_folder() const { return folder(); }
  std::string dsn(const std::string& database = k_database) const;

 private:
  std::vector<std::string> server_command() const override;
  bool is_ready() const override;
  std::filesystem::path configuration() const { return folder() / "pgbouncer.ini"; }
};

class MariadbServer : public DatabaseServer {
 public:
  /// `options` are those of mariadbd, without the leading --.
  explicit MariadbServer(std::vector<std::string> options = {});
  ~MariadbServer() override;
  std::string sql(const std::string& text, const std::string& database = k_database) const override;
  std::filesystem::path socket() const { return folder() / "mariadb.sock"; }

 private:
  std::vector<std::string> server_command() const override;
  bool is_ready() const override;
  std::vector<std::string> m_options;
};

}  // namespace spillway::testing
