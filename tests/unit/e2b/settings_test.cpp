#include "e2b/settings.hpp"

#include <map>

#include <gtest/gtest.h>

#include "e2b/address.hpp"

namespace spillway::e2b {
namespace {

using Variables = std::map<std::string, std::string>;

Result<Settings> read(Variables variables, const char* key = "e2b_1234") {
  variables["E2B_API_KEY"] = key;
  return read_settings([&variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

TEST(E2bSettings, TheServiceIsFoundByItsDomain) {
  const Settings usual = read({}).value();
  EXPECT_EQ(usual.api_url, "https://api.e2b.app");
  EXPECT_EQ(usual.sandbox_url, "");
  EXPECT_EQ(usual.api_key.reveal(), "e2b_1234");
  EXPECT_EQ(read({{"E2B_DOMAIN", "e2b.example.com"}})->api_url, "https://api.e2b.example.com");
  const Settings own = read({{"E2B_API_URL", "http://127.0.0.1:3000/"},
                             {"E2B_SANDBOX_URL", " http://[::1]:3000 "},
                             {"SSL_CERT_FILE", "/ca.pem"}})
                           .value();
  EXPECT_EQ(own.api_url, "http://127.0.0.1:3000");
  EXPECT_EQ(own.sandbox_url, "http://[::1]:3000");
  EXPECT_EQ(own.ca_file, "/ca.pem");
}

TEST(E2bSettings, WhereTheDataPlaneOfASandboxIs) {
  const Settings usual = read({}).value();
  Sandbox sandbox{"iabc", "base", "0.6.13", "", SecretText("t")};
  EXPECT_EQ(data_plane_url(usual, sandbox), "https://sandbox.e2b.app");
  sandbox.domain = "cell7.example.com";
  EXPECT_EQ(data_plane_url(usual, sandbox), "https://49983-iabc.cell7.example.com");
  EXPECT_EQ(data_plane_url(read({{"E2B_SANDBOX_URL", "http://h:1"}}).value(), sandbox), "http://h:1");
  EXPECT_EQ(data_plane_headers(sandbox), (std::vector<std::string>{"E2b-Sandbox-Id: iabc", "E2b-Sandbox-Port: 49983",
                                                                   "Accept: application/json", "X-Access-Token: t"}));
}

TEST(E2bSettings, WhatIsWrongIsTold) {
  const auto message = [](const Result<Settings>& settings) {
    return settings ? "accepted" : settings.error().message;
  };
  EXPECT_EQ(message(read({}, "")), "no API key for E2B: E2B_API_KEY is not set");
  EXPECT_EQ(message(read({}, "e2b_12\r\nX: y")),
            "invalid value of E2B_API_KEY: it has a blank or another character that no key has");
  EXPECT_EQ(message(read({{"E2B_DOMAIN", "e2b.app/x"}})),
            "invalid value 'e2b.app/x' of E2B_DOMAIN: must be a domain, such as e2b.app");
  for (const char* url : {"127.0.0.1:3000", "ftp://h", "http://", "http://h/\n"}) {
    EXPECT_EQ(message(read({{"E2B_API_URL", std::string(url) + "x y"}})),
              std::string("invalid value '") + url +
                  "x y' of E2B_API_URL: must be an address, such as http://127.0.0.1:3000");
  }
  EXPECT_EQ(message(read({{"E2B_SANDBOX_URL", "http://user:hunter2@host"}})),
            "invalid value 'http://***@host' of E2B_SANDBOX_URL: must be an address, such as http://127.0.0.1:3000");
}

}  // namespace
}  // namespace spillway::e2b
