// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVault} from "./IVault.sol";
import {ITicketBroker} from "./ITicketBroker.sol";
import {IRoundsManager} from "./IRoundsManager.sol";

/// @title Pays what commits say, on two rails
interface ITreasury is IVault {
    /// @notice All that is fixed at deployment, and where the rest begins.
    struct Terms {
        address committer;
        bytes32 configHash;
        address broker;
        address roundsManager;
        address operator; // proposes to the owner, a timelock
        address guardian;
        uint32 delay; // seconds from a proposal to its execution
        uint32 haltMax; // seconds that a halt may last
        uint32 silence; // seconds without a commit after which anyone may freeze
        uint32 window; // seconds
        uint96 cap; // wei that may leave in a window
        uint96 capFloor; // wei that the cap never falls below
    }

    /// @notice One payment as ETH.
    /// @param amount wei paid now
    event Paid(address indexed payee, uint64 indexed counter, uint96 amount);

    /// @notice A group of payments credited as fees at the TicketBroker, whose own events name each payee as a topic.
    /// @param dues bytes20 payee, uint96 wei paid now; zero wei where nothing was due
    event TicketsPaid(uint64 indexed counter, bytes32[] dues);

    /// @param amount wei that were due and are still due
    /// @param reason at most 64 bytes: the text of an Error(string), else the raw revert data; may be empty
    event PaymentFailed(address indexed payee, uint64 indexed counter, uint96 amount, bytes reason);

    error NotSelf();
    error NoContract(address account);
    /// @param payments how many the commit has
    /// @param ticketSigs how many words came for its tickets: two for each, no more tickets than payments
    error WrongTicketSigs(uint256 payments, uint256 ticketSigs);
    /// @param needed gas that the next payment may use, whatever becomes of it
    error OutOfGasForPayments(uint256 needed, uint256 left);

    /// @notice Funds and redeems a group of tickets: all of them or none. Only the treasury itself may call it.
    /// @param round Livepeer round of the tickets
    /// @param first index of the first of these payments in the commit
    function payTickets(uint64 round, uint256 first, bytes32[] calldata payments, bytes32[] calldata sigs) external;

    /// @notice Sends one payment as ETH. Only the treasury itself may call it.
    function payDirect(bytes32 payment) external;

    function broker() external view returns (ITicketBroker);

    function roundsManager() external view returns (IRoundsManager);
}
