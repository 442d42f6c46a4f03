// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Vault} from "./Vault.sol";
import {IAnchor} from "./interfaces/IAnchor.sol";
import {ITreasury} from "./interfaces/ITreasury.sol";
import {ITicketBroker} from "./interfaces/ITicketBroker.sol";
import {IRoundsManager} from "./interfaces/IRoundsManager.sol";

/// @title Pays what commits say, each payment at most once
/// @dev What keeps that true:
/// - `paid` of each payee only grows, and is written before money moves, in the frame that moves it. (`totalPaid` is
///   written beside it, but falls back when an admission takes history back.)
/// - Every payment runs in a self-call of its own, tickets in groups: a failure takes back its own frame only.
/// - Each frame gets the same gas whatever the transaction brought, so who submits cannot choose what fails.
/// - The deposit at the broker is funded and used up within one frame, and no payee's code runs inside one: a leaked
///   ticket finds nothing to draw on.
contract Treasury is Vault, ITreasury {
    uint256 private constant GROUP_TICKETS_MAX = 20;

    // Gas of a frame: what the broker was measured to need when everything is cold, and a third more.
    uint256 private constant FUND_GAS = 200_000;
    uint256 private constant TICKET_GAS = 320_000;
    uint256 private constant DIRECT_GAS = 200_000;
    uint256 private constant PAYEE_GAS = 50_000;
    // Between the check of the gas left and the call: encoding the arguments of the largest group.
    uint256 private constant CALL_GAS = 20_000;

    uint256 private constant WIN_PROB = type(uint256).max;
    // With a certain win the recipient's number has no role; a fixed one keeps calldata small.
    uint256 private constant RECIPIENT_RAND = 0;
    bytes32 private constant RECIPIENT_RAND_HASH = keccak256(abi.encodePacked(RECIPIENT_RAND));

    uint256 private constant REASON_BYTES_MAX = 64;

    ITicketBroker public immutable broker;
    IRoundsManager public immutable roundsManager;

    modifier onlySelf() {
        if (msg.sender != address(this)) revert NotSelf();
        _;
    }

    constructor(Terms memory terms) Vault(terms) {
        if (terms.broker.code.length == 0) revert NoContract(terms.broker);
        if (terms.roundsManager.code.length == 0) revert NoContract(terms.roundsManager);
        broker = ITicketBroker(terms.broker);
        roundsManager = IRoundsManager(terms.roundsManager);
    }

    /// @inheritdoc IAnchor
    function commit(Commit calldata c, bytes32 r, bytes32 vs) external nonReentrant {
        (bytes32[] calldata payments, bytes32[] calldata sigs) = (c.payments, c.ticketSigs);
        uint256 tickets = sigs.length / 2;
        if (sigs.length % 2 != 0 || tickets > payments.length) {
            revert WrongTicketSigs(payments.length, sigs.length);
        }
        bytes32 root = _advance(c, r, vs);
        for (uint256 i = 0; i < tickets; i += GROUP_TICKETS_MAX) {
            _tryTickets(c, i, Math.min(i + GROUP_TICKETS_MAX, tickets));
        }
        // Last, because a payee's code runs here: it finds every ticket of this commit spent and the deposit empty.
        for (uint256 i = tickets; i < payments.length; ++i) {
            _tryDirect(payments[i]);
        }
        _anchor(c, root);
    }

    /// @inheritdoc ITreasury
    function payTickets(uint64 round, uint256 first, bytes32[] calldata payments, bytes32[] calldata sigs)
        external
        onlySelf
    {
        // The same words as in `payments`, but with what is due now instead of the total.
        bytes32[] memory dues = new bytes32[](payments.length);
        uint256 sum = 0;
        for (uint256 i = 0; i < payments.length; ++i) {
            bytes32 payment = payments[i];
            uint256 due = _book(payment);
            dues[i] = bytes32(bytes20(payment)) | bytes32(due);
            // Each is below 2^96.
            unchecked {
                sum += due;
            }
        }
        if (sum == 0) return;
        require(sum <= address(this).balance, "treasury short");
        _use(sum);
        emit TicketsPaid(_counter, dues);

        address committer = _committer;
        try broker.fundDepositAndReserveFor{value: sum}(committer, sum, 0) {}
        catch (bytes memory reason) {
            revert(_cut(reason));
        }
        uint256 nonce = uint256(_epoch) << 128 | uint256(_counter) << 64 | first;
        // One ticket, of which three fields change.
        ITicketBroker.Ticket memory ticket = ITicketBroker.Ticket({
            recipient: address(0),
            sender: committer,
            faceValue: 0,
            winProb: WIN_PROB,
            senderNonce: 0,
            recipientRandHash: RECIPIENT_RAND_HASH,
            auxData: abi.encodePacked(uint256(round), roundsManager.blockHashForRound(round))
        });
        for (uint256 i = 0; i < dues.length; ++i) {
            bytes32 due = dues[i];
            if (_wei(due) == 0) continue;
            ticket.recipient = _payee(due);
            ticket.faceValue = _wei(due);
            unchecked {
                ticket.senderNonce = nonce + i;
                try broker.redeemWinningTicket(ticket, _expand(sigs[2 * i], sigs[2 * i + 1]), RECIPIENT_RAND) {}
                catch (bytes memory reason) {
                    revert(_cut(reason));
                }
            }
        }
    }

    /// @inheritdoc ITreasury
    function payDirect(bytes32 payment) external onlySelf {
        uint256 amount = _book(payment);
        if (amount == 0) return;
        require(amount <= address(this).balance, "treasury short");
        _use(amount);
        emit Paid(_payee(payment), _counter, uint96(amount));
        (bool sent, bytes memory reason) = _payee(payment).call{value: amount, gas: PAYEE_GAS}("");
        if (!sent) revert(_cut(reason));
    }

    /// @dev A group that fails is tried ticket by ticket, so that one bad ticket stops nobody else.
    function _tryTickets(Commit calldata c, uint256 start, uint256 end) private {
        uint256 count = end - start;
        bytes memory reason;
        try this.payTickets{gas: _allowance(FUND_GAS + count * TICKET_GAS)}(
            c.round, start, c.payments[start:end], c.ticketSigs[2 * start:2 * end]
        ) {
            return;
        } catch Error(string memory text) {
            reason = bytes(text);
        } catch (bytes memory data) {
            reason = data;
        }
        if (count == 1) return _fail(c.payments[start], reason);
        for (uint256 i = start; i < end; ++i) {
            _tryTickets(c, i, i + 1);
        }
    }

    function _tryDirect(bytes32 payment) private {
        try this.payDirect{gas: _allowance(DIRECT_GAS)}(payment) {}
        catch Error(string memory text) {
            _fail(payment, bytes(text));
        } catch (bytes memory data) {
            _fail(payment, data);
        }
    }

    /// @dev A frame that got less than its allowance could fail for want of gas alone, which whoever submits the
    /// commit could bring about. So the whole commit reverts instead. A call passes on at most 63/64 of what is left.
    function _allowance(uint256 gas) private view returns (uint256) {
        uint256 needed = gas + gas / 63 + CALL_GAS;
        if (gasleft() < needed) revert OutOfGasForPayments(needed, gasleft());
        return gas;
    }

    /// @dev Writes what the payee will have got and returns what it still has to get: nothing, if the total is old.
    function _book(bytes32 payment) private returns (uint256 due) {
        address payee = _payee(payment);
        uint256 total = _wei(payment);
        uint256 before = paid[payee];
        if (total <= before) return 0;
        unchecked {
            due = total - before;
        }
        paid[payee] = total;
    }

    function _fail(bytes32 payment, bytes memory reason) private {
        address payee = _payee(payment);
        emit PaymentFailed(payee, _counter, uint96(_wei(payment) - paid[payee]), reason);
    }

    function _payee(bytes32 payment) private pure returns (address) {
        return address(bytes20(payment));
    }

    function _wei(bytes32 payment) private pure returns (uint256) {
        return uint96(uint256(payment));
    }

    /// @dev The broker wants the 65 bytes r, s, v of what came as EIP-2098.
    function _expand(bytes32 r, bytes32 vs) private pure returns (bytes memory) {
        return abi.encodePacked(r, vs & bytes32(uint256(type(int256).max)), uint8((uint256(vs) >> 255) + 27));
    }

    /// @dev The first bytes of a reason: of its text, if it is an Error(string). Cut inside the frame that failed, so
    /// that megabytes returned by a payee are copied at the frame's expense only.
    function _cut(bytes memory reason) private pure returns (string memory) {
        // An Error(string) is its selector, the offset 32, the length, the text.
        if (reason.length < 68 || bytes4(reason) != bytes4(keccak256("Error(string)"))) {
            return string(Bytes.slice(reason, 0, REASON_BYTES_MAX));
        }
        uint256 length = uint256(bytes32(Bytes.slice(reason, 36, 68)));
        return string(Bytes.slice(reason, 68, 68 + Math.min(length, REASON_BYTES_MAX)));
    }
}
