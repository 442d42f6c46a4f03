// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The chain's side of one ledger: which history counts
/// @notice Authority is a signature of the committer, transport is anybody's: no function here looks at its caller.
interface IAnchor {
    /// @notice What a root stands for: the root is the EIP-712 struct hash of this.
    struct Commitment {
        bytes32 accountsRoot; // Merkle root over (payee, earned)
        bytes32 logRoot; // RFC 6962 root over all entries
        uint64 logSize; // entries in the log
        uint96 totalEarned; // wei, the sum over all accounts
        bytes32 configHash; // the configuration in force
    }

    /// @notice A core begins an epoch on exactly the head that it names.
    struct Open {
        uint64 epoch;
        bytes32 prevBoot;
        uint64 counter;
        bytes32 root;
        bytes32 boot; // 32 random bytes, new with each start of a core
        uint64 logSize; // what the core holds now
        bytes32 logRoot;
        bytes attestation; // not looked at here: in calldata it is public for ever
    }

    /// @notice A core anchors its present state and pays.
    struct Commit {
        uint64 epoch;
        bytes32 boot;
        uint64 counter;
        bytes32 prevRoot;
        Commitment next;
        uint64 round; // Livepeer round that the tickets are made for
        bytes32[] payments; // bytes20 payee, uint96 total that it shall have got: tickets first, then direct ones
        bytes32[] ticketSigs; // EIP-2098 r and vs for each ticket
    }

    /// @notice The one point that histories are compared with.
    struct Head {
        uint64 epoch;
        bytes32 boot; // zero: no core may commit before it opens
        uint64 counter; // commits so far
        bytes32 root; // zero before the first commit
        address committer;
        bytes32 configHash;
        uint64 committedAt; // seconds, zero before the first commit
        uint64 logSize;
        uint96 totalEarned;
    }

    event Opened(uint64 indexed epoch, bytes32 boot, uint64 logSize, bytes32 logRoot);

    /// @param totalPaid wei paid by this treasury in all, after the payments of this commit
    event Committed(
        uint64 indexed epoch, uint64 indexed counter, bytes32 prevRoot, Commitment next, uint96 totalPaid
    );

    error ZeroCommitter();
    error ZeroBoot();
    error WrongEpoch(uint64 expected, uint64 got);
    error WrongBoot(bytes32 expected, bytes32 got);
    error WrongCounter(uint64 expected, uint64 got);
    error WrongRoot(bytes32 expected, bytes32 got);
    error WrongConfig(bytes32 expected, bytes32 got);
    error FallingTotalEarned(uint96 before, uint96 got);
    error FallingLogSize(uint64 before, uint64 got);
    error WrongSigner(address expected, address got);

    /// @notice Begins epoch `head.epoch + 1`. From then on nothing signed for an older epoch or another boot counts.
    /// @param r first half of the committer's EIP-2098 signature over `o`
    /// @param vs second half
    function open(Open calldata o, bytes32 r, bytes32 vs) external;

    /// @notice Moves the head by exactly one and pays.
    /// @param r first half of the committer's EIP-2098 signature over `c`, payments included
    /// @param vs second half
    function commit(Commit calldata c, bytes32 r, bytes32 vs) external;

    function head() external view returns (Head memory);
}
