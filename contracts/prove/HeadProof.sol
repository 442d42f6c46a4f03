// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice For every sequence of opens and commits: after any moment only its epoch with its boot, or a later epoch, lands,
/// and each commit moves the counter by exactly one (G1, G4).
/// @dev The checks of `Anchor.open` and `Anchor._advance` on the head, restated: that they are the same is read, not proved.
contract HeadProof {
    uint64 private epoch;
    bytes32 private boot;
    uint64 private counter;
    bytes32 private root;
    // The head at the moment that is watched, and how many commits landed since.
    uint64 private thenEpoch;
    bytes32 private thenBoot;
    uint64 private thenCounter;
    bytes32 private thenRoot;
    uint256 private landed;

    function watch() external {
        (thenEpoch, thenBoot, thenCounter, thenRoot, landed) = (epoch, boot, counter, root, 0);
    }

    function open(uint64 e, bytes32 prevBoot, uint64 c, bytes32 r, bytes32 b) external {
        require(e == epoch + 1);
        require(prevBoot == boot);
        require(c == counter);
        require(r == root);
        require(b != 0);
        epoch = e;
        boot = b;
        assert(epoch > thenEpoch);
    }

    function commit(uint64 e, bytes32 b, uint64 c, bytes32 prev, bytes32 next) external {
        require(e == epoch);
        require(b != 0);
        require(c == counter + 1);
        require(prev == root);
        require(b == boot);
        counter = c;
        root = next;
        ++landed;
        assert(e >= thenEpoch);
        assert(e != thenEpoch || b == thenBoot);
        assert(counter > thenCounter);
        assert(counter == thenCounter + landed);
    }
}
