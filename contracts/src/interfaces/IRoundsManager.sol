// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a payer uses of Livepeer's RoundsManager.
interface IRoundsManager {
    /// @notice The block hash that tickets of `round` must carry; zero if the round was never initialised.
    function blockHashForRound(uint256 round) external view returns (bytes32);
}
