// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// What the contracts of the stand-in ask of each other.

interface IController {
    function owner() external view returns (address);
    function paused() external view returns (bool);
    function getContract(bytes32 id) external view returns (address);
}

interface IRounds {
    function blockHashForRound(uint256 round) external view returns (bytes32);
    function currentRound() external view returns (uint256);
    function currentRoundInitialized() external view returns (bool);
}

interface IBonds {
    function updateTranscoderWithFees(address transcoder, uint256 fees, uint256 round) external;
    function isActiveTranscoder(address transcoder) external view returns (bool);
    function getTranscoderPoolSize() external view returns (uint256);
}

interface IVault {
    function depositETH() external payable returns (bool);
    function trustedWithdrawETH(address payable to, uint256 amount) external;
}
