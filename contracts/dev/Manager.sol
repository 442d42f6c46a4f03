// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {IBonds, IController, IRounds, IVault} from "./Interfaces.sol";

/// @notice What all contracts of the stand-in share: they find each other through the Controller, at every call anew.
abstract contract Manager {
    event ParameterUpdate(string param);

    IController public controller; // slot 0

    modifier whenSystemNotPaused() {
        require(!controller.paused(), "system is paused");
        _;
    }

    modifier onlyControllerOwner() {
        require(msg.sender == controller.owner(), "caller must be Controller owner");
        _;
    }

    modifier whenCurrentRoundInitialized() {
        require(_roundsManager().currentRoundInitialized(), "current round is not initialized");
        _;
    }

    constructor(IController controller_) {
        controller = controller_;
    }

    function _bondingManager() internal view returns (IBonds) {
        return IBonds(controller.getContract(keccak256("BondingManager")));
    }

    function _minter() internal view returns (IVault) {
        return IVault(controller.getContract(keccak256("Minter")));
    }

    function _roundsManager() internal view returns (IRounds) {
        return IRounds(controller.getContract(keccak256("RoundsManager")));
    }
}

/// @dev Storage that a proxy and its target share.
abstract contract ManagerProxyTarget is Manager {
    bytes32 public targetContractId; // slot 1
}

/// @notice Runs the code that the Controller names at the moment of the call.
contract ManagerProxy is ManagerProxyTarget {
    constructor(IController controller_, bytes32 targetContractId_) Manager(controller_) {
        targetContractId = targetContractId_;
    }

    receive() external payable {
        _delegate("");
    }

    fallback(bytes calldata input) external payable returns (bytes memory) {
        return _delegate(input);
    }

    function _delegate(bytes memory input) private returns (bytes memory) {
        address target = controller.getContract(targetContractId);
        require(target != address(0), "target contract must be registered");
        (bool ok, bytes memory output) = target.delegatecall(input);
        if (!ok) LowLevelCall.bubbleRevert(output);
        return output;
    }
}
