// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAnchor} from "./IAnchor.sol";

/// @title The money of one ledger: what may leave it
/// @notice Pays cumulative totals: `paid` only grows, so paying up to a total twice pays nothing the second time.
interface IVault is IAnchor {
    /// @param total wei paid to this payee ever
    event Claimed(address indexed payee, address to, uint96 amount, uint96 total);
    event CapSet(uint96 cap);
    event Withdrawn(address indexed to, uint256 amount);
    /// @param owed wei owed to all payees together, for ever
    event Frozen(uint96 owed);
    /// @param total wei that this payee got by exits
    event Exited(address indexed payee, address to, uint256 amount, uint256 total);

    error NotInTree(address payee, uint96 earned);
    error NothingDue(address payee);
    error NotPayee(address payee, address got);
    error AboveSurplus(uint256 surplus, uint256 got);
    error CapBelowFloor(uint96 floor, uint96 got);
    error ZeroWindow();
    error ZeroCapFloor();
    error BeforeFirstCommit();
    error NotSilent(uint256 until);
    error NotFrozen();
    /// @param reason what the receiver answered
    error SendFailed(bytes reason);

    /// @notice Pays the caller what any live anchor says it earned and it has not got, as ETH, as far as the window and
    /// the balance allow. Any payee may, unless frozen; while halted up to the anchor of the halt only.
    /// @param c what the root of `a` stands for
    /// @param earned wei, as in the accounts tree of `c`
    function claim(Anchored calldata a, Commitment calldata c, uint96 earned, bytes32[] calldata proof, address to)
        external;

    /// @notice Takes money that nobody is owed. The owner may, at any time.
    function withdraw(address to, uint256 amount) external;

    /// @notice The most that may leave by commits and claims in any window. The owner may set it, at any time, not
    /// below the floor.
    function setCap(uint96 cap) external;

    /// @notice Ends the ledger for good: what is owed is noted, and everyone may exit. Anyone may, `silence` after the
    /// last commit, halts not counted; not while halted, not before the first commit.
    function freeze() external;

    /// @notice After a freeze, pays a payee its share of what there is. Again, it pays what later money or a newer
    /// anchor adds. Anyone may call it for a payee; only the payee itself may name another destination.
    /// @param a any live anchor
    /// @param earned wei, as in the accounts tree of `c`
    function exit(
        Anchored calldata a,
        Commitment calldata c,
        address payee,
        uint96 earned,
        bytes32[] calldata proof,
        address to
    ) external;

    /// @notice Wei paid to `payee` by commits and claims ever. Never falls.
    function paid(address payee) external view returns (uint256);

    /// @notice Wei that may leave now by commits and claims.
    function room() external view returns (uint256);

    /// @notice Wei that the owner may withdraw now.
    function surplus() external view returns (uint256);

    function cap() external view returns (uint96);

    function capFloor() external view returns (uint96);

    function window() external view returns (uint32);

    /// @notice Wei owed to all payees together when it was frozen.
    function owed() external view returns (uint96);

    /// @notice Wei paid to `payee` by exits.
    function exited(address payee) external view returns (uint256);

    /// @notice Wei paid by exits in all.
    function totalExited() external view returns (uint256);

    /// @notice Anyone may add money.
    receive() external payable;
}
