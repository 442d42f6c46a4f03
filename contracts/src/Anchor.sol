// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Timelock} from "./Timelock.sol";
import {IAnchor} from "./interfaces/IAnchor.sol";
import {ITreasury} from "./interfaces/ITreasury.sol";

/// @title Which history of one ledger counts
/// @dev The head moves only by compare and swap: a committer may have been rolled back, forked or lied to, and whatever
/// it signed on another head reverts here. Only a halt and an admission, both public, take roots back.
abstract contract Anchor is IAnchor, EIP712, ReentrancyGuardTransient {
    uint256 private constant SILENCE_MIN = 7 days;

    bytes private constant COMMITMENT_TYPE =
        "Commitment(bytes32 accountsRoot,bytes32 logRoot,uint64 logSize,uint96 totalEarned,bytes32 configHash)";
    bytes32 private constant COMMITMENT_TYPEHASH = keccak256(COMMITMENT_TYPE);
    bytes32 private constant OPEN_TYPEHASH = keccak256(
        "Open(uint64 epoch,bytes32 prevBoot,uint64 counter,bytes32 root,bytes32 boot,uint64 logSize,bytes32 logRoot,bytes attestation)"
    );
    bytes32 private constant COMMIT_TYPEHASH = keccak256(
        bytes.concat(
            "Commit(uint64 epoch,bytes32 boot,uint64 counter,bytes32 prevRoot,Commitment next,uint64 round,bytes32[] payments,bytes32[] ticketSigs)",
            COMMITMENT_TYPE
        )
    );

    uint32 public immutable haltMax;
    uint32 public immutable silence;
    address public immutable owner;

    address public guardian;
    // When silence begins, if that is later than the last commit.
    uint40 private _clock;
    uint64 private _haltCounter;
    mapping(uint64 counter => bytes32) public anchors;
    bytes32 private _boot;
    bytes32 private _configHash;
    // Hash of these two: what a commit must fit, in one slot instead of two.
    bytes32 private _fence;
    bytes32 private _root;
    // One slot that a commit only reads,
    address internal _committer;
    uint40 internal _epoch;
    uint40 private _haltEnd;
    // one that it writes,
    uint48 internal _counter;
    uint64 private _logSize;
    uint96 internal _totalEarned;
    uint40 private _committedAt;
    bool public frozen;
    // and one that the window completes: a payment writes it.
    uint96 public totalPaid;

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        _;
    }

    modifier onlyGuardian() {
        if (msg.sender != guardian) revert NotGuardian(msg.sender);
        _;
    }

    modifier unlessFrozen() {
        if (frozen) revert IsFrozen();
        _;
    }

    modifier unlessHalted() {
        if (_halted()) revert IsHalted(_haltEnd);
        _;
    }

    constructor(ITreasury.Terms memory terms) EIP712("Bursar", "1") {
        // A failed recovery yields zero and must never equal the committer.
        if (terms.committer == address(0)) revert ZeroCommitter();
        // A halt must leave time to propose an admission and see it through, and end before silence would freeze.
        if (2 * uint256(terms.delay) > terms.haltMax) revert DelayTooLong(terms.delay, terms.haltMax);
        if (terms.haltMax >= terms.silence) revert HaltTooLong(terms.haltMax, terms.silence);
        if (terms.silence < SILENCE_MIN) revert SilenceTooShort(terms.silence);
        haltMax = terms.haltMax;
        silence = terms.silence;
        owner = address(new Timelock(terms.delay, terms.haltMax, terms.operator));
        _committer = terms.committer;
        _setFence(0, terms.configHash);
        guardian = terms.guardian;
        emit Admitted(0, terms.committer, terms.configHash, 0, 0, 0);
        emit GuardianSet(terms.guardian);
    }

    /// @inheritdoc IAnchor
    function open(Open calldata o, bytes32 r, bytes32 vs) external nonReentrant unlessFrozen unlessHalted {
        // The exact head: an open that was signed for another one cannot be kept and used later.
        if (o.epoch != _epoch + 1) revert WrongEpoch(_epoch + 1, o.epoch);
        if (o.prevBoot != _boot) revert WrongBoot(_boot, o.prevBoot);
        if (o.counter != _counter) revert WrongCounter(_counter, o.counter);
        if (o.root != _root) revert WrongRoot(_root, o.root);
        if (o.boot == 0) revert ZeroBoot();
        _requireCommitter(_hashOpen(o), r, vs);

        ++_epoch;
        _setFence(o.boot, _configHash);
        emit Opened(o.epoch, o.boot, o.logSize, o.logRoot);
    }

    /// @inheritdoc IAnchor
    function halt(Anchored calldata a) external nonReentrant onlyGuardian unlessFrozen {
        // As long between two halts as one may last: or a guardian gone bad could halt for ever, moment by moment.
        if (_haltEnd != 0 && block.timestamp < _haltEnd + haltMax) revert HaltTooSoon(_haltEnd + haltMax);
        _requireLive(a);
        _requireYoung(a, block.timestamp);
        _haltCounter = a.counter;
        _haltEnd = uint40(block.timestamp + haltMax);
        // Silence stands still: it goes on from where it is now when the halt ends.
        _clock = uint40(silentAt() - silence + haltMax);
        emit Halted(a.counter, _haltEnd);
    }

    /// @inheritdoc IAnchor
    function endHalt() external nonReentrant onlyGuardian {
        if (!_halted()) revert NotHalted();
        _clock -= _haltEnd - uint40(block.timestamp);
        _haltEnd = uint40(block.timestamp);
        emit HaltEnded();
    }

    /// @inheritdoc IAnchor
    function admit(address committer, bytes32 configHash, Anchored calldata a, Commitment calldata commitment)
        external
        nonReentrant
        onlyOwner
        unlessFrozen
    {
        if (committer == address(0)) revert ZeroCommitter();
        if (_halted()) {
            _requireCommitment(a, commitment);
            _requireYoung(a, _haltEnd - haltMax);
            _counter = uint48(a.counter);
            _root = a.root;
            _committedAt = uint40(a.time);
            _logSize = commitment.logSize;
            _totalEarned = commitment.totalEarned;
            // What left since counts as lost, not as paid: those who earned it are owed it still.
            totalPaid = a.totalPaid;
            _haltEnd = uint40(block.timestamp);
        } else if (a.counter != 0) {
            // Proposed for a halt that has ended: history must not go on from where it was to be taken back.
            revert NotHalted();
        }
        ++_epoch;
        _committer = committer;
        _setFence(0, configHash);
        _clock = uint40(block.timestamp);
        emit Admitted(_epoch, committer, configHash, _counter, _root, totalPaid);
    }

    /// @inheritdoc IAnchor
    function setConfig(bytes32 configHash) external nonReentrant onlyOwner {
        _setFence(_boot, configHash);
        emit ConfigSet(configHash);
    }

    /// @inheritdoc IAnchor
    function setGuardian(address guardian_) external nonReentrant onlyOwner {
        guardian = guardian_;
        emit GuardianSet(guardian_);
    }

    /// @inheritdoc IAnchor
    function head() external view returns (Head memory) {
        return Head({
            epoch: _epoch,
            boot: _boot,
            counter: _counter,
            root: _root,
            committer: _committer,
            configHash: _configHash,
            committedAt: _committedAt,
            logSize: _logSize,
            totalEarned: _totalEarned
        });
    }

    /// @inheritdoc IAnchor
    function haltEnd() external view returns (uint64) {
        return _haltEnd;
    }

    /// @inheritdoc IAnchor
    function silentAt() public view returns (uint256) {
        return Math.max(_committedAt, _clock) + silence;
    }

    /// @dev All that a commit does to the head; the caller pays, then anchors.
    function _advance(Commit calldata c, bytes32 r, bytes32 vs)
        internal
        unlessFrozen
        unlessHalted
        returns (bytes32 root)
    {
        if (c.epoch != _epoch) revert WrongEpoch(_epoch, c.epoch);
        // Between an admission and the next open the boot is zero, and nothing may be committed.
        if (c.boot == 0) revert ZeroBoot();
        // Exactly one step: a rolled-back core would have to reuse a counter that the chain has already spent.
        if (c.counter != _counter + 1) revert WrongCounter(_counter + 1, c.counter);
        if (c.prevRoot != _root) revert WrongRoot(_root, c.prevRoot);
        if (_hashFence(c.boot, c.next.configHash) != _fence) {
            if (c.boot != _boot) revert WrongBoot(_boot, c.boot);
            revert WrongConfig(_configHash, c.next.configHash);
        }
        (uint96 totalEarned, uint64 logSize) = (c.next.totalEarned, c.next.logSize);
        if (totalEarned < _totalEarned) revert FallingTotalEarned(_totalEarned, totalEarned);
        if (logSize < _logSize) revert FallingLogSize(_logSize, logSize);
        root = _hashCommitment(c.next);
        _requireCommitter(_hashCommit(c, root), r, vs);

        _counter = uint48(c.counter);
        _logSize = logSize;
        _totalEarned = totalEarned;
        _committedAt = uint40(block.timestamp);
        _root = root;
    }

    /// @dev Overwrites an anchor that was struck out before its counter can be live again.
    function _anchor(Commit calldata c, bytes32 root) internal {
        uint96 total = totalPaid;
        anchors[c.counter] = _hashAnchored(root, total, uint64(block.timestamp));
        emit Committed(c.epoch, c.counter, c.prevRoot, c.next, total);
    }

    function _setFence(bytes32 boot, bytes32 configHash) private {
        (_boot, _configHash, _fence) = (boot, configHash, _hashFence(boot, configHash));
    }

    function _hashFence(bytes32 boot, bytes32 configHash) private pure returns (bytes32) {
        return keccak256(abi.encode(boot, configHash));
    }

    function _halted() internal view returns (bool) {
        return block.timestamp < _haltEnd;
    }

    function _requireLive(Anchored calldata a) private view {
        if (a.counter > _counter || anchors[a.counter] != _hashAnchored(a.root, a.totalPaid, a.time)) {
            revert NotLive(a.counter);
        }
    }

    /// @dev A live anchor, with what its root stands for.
    function _requireCommitment(Anchored calldata a, Commitment calldata c) internal view {
        _requireLive(a);
        bytes32 root = _hashCommitment(c);
        if (root != a.root) revert WrongRoot(a.root, root);
    }

    /// @dev While halted only anchors up to the one that the guardian trusts.
    function _requireTrusted(Anchored calldata a) internal view {
        if (_halted() && a.counter > _haltCounter) revert IsHalted(_haltEnd);
    }

    /// @dev However long nobody looked, a halt reaches back no further than this.
    function _requireYoung(Anchored calldata a, uint256 now_) private view {
        if (a.time + 2 * uint256(silence) < now_) revert TooOld(uint64(now_ - 2 * uint256(silence)), a.time);
    }

    function _requireCommitter(bytes32 structHash, bytes32 r, bytes32 vs) private view {
        (address signer,,) = ECDSA.tryRecover(_hashTypedDataV4(structHash), r, vs);
        if (signer != _committer) revert WrongSigner(_committer, signer);
    }

    function _hashAnchored(bytes32 root, uint96 total, uint64 time) private pure returns (bytes32) {
        return keccak256(abi.encode(root, total, time));
    }

    function _hashCommitment(Commitment calldata c) internal pure returns (bytes32) {
        return keccak256(abi.encode(COMMITMENT_TYPEHASH, c));
    }

    function _hashOpen(Open calldata o) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                OPEN_TYPEHASH,
                o.epoch,
                o.prevBoot,
                o.counter,
                o.root,
                o.boot,
                o.logSize,
                o.logRoot,
                keccak256(o.attestation)
            )
        );
    }

    function _hashCommit(Commit calldata c, bytes32 root) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                COMMIT_TYPEHASH,
                c.epoch,
                c.boot,
                c.counter,
                c.prevRoot,
                root,
                c.round,
                keccak256(abi.encodePacked(c.payments)),
                keccak256(abi.encodePacked(c.ticketSigs))
            )
        );
    }
}
