// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IController} from "./Interfaces.sol";
import {Manager, ManagerProxyTarget} from "./Manager.sol";

/// @notice Stand-in for Livepeer's RoundsManager: rounds counted in blocks, started by anyone, with their block hash.
/// @dev Not modelled: the locked end of a round, LIP upgrade rounds, the reward bookkeeping of a new round.
/// On Arbitrum the block number that a contract sees is the one of L1; here it is the chain's own.
contract RoundsManager is ManagerProxyTarget {
    event NewRound(uint256 indexed round, bytes32 blockHash);

    uint256 public roundLength; // slot 2
    uint256 public roundLockAmount; // slot 3
    uint256 public lastInitializedRound; // slot 4
    uint256 public lastRoundLengthUpdateRound; // slot 5
    uint256 public lastRoundLengthUpdateStartBlock; // slot 6
    mapping(uint256 round => bytes32) internal _blockHashForRound; // slot 7

    constructor(IController controller_) Manager(controller_) {}

    function setRoundLength(uint256 roundLength_) external onlyControllerOwner {
        require(roundLength_ > 0, "round length cannot be 0");
        if (roundLength == 0) roundLength = roundLength_;
        uint256 round = currentRound();
        lastRoundLengthUpdateStartBlock = currentRoundStartBlock();
        lastRoundLengthUpdateRound = round;
        roundLength = roundLength_;
        emit ParameterUpdate("roundLength");
    }

    /// @notice Starts the current round. Anyone may; until someone does, no ticket can be redeemed.
    function initializeRound() external whenSystemNotPaused {
        uint256 round = currentRound();
        require(lastInitializedRound < round, "round already initialized");
        lastInitializedRound = round;
        bytes32 roundBlockHash = blockhash(block.number - 1);
        _blockHashForRound[round] = roundBlockHash;
        emit NewRound(round, roundBlockHash);
    }

    function blockHashForRound(uint256 round) public view returns (bytes32) {
        return _blockHashForRound[round];
    }

    function currentRound() public view returns (uint256) {
        return lastRoundLengthUpdateRound + (block.number - lastRoundLengthUpdateStartBlock) / roundLength;
    }

    function currentRoundStartBlock() public view returns (uint256) {
        return lastRoundLengthUpdateStartBlock + (currentRound() - lastRoundLengthUpdateRound) * roundLength;
    }

    function currentRoundInitialized() public view returns (bool) {
        return lastInitializedRound == currentRound();
    }
}
