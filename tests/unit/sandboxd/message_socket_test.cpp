#include "sandboxd/message_socket.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "util/descriptor_message.hpp"
#include "util/error.hpp"
#include "util/memory_file.hpp"

namespace spillway::sandboxd {
namespace {

class MessageSocketTest : public ::testing::Test {
 protected:
  MessageSocketTest() : MessageSocketTest(make_socket_pair()) {}

  /// What a peer writes that sticks to no rules.
  void write_bytes(std::string_view bytes) const {
    ASSERT_EQ(::write(m_here.fd(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }

  MessageSocket m_here;
  MessageSocket m_there;

 private:
  explicit MessageSocketTest(std::pair<Fd, Fd> ends)
      : m_here(std::move(ends.first)), m_there(std::move(ends.second)) {}
};

TEST_F(MessageSocketTest, BringsMessagesWithTheirDescriptors) {
  const Fd first = memory_file("first", "1");
  const Fd second = memory_file("second", "2");
  m_here.send({{"n", 1}});
  m_here.send({{"n", 2}}, std::array{first.get(), second.get()});
  m_here.send({{"n", 3}});
  EXPECT_EQ(m_there.receive()->descriptors.size(), 0U);
  const std::optional<AgentMessage> message = m_there.receive();
  EXPECT_EQ(message->content, Json({{"n", 2}}));
  ASSERT_EQ(message->descriptors.size(), 2U);
  char byte = 0;
  EXPECT_EQ(::pread(message->descriptors[1].get(), &byte, 1, 0), 1);
  EXPECT_EQ(byte, '2');
  EXPECT_NE(::fcntl(message->descriptors[0].get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(m_there.receive()->content, Json({{"n", 3}}));
}

TEST_F(MessageSocketTest, TakesMessagesThatAreLongerThanTheSocketsBuffer) {
  const std::string text(5'000'000, 'x');
  std::thread sender([&] { m_here.send({{"text", text}}); });
  EXPECT_EQ(m_there.receive()->content.at("text"), text);
  sender.join();
}

TEST_F(MessageSocketTest, EndsWithItsPeer) {
  m_here.shut_down();
  EXPECT_FALSE(m_there.receive());
  EXPECT_FALSE(m_here.receive());
}

TEST_F(MessageSocketTest, EndsInTheMiddleOfAMessage) {
  write_bytes(std::string("\x05\0\0\0{", 5));
  m_here.shut_down();
  EXPECT_FALSE(m_there.receive());
}

TEST_F(MessageSocketTest, RefusesAMessageThatIsTooLong) {
  write_bytes("\xff\xff\xff\xff");
  EXPECT_THROW(m_there.receive(), Exception);
}

TEST_F(MessageSocketTest, RefusesWhatIsNoObject) {
  write_bytes(std::string("\x02\0\0\0[]", 6));
  EXPECT_THROW(m_there.receive(), Exception);
  write_bytes(std::string("\x01\0\0\0{", 5));
  EXPECT_THROW(m_there.receive(), Exception);
}

TEST_F(MessageSocketTest, KeepsNoMoreDescriptorsThanAMessageMayHave) {
  const Fd file = memory_file("many", "");
  const std::string text = "{\"a\":\"0123456789\"}";
  write_bytes(std::string("\x12\0\0\0", 4));
  // One with each byte.
  const int fd = file.get();
  for (const char& byte : text) ASSERT_EQ(send_with_descriptors(m_here.fd(), {&byte, 1}, {&fd, 1}), 1);
  EXPECT_THROW(m_there.receive(), Exception);
}

}  // namespace
}  // namespace spillway::sandboxd
