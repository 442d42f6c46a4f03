// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IAnchor} from "./interfaces/IAnchor.sol";

/// @title The head of one ledger, moved only by compare and swap
/// @dev The committer may have been rolled back, forked or lied to: whatever it signed on another head reverts here.
abstract contract Anchor is IAnchor, EIP712, ReentrancyGuardTransient {
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

    // The order packs five of the nine values of a Head into two slots.
    uint64 internal _epoch;
    uint64 internal _counter;
    uint64 internal _committedAt;
    uint64 internal _logSize;
    address internal _committer;
    uint96 internal _totalEarned;
    bytes32 internal _boot;
    bytes32 internal _root;
    bytes32 internal _configHash;

    constructor(address committer, bytes32 configHash) EIP712("Bursar", "1") {
        // A failed recovery yields zero and must never equal the committer.
        if (committer == address(0)) revert ZeroCommitter();
        _committer = committer;
        _configHash = configHash;
    }

    /// @inheritdoc IAnchor
    function open(Open calldata o, bytes32 r, bytes32 vs) external nonReentrant {
        // The exact head: an open that was signed for another one cannot be kept and used later.
        if (o.epoch != _epoch + 1) revert WrongEpoch(_epoch + 1, o.epoch);
        if (o.prevBoot != _boot) revert WrongBoot(_boot, o.prevBoot);
        if (o.counter != _counter) revert WrongCounter(_counter, o.counter);
        if (o.root != _root) revert WrongRoot(_root, o.root);
        if (o.boot == 0) revert ZeroBoot();
        _requireCommitter(_hashOpen(o), r, vs);

        _epoch = o.epoch;
        _boot = o.boot;
        emit Opened(o.epoch, o.boot, o.logSize, o.logRoot);
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

    /// @dev All that a commit does to the head; the caller pays.
    function _advance(Commit calldata c, bytes32 r, bytes32 vs) internal {
        if (c.epoch != _epoch) revert WrongEpoch(_epoch, c.epoch);
        // Between an admission and the next open the boot is zero, and nothing may be committed.
        if (c.boot == 0) revert ZeroBoot();
        if (c.boot != _boot) revert WrongBoot(_boot, c.boot);
        // Exactly one step: a rolled-back core would have to reuse a counter that the chain has already spent.
        if (c.counter != _counter + 1) revert WrongCounter(_counter + 1, c.counter);
        if (c.prevRoot != _root) revert WrongRoot(_root, c.prevRoot);
        if (c.next.configHash != _configHash) revert WrongConfig(_configHash, c.next.configHash);
        if (c.next.totalEarned < _totalEarned) revert FallingTotalEarned(_totalEarned, c.next.totalEarned);
        if (c.next.logSize < _logSize) revert FallingLogSize(_logSize, c.next.logSize);
        bytes32 root = _hashCommitment(c.next);
        _requireCommitter(_hashCommit(c, root), r, vs);

        _counter = c.counter;
        _committedAt = uint64(block.timestamp);
        _logSize = c.next.logSize;
        _totalEarned = c.next.totalEarned;
        _root = root;
    }

    function _requireCommitter(bytes32 structHash, bytes32 r, bytes32 vs) private view {
        (address signer,,) = ECDSA.tryRecover(_hashTypedDataV4(structHash), r, vs);
        if (signer != _committer) revert WrongSigner(_committer, signer);
    }

    function _hashCommitment(Commitment calldata c) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(COMMITMENT_TYPEHASH, c.accountsRoot, c.logRoot, c.logSize, c.totalEarned, c.configHash)
        );
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
