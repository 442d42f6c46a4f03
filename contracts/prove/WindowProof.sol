// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bucket} from "../src/Bucket.sol";

/// @notice For every sequence of payments at any times: no interval as long as one window sees more than two halves of
/// the cap leave (G9). The size and the window are examples, the sequence is not.
contract WindowProof {
    uint256 private constant HALF = 500;
    uint256 private constant WINDOW = 1 days;
    uint256 private used;
    uint256 private usedAt;
    // The interval that is watched: any moment may be its beginning.
    uint256 private begun;
    uint256 private left;

    function watch(uint256 time) external {
        require(time >= usedAt && time < 2 ** 40);
        (used, usedAt) = (Bucket.level(used, time - usedAt, HALF, WINDOW), time);
        (begun, left) = (time, 0);
    }

    /// @dev What `Vault._use` does.
    function use(uint96 amount, uint256 time) external {
        require(time >= usedAt && time < 2 ** 40);
        uint256 level = Bucket.level(used, time - usedAt, HALF, WINDOW) + amount;
        require(level <= HALF);
        (used, usedAt) = (level, time);
        left += amount;
        assert(time - begun > WINDOW || left <= 2 * HALF);
    }

    /// @dev Says why, and so helps the solver: what left is still in the bucket, or has leaked since.
    function explain() external view {
        assert(usedAt >= begun);
        assert(left * WINDOW <= used * WINDOW + (usedAt - begun) * HALF);
    }
}
