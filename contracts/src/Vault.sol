// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Anchor} from "./Anchor.sol";
import {Bucket} from "./Bucket.sol";
import {IVault} from "./interfaces/IVault.sol";
import {ITreasury} from "./interfaces/ITreasury.sol";

/// @title What may leave: claims and withdrawals while the ledger lives, exits when it is dead
/// @dev `paid` never falls, and is written before money moves. What leaves by commits and claims goes through one leaky
/// bucket: it holds half the cap and leaks half the cap in a window, so no interval of one window sees more than the cap.
abstract contract Vault is Anchor, IVault {
    uint32 public immutable window;
    uint96 public immutable capFloor;

    // These two share a slot with `totalPaid`: a payment writes one slot for all three.
    uint96 private _used;
    uint40 private _usedAt;
    uint96 public cap;
    uint96 public owed;
    uint256 public totalExited;
    // As wide as a slot: nothing has to be read and kept when it is written.
    mapping(address payee => uint256) public paid;
    mapping(address payee => uint256) public exited;

    constructor(ITreasury.Terms memory terms) Anchor(terms) {
        if (terms.window == 0) revert ZeroWindow();
        if (terms.capFloor == 0) revert ZeroCapFloor();
        window = terms.window;
        capFloor = terms.capFloor;
        _setCap(terms.cap);
    }

    /// @inheritdoc IVault
    receive() external payable {}

    /// @inheritdoc IVault
    function claim(Anchored calldata a, Commitment calldata c, uint96 earned, bytes32[] calldata proof, address to)
        external
        nonReentrant
        unlessFrozen
    {
        _requireTrusted(a);
        _requireEarned(a, c, msg.sender, earned, proof);
        uint256 before = paid[msg.sender];
        // `earned` never falls, so an older anchor is safe: it only pays less.
        uint256 due = earned > before ? earned - before : 0;
        uint96 amount = uint96(Math.min(due, Math.min(room(), address(this).balance)));
        if (amount == 0) revert NothingDue(msg.sender);
        paid[msg.sender] = before + amount;
        _use(amount);
        emit Claimed(msg.sender, to, amount, uint96(before + amount));
        _send(to, amount);
    }

    /// @inheritdoc IVault
    function withdraw(address to, uint256 amount) external nonReentrant onlyOwner {
        if (amount > surplus()) revert AboveSurplus(surplus(), amount);
        emit Withdrawn(to, amount);
        _send(to, amount);
    }

    /// @inheritdoc IVault
    function setCap(uint96 cap_) external nonReentrant onlyOwner {
        // What has leaked so far leaked at the old cap.
        _used = uint96(_level());
        _usedAt = uint40(block.timestamp);
        _setCap(cap_);
    }

    /// @inheritdoc IVault
    function freeze() external nonReentrant unlessFrozen unlessHalted {
        if (_counter == 0) revert BeforeFirstCommit();
        if (block.timestamp < silentAt()) revert NotSilent(silentAt());
        frozen = true;
        owed = _owed();
        emit Frozen(owed);
    }

    /// @inheritdoc IVault
    function exit(
        Anchored calldata a,
        Commitment calldata c,
        address payee,
        uint96 earned,
        bytes32[] calldata proof,
        address to
    ) external nonReentrant {
        if (!frozen) revert NotFrozen();
        if (to != payee && msg.sender != payee) revert NotPayee(payee, msg.sender);
        _requireEarned(a, c, payee, earned, proof);
        uint256 due = earned > paid[payee] ? earned - paid[payee] : 0;
        uint256 pot = address(this).balance + totalExited;
        // Everyone gets the same part of its due, rounded down, whoever comes first.
        uint256 share = pot < owed ? due * pot / owed : due;
        uint256 before = exited[payee];
        if (share <= before) revert NothingDue(payee);
        exited[payee] = share;
        totalExited += share - before;
        emit Exited(payee, to, share - before, share);
        _send(to, share - before);
    }

    /// @inheritdoc IVault
    function room() public view returns (uint256) {
        return Math.saturatingSub(cap / 2, _level());
    }

    /// @inheritdoc IVault
    function surplus() public view returns (uint256) {
        uint256 keep = frozen ? Math.saturatingSub(owed, totalExited) : _owed();
        return Math.saturatingSub(address(this).balance, keep);
    }

    /// @dev Counts what is about to leave. What the window forbids goes no further.
    function _use(uint256 amount) internal {
        uint256 level = _level() + amount;
        require(level <= cap / 2, "window used up");
        _used = uint96(level);
        _usedAt = uint40(block.timestamp);
        totalPaid += uint96(amount);
    }

    function _level() private view returns (uint256) {
        return Bucket.level(_used, block.timestamp - _usedAt, cap / 2, window);
    }

    function _setCap(uint96 cap_) private {
        if (cap_ < capFloor) revert CapBelowFloor(capFloor, cap_);
        cap = cap_;
        emit CapSet(cap_);
    }

    function _owed() private view returns (uint96) {
        return uint96(Math.saturatingSub(_totalEarned, totalPaid));
    }

    function _requireEarned(
        Anchored calldata a,
        Commitment calldata c,
        address payee,
        uint96 earned,
        bytes32[] calldata proof
    ) private view {
        _requireCommitment(a, c);
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(payee, earned))));
        if (!MerkleProof.verifyCalldata(proof, c.accountsRoot, leaf)) revert NotInTree(payee, earned);
    }

    function _send(address to, uint256 amount) private {
        (bool sent, bytes memory reason) = to.call{value: amount}("");
        if (!sent) revert SendFailed(reason);
    }
}
