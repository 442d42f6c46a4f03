// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Treasury} from "../src/Treasury.sol";
import {IAnchor} from "../src/interfaces/IAnchor.sol";
import {ITreasury} from "../src/interfaces/ITreasury.sol";
import {IVault} from "../src/interfaces/IVault.sol";
import {LedgerBase} from "./LedgerBase.sol";
import {Reenterer, Refuser} from "./Payees.sol";

/// @notice What may leave: claims, the window, withdrawals, and exits when all is over.
contract VaultTest is LedgerBase {
    function setUp() public override {
        super.setUp();
        _open();
        _earn(alice, 1 ether);
        _earn(bob, 2 ether);
        _earn(carol, 3 ether);
    }

    // Deployment

    function test_constructor_revertsWithZeroWindow() public {
        ITreasury.Terms memory terms = _terms();
        terms.window = 0;
        vm.expectRevert(IVault.ZeroWindow.selector);
        new Treasury(terms);
    }

    function test_constructor_revertsWithZeroCapFloor() public {
        ITreasury.Terms memory terms = _terms();
        terms.capFloor = 0;
        vm.expectRevert(IVault.ZeroCapFloor.selector);
        new Treasury(terms);
    }

    function test_constructor_revertsWithCapBelowFloor() public {
        ITreasury.Terms memory terms = _terms();
        terms.cap = terms.capFloor - 1;
        vm.expectRevert(abi.encodeWithSelector(IVault.CapBelowFloor.selector, terms.capFloor, terms.cap));
        new Treasury(terms);
    }

    // claim

    function test_claim_paysWhatIsDue() public {
        Saved memory s = _save();
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectEmit(address(treasury));
            emit IVault.Claimed(payees[i], payees[i], s.earned[i], s.earned[i]);
            _claim(s, i);
            assertEq(payees[i].balance, s.earned[i]);
            assertEq(treasury.paid(payees[i]), s.earned[i]);
        }
        assertEq(treasury.totalPaid(), 6 ether);
        assertEq(address(treasury).balance, 994 ether);
    }

    function test_claim_toAnotherAddress() public {
        _claim(_save(), 0, relayer);
        assertEq(relayer.balance, 1 ether);
        assertEq(treasury.paid(alice), 1 ether);
    }

    function test_claim_onTopOfACommit() public {
        IAnchor.Commit memory c = _nextCommit();
        c.payments = new bytes32[](1);
        c.payments[0] = _payment(bob, 0.5 ether);
        _claim(_save(c), 1);
        assertEq(bob.balance, 2 ether);
    }

    function test_claim_onAnOldAnchorPaysWhatItSays() public {
        Saved memory old = _save();
        _earn(alice, 7 ether);
        Saved memory young = _save();
        _claim(old, 0);
        assertEq(alice.balance, 1 ether);
        _claim(young, 0);
        assertEq(alice.balance, 8 ether);
        _nothingDue(old, 0);
    }

    /// @dev Row 27: twice pays nothing the second time, and a commit after a claim neither.
    function test_claim_revertsWithNothingDue() public {
        Saved memory s = _save();
        _claim(s, 0);
        _nothingDue(s, 0);
        IAnchor.Commit memory c = _nextCommit();
        c.payments = new bytes32[](1);
        c.payments[0] = _payment(alice, 1 ether);
        _save(c);
        assertEq(alice.balance, 1 ether);
    }

    function test_claim_revertsWithNotInTree() public {
        Saved memory s = _save();
        bytes32[] memory proof = _proof(s.leaves, 0);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotInTree.selector, alice, 2 ether));
        treasury.claim(s.anchored, s.commitment, 2 ether, proof, alice);
        vm.startPrank(bob);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotInTree.selector, bob, 1 ether));
        treasury.claim(s.anchored, s.commitment, 1 ether, proof, bob);
    }

    function test_claim_revertsWithNotLive() public {
        Saved memory s = _save();
        s.anchored.counter = 2;
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotLive.selector, 2));
        _claim(s, 0);
    }

    function test_claim_revertsWithWrongRoot() public {
        Saved memory s = _save();
        s.commitment.accountsRoot = s.leaves[0];
        vm.expectRevert(
            abi.encodeWithSelector(IAnchor.WrongRoot.selector, s.anchored.root, _hashCommitment(s.commitment))
        );
        _claim(s, 0);
    }

    function test_claim_revertsWithSendFailed() public {
        Saved memory s = _save();
        address refuser = address(new Refuser("no"));
        vm.expectRevert(
            abi.encodeWithSelector(IVault.SendFailed.selector, abi.encodeWithSignature("Error(string)", "no"))
        );
        _claim(s, 0, refuser);
        assertEq(treasury.paid(alice), 0);
    }

    function test_claim_revertsWithIsFrozen() public {
        Saved memory s = _save();
        _freeze();
        vm.expectRevert(IAnchor.IsFrozen.selector);
        _claim(s, 0);
    }

    /// @dev Row 21: a claim between simulation and inclusion makes one signature unfit; what is left is paid later.
    function test_claim_betweenSignatureAndCommitFailsThatTicketAlone() public {
        address[] memory orchestrators = _orchestrators(2);
        payees.push(orchestrators[0]);
        _earn(orchestrators[0], 1 ether);
        Saved memory s = _save();
        _earn(orchestrators[0], 2 ether);
        _earn(orchestrators[1], 1 ether);
        IAnchor.Commit memory c = _nextCommit();
        c.payments = new bytes32[](2);
        c.payments[0] = _payment(orchestrators[0], 3 ether);
        c.payments[1] = _payment(orchestrators[1], 1 ether);
        _signTickets(c, 2);
        bytes32[] memory payments = c.payments;
        _claim(s, 3);
        vm.expectEmit(address(treasury));
        emit ITreasury.PaymentFailed(orchestrators[0], 2, 2 ether, "invalid signature over ticket hash");
        _commit(c);
        assertEq(_fees(orchestrators[1]), 1 ether);
        c = _nextCommit();
        c.payments = payments;
        _signTickets(c, 1);
        _commit(c);
        assertEq(_fees(orchestrators[0]) + orchestrators[0].balance, 3 ether);
    }

    /// @dev While halted: up to the anchor that the guardian trusts, and not beyond.
    function test_claim_whileHalted() public {
        Saved memory good = _save();
        _earn(alice, 100 ether);
        Saved memory bad = _save();
        _halt(good.anchored);
        uint64 until = treasury.haltEnd();
        vm.expectRevert(abi.encodeWithSelector(IAnchor.IsHalted.selector, until));
        _claim(bad, 0);
        _claim(good, 0);
        assertEq(alice.balance, 1 ether);
        vm.warp(until);
        _claim(bad, 0);
        assertEq(alice.balance, 101 ether);
    }

    function test_claim_asFarAsTheBalanceAllows() public {
        Saved memory s = _save();
        vm.deal(address(treasury), 0.25 ether);
        _claim(s, 0);
        assertEq(treasury.paid(alice), 0.25 ether);
        _nothingDue(s, 0);
        vm.deal(address(treasury), 5 ether);
        _claim(s, 0);
        assertEq(alice.balance, 1 ether);
    }

    /// @dev Row 24.
    function test_claim_reentererFindsTheDoorShut() public {
        Reenterer payee = new Reenterer();
        payees.push(address(payee));
        _earn(address(payee), 1 ether);
        Saved memory s = _save();
        bytes32[] memory proof = _proof(s.leaves, 3);
        bytes[12] memory calls = [
            abi.encodeCall(treasury.claim, (s.anchored, s.commitment, s.earned[3], proof, relayer)),
            abi.encodeCall(
                treasury.exit, (s.anchored, s.commitment, address(payee), s.earned[3], proof, address(payee))
            ),
            abi.encodeCall(treasury.freeze, ()),
            abi.encodeCall(treasury.open, (_nextOpen(), 0, 0)),
            abi.encodeCall(treasury.commit, (_nextCommit(), 0, 0)),
            abi.encodeCall(treasury.halt, (s.anchored)),
            abi.encodeCall(treasury.endHalt, ()),
            abi.encodeCall(treasury.admit, (relayer, 0, s.anchored, s.commitment)),
            abi.encodeCall(treasury.setConfig, (0)),
            abi.encodeCall(treasury.setGuardian, (relayer)),
            abi.encodeCall(treasury.setCap, (0)),
            abi.encodeCall(treasury.withdraw, (relayer, 1))
        ];
        bytes memory shut = abi.encodePacked(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        for (uint256 i = 0; i < calls.length; ++i) {
            payee.plan(address(treasury), calls[i], true);
            vm.expectRevert(abi.encodeWithSelector(IVault.SendFailed.selector, shut));
            _claim(s, 3);
        }
    }

    // Window

    function test_window_pushesAndClaimsShareIt() public {
        _asOwner(abi.encodeCall(treasury.setCap, (10 ether)));
        _earn(alice, 10 ether);
        IAnchor.Commit memory c = _nextCommit();
        c.payments = new bytes32[](2);
        c.payments[0] = _payment(bob, 2 ether);
        c.payments[1] = _payment(carol, 3.5 ether);
        vm.expectEmit(address(treasury));
        emit ITreasury.PaymentFailed(carol, 1, 3.5 ether, "window used up");
        Saved memory s = _save(c);
        assertEq(treasury.room(), 3 ether);
        _claim(s, 0);
        assertEq(alice.balance, 3 ether, "as far as the window allows");
        _nothingDue(s, 0);
        vm.warp(block.timestamp + 12 hours);
        assertEq(treasury.room(), 2.5 ether);
        _claim(s, 0);
        assertEq(alice.balance, 5.5 ether);
        vm.warp(block.timestamp + 1 days);
        assertEq(treasury.room(), 5 ether, "full again, not fuller");
        vm.warp(block.timestamp + 100 days);
        assertEq(treasury.room(), 5 ether);
    }

    function test_window_forbidsTicketsBeforeFunding() public {
        address[] memory orchestrators = _orchestrators(3);
        _asOwner(abi.encodeCall(treasury.setCap, (10 ether)));
        IAnchor.Commit memory c = _nextCommit();
        c.payments = new bytes32[](3);
        for (uint256 i = 0; i < 3; ++i) {
            c.payments[i] = _payment(orchestrators[i], 2 ether);
        }
        _signTickets(c, 3);
        vm.expectEmit(address(treasury));
        emit ITreasury.PaymentFailed(orchestrators[2], 1, 2 ether, "window used up");
        _commit(c);
        assertEq(_fees(orchestrators[0]) + _fees(orchestrators[1]), 4 ether);
        assertEq(treasury.room(), 1 ether);
        assertEq(_deposit(), 0);
    }

    /// @dev No interval of one window sees more than the cap, whatever is asked for when.
    function testFuzz_window_neverMoreThanTheCap(uint96[12] memory amounts, uint32[12] memory pauses) public {
        _asOwner(abi.encodeCall(treasury.setCap, (10 ether)));
        uint256[13] memory times;
        uint256[13] memory outflow;
        uint96 total = 0;
        for (uint256 i = 0; i < amounts.length; ++i) {
            vm.warp(block.timestamp + bound(pauses[i], 0, 1 days));
            total += uint96(bound(amounts[i], 1, 6 ether));
            IAnchor.Commit memory c = _nextCommit();
            c.payments = new bytes32[](1);
            c.payments[0] = _payment(relayer, total);
            _commit(c);
            if (treasury.paid(relayer) < total) total = uint96(treasury.paid(relayer));
            (times[i + 1], outflow[i + 1]) = (block.timestamp, total);
            for (uint256 j = 0; j <= i; ++j) {
                if (times[i + 1] - times[j + 1] <= 1 days) {
                    assertLe(outflow[i + 1] - outflow[j], 10 ether, "the cap of a window");
                }
            }
        }
    }

    function test_setCap_revertsWithCapBelowFloor() public {
        vm.startPrank(treasury.owner());
        treasury.setCap(10 ether);
        vm.expectRevert(abi.encodeWithSelector(IVault.CapBelowFloor.selector, 10 ether, 10 ether - 1));
        treasury.setCap(10 ether - 1);
    }

    /// @dev What was used stays used, what has leaked leaked at the old cap.
    function test_setCap_settlesTheBucket() public {
        IAnchor.Commit memory c = _nextCommit();
        c.payments = new bytes32[](1);
        c.payments[0] = _payment(relayer, 400 ether);
        _commit(c);
        vm.warp(block.timestamp + 12 hours);
        assertEq(treasury.room(), 350 ether);
        vm.startPrank(treasury.owner());
        vm.expectEmit(address(treasury));
        emit IVault.CapSet(400 ether);
        treasury.setCap(400 ether);
        assertEq(treasury.room(), 50 ether);
        treasury.setCap(200 ether);
        assertEq(treasury.room(), 0);
        vm.warp(block.timestamp + 12 hours);
        assertEq(treasury.room(), 0, "150 in a bucket of 100, leaked 50");
        vm.warp(block.timestamp + 6 hours);
        assertEq(treasury.room(), 25 ether);
    }

    // withdraw

    function test_withdraw_onlyTheSurplus() public {
        assertEq(treasury.surplus(), 1000 ether, "before the first commit, everything");
        Saved memory s = _save();
        assertEq(treasury.surplus(), 994 ether);
        vm.startPrank(treasury.owner());
        vm.expectRevert(abi.encodeWithSelector(IVault.AboveSurplus.selector, 994 ether, 994 ether + 1));
        treasury.withdraw(operator, 994 ether + 1);
        vm.expectEmit(address(treasury));
        emit IVault.Withdrawn(operator, 994 ether);
        treasury.withdraw(operator, 994 ether);
        vm.stopPrank();
        assertEq(operator.balance, 994 ether);
        for (uint256 i = 0; i < 3; ++i) {
            _claim(s, i);
        }
        assertEq(address(treasury).balance, 0);
        assertEq(treasury.surplus(), 0);
    }

    function test_withdraw_revertsWithSendFailed() public {
        address refuser = address(new Refuser("no"));
        vm.prank(treasury.owner());
        vm.expectPartialRevert(IVault.SendFailed.selector);
        treasury.withdraw(refuser, 1);
    }

    /// @dev Saturating: a treasury that paid more than was earned owes nothing, and is not below nothing.
    function test_surplus_whenMoreWasPaidThanEarned() public {
        IAnchor.Commit memory c = _nextCommit();
        c.payments = new bytes32[](1);
        c.payments[0] = _payment(relayer, 7 ether);
        _save(c);
        assertEq(treasury.surplus(), 993 ether);
        _freeze();
        assertEq(treasury.owed(), 0);
    }

    // freeze

    function test_freeze_endsEverythingElse() public {
        Saved memory s = _save();
        vm.warp(block.timestamp + 10 days);
        vm.expectEmit(address(treasury));
        emit IVault.Frozen(6 ether);
        vm.prank(relayer);
        treasury.freeze();
        assertEq(treasury.owed(), 6 ether);
        IAnchor.Open memory o = _nextOpen();
        vm.expectRevert(IAnchor.IsFrozen.selector);
        treasury.open(o, 0, 0);
        IAnchor.Commit memory c = _nextCommit();
        vm.expectRevert(IAnchor.IsFrozen.selector);
        treasury.commit(c, 0, 0);
        vm.expectRevert(IAnchor.IsFrozen.selector);
        treasury.freeze();
        vm.expectRevert(IAnchor.IsFrozen.selector);
        _claim(s, 0);
    }

    function test_freeze_revertsWithNotSilent() public {
        _save();
        uint256 silentAt = treasury.silentAt();
        vm.warp(silentAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotSilent.selector, silentAt));
        treasury.freeze();
        _open();
        assertEq(treasury.silentAt(), silentAt, "an open never restarts the clock");
        vm.warp(silentAt);
        treasury.freeze();
    }

    /// @dev Row 30.
    function test_freeze_revertsWithBeforeFirstCommit() public {
        vm.warp(block.timestamp + 100 days);
        vm.expectRevert(IVault.BeforeFirstCommit.selector);
        treasury.freeze();
    }

    /// @dev Row 29: empty commits for ever keep the ledger alive, and claims with it.
    function test_freeze_emptyCommitsKeepItAlive() public {
        Saved memory s = _save();
        for (uint256 i = 0; i < 10; ++i) {
            vm.warp(treasury.silentAt() - 1);
            _save();
        }
        _claim(s, 2);
        assertEq(carol.balance, 3 ether);
    }

    // exit

    /// @dev Row 36: the operator never commits again.
    function test_exit_paysEveryoneInFull() public {
        Saved memory s = _save();
        _claim(s, 0);
        _freeze();
        _nothingToExit(s, 0);
        vm.expectEmit(address(treasury));
        emit IVault.Exited(bob, bob, 2 ether, 2 ether);
        _exit(s, 1);
        _exit(s, 2);
        assertEq(bob.balance, 2 ether);
        assertEq(carol.balance, 3 ether);
        assertEq(treasury.totalExited(), 5 ether);
        assertEq(treasury.paid(bob), 0, "paid changes no more");
        _nothingToExit(s, 1);
        assertEq(treasury.surplus(), 994 ether);
    }

    /// @dev Row 30: to the wei, in any order, and what comes later is shared out later.
    function test_exit_sharesWhatThereIs() public {
        Saved memory s = _save();
        vm.deal(address(treasury), 1 ether);
        _freeze();
        assertEq(treasury.surplus(), 0);
        _exit(s, 2);
        _exit(s, 0);
        assertEq(carol.balance, 0.5 ether);
        assertEq(alice.balance, uint256(1 ether) / 6);
        _nothingToExit(s, 2);
        vm.deal(address(treasury), address(treasury).balance + 2 ether);
        vm.expectEmit(address(treasury));
        emit IVault.Exited(carol, carol, 1 ether, 1.5 ether);
        _exit(s, 2);
        _exit(s, 1);
        _exit(s, 0);
        assertEq(carol.balance, 1.5 ether);
        assertEq(bob.balance, 1 ether);
        assertEq(alice.balance, 0.5 ether);
        assertEq(address(treasury).balance, 0);
        vm.deal(address(treasury), 10 ether);
        for (uint256 i = 0; i < 3; ++i) {
            _exit(s, i);
        }
        assertEq(alice.balance + bob.balance + carol.balance, 6 ether);
        assertEq(treasury.surplus(), 7 ether);
        vm.prank(treasury.owner());
        treasury.withdraw(operator, 7 ether);
        assertEq(address(treasury).balance, 0);
    }

    /// @dev Whatever there is and whoever comes when: nobody gets more than its due, all dues are met up to a wei each,
    /// and the treasury keeps what rounding leaves.
    function testFuzz_exit_toTheWei(uint96[3] memory dues, uint96 pot, uint96 later, uint8 order) public {
        for (uint256 i = 0; i < 3; ++i) {
            _earn(payees[i], uint96(bound(dues[i], 0, 1e27)));
        }
        Saved memory s = _save();
        uint256 owed = earned;
        vm.deal(address(treasury), bound(pot, 0, 4e27));
        _freeze();
        uint256 all = address(treasury).balance;
        for (uint256 k = 0; k < 6; ++k) {
            if (k == 3) {
                uint256 gift = bound(later, 0, 1e27);
                vm.deal(address(treasury), address(treasury).balance + gift);
                all += gift;
            }
            _tryExit(s, (k + order) % 3);
        }
        uint256 sum = 0;
        for (uint256 i = 0; i < 3; ++i) {
            uint256 exact = all >= owed ? s.earned[i] : uint256(s.earned[i]) * all / owed;
            assertEq(payees[i].balance, exact);
            sum += exact;
        }
        assertEq(address(treasury).balance, all - sum);
        if (all < owed) assertLe(all - sum, 2, "less than a wei each");
        assertEq(treasury.surplus(), all > owed ? all - owed : 0);
    }

    function test_exit_withANewerProofPaysTheRest() public {
        Saved memory old = _save();
        _earn(alice, 9 ether);
        Saved memory young = _save();
        _freeze();
        _exit(old, 0);
        assertEq(alice.balance, 1 ether);
        _exit(young, 0);
        assertEq(alice.balance, 10 ether);
        _nothingToExit(old, 0);
    }

    function test_exit_isOfWhatWasNotPaid() public {
        _claim(_save(), 0);
        _earn(alice, 9 ether);
        Saved memory s = _save();
        _freeze();
        vm.expectEmit(address(treasury));
        emit IVault.Exited(alice, alice, 9 ether, 9 ether);
        _exit(s, 0);
        assertEq(alice.balance, 10 ether);
    }

    function test_exit_payeeNamesTheDestination() public {
        Saved memory s = _save();
        _freeze();
        bytes32[] memory proof = _proof(s.leaves, 0);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotPayee.selector, alice, relayer));
        vm.prank(relayer);
        treasury.exit(s.anchored, s.commitment, alice, 1 ether, proof, relayer);
        vm.prank(alice);
        treasury.exit(s.anchored, s.commitment, alice, 1 ether, proof, relayer);
        assertEq(relayer.balance, 1 ether);
    }

    /// @dev Row 30: a contract that refuses ETH loses nothing, and holds up nobody.
    function test_exit_revertsWithSendFailed() public {
        address refuser = address(new Refuser("no"));
        payees.push(refuser);
        _earn(refuser, 1 ether);
        Saved memory s = _save();
        _freeze();
        vm.expectPartialRevert(IVault.SendFailed.selector);
        _exit(s, 3);
        assertEq(treasury.exited(refuser), 0);
        _exit(s, 0);
        bytes32[] memory proof = _proof(s.leaves, 3);
        vm.prank(refuser);
        treasury.exit(s.anchored, s.commitment, refuser, 1 ether, proof, bob);
        assertEq(bob.balance, 1 ether);
    }

    function test_exit_revertsWithNotFrozen() public {
        Saved memory s = _save();
        vm.expectRevert(IVault.NotFrozen.selector);
        _exit(s, 0);
    }

    function test_exit_revertsWithNotLiveAndNotInTree() public {
        Saved memory s = _save();
        _freeze();
        bytes32[] memory proof = _proof(s.leaves, 0);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotInTree.selector, bob, 1 ether));
        treasury.exit(s.anchored, s.commitment, bob, 1 ether, proof, bob);
        s.anchored.root = 0;
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotLive.selector, 1));
        treasury.exit(s.anchored, s.commitment, alice, 1 ether, proof, alice);
    }

    /// @dev Rows 28, 30 and 36 together: after a theft, a strike and a freeze everyone exits, right to the wei.
    function test_exit_afterATheftIsRightToTheWei() public {
        _asOwner(abi.encodeCall(treasury.setCap, (100 ether)));
        vm.deal(address(treasury), 20 ether);
        Saved memory good = _save();
        IAnchor.Commit memory theft = _nextCommit();
        theft.payments = new bytes32[](1);
        theft.payments[0] = _payment(relayer, 17 ether);
        _save(theft);
        _halt(good.anchored);
        _asOwner(abi.encodeCall(treasury.admit, (relayer, CONFIG, good.anchored, good.commitment)));
        _freeze();
        assertEq(treasury.owed(), 6 ether, "what was stolen is not paid");
        for (uint256 i = 0; i < 3; ++i) {
            _exit(good, i);
            assertEq(payees[i].balance, good.earned[i] / 2);
        }
        assertEq(address(treasury).balance, 0);
    }

    /// @dev Row 30: whoever exits to the treasury itself, as often as it likes, gives its share to the others: all can
    /// still be paid what they are promised then.
    function testFuzz_exit_toTheTreasuryIsAGift(uint96 pot, uint8 times) public {
        Saved memory s = _save();
        pot = uint96(bound(pot, 6, 8 ether));
        vm.deal(address(treasury), pot);
        _freeze();
        bytes32[] memory proof = _proof(s.leaves, 2);
        for (uint256 i = 0; i < bound(times, 1, 30); ++i) {
            vm.prank(carol);
            try treasury.exit(s.anchored, s.commitment, carol, s.earned[2], proof, address(treasury)) {} catch {}
        }
        assertEq(address(treasury).balance, pot);
        _exit(s, 0);
        _exit(s, 1);
        assertGe(alice.balance, pot < 6 ether ? pot / 6 : 1 ether);
        _tryExit(s, 2);
        assertLe(alice.balance + bob.balance + carol.balance, pot);
    }

    /// @dev What nobody noticed for all of `silence` is not guarded against: on a thief's root more can be due than is
    /// owed, and whoever comes first is paid.
    function test_exit_onAThiefsRootWhoeverComesFirst() public {
        Saved memory good = _save();
        payees.push(relayer);
        earnedOf[relayer] = 997 ether;
        Saved memory bad = _save();
        _freeze();
        assertEq(treasury.owed(), 6 ether);
        _exit(bad, 3);
        _exit(good, 0);
        vm.expectRevert(abi.encodeWithSelector(IVault.SendFailed.selector, ""));
        _exit(good, 2);
        _exit(good, 1);
        vm.deal(address(treasury), 3 ether);
        _exit(good, 2);
        assertEq(carol.balance, 3 ether);
    }

    // The tree: one account, none, and all sizes against OpenZeppelin's verifier inside the contract

    function testFuzz_claim_treesOfAnySize(uint8 size, uint256 seed) public {
        delete payees;
        earned = 0;
        for (uint256 i = 0; i < bound(size, 1, 70); ++i) {
            payees.push(address(uint160(uint256(keccak256(abi.encode(seed, i))))));
            _earn(payees[i], uint96(i + 1));
        }
        Saved memory s = _save();
        for (uint256 i = 0; i < payees.length; ++i) {
            _claim(s, i);
            assertEq(payees[i].balance, i + 1);
        }
    }

    function test_claim_emptyTreeHoldsNobody() public {
        delete payees;
        earned = 0;
        Saved memory s = _save();
        assertEq(s.commitment.accountsRoot, 0);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotInTree.selector, alice, 1));
        vm.prank(alice);
        treasury.claim(s.anchored, s.commitment, 1, new bytes32[](0), alice);
    }

    // Helpers

    function _nothingDue(Saved memory s, uint256 i) private {
        vm.expectRevert(abi.encodeWithSelector(IVault.NothingDue.selector, payees[i]));
        _claim(s, i);
    }

    function _nothingToExit(Saved memory s, uint256 i) private {
        vm.expectRevert(abi.encodeWithSelector(IVault.NothingDue.selector, payees[i]));
        _exit(s, i);
    }

    function _tryExit(Saved memory s, uint256 i) private {
        bytes32[] memory proof = _proof(s.leaves, i);
        try treasury.exit(s.anchored, s.commitment, payees[i], s.earned[i], proof, payees[i]) {} catch {}
    }
}
