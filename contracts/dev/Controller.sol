// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

/// @notice Stand-in for Livepeer's Controller: the registry that every call goes through, and the pause.
/// @dev Ids are keccak256 of a contract's name. Not modelled: changing the controller of a contract.
contract Controller is Ownable {
    struct SlotInfo {
        address contractAddress;
        bytes20 gitCommitHash;
    }

    event SetContractInfo(bytes32 id, address contractAddress, bytes20 gitCommitHash);
    event Pause();
    event Unpause();

    bool public paused;
    mapping(bytes32 id => SlotInfo) private registry;

    constructor() Ownable(msg.sender) {}

    function setContractInfo(bytes32 id, address contractAddress, bytes20 gitCommitHash) external onlyOwner {
        registry[id] = SlotInfo(contractAddress, gitCommitHash);
        emit SetContractInfo(id, contractAddress, gitCommitHash);
    }

    function pause() external onlyOwner {
        require(!paused, "Pausable: paused");
        paused = true;
        emit Pause();
    }

    function unpause() external onlyOwner {
        require(paused, "Pausable: not paused");
        paused = false;
        emit Unpause();
    }

    function getContractInfo(bytes32 id) external view returns (address, bytes20) {
        return (registry[id].contractAddress, registry[id].gitCommitHash);
    }

    function getContract(bytes32 id) external view returns (address) {
        return registry[id].contractAddress;
    }
}
