// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ITicketBroker} from "../src/interfaces/ITicketBroker.sol";
import {IController} from "./Interfaces.sol";
import {Manager, ManagerProxyTarget} from "./Manager.sol";

/// @notice Stand-in for Livepeer's TicketBroker in its version of July 2026.
/// @dev Modelled: every rule that a payer can meet, in the order and with the revert strings, events and storage slots
/// of the real one. Its gas comes from the same storage and the same calls between contracts, nothing is burned to
/// match. Not modelled: changing the controller.
contract TicketBroker is ManagerProxyTarget, ITicketBroker {
    struct Reserve {
        uint256 funds;
        mapping(uint256 round => uint256) claimedForRound;
        mapping(uint256 round => mapping(address claimant => uint256)) claimedByAddress;
    }

    struct ReserveInfo {
        uint256 fundsRemaining;
        uint256 claimedInCurrentRound;
    }

    struct Sender {
        uint256 deposit;
        uint256 withdrawRound;
    }

    event DepositFunded(address indexed sender, uint256 amount);
    event ReserveFunded(address indexed reserveHolder, uint256 amount);
    event ReserveClaimed(address indexed reserveHolder, address claimant, uint256 amount);
    event WinningTicketTransfer(address indexed sender, address indexed recipient, uint256 amount);
    event WinningTicketRedeemed(
        address indexed sender,
        address indexed recipient,
        uint256 faceValue,
        uint256 winProb,
        uint256 senderNonce,
        uint256 recipientRand,
        bytes auxData
    );
    event Unlock(address indexed sender, uint256 startRound, uint256 endRound);
    event UnlockCancelled(address indexed sender);
    event Withdrawal(address indexed sender, uint256 deposit, uint256 reserve);

    mapping(address => Reserve) internal reserves; // slot 2
    mapping(address => Sender) internal senders; // slot 3
    uint256 public unlockPeriod; // slot 4
    mapping(bytes32 ticketHash => bool) public usedTickets; // slot 5
    uint256 public ticketValidityPeriod; // slot 6

    constructor(IController controller_) Manager(controller_) {}

    function setUnlockPeriod(uint256 rounds) external onlyControllerOwner {
        unlockPeriod = rounds;
        emit ParameterUpdate("unlockPeriod");
    }

    function setTicketValidityPeriod(uint256 rounds) external onlyControllerOwner {
        require(rounds > 0, "ticketValidityPeriod must be greater than 0");
        ticketValidityPeriod = rounds;
        emit ParameterUpdate("ticketValidityPeriod");
    }

    function fundDeposit() external payable whenSystemNotPaused {
        _addDeposit(msg.sender, msg.value);
        _minter().depositETH{value: msg.value}();
        emit DepositFunded(msg.sender, msg.value);
    }

    function fundReserve() external payable whenSystemNotPaused {
        _addReserve(msg.sender, msg.value);
        _minter().depositETH{value: msg.value}();
    }

    function fundDepositAndReserve(uint256 deposit, uint256 reserve) external payable {
        fundDepositAndReserveFor(msg.sender, deposit, reserve);
    }

    function fundDepositAndReserveFor(address sender, uint256 deposit, uint256 reserve)
        public
        payable
        whenSystemNotPaused
    {
        require(msg.value == deposit + reserve, "msg.value does not equal sum of deposit amount and reserve amount");
        _addDeposit(sender, deposit);
        _addReserve(sender, reserve);
        _minter().depositETH{value: msg.value}();
        emit DepositFunded(sender, deposit);
    }

    function redeemWinningTicket(Ticket memory ticket, bytes memory signature, uint256 recipientRand)
        public
        whenSystemNotPaused
        whenCurrentRoundInitialized
    {
        bytes32 ticketHash = getTicketHash(ticket);
        _requireValid(ticket, ticketHash, signature, recipientRand);
        Sender storage sender = senders[ticket.sender];
        require(_isLocked(sender), "sender is unlocked");
        _requireFunds(ticket);
        usedTickets[ticketHash] = true;

        uint256 amount = ticket.faceValue;
        if (amount > sender.deposit) {
            amount =
                sender.deposit + _claimFromReserve(ticket.sender, ticket.recipient, ticket.faceValue - sender.deposit);
            sender.deposit = 0;
        } else {
            sender.deposit -= amount;
        }
        if (amount > 0) {
            (uint256 creationRound,) = abi.decode(ticket.auxData, (uint256, bytes32));
            _bondingManager().updateTranscoderWithFees(ticket.recipient, amount, creationRound);
            emit WinningTicketTransfer(ticket.sender, ticket.recipient, amount);
        }
        emit WinningTicketRedeemed(
            ticket.sender,
            ticket.recipient,
            ticket.faceValue,
            ticket.winProb,
            ticket.senderNonce,
            recipientRand,
            ticket.auxData
        );
    }

    /// @notice Redeems what can be redeemed. A ticket that cannot is skipped without a trace.
    function batchRedeemWinningTickets(
        Ticket[] memory tickets,
        bytes[] memory signatures,
        uint256[] memory recipientRands
    ) external whenSystemNotPaused whenCurrentRoundInitialized {
        for (uint256 i = 0; i < tickets.length; ++i) {
            (bool ignored,) = address(this)
                .call(abi.encodeCall(this.redeemWinningTicket, (tickets[i], signatures[i], recipientRands[i])));
            ignored;
        }
    }

    function unlock() external whenSystemNotPaused {
        Sender storage sender = senders[msg.sender];
        require(sender.deposit > 0 || reserves[msg.sender].funds > 0, "sender deposit and reserve are zero");
        require(sender.withdrawRound == 0, "unlock already initiated");
        uint256 round = _roundsManager().currentRound();
        sender.withdrawRound = round + unlockPeriod;
        emit Unlock(msg.sender, round, sender.withdrawRound);
    }

    function cancelUnlock() external whenSystemNotPaused {
        _cancelUnlock(msg.sender);
    }

    /// @dev Leaves `withdrawRound` in the past: what others fund afterwards cannot be drawn on until the sender itself
    /// funds or cancels.
    function withdraw() external whenSystemNotPaused {
        Sender storage sender = senders[msg.sender];
        uint256 deposit = sender.deposit;
        uint256 reserve = reserves[msg.sender].funds;
        require(deposit > 0 || reserve > 0, "sender deposit and reserve are zero");
        require(sender.withdrawRound > 0, "no unlock request in progress");
        require(!_isLocked(sender), "account is locked");
        sender.deposit = 0;
        reserves[msg.sender].funds = 0;
        _minter().trustedWithdrawETH(payable(msg.sender), deposit + reserve);
        emit Withdrawal(msg.sender, deposit, reserve);
    }

    function getSenderInfo(address account) public view returns (Sender memory sender, ReserveInfo memory reserve) {
        sender = senders[account];
        reserve = getReserveInfo(account);
    }

    function getReserveInfo(address account) public view returns (ReserveInfo memory) {
        Reserve storage reserve = reserves[account];
        return ReserveInfo(reserve.funds, reserve.claimedForRound[_roundsManager().currentRound()]);
    }

    function isUnlockInProgress(address account) external view returns (bool) {
        return senders[account].withdrawRound > 0;
    }

    function claimableReserve(address holder, address claimant) public view returns (uint256) {
        Reserve storage reserve = reserves[holder];
        uint256 round = _roundsManager().currentRound();
        if (!_bondingManager().isActiveTranscoder(claimant)) return 0;
        uint256 poolSize = _bondingManager().getTranscoderPoolSize();
        if (poolSize == 0) return 0;
        // A pool that grew within the round makes this Panic(0x11) for whoever claimed before.
        return (reserve.funds + reserve.claimedForRound[round]) / poolSize - reserve.claimedByAddress[round][claimant];
    }

    function claimedReserve(address holder, address claimant) external view returns (uint256) {
        return reserves[holder].claimedByAddress[_roundsManager().currentRound()][claimant];
    }

    function getTicketHash(Ticket memory ticket) public pure returns (bytes32) {
        return keccak256(
            abi.encodePacked(
                ticket.recipient,
                ticket.sender,
                ticket.faceValue,
                ticket.winProb,
                ticket.senderNonce,
                ticket.recipientRandHash,
                ticket.auxData
            )
        );
    }

    function _requireFunds(Ticket memory ticket) internal view virtual {
        require(
            senders[ticket.sender].deposit + reserves[ticket.sender].funds >= ticket.faceValue,
            "sender deposit and reserve insufficient to cover ticket face value"
        );
    }

    function _requireValid(Ticket memory ticket, bytes32 ticketHash, bytes memory signature, uint256 recipientRand)
        private
        view
    {
        require(ticket.recipient != address(0), "ticket recipient is null address");
        require(ticket.sender != address(0), "ticket sender is null address");
        _requireValidAuxData(ticket.auxData);
        require(
            keccak256(abi.encodePacked(recipientRand)) == ticket.recipientRandHash,
            "recipientRand does not match recipientRandHash"
        );
        // After the expiry: an expired ticket does not tell whether it was used.
        require(!usedTickets[ticketHash], "ticket is used");
        require(_recover(ticketHash, signature) == ticket.sender, "invalid signature over ticket hash");
        require(uint256(keccak256(abi.encodePacked(signature, recipientRand))) < ticket.winProb, "ticket did not win");
    }

    function _requireValidAuxData(bytes memory auxData) private view {
        require(auxData.length == 64, "invalid length for ticket auxData: must be 64 bytes");
        (uint256 creationRound, bytes32 creationRoundBlockHash) = abi.decode(auxData, (uint256, bytes32));
        bytes32 blockHash = _roundsManager().blockHashForRound(creationRound);
        require(blockHash != 0, "ticket creationRound does not have a block hash");
        require(creationRoundBlockHash == blockHash, "ticket creationRoundBlockHash invalid for creationRound");
        require(creationRound + ticketValidityPeriod > _roundsManager().currentRound(), "ticket is expired");
    }

    /// @dev The messages of the OpenZeppelin release that the real broker was built with.
    function _recover(bytes32 ticketHash, bytes memory signature) private pure returns (address) {
        require(signature.length == 65, "INVALID_SIGNATURE_LENGTH");
        (address signer, ECDSA.RecoverError fault,) =
            ECDSA.tryRecover(MessageHashUtils.toEthSignedMessageHash(ticketHash), signature);
        require(fault != ECDSA.RecoverError.InvalidSignatureS, "ECDSA: invalid signature 's' value");
        require(fault == ECDSA.RecoverError.NoError, "ECDSA: invalid signature");
        return signer;
    }

    /// @dev Only own funding cancels an unlock; a stranger's gift must not.
    function _addDeposit(address account, uint256 amount) private {
        senders[account].deposit += amount;
        if (senders[account].withdrawRound > 0 && msg.sender == account) _cancelUnlock(account);
    }

    function _addReserve(address account, uint256 amount) private {
        reserves[account].funds += amount;
        emit ReserveFunded(account, amount);
        if (senders[account].withdrawRound > 0 && msg.sender == account) _cancelUnlock(account);
    }

    function _cancelUnlock(address account) private {
        require(senders[account].withdrawRound > 0, "no unlock request in progress");
        senders[account].withdrawRound = 0;
        emit UnlockCancelled(account);
    }

    function _claimFromReserve(address holder, address claimant, uint256 wanted) private returns (uint256 amount) {
        uint256 claimable = claimableReserve(holder, claimant);
        amount = wanted > claimable ? claimable : wanted;
        if (amount == 0) return 0;
        Reserve storage reserve = reserves[holder];
        uint256 round = _roundsManager().currentRound();
        reserve.claimedForRound[round] += amount;
        reserve.claimedByAddress[round][claimant] += amount;
        reserve.funds -= amount;
        emit ReserveClaimed(holder, claimant, amount);
    }

    function _isLocked(Sender storage sender) private view returns (bool) {
        return sender.withdrawRound == 0 || _roundsManager().currentRound() < sender.withdrawRound;
    }
}
