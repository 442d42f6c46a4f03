// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {stdError} from "forge-std/StdError.sol";
import {BondingManager} from "../dev/BondingManager.sol";
import {Controller} from "../dev/Controller.sol";
import {Minter} from "../dev/Minter.sol";
import {TicketBroker} from "../dev/TicketBroker.sol";
import {RoundsManager} from "../dev/RoundsManager.sol";
import {IAnchor} from "../src/interfaces/IAnchor.sol";
import {ITicketBroker} from "../src/interfaces/ITicketBroker.sol";
import {Base} from "./Base.sol";

/// @notice That the stand-in does what a payer meets at the real broker.
contract TicketBrokerTest is Base {
    address internal orchestrator;
    ITicketBroker.Ticket internal ticket;

    function setUp() public override {
        super.setUp();
        orchestrator = _orchestrators(3)[0];
        IAnchor.Commit memory c;
        c.round = uint64(world.roundsManager().currentRound());
        ticket = _ticket(orchestrator, 10, c, 1);
        _fund(100);
    }

    // redeemWinningTicket, in the order of its checks

    function test_redeem_paysIntoTheFeesOfTheRecipient() public {
        bytes memory sig = _ticketSig65(ticket);
        vm.expectEmit(address(broker));
        emit TicketBroker.WinningTicketTransfer(core, orchestrator, 10);
        vm.expectEmit(address(broker));
        emit TicketBroker.WinningTicketRedeemed(
            core, orchestrator, 10, type(uint256).max, ticket.senderNonce, 0, ticket.auxData
        );
        uint256 balance = address(world.minter()).balance;
        vm.prank(relayer);
        broker.redeemWinningTicket(ticket, sig, 0);
        assertTrue(broker.usedTickets(broker.getTicketHash(ticket)));
        assertEq(_deposit(), 90);
        assertEq(_fees(orchestrator), 10);
        assertEq(address(world.minter()).balance, balance, "a credit, no transfer");
    }

    function test_redeem_revertsWhenPaused() public {
        world.setPaused(true);
        _refuse("system is paused");
    }

    function test_redeem_revertsWhenRoundNotInitialized() public {
        vm.roll(block.number + ROUND_LENGTH);
        _refuse("current round is not initialized");
    }

    function test_redeem_revertsWithNullRecipient() public {
        ticket.recipient = address(0);
        _refuse("ticket recipient is null address");
    }

    function test_redeem_revertsWithNullSender() public {
        ticket.sender = address(0);
        _refuse("ticket sender is null address");
    }

    function test_redeem_revertsWithWrongAuxDataLength() public {
        ticket.auxData = new bytes(63);
        _refuse("invalid length for ticket auxData: must be 64 bytes");
        ticket.auxData = new bytes(65);
        _refuse("invalid length for ticket auxData: must be 64 bytes");
    }

    function test_redeem_revertsWithoutBlockHash() public {
        ticket.auxData = abi.encode(world.roundsManager().currentRound() + 1, bytes32(0));
        _refuse("ticket creationRound does not have a block hash");
    }

    function test_redeem_revertsWithWrongBlockHash() public {
        ticket.auxData = abi.encode(world.roundsManager().currentRound(), bytes32(uint256(1)));
        _refuse("ticket creationRoundBlockHash invalid for creationRound");
    }

    function test_redeem_revertsWhenExpired() public {
        _nextRound();
        uint256 before = vm.snapshotState();
        _redeem();
        vm.revertToState(before);
        _redeem();
        _nextRound();
        _refuse("ticket is expired");
    }

    function test_redeem_expiresOneRoundEarlierWhenARoundIsSkipped() public {
        vm.roll(block.number + ROUND_LENGTH);
        _nextRound();
        _refuse("ticket is expired");
    }

    function test_redeem_revertsWithWrongRand() public {
        bytes memory sig = _ticketSig65(ticket);
        vm.expectRevert("recipientRand does not match recipientRandHash");
        broker.redeemWinningTicket(ticket, sig, 1);
    }

    function test_redeem_revertsWhenUsed() public {
        _redeem();
        _refuse("ticket is used");
    }

    function test_redeem_revertsWithWrongSignatureLength() public {
        (bytes32 r, bytes32 vs) = _signTicket(ticket);
        vm.expectRevert("INVALID_SIGNATURE_LENGTH");
        broker.redeemWinningTicket(ticket, abi.encodePacked(r, vs), 0);
    }

    function test_redeem_revertsWithHighS() public {
        bytes memory sig = abi.encodePacked(bytes32(uint256(1)), bytes32(type(uint256).max >> 1), uint8(27));
        vm.expectRevert("ECDSA: invalid signature 's' value");
        broker.redeemWinningTicket(ticket, sig, 0);
    }

    function test_redeem_revertsWithVOfZeroOrOne() public {
        bytes memory sig = _ticketSig65(ticket);
        sig[64] = bytes1(uint8(sig[64]) - 27);
        vm.expectRevert("ECDSA: invalid signature");
        broker.redeemWinningTicket(ticket, sig, 0);
    }

    function test_redeem_revertsWithAnothersSignature() public {
        ITicketBroker.Ticket memory signed = ticket;
        signed.faceValue = 11;
        bytes memory sig = _ticketSig65(signed);
        vm.expectRevert("invalid signature over ticket hash");
        broker.redeemWinningTicket(ticket, sig, 0);
    }

    function test_redeem_revertsWhenItDidNotWin() public {
        ticket.winProb = 0;
        _refuse("ticket did not win");
    }

    function test_redeem_revertsWhenUnlocked() public {
        vm.prank(core);
        broker.unlock();
        _nextRound();
        uint256 before = vm.snapshotState();
        _redeem();
        vm.revertToState(before);
        _nextRound();
        ticket.auxData = abi.encode(_round(), world.roundsManager().blockHashForRound(_round()));
        _refuse("sender is unlocked");
    }

    function test_redeem_revertsWithoutFunds() public {
        ticket.faceValue = 101;
        _refuse("sender deposit and reserve insufficient to cover ticket face value");
        assertFalse(broker.usedTickets(broker.getTicketHash(ticket)));
    }

    function test_redeem_revertsWhenRecipientInactive() public {
        world.deactivate(orchestrator);
        _refuse("transcoder must be active");
        assertEq(_deposit(), 100);
    }

    function test_redeem_revertsForAnActiveRecipientWithoutStake() public {
        ticket.recipient = relayer;
        vm.startPrank(address(world));
        world.bondingManager().setActive(relayer, _round(), _round() + 1);
        vm.stopPrank();
        bytes memory sig = _ticketSig65(ticket);
        vm.expectRevert(stdError.divisionError);
        broker.redeemWinningTicket(ticket, sig, 0);
    }

    /// @dev Nothing is transferred, so nobody asks whether the recipient is active; the ticket is burnt.
    function test_redeem_faceValueZeroBurnsTheTicket() public {
        ticket.faceValue = 0;
        ticket.recipient = relayer;
        vm.recordLogs();
        _redeem();
        assertEq(vm.getRecordedLogs().length, 1);
        assertTrue(broker.usedTickets(broker.getTicketHash(ticket)));
    }

    function test_redeem_anotherSignatureOfAUsedTicketIsUsedToo() public {
        _redeem();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(
            coreKey, keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", broker.getTicketHash(ticket)))
        );
        vm.expectRevert("ticket is used");
        broker.redeemWinningTicket(ticket, abi.encodePacked(r, s, v), 0);
    }

    function testFuzz_ticketHash_isOverPackedFields(ITicketBroker.Ticket calldata t) public view {
        bytes32 hash = keccak256(
            bytes.concat(
                bytes20(t.recipient),
                bytes20(t.sender),
                bytes32(t.faceValue),
                bytes32(t.winProb),
                bytes32(t.senderNonce),
                t.recipientRandHash,
                t.auxData
            )
        );
        assertEq(broker.getTicketHash(t), hash);
    }

    // Reserve

    function test_reserve_coversAShortfallUpToAShareOfThePool() public {
        broker.fundDepositAndReserveFor{value: 30}(core, 0, 30);
        ticket.faceValue = 105;
        vm.expectEmit(address(broker));
        emit TicketBroker.ReserveClaimed(core, orchestrator, 5);
        _redeem();
        assertEq(_fees(orchestrator), 105);

        ticket.faceValue = 20;
        ++ticket.senderNonce;
        _redeem();
        assertEq(_fees(orchestrator), 110, "a share of 10: five are left for it");

        ticket.faceValue = 1;
        ++ticket.senderNonce;
        vm.recordLogs();
        _redeem();
        assertEq(vm.getRecordedLogs().length, 1, "burnt for nothing");
        assertEq(broker.claimedReserve(core, orchestrator), 10);
        assertEq(broker.getReserveInfo(core).fundsRemaining, 20);
        assertEq(broker.getReserveInfo(core).claimedInCurrentRound, 10);
    }

    function test_reserve_panicsWhenThePoolGrew() public {
        broker.fundDepositAndReserveFor{value: 30}(core, 0, 30);
        ticket.faceValue = 110;
        _redeem();
        _orchestrators(4);
        ++ticket.senderNonce;
        ticket.faceValue = 1;
        bytes memory sig = _ticketSig65(ticket);
        vm.expectRevert(stdError.arithmeticError);
        broker.redeemWinningTicket(ticket, sig, 0);
    }

    function test_reserve_burnsATicketOfAnInactiveRecipient() public {
        broker.fundDepositAndReserveFor{value: 30}(relayer, 0, 30);
        coreKey = uint256(keccak256("another sender"));
        ticket.sender = vm.addr(coreKey);
        ticket.recipient = relayer;
        broker.fundDepositAndReserveFor{value: 30}(ticket.sender, 0, 30);
        _redeem();
        assertTrue(broker.usedTickets(broker.getTicketHash(ticket)));
        assertEq(broker.getReserveInfo(ticket.sender).fundsRemaining, 30);
    }

    // Batch

    function test_batch_skipsWhatFails() public {
        (ITicketBroker.Ticket[] memory tickets, bytes[] memory sigs) = _four();
        tickets[1].recipient = relayer;
        sigs[1] = _ticketSig65(tickets[1]);
        sigs[2] = "no signature";
        tickets[3] = tickets[0];
        sigs[3] = sigs[0];
        broker.batchRedeemWinningTickets(tickets, sigs, new uint256[](4));
        assertEq(_deposit(), 90);
        assertEq(_fees(orchestrator), 10);
    }

    function test_batch_earlierTicketsDrainTheDeposit() public {
        (ITicketBroker.Ticket[] memory tickets, bytes[] memory sigs) = _four();
        for (uint256 i = 0; i < 4; ++i) {
            tickets[i].faceValue = 30;
            sigs[i] = _ticketSig65(tickets[i]);
        }
        broker.batchRedeemWinningTickets(tickets, sigs, new uint256[](4));
        assertEq(_deposit(), 10);
        assertFalse(broker.usedTickets(broker.getTicketHash(tickets[3])));
    }

    function test_batch_ofNothing() public {
        broker.batchRedeemWinningTickets(new ITicketBroker.Ticket[](0), new bytes[](0), new uint256[](0));
    }

    function test_batch_revertsWithTooFewRands() public {
        (ITicketBroker.Ticket[] memory tickets, bytes[] memory sigs) = _four();
        vm.expectRevert(stdError.indexOOBError);
        broker.batchRedeemWinningTickets(tickets, sigs, new uint256[](3));
    }

    function test_batch_revertsWhenPaused() public {
        world.setPaused(true);
        vm.expectRevert("system is paused");
        broker.batchRedeemWinningTickets(new ITicketBroker.Ticket[](0), new bytes[](0), new uint256[](0));
    }

    function test_batch_revertsWhenRoundNotInitialized() public {
        vm.roll(block.number + ROUND_LENGTH);
        vm.expectRevert("current round is not initialized");
        broker.batchRedeemWinningTickets(new ITicketBroker.Ticket[](0), new bytes[](0), new uint256[](0));
    }

    // Deposit, unlock, withdrawal

    function test_fund_revertsWithWrongValue() public {
        vm.expectRevert("msg.value does not equal sum of deposit amount and reserve amount");
        broker.fundDepositAndReserveFor{value: 3}(core, 1, 1);
    }

    function test_fund_revertsWhenPaused() public {
        world.setPaused(true);
        vm.expectRevert("system is paused");
        broker.fundDeposit{value: 1}();
    }

    function test_fund_eventsInOrder() public {
        vm.expectEmit(address(broker));
        emit TicketBroker.ReserveFunded(relayer, 2);
        vm.expectEmit(address(broker));
        emit TicketBroker.DepositFunded(relayer, 1);
        broker.fundDepositAndReserveFor{value: 3}(relayer, 1, 2);
        vm.deal(relayer, 3);
        vm.startPrank(relayer);
        broker.fundDeposit{value: 1}();
        broker.fundReserve{value: 1}();
        broker.fundDepositAndReserve{value: 1}(1, 0);
        (TicketBroker.Sender memory sender, TicketBroker.ReserveInfo memory reserve) = broker.getSenderInfo(relayer);
        assertEq(sender.deposit, 3);
        assertEq(reserve.fundsRemaining, 3);
    }

    function test_unlock_thenWithdraw() public {
        vm.startPrank(core);
        vm.expectRevert("no unlock request in progress");
        broker.withdraw();
        broker.unlock();
        assertTrue(broker.isUnlockInProgress(core));
        vm.expectRevert("unlock already initiated");
        broker.unlock();
        vm.expectRevert("account is locked");
        broker.withdraw();
        _nextRound();
        _nextRound();
        broker.withdraw();
        assertEq(core.balance, 100);
        vm.expectRevert("sender deposit and reserve are zero");
        broker.withdraw();
        vm.expectRevert("sender deposit and reserve are zero");
        broker.unlock();
    }

    /// @dev The trap: after a withdrawal others can fund, but nothing redeems until the sender itself funds or cancels.
    function test_unlock_isCancelledByOwnFundingOnly() public {
        vm.prank(core);
        broker.unlock();
        _nextRound();
        _nextRound();
        vm.prank(core);
        broker.withdraw();
        _fund(100);
        ticket.auxData = abi.encode(_round(), world.roundsManager().blockHashForRound(_round()));
        _refuse("sender is unlocked");
        vm.prank(core);
        vm.expectEmit(address(broker));
        emit TicketBroker.UnlockCancelled(core);
        broker.fundDeposit{value: 1}();
        _redeem();
        vm.prank(core);
        vm.expectRevert("no unlock request in progress");
        broker.cancelUnlock();
    }

    // Rounds, fees, registry

    function test_rounds_revertsWhenAlreadyInitialized() public {
        RoundsManager rounds = world.roundsManager();
        vm.expectRevert("round already initialized");
        rounds.initializeRound();
        vm.roll(block.number + ROUND_LENGTH);
        assertFalse(rounds.currentRoundInitialized());
        vm.setBlockhash(block.number - 1, keccak256("hash"));
        vm.expectEmit(address(rounds));
        emit RoundsManager.NewRound(rounds.currentRound(), keccak256("hash"));
        rounds.initializeRound();
        assertEq(rounds.blockHashForRound(_round()), keccak256("hash"));
    }

    function test_rounds_revertWithoutLength() public {
        RoundsManager rounds = world.roundsManager();
        vm.prank(address(world));
        vm.expectRevert("round length cannot be 0");
        rounds.setRoundLength(0);
        vm.expectRevert("caller must be Controller owner");
        rounds.setRoundLength(1);
    }

    function test_rounds_goOnWhenTheLengthChanges() public {
        uint256 round = _round();
        vm.roll(block.number + 3 * ROUND_LENGTH + 5);
        RoundsManager rounds = world.roundsManager();
        vm.prank(address(world));
        rounds.setRoundLength(7);
        assertEq(_round(), round + 3);
        vm.roll(block.number + 2);
        assertEq(_round(), round + 4);
    }

    function test_fees_areWithdrawnInEther() public {
        _redeem();
        BondingManager bonding = world.bondingManager();
        vm.startPrank(orchestrator);
        vm.expectRevert("insufficient fees to withdraw");
        bonding.withdrawFees(payable(relayer), 11);
        vm.expectRevert("invalid recipient");
        bonding.withdrawFees(payable(0), 10);
        bonding.withdrawFees(payable(relayer), 10);
        assertEq(relayer.balance, 10);
        assertEq(_fees(orchestrator), 0);
    }

    function test_fees_addUpOverRounds() public {
        for (uint256 i = 0; i < 5; ++i) {
            ++ticket.senderNonce;
            ticket.faceValue = 1e15;
            _fund(1e15);
            ticket.auxData = abi.encode(_round(), world.roundsManager().blockHashForRound(_round()));
            _redeem();
            _nextRound();
        }
        assertApproxEqAbs(_fees(orchestrator), 5e15, 5, "each share is rounded down");
    }

    function test_fees_revertForAnyoneButTheBroker() public {
        BondingManager bonding = world.bondingManager();
        vm.expectRevert("caller must be TicketBroker");
        bonding.updateTranscoderWithFees(orchestrator, 1, 1);
    }

    function test_minter_revertsForStrangers() public {
        Minter minter = world.minter();
        vm.expectRevert("msg.sender not Minter or JobsManager");
        minter.depositETH{value: 1}();
        vm.expectRevert("msg.sender not BondingManager or JobsManager");
        minter.trustedWithdrawETH(payable(relayer), 1);
    }

    function test_upgrade_isInstant() public {
        vm.expectEmit(address(world.controller()));
        emit Controller.SetContractInfo(keccak256("TicketBrokerTarget"), address(0), 0);
        bytes memory sig = _ticketSig65(ticket);
        world.register("TicketBrokerTarget", address(0));
        vm.expectRevert("target contract must be registered");
        broker.redeemWinningTicket(ticket, sig, 0);
    }

    // What indexers and provers rely on

    function test_topics() public pure {
        assertEq(
            TicketBroker.DepositFunded.selector, 0x5159e237d952190e68d5215430f305831be7c9c8776d1377c76679ae4773413f
        );
        assertEq(
            TicketBroker.ReserveFunded.selector, 0xb52b99b9e83551fcbd069b559cc3e823e2a1a3bad8ece46561ea77524394c850
        );
        assertEq(
            TicketBroker.ReserveClaimed.selector, 0x5c2b394723f408a40a60335e24b71829642e35f350cebe2036a96a66e895ea98
        );
        assertEq(
            TicketBroker.WinningTicketTransfer.selector,
            0x8b87351a208c06e3ceee59d80725fd77a23b4129e1b51ca231fc89b40712649c
        );
        assertEq(
            TicketBroker.WinningTicketRedeemed.selector,
            0xc389eb51ed006dbf2528507f010efdf5225ea596e1e1741d74f550dab1925ee7
        );
        assertEq(TicketBroker.Unlock.selector, 0xf7870c5b224cbc19873599e46ccfc7103934650509b1af0c3ce90138377c2004);
        assertEq(
            TicketBroker.UnlockCancelled.selector, 0xfa044b7b93a40365dc68049797c2eb06918523d694e5d56e406cac3eb35578e5
        );
        assertEq(TicketBroker.Withdrawal.selector, 0xdf273cb619d95419a9cd0ec88123a0538c85064229baa6363788f743fff90deb);
        assertEq(RoundsManager.NewRound.selector, 0x22f2fc17c5daf07db2379b3a03a8ef20a183f761097a58fce219c8a14619e786);
        assertEq(TicketBroker.redeemWinningTicket.selector, bytes4(0xec8b3cb6));
        assertEq(TicketBroker.batchRedeemWinningTickets.selector, bytes4(0xd01b808e));
    }

    function test_slots() public {
        bytes32 sender = keccak256(abi.encode(core, 3));
        assertEq(uint256(vm.load(address(broker), sender)), 100, "deposit");
        vm.prank(core);
        broker.unlock();
        assertEq(uint256(vm.load(address(broker), bytes32(uint256(sender) + 1))), _round() + 2, "withdrawRound");
        assertEq(uint256(vm.load(address(broker), bytes32(uint256(4)))), 2, "unlockPeriod");
        assertEq(uint256(vm.load(address(broker), bytes32(uint256(6)))), 2, "ticketValidityPeriod");
        _redeem();
        bytes32 used = keccak256(abi.encode(broker.getTicketHash(ticket), 5));
        assertEq(uint256(vm.load(address(broker), used)), 1, "usedTickets");
        address rounds = address(world.roundsManager());
        assertEq(uint256(vm.load(rounds, bytes32(uint256(2)))), ROUND_LENGTH, "roundLength");
        assertEq(uint256(vm.load(rounds, bytes32(uint256(4)))), _round(), "lastInitializedRound");
        assertEq(vm.load(rounds, keccak256(abi.encode(_round(), 7))), world.roundsManager().blockHashForRound(_round()));
    }

    // Helpers

    function _four() private view returns (ITicketBroker.Ticket[] memory tickets, bytes[] memory sigs) {
        tickets = new ITicketBroker.Ticket[](4);
        sigs = new bytes[](4);
        for (uint256 i = 0; i < 4; ++i) {
            tickets[i] = ticket;
            tickets[i].senderNonce += i;
            sigs[i] = _ticketSig65(tickets[i]);
        }
    }

    function _fund(uint256 amount) private {
        broker.fundDepositAndReserveFor{value: amount}(core, amount, 0);
    }

    function _redeem() private {
        broker.redeemWinningTicket(ticket, _ticketSig65(ticket), 0);
    }

    function _refuse(string memory reason) private {
        bytes memory sig = _ticketSig65(ticket);
        vm.expectRevert(bytes(reason));
        broker.redeemWinningTicket(ticket, sig, 0);
    }

    function _round() private view returns (uint256) {
        return world.roundsManager().currentRound();
    }
}
