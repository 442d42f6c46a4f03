// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import {ITreasury} from "../src/interfaces/ITreasury.sol";
import {IAnchor} from "../src/interfaces/IAnchor.sol";
import {IVault} from "../src/interfaces/IVault.sol";
import {Treasury} from "../src/Treasury.sol";

contract AnchorTest is Base {
    // Before anything

    function test_constructor_setsGenesisHead() public view {
        IAnchor.Head memory h = treasury.head();
        assertEq(h.committer, core);
        assertEq(h.configHash, CONFIG);
        assertEq(h.epoch + h.counter + h.committedAt + h.logSize + h.totalEarned, 0);
        assertEq(h.boot, 0);
        assertEq(h.root, 0);
    }

    /// @dev G10: who begins is in the contract's history like everyone after.
    function test_constructor_tellsWithWhomItBegins() public {
        vm.expectEmit();
        emit IAnchor.Admitted(0, core, CONFIG, 0, 0, 0);
        vm.expectEmit();
        emit IAnchor.GuardianSet(guardian);
        vm.expectEmit();
        emit IVault.CapSet(1000 ether);
        new Treasury(_terms());
    }

    function test_constructor_revertsWithZeroCommitter() public {
        ITreasury.Terms memory terms = _terms();
        terms.committer = address(0);
        vm.expectRevert(IAnchor.ZeroCommitter.selector);
        new Treasury(terms);
    }

    // open

    function test_open_beginsTheNextEpoch() public {
        IAnchor.Open memory o = _nextOpen();
        o.logSize = 7;
        vm.expectEmit(address(treasury));
        emit IAnchor.Opened(1, o.boot, 7, o.logRoot);
        _sendOpen(o);
        IAnchor.Head memory h = treasury.head();
        assertEq(h.epoch, 1);
        assertEq(h.boot, o.boot);
        assertEq(h.committedAt, 0, "an open is no commit");
    }

    function test_open_keepsTheHead() public {
        _open();
        _commit(_nextCommit());
        IAnchor.Head memory before = treasury.head();
        vm.warp(block.timestamp + 1 days);
        _open();
        IAnchor.Head memory h = treasury.head();
        assertEq(h.epoch, before.epoch + 1);
        assertNotEq(h.boot, before.boot);
        assertEq(h.counter, before.counter);
        assertEq(h.root, before.root);
        assertEq(h.logSize, before.logSize);
        assertEq(h.committedAt, before.committedAt, "silence goes on");
    }

    function test_open_revertsWithWrongEpoch() public {
        _open();
        IAnchor.Open memory o = _nextOpen();
        o.epoch = 1;
        _refuseOpen(o, abi.encodeWithSelector(IAnchor.WrongEpoch.selector, 2, 1));
        o.epoch = 3;
        _refuseOpen(o, abi.encodeWithSelector(IAnchor.WrongEpoch.selector, 2, 3));
    }

    function test_open_revertsWithWrongBoot() public {
        _open();
        IAnchor.Open memory o = _nextOpen();
        bytes32 boot = o.prevBoot;
        o.prevBoot = 0;
        _refuseOpen(o, abi.encodeWithSelector(IAnchor.WrongBoot.selector, boot, 0));
    }

    function test_open_revertsWithWrongCounter() public {
        _open();
        _commit(_nextCommit());
        IAnchor.Open memory o = _nextOpen();
        o.counter = 0;
        _refuseOpen(o, abi.encodeWithSelector(IAnchor.WrongCounter.selector, 1, 0));
        o.counter = 2;
        _refuseOpen(o, abi.encodeWithSelector(IAnchor.WrongCounter.selector, 1, 2));
    }

    function test_open_revertsWithWrongRoot() public {
        _open();
        _commit(_nextCommit());
        IAnchor.Open memory o = _nextOpen();
        bytes32 root = o.root;
        o.root = 0;
        _refuseOpen(o, abi.encodeWithSelector(IAnchor.WrongRoot.selector, root, 0));
    }

    function test_open_revertsWithZeroBoot() public {
        IAnchor.Open memory o = _nextOpen();
        o.boot = 0;
        _refuseOpen(o, abi.encodeWithSelector(IAnchor.ZeroBoot.selector));
    }

    function test_open_revertsWithWrongSigner() public {
        IAnchor.Open memory o = _nextOpen();
        (bytes32 r, bytes32 vs) = _signOpen(uint256(keccak256("stranger")), o);
        vm.expectRevert(
            abi.encodeWithSelector(IAnchor.WrongSigner.selector, core, vm.addr(uint256(keccak256("stranger"))))
        );
        treasury.open(o, r, vs);
    }

    /// @dev Every field is under the signature: a change of any makes it somebody else's.
    function testFuzz_open_revertsWithWrongSigner(uint64 logSize, bytes32 logRoot, bytes32 boot, bytes calldata doc)
        public
    {
        IAnchor.Open memory o = _nextOpen();
        bytes32 signed = _hashOpen(o);
        (bytes32 r, bytes32 vs) = _signOpen(coreKey, o);
        vm.assume(boot != 0);
        (o.logSize, o.logRoot, o.boot, o.attestation) = (logSize, logRoot, boot, doc);
        vm.assume(_hashOpen(o) != signed);
        vm.expectPartialRevert(IAnchor.WrongSigner.selector);
        treasury.open(o, r, vs);
    }

    // commit

    function test_commit_movesTheHead() public {
        _open();
        earned = 5 ether;
        IAnchor.Commit memory c = _nextCommit();
        bytes32 root = _hashCommitment(c.next);
        vm.expectEmit(address(treasury));
        emit IAnchor.Committed(1, 1, 0, c.next, 0);
        _commit(c);
        IAnchor.Head memory h = treasury.head();
        assertEq(h.root, root, "a root is the struct hash of its commitment");
        assertEq(h.counter, 1);
        assertEq(h.epoch, 1);
        assertEq(h.boot, c.boot);
        assertEq(h.committedAt, block.timestamp);
        assertEq(h.logSize, c.next.logSize);
        assertEq(h.totalEarned, 5 ether);
        assertEq(h.configHash, CONFIG);
        assertEq(h.committer, core);
    }

    function testFuzz_commit_movesTheHead(IAnchor.Commitment memory next, address sender) public {
        _open();
        IAnchor.Commit memory c = _nextCommit();
        c.next = next;
        c.next.configHash = CONFIG;
        (bytes32 r, bytes32 vs) = _signCommit(coreKey, c);
        vm.prank(sender);
        treasury.commit(c, r, vs);
        assertEq(treasury.head().root, _hashCommitment(c.next));
        assertEq(treasury.head().logSize, next.logSize);
        assertEq(treasury.head().totalEarned, next.totalEarned);
    }

    function test_commit_revertsWithZeroBootBeforeAnyOpen() public {
        _refuseCommit(_nextCommit(), abi.encodeWithSelector(IAnchor.ZeroBoot.selector));
    }

    function test_commit_revertsWithWrongEpoch() public {
        _open();
        _open();
        IAnchor.Commit memory c = _nextCommit();
        c.epoch = 1;
        _refuseCommit(c, abi.encodeWithSelector(IAnchor.WrongEpoch.selector, 2, 1));
        c.epoch = 3;
        _refuseCommit(c, abi.encodeWithSelector(IAnchor.WrongEpoch.selector, 2, 3));
    }

    function test_commit_revertsWithWrongBoot() public {
        _open();
        IAnchor.Commit memory c = _nextCommit();
        bytes32 boot = c.boot;
        c.boot = keccak256("a core whose open never landed");
        _refuseCommit(c, abi.encodeWithSelector(IAnchor.WrongBoot.selector, boot, c.boot));
    }

    function test_commit_revertsWithWrongCounter() public {
        _open();
        _commit(_nextCommit());
        IAnchor.Commit memory c = _nextCommit();
        c.counter = 1;
        _refuseCommit(c, abi.encodeWithSelector(IAnchor.WrongCounter.selector, 2, 1));
        c.counter = 3;
        _refuseCommit(c, abi.encodeWithSelector(IAnchor.WrongCounter.selector, 2, 3));
    }

    function test_commit_revertsWithWrongRoot() public {
        _open();
        _commit(_nextCommit());
        IAnchor.Commit memory c = _nextCommit();
        bytes32 root = c.prevRoot;
        c.prevRoot = keccak256("a fork");
        _refuseCommit(c, abi.encodeWithSelector(IAnchor.WrongRoot.selector, root, c.prevRoot));
    }

    function test_commit_revertsWithWrongConfig() public {
        _open();
        IAnchor.Commit memory c = _nextCommit();
        c.next.configHash = 0;
        _refuseCommit(c, abi.encodeWithSelector(IAnchor.WrongConfig.selector, CONFIG, 0));
    }

    function test_commit_revertsWithFallingTotalEarned() public {
        _open();
        earned = 10;
        _commit(_nextCommit());
        earned = 9;
        _refuseCommit(_nextCommit(), abi.encodeWithSelector(IAnchor.FallingTotalEarned.selector, 10, 9));
    }

    function test_commit_revertsWithFallingLogSize() public {
        _open();
        _commit(_nextCommit());
        IAnchor.Commit memory c = _nextCommit();
        c.next.logSize = 0;
        _refuseCommit(c, abi.encodeWithSelector(IAnchor.FallingLogSize.selector, 1, 0));
    }

    function test_commit_acceptsEqualTotals() public {
        _open();
        _commit(_nextCommit());
        IAnchor.Commit memory c = _nextCommit();
        c.next.logSize = 1;
        _commit(c);
        assertEq(treasury.head().counter, 2);
    }

    function test_commit_revertsWithWrongSigner() public {
        _open();
        IAnchor.Commit memory c = _nextCommit();
        uint256 stranger = uint256(keccak256("stranger"));
        (bytes32 r, bytes32 vs) = _signCommit(stranger, c);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.WrongSigner.selector, core, vm.addr(stranger)));
        treasury.commit(c, r, vs);
    }

    function test_commit_revertsWithWrongSignerForNoSignature() public {
        _open();
        IAnchor.Commit memory c = _nextCommit();
        vm.expectRevert(abi.encodeWithSelector(IAnchor.WrongSigner.selector, core, address(0)));
        treasury.commit(c, 0, 0);
    }

    /// @dev The twin with s above half the order is refused: EIP-2098 has no room for it, and v flipped is another key.
    function test_commit_revertsWithWrongSignerForHighS() public {
        _open();
        IAnchor.Commit memory c = _nextCommit();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(coreKey, _digest(_hashCommit(c)));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes32 high = bytes32(order - uint256(s));
        bytes32 vs = high | bytes32(uint256(28 - v) << 255);
        vm.expectPartialRevert(IAnchor.WrongSigner.selector);
        treasury.commit(c, r, vs);
    }

    function test_commit_revertsWithWrongSignerForAnotherContract() public {
        _open();
        IAnchor.Commit memory c = _nextCommit();
        (bytes32 r, bytes32 vs) = _signDigest(coreKey, _digest(_hashCommit(c), block.chainid, address(this)));
        vm.expectPartialRevert(IAnchor.WrongSigner.selector);
        treasury.commit(c, r, vs);
    }

    function test_commit_revertsWithWrongSignerForAnotherChain() public {
        _open();
        IAnchor.Commit memory c = _nextCommit();
        (bytes32 r, bytes32 vs) = _signDigest(coreKey, _digest(_hashCommit(c), block.chainid + 1, address(treasury)));
        vm.expectPartialRevert(IAnchor.WrongSigner.selector);
        treasury.commit(c, r, vs);
    }

    /// @dev What the signature must cover beyond the head: what comes next, and every payment.
    function testFuzz_commit_revertsWithWrongSigner(
        IAnchor.Commitment memory next,
        uint64 round,
        bytes32[] memory payments,
        bytes32[] memory ticketSigs
    ) public {
        _open();
        IAnchor.Commit memory c = _nextCommit();
        bytes32 signed = _hashCommit(c);
        (bytes32 r, bytes32 vs) = _signCommit(coreKey, c);
        (c.next, c.round, c.payments) = (next, round, payments);
        c.next.configHash = CONFIG;
        if (ticketSigs.length % 2 == 0 && ticketSigs.length / 2 <= payments.length) c.ticketSigs = ticketSigs;
        vm.assume(_hashCommit(c) != signed);
        vm.expectPartialRevert(IAnchor.WrongSigner.selector);
        treasury.commit(c, r, vs);
    }

    // Stale cores

    /// @dev Row 3: two cores from one state interleave; the chain has one history.
    function test_commit_ofARolledBackCoreReverts() public {
        _open();
        IAnchor.Commit memory fork = _nextCommit();
        (bytes32 r, bytes32 vs) = _signCommit(coreKey, fork);
        fork.next.logSize = 9;
        _commit(fork);
        vm.expectPartialRevert(IAnchor.WrongCounter.selector);
        treasury.commit(fork, r, vs);
    }

    /// @dev Row 12: a signed commit is kept back; it fits no later head.
    function test_commit_keptBackReverts() public {
        _open();
        IAnchor.Commit memory kept = _nextCommit();
        (bytes32 r, bytes32 vs) = _signCommit(coreKey, kept);
        uint256 before = vm.snapshotState();
        _open();
        vm.expectPartialRevert(IAnchor.WrongEpoch.selector);
        treasury.commit(kept, r, vs);
        vm.revertToState(before);
        treasury.commit(kept, r, vs);
        vm.expectPartialRevert(IAnchor.WrongCounter.selector);
        treasury.commit(kept, r, vs);
    }

    /// @dev Row 4: of two cores that sign the same epoch number only the one whose open landed can commit.
    function test_commit_ofTheLoserOfAnEpochReverts() public {
        IAnchor.Open memory winner = _nextOpen();
        IAnchor.Open memory loser = _nextOpen();
        loser.boot = keccak256("loser");
        _sendOpen(winner);
        _refuseOpen(loser, abi.encodeWithSelector(IAnchor.WrongEpoch.selector, 2, 1));
        IAnchor.Commit memory c = _nextCommit();
        c.boot = loser.boot;
        _refuseCommit(c, abi.encodeWithSelector(IAnchor.WrongBoot.selector, winner.boot, loser.boot));
    }

    /// @dev Row 29: an open stocked for a later head fits none, whatever happens in between.
    function test_open_stockedReverts() public {
        _open();
        IAnchor.Open memory stocked = _nextOpen();
        _commit(_nextCommit());
        _refuseOpen(stocked, abi.encodeWithSelector(IAnchor.WrongCounter.selector, 1, 0));
    }

    function _sendOpen(IAnchor.Open memory o) private {
        (bytes32 r, bytes32 vs) = _signOpen(coreKey, o);
        vm.prank(relayer);
        treasury.open(o, r, vs);
    }

    function _refuseOpen(IAnchor.Open memory o, bytes memory reason) private {
        (bytes32 r, bytes32 vs) = _signOpen(coreKey, o);
        vm.expectRevert(reason);
        treasury.open(o, r, vs);
    }

    function _refuseCommit(IAnchor.Commit memory c, bytes memory reason) private {
        (bytes32 r, bytes32 vs) = _signCommit(coreKey, c);
        vm.expectRevert(reason);
        treasury.commit(c, r, vs);
    }
}
