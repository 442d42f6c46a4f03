// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title The owner of a treasury: what the operator decides is public before it happens
/// @dev The operator's multisig proposes and cancels, anyone executes, nobody administers but the timelock itself.
contract Timelock is TimelockController {
    /// @notice How long an operation may be executed after it became ready. Without an end operations could be
    /// stocked, and used at a moment for which nobody decided them.
    uint256 public constant GRACE = 14 days;

    /// @notice The delay at deployment; it may be made longer, never shorter than this.
    uint256 public immutable delayMin;

    /// @notice Longer than this it never gets: half a halt, so that what the owner decides within a halt still ends it.
    uint256 public immutable delayMax;

    error DelayBelowFloor(uint256 floor, uint256 got);
    error DelayAboveCeiling(uint256 ceiling, uint256 got);

    /// @param haltMax seconds that a halt may last; the treasury sees that `delay` is at most half of it
    constructor(uint256 delay, uint256 haltMax, address operator)
        TimelockController(delay, _only(operator), _only(address(0)), address(0))
    {
        (delayMin, delayMax) = (delay, haltMax / 2);
    }

    /// @inheritdoc TimelockController
    /// @dev Only by an operation of its own, with a delay from `delayMin` to `delayMax`.
    function updateDelay(uint256 newDelay) public override {
        if (newDelay < delayMin) revert DelayBelowFloor(delayMin, newDelay);
        if (newDelay > delayMax) revert DelayAboveCeiling(delayMax, newDelay);
        super.updateDelay(newDelay);
    }

    /// @inheritdoc TimelockController
    /// @dev A lapsed operation is as if it had never been scheduled: it cannot be executed, and can be scheduled anew.
    function getOperationState(bytes32 id) public view override returns (OperationState state) {
        state = super.getOperationState(id);
        if (state == OperationState.Ready && block.timestamp > getTimestamp(id) + GRACE) return OperationState.Unset;
    }

    function _only(address account) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }
}
