#include "sandbox/e2b_transfers.hpp"

#include <gtest/gtest.h>

namespace spillway::sandbox {
namespace {

constexpr double k_mega = 1e6;

TEST(E2bTransfers, PackingPaysWhereTheWireIsSlowerThanThePacker) {
  EXPECT_TRUE(pays_to_pack(2 * k_mega, 80 * k_mega, 0.3));
  EXPECT_FALSE(pays_to_pack(200 * k_mega, 80 * k_mega, 0.3)) << "the packer is slower";
  EXPECT_FALSE(pays_to_pack(2 * k_mega, 80 * k_mega, 0.95)) << "there is nothing to gain";
  EXPECT_FALSE(pays_to_pack(70 * k_mega, 80 * k_mega, 0.1)) << "too little to gain for what it costs";
}

}  // namespace
}  // namespace spillway::sandbox
