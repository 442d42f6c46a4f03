// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Timelock} from "../src/Timelock.sol";
import {Treasury} from "../src/Treasury.sol";
import {IAnchor} from "../src/interfaces/IAnchor.sol";
import {ITreasury} from "../src/interfaces/ITreasury.sol";
import {LedgerBase} from "./LedgerBase.sol";

/// @notice What the guardian and the owner can do to the history, and what they cannot.
contract HaltTest is LedgerBase {
    uint256 internal nextKey = uint256(keccak256("the next core"));
    address internal next = vm.addr(nextKey);

    function setUp() public override {
        super.setUp();
        _open();
    }

    // Deployment

    function test_constructor_revertsWithDelayTooLong() public {
        ITreasury.Terms memory terms = _terms();
        terms.delay = 2 days + 1;
        vm.expectRevert(abi.encodeWithSelector(IAnchor.DelayTooLong.selector, 2 days + 1, 4 days));
        new Treasury(terms);
    }

    function test_constructor_revertsWithHaltTooLong() public {
        ITreasury.Terms memory terms = _terms();
        terms.haltMax = terms.silence;
        vm.expectRevert(abi.encodeWithSelector(IAnchor.HaltTooLong.selector, 10 days, 10 days));
        new Treasury(terms);
    }

    function test_constructor_revertsWithSilenceTooShort() public {
        ITreasury.Terms memory terms = _terms();
        terms.silence = 7 days - 1;
        vm.expectRevert(abi.encodeWithSelector(IAnchor.SilenceTooShort.selector, 7 days - 1));
        new Treasury(terms);
    }

    function test_constructor_acceptsTheShortestSilence() public {
        ITreasury.Terms memory terms = _terms();
        terms.silence = 7 days;
        assertEq(new Treasury(terms).silence(), 7 days);
    }

    // halt

    function test_halt_stopsOpenCommitAndFreeze() public {
        IAnchor.Anchored memory a = _save().anchored;
        vm.expectEmit(address(treasury));
        emit IAnchor.Halted(1, uint64(block.timestamp + 4 days));
        _halt(a);
        uint64 until = treasury.haltEnd();
        bytes memory halted = abi.encodeWithSelector(IAnchor.IsHalted.selector, until);
        IAnchor.Open memory o = _nextOpen();
        vm.expectRevert(halted);
        treasury.open(o, 0, 0);
        IAnchor.Commit memory c = _nextCommit();
        vm.expectRevert(halted);
        treasury.commit(c, 0, 0);
        vm.expectRevert(halted);
        treasury.freeze();
        vm.warp(until - 1);
        vm.expectRevert(halted);
        treasury.commit(c, 0, 0);
        vm.warp(until);
        _commit(c);
    }

    function test_halt_revertsWithNotGuardian() public {
        IAnchor.Anchored memory a = _save().anchored;
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotGuardian.selector, address(this)));
        treasury.halt(a);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotGuardian.selector, address(this)));
        treasury.endHalt();
    }

    /// @dev Row 29: never at anchor 0, nor at one that never was, nor described wrongly.
    function test_halt_revertsWithNotLive() public {
        IAnchor.Anchored memory a = _save().anchored;
        _refuseHalt(_noAnchor());
        IAnchor.Anchored memory wrong = a;
        wrong.counter = 2;
        _refuseHalt(wrong);
        (wrong.counter, wrong.totalPaid) = (1, 1);
        _refuseHalt(wrong);
        (wrong.totalPaid, wrong.time) = (0, a.time + 1);
        _refuseHalt(wrong);
        (wrong.time, wrong.root) = (uint64(block.timestamp), keccak256("another"));
        _refuseHalt(wrong);
    }

    function test_halt_revertsWithTooOld() public {
        IAnchor.Anchored memory a = _save().anchored;
        vm.warp(block.timestamp + 20 days);
        uint256 before = vm.snapshotState();
        _halt(a);
        vm.revertToState(before);
        vm.warp(block.timestamp + 1);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.TooOld.selector, a.time + 1, a.time));
        _halt(a);
    }

    /// @dev Row 29: a guardian gone bad cannot halt for ever: between two halts passes as much time as one may last.
    function test_halt_revertsWithHaltTooSoon() public {
        IAnchor.Anchored memory a = _save().anchored;
        _halt(a);
        _refuseHaltUntil(a, treasury.haltEnd() + 4 days);
        vm.warp(block.timestamp + 1 days);
        vm.prank(guardian);
        vm.expectEmit(address(treasury));
        emit IAnchor.HaltEnded();
        treasury.endHalt();
        uint256 notBefore = block.timestamp + 4 days;
        _refuseHaltUntil(a, notBefore);
        _commit(_nextCommit());
        vm.warp(notBefore - 1);
        _refuseHaltUntil(a, notBefore);
        vm.warp(notBefore);
        _halt(a);
    }

    function test_halt_revertsWithIsFrozen() public {
        IAnchor.Anchored memory a = _save().anchored;
        _freeze();
        vm.expectRevert(IAnchor.IsFrozen.selector);
        _halt(a);
    }

    function test_endHalt_revertsWithNotHalted() public {
        _save();
        vm.startPrank(guardian);
        vm.expectRevert(IAnchor.NotHalted.selector);
        treasury.endHalt();
        treasury.halt(_anchored());
        vm.warp(treasury.haltEnd());
        vm.expectRevert(IAnchor.NotHalted.selector);
        treasury.endHalt();
    }

    function test_halt_silenceStandsStill() public {
        IAnchor.Anchored memory a = _save().anchored;
        uint256 silentAt = treasury.silentAt();
        assertEq(silentAt, block.timestamp + 10 days);
        vm.warp(block.timestamp + 1 days);
        _halt(a);
        assertEq(treasury.silentAt(), silentAt + 4 days);
        vm.warp(block.timestamp + 1 days);
        vm.prank(guardian);
        treasury.endHalt();
        assertEq(treasury.silentAt(), silentAt + 1 days, "as long as it was halted");
        vm.warp(block.timestamp + 5 days);
        _halt(a);
        vm.warp(block.timestamp + 5 days);
        assertEq(treasury.silentAt(), silentAt + 5 days, "both halts");
        _commit(_nextCommit());
        assertEq(treasury.silentAt(), block.timestamp + 10 days);
    }

    // admit

    function test_admit_withoutHaltGoesOnFromTheHead() public {
        _earn(alice, 5);
        Saved memory s = _save();
        vm.warp(block.timestamp + 3 days);
        IAnchor.Head memory before = treasury.head();
        _admit(_noAnchor(), _noCommitment());
        IAnchor.Head memory h = treasury.head();
        assertEq(h.epoch, 2);
        assertEq(h.boot, 0);
        assertEq(h.committer, next);
        assertEq(h.configHash, keccak256("next configuration"));
        assertEq(h.counter, before.counter);
        assertEq(h.root, s.anchored.root);
        assertEq(h.committedAt, before.committedAt);
        assertEq(h.totalEarned, 5);
        assertEq(treasury.silentAt(), block.timestamp + 10 days, "the clock starts anew");
        _nothingButAnOpenOfTheNextCore();
    }

    function test_admit_beforeTheFirstCommit() public {
        _admit(_noAnchor(), _noCommitment());
        assertEq(treasury.head().root, 0);
        _nothingButAnOpenOfTheNextCore();
    }

    /// @dev Row 28: the thief's roots are struck out; what it took counts as lost, not as paid.
    function test_admit_whileHaltedGoesOnFromAnAnchor() public {
        _earn(alice, 50 ether);
        Saved memory good = _save();
        vm.warp(block.timestamp + 1 hours);
        earned += 900 ether;
        IAnchor.Commit memory theft = _nextCommit();
        theft.payments = new bytes32[](1);
        theft.payments[0] = _payment(relayer, 200 ether);
        IAnchor.Anchored memory bad = _save(theft).anchored;
        for (uint256 i = 0; i < 5; ++i) {
            _save();
        }
        _halt(good.anchored);

        earned = 50 ether;
        bytes memory admission = _admission(good.anchored, good.commitment);
        _propose(admission);
        vm.expectEmit(address(treasury));
        emit IAnchor.Admitted(2, next, keccak256("next configuration"), 1, good.anchored.root, 0);
        _execute(admission);
        IAnchor.Head memory h = treasury.head();
        assertEq(h.counter, 1);
        assertEq(h.root, good.anchored.root);
        assertEq(h.committedAt, good.anchored.time);
        assertEq(h.totalEarned, 50 ether);
        assertEq(h.logSize, good.commitment.logSize);
        assertEq(treasury.totalPaid(), 0);
        assertEq(treasury.paid(relayer), 200 ether, "never lowered");
        assertEq(treasury.haltEnd(), block.timestamp, "over");
        assertEq(treasury.surplus(), 1000 ether - 200 ether - 50 ether);
        assertEq(treasury.silentAt(), block.timestamp + 10 days);

        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.HaltTooSoon.selector, block.timestamp + 4 days));
        treasury.halt(bad);
        vm.warp(block.timestamp + 4 days);
        _refuseHalt(bad);
        _claim(good, 0);
        assertEq(alice.balance, 50 ether);
        _nothingButAnOpenOfTheNextCore();
        coreKey = nextKey;
        _commit(_nextCommit());
        _refuseHalt(bad);
    }

    /// @dev Row 28: a thousand roots in one transaction are struck out all the same.
    function test_admit_strikesOutAThousandRoots() public {
        Saved memory good = _save();
        for (uint256 i = 0; i < 1000; ++i) {
            _commit(_nextCommit());
        }
        _halt(good.anchored);
        _admit(good.anchored, good.commitment);
        assertEq(treasury.head().counter, 1);
    }

    /// @dev Any anchor that the halt could have named, also another than it did.
    function test_admit_mayNameAnotherAnchorThanTheHalt() public {
        Saved memory first = _save();
        Saved memory second = _save();
        _halt(first.anchored);
        _admit(second.anchored, second.commitment);
        assertEq(treasury.head().counter, 2);
    }

    function test_admit_revertsWithTooOld() public {
        Saved memory s = _save();
        vm.warp(block.timestamp + 20 days);
        _commit(_nextCommit());
        IAnchor.Anchored memory young = _anchored();
        vm.warp(block.timestamp + 1);
        _halt(young);
        vm.warp(block.timestamp + 2 days);
        vm.prank(treasury.owner());
        vm.expectPartialRevert(IAnchor.TooOld.selector);
        treasury.admit(next, 0, s.anchored, s.commitment);
    }

    /// @dev What counts is the age when the halt began: the delay of the owner does not make an anchor too old.
    function test_admit_ageIsThatOfTheHalt() public {
        Saved memory s = _save();
        vm.warp(block.timestamp + 20 days);
        _halt(s.anchored);
        _admit(s.anchored, s.commitment);
        assertEq(treasury.head().epoch, 2);
    }

    function test_admit_revertsWithNotLive() public {
        Saved memory s = _save();
        _halt(s.anchored);
        s.anchored.counter = 2;
        vm.prank(treasury.owner());
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotLive.selector, 2));
        treasury.admit(next, 0, s.anchored, s.commitment);
    }

    function test_admit_revertsWithWrongRoot() public {
        Saved memory s = _save();
        _halt(s.anchored);
        s.commitment.totalEarned += 1;
        vm.prank(treasury.owner());
        vm.expectRevert(
            abi.encodeWithSelector(IAnchor.WrongRoot.selector, s.anchored.root, _hashCommitment(s.commitment))
        );
        treasury.admit(next, 0, s.anchored, s.commitment);
    }

    /// @dev Proposed during a halt, executed too late: the thief's head must not be admitted by mistake.
    function test_admit_revertsWithNotHalted() public {
        Saved memory s = _save();
        vm.prank(treasury.owner());
        vm.expectRevert(IAnchor.NotHalted.selector);
        treasury.admit(next, 0, s.anchored, s.commitment);
    }

    function test_admit_revertsWithZeroCommitter() public {
        vm.prank(treasury.owner());
        vm.expectRevert(IAnchor.ZeroCommitter.selector);
        treasury.admit(address(0), 0, _noAnchor(), _noCommitment());
    }

    function test_admit_revertsWithIsFrozen() public {
        _save();
        _freeze();
        vm.prank(treasury.owner());
        vm.expectRevert(IAnchor.IsFrozen.selector);
        treasury.admit(next, 0, _noAnchor(), _noCommitment());
    }

    /// @dev What the dismissed core or its host kept for later fits nothing any more.
    function test_admit_fencesTheDismissed() public {
        _save();
        IAnchor.Open memory stocked = _nextOpen();
        IAnchor.Commit memory kept = _nextCommit();
        (bytes32 r, bytes32 vs) = _signCommit(coreKey, kept);
        _admit(_noAnchor(), _noCommitment());
        (bytes32 or, bytes32 ovs) = _signOpen(coreKey, stocked);
        vm.expectPartialRevert(IAnchor.WrongEpoch.selector);
        treasury.open(stocked, or, ovs);
        vm.expectPartialRevert(IAnchor.WrongEpoch.selector);
        treasury.commit(kept, r, vs);
    }

    /// @dev Row 29: a proposal outlives the halt that it was made for. Until it lapses, it fits the next one: whoever does
    /// not want it any more has to cancel it.
    function test_admit_proposedForOneHaltFitsTheNextUnlessCancelled() public {
        Timelock owner = _owner();
        Saved memory old = _save();
        _halt(old.anchored);
        bytes memory admission = _admission(old.anchored, old.commitment);
        _propose(admission);
        vm.prank(guardian);
        treasury.endHalt();
        IAnchor.Anchored memory young = _save().anchored;
        vm.expectRevert(IAnchor.NotHalted.selector);
        owner.execute(address(treasury), 0, admission, 0, 0);
        vm.warp(block.timestamp + 4 days);
        _halt(young);
        uint256 before = vm.snapshotState();
        owner.execute(address(treasury), 0, admission, 0, 0);
        assertEq(treasury.head().counter, 1);
        vm.revertToState(before);

        bytes32 id = owner.hashOperation(address(treasury), 0, admission, 0, 0);
        vm.prank(operator);
        owner.cancel(id);
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        owner.execute(address(treasury), 0, admission, 0, 0);
    }

    // Owner

    function test_owner_revertsWithNotOwner() public {
        bytes memory notOwner = abi.encodeWithSelector(IAnchor.NotOwner.selector, operator);
        vm.startPrank(operator);
        vm.expectRevert(notOwner);
        treasury.admit(next, 0, _noAnchor(), _noCommitment());
        vm.expectRevert(notOwner);
        treasury.setConfig(0);
        vm.expectRevert(notOwner);
        treasury.setGuardian(next);
        vm.expectRevert(notOwner);
        treasury.setCap(100 ether);
        vm.expectRevert(notOwner);
        treasury.withdraw(operator, 1);
    }

    function test_setConfig_commitsMustNameTheNewOne() public {
        IAnchor.Commit memory old = _nextCommit();
        bytes memory call = abi.encodeCall(treasury.setConfig, (keccak256("new")));
        _propose(call);
        vm.expectEmit(address(treasury));
        emit IAnchor.ConfigSet(keccak256("new"));
        _execute(call);
        (bytes32 r, bytes32 vs) = _signCommit(coreKey, old);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.WrongConfig.selector, keccak256("new"), CONFIG));
        treasury.commit(old, r, vs);
        _commit(_nextCommit());
    }

    function test_setGuardian_replacesIt() public {
        IAnchor.Anchored memory a = _save().anchored;
        bytes memory call = abi.encodeCall(treasury.setGuardian, (next));
        _propose(call);
        vm.expectEmit(address(treasury));
        emit IAnchor.GuardianSet(next);
        _execute(call);
        assertEq(treasury.guardian(), next);
        vm.expectPartialRevert(IAnchor.NotGuardian.selector);
        _halt(a);
        vm.prank(next);
        treasury.halt(a);
    }

    // Timelock

    function test_timelock_rolesAreTheOperatorsAndAnyones() public view {
        Timelock owner = _owner();
        assertTrue(owner.hasRole(owner.PROPOSER_ROLE(), operator));
        assertTrue(owner.hasRole(owner.CANCELLER_ROLE(), operator));
        assertTrue(owner.hasRole(owner.EXECUTOR_ROLE(), address(0)));
        assertTrue(owner.hasRole(owner.DEFAULT_ADMIN_ROLE(), address(owner)));
        address[4] memory others = [operator, guardian, address(treasury), address(this)];
        for (uint256 i = 0; i < others.length; ++i) {
            assertFalse(owner.hasRole(owner.DEFAULT_ADMIN_ROLE(), others[i]));
        }
        assertFalse(owner.hasRole(owner.PROPOSER_ROLE(), guardian));
        assertFalse(owner.hasRole(owner.CANCELLER_ROLE(), guardian));
        assertEq(owner.getMinDelay(), 2 days);
    }

    /// @dev Row 29: the delay is never set to nothing.
    function test_timelock_revertsWithDelayBelowFloor() public {
        Timelock owner = _owner();
        vm.expectRevert(abi.encodeWithSelector(Timelock.DelayBelowFloor.selector, 2 days, 2 days - 1));
        this.updateDelay(owner, 2 days - 1);
    }

    /// @dev Row 29: with a longer one no admission would be ready before the halt that it is to end is over.
    function test_timelock_revertsWithDelayAboveCeiling() public {
        Timelock owner = _ownerWithRoom();
        assertEq(owner.delayMax(), 3 days);
        vm.expectRevert(abi.encodeWithSelector(Timelock.DelayAboveCeiling.selector, 3 days, 3 days + 1));
        this.updateDelay(owner, 3 days + 1);
    }

    function test_timelock_delayGrowsUpToTheCeiling() public {
        Timelock owner = _ownerWithRoom();
        this.updateDelay(owner, 3 days);
        assertEq(owner.getMinDelay(), 3 days);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(TimelockController.TimelockUnauthorizedCaller.selector, operator));
        owner.updateDelay(2 days);
    }

    /// @dev Row 29: what is stocked lapses.
    function test_timelock_operationsLapse() public {
        Timelock owner = _owner();
        bytes memory call = abi.encodeCall(treasury.setConfig, (keccak256("new")));
        bytes32 id = owner.hashOperation(address(treasury), 0, call, 0, 0);
        vm.prank(operator);
        owner.schedule(address(treasury), 0, call, 0, 0, 2 days);
        vm.warp(block.timestamp + 2 days + 14 days);
        assertTrue(owner.isOperationReady(id));
        vm.warp(block.timestamp + 1);
        assertFalse(owner.isOperation(id));
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        owner.execute(address(treasury), 0, call, 0, 0);
        vm.prank(operator);
        owner.schedule(address(treasury), 0, call, 0, 0, 2 days);
        vm.warp(block.timestamp + 2 days);
        owner.execute(address(treasury), 0, call, 0, 0);
        assertEq(treasury.head().configHash, keccak256("new"));
        vm.warp(block.timestamp + 30 days);
        assertTrue(owner.isOperationDone(id), "what was done stays done");
    }

    // Helpers

    function _admit(IAnchor.Anchored memory a, IAnchor.Commitment memory commitment) private {
        _asOwner(_admission(a, commitment));
    }

    function _admission(IAnchor.Anchored memory a, IAnchor.Commitment memory commitment)
        private
        view
        returns (bytes memory)
    {
        return abi.encodeCall(treasury.admit, (next, keccak256("next configuration"), a, commitment));
    }

    function _nothingButAnOpenOfTheNextCore() private {
        IAnchor.Commit memory c = _nextCommit();
        (bytes32 r, bytes32 vs) = _signCommit(nextKey, c);
        vm.expectRevert(IAnchor.ZeroBoot.selector);
        treasury.commit(c, r, vs);
        IAnchor.Open memory o = _nextOpen();
        (r, vs) = _signOpen(coreKey, o);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.WrongSigner.selector, next, core));
        treasury.open(o, r, vs);
        (r, vs) = _signOpen(nextKey, o);
        treasury.open(o, r, vs);
    }

    function _refuseHalt(IAnchor.Anchored memory a) private {
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotLive.selector, a.counter));
        _halt(a);
    }

    function _refuseHaltUntil(IAnchor.Anchored memory a, uint256 notBefore) private {
        vm.expectRevert(abi.encodeWithSelector(IAnchor.HaltTooSoon.selector, notBefore));
        _halt(a);
    }

    /// @dev The owner of a treasury whose delay is shorter than half a halt.
    function _ownerWithRoom() private returns (Timelock) {
        ITreasury.Terms memory terms = _terms();
        terms.haltMax = 6 days;
        return Timelock(payable(new Treasury(terms).owner()));
    }

    /// @dev Called from outside, so that an expected revert is that of the execution.
    function updateDelay(Timelock owner, uint256 delay) external {
        bytes memory call = abi.encodeCall(owner.updateDelay, (delay));
        vm.prank(operator);
        owner.schedule(address(owner), 0, call, 0, 0, 2 days);
        vm.warp(block.timestamp + 2 days);
        owner.execute(address(owner), 0, call, 0, 0);
    }

    function _owner() private view returns (Timelock) {
        return Timelock(payable(treasury.owner()));
    }
}
