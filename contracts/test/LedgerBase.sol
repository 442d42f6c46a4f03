// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import {IAnchor} from "../src/interfaces/IAnchor.sol";

/// @notice A core with accounts, that keeps what anyone needs of each of its commits: anchor, commitment, leaves.
abstract contract LedgerBase is Base {
    struct Saved {
        IAnchor.Anchored anchored;
        IAnchor.Commitment commitment;
        bytes32[] leaves;
        uint96[] earned;
    }

    address internal alice = makeAddr("alice");
    address internal bob = makeAddr("bob");
    address internal carol = makeAddr("carol");
    address[] internal payees = [alice, bob, carol];
    mapping(address payee => uint96) internal earnedOf;

    function _earn(address payee, uint96 amount) internal {
        earnedOf[payee] += amount;
        earned += amount;
    }

    /// @dev Anchors the accounts as they are, and pays nobody.
    function _save() internal returns (Saved memory) {
        return _save(_nextCommit());
    }

    function _save(IAnchor.Commit memory c) internal returns (Saved memory saved) {
        saved = _state();
        c.next.accountsRoot = _treeRoot(saved.leaves);
        _commit(c);
        saved.commitment = c.next;
        saved.anchored = _anchored();
    }

    function _state() internal view returns (Saved memory saved) {
        saved.leaves = new bytes32[](payees.length);
        saved.earned = new uint96[](payees.length);
        for (uint256 i = 0; i < payees.length; ++i) {
            saved.earned[i] = earnedOf[payees[i]];
            saved.leaves[i] = _leaf(payees[i], saved.earned[i]);
        }
    }

    function _claim(Saved memory s, uint256 i) internal {
        _claim(s, i, payees[i]);
    }

    function _claim(Saved memory s, uint256 i, address to) internal {
        bytes32[] memory proof = _proof(s.leaves, i);
        vm.prank(payees[i]);
        treasury.claim(s.anchored, s.commitment, s.earned[i], proof, to);
    }

    function _exit(Saved memory s, uint256 i) internal {
        bytes32[] memory proof = _proof(s.leaves, i);
        vm.prank(relayer);
        treasury.exit(s.anchored, s.commitment, payees[i], s.earned[i], proof, payees[i]);
    }

    function _halt(IAnchor.Anchored memory a) internal {
        vm.prank(guardian);
        treasury.halt(a);
    }

    function _freeze() internal {
        vm.warp(treasury.silentAt());
        treasury.freeze();
    }

    function _noCommitment() internal pure returns (IAnchor.Commitment memory) {}

    function _noAnchor() internal pure returns (IAnchor.Anchored memory) {}
}
