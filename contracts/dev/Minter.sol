// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IController} from "./Interfaces.sol";
import {Manager} from "./Manager.sol";

/// @notice Stand-in for the ETH side of Livepeer's Minter: it holds every deposit, reserve and fee. Mints nothing.
contract Minter is Manager {
    constructor(IController controller_) Manager(controller_) {}

    function depositETH() external payable whenSystemNotPaused returns (bool) {
        require(_is("Minter") || _is("JobsManager"), "msg.sender not Minter or JobsManager");
        return true;
    }

    /// @dev `transfer` on purpose, as the real one: a recipient has 2,300 gas.
    function trustedWithdrawETH(address payable to, uint256 amount) external whenSystemNotPaused {
        require(_is("BondingManager") || _is("JobsManager"), "msg.sender not BondingManager or JobsManager");
        to.transfer(amount);
    }

    function _is(string memory name) private view returns (bool) {
        return msg.sender == controller.getContract(keccak256(bytes(name)));
    }
}
