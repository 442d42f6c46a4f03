// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAnchor} from "./IAnchor.sol";
import {ITicketBroker} from "./ITicketBroker.sol";
import {IRoundsManager} from "./IRoundsManager.sol";

/// @title The money of one ledger
/// @notice Pays cumulative totals: `paid` only grows, so paying up to a total twice pays nothing the second time.
interface ITreasury is IAnchor {
    /// @param amount wei paid now
    /// @param total wei paid to this payee ever
    /// @param ticket true: credited as fees at the TicketBroker; false: sent as ETH
    event Paid(address indexed payee, uint64 indexed counter, uint96 amount, uint96 total, bool ticket);

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

    /// @notice Wei paid to `payee` ever. Never falls.
    function paid(address payee) external view returns (uint96);

    /// @notice The sum of `paid` over all payees.
    function totalPaid() external view returns (uint96);

    function broker() external view returns (ITicketBroker);

    function roundsManager() external view returns (IRoundsManager);

    /// @notice Anyone may add money.
    receive() external payable;
}
