// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a payer uses of Livepeer's TicketBroker.
interface ITicketBroker {
    struct Ticket {
        address recipient;
        address sender;
        uint256 faceValue;
        uint256 winProb;
        uint256 senderNonce;
        bytes32 recipientRandHash;
        bytes auxData;
    }

    /// @notice Adds to the deposit and the reserve of `sender`; the value sent must be their sum.
    function fundDepositAndReserveFor(address sender, uint256 deposit, uint256 reserve) external payable;

    /// @notice Credits the ticket's face value to the fees of its recipient. Anyone may call it.
    function redeemWinningTicket(Ticket calldata ticket, bytes calldata signature, uint256 recipientRand) external;
}
