// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The chain's side of one ledger: which history counts
/// @notice `open` and `commit` go by the committer's signature alone: transport is anybody's.
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

    /// @notice An anchor: what a commit left behind for ever. Live while its counter is at most the head's.
    struct Anchored {
        uint64 counter;
        bytes32 root;
        uint96 totalPaid; // after that commit
        uint64 time; // seconds
    }

    event Opened(uint64 indexed epoch, bytes32 boot, uint64 logSize, bytes32 logRoot);

    /// @param totalPaid wei paid by this treasury in all, after the payments of this commit
    event Committed(uint64 indexed epoch, uint64 indexed counter, bytes32 prevRoot, Commitment next, uint96 totalPaid);
    /// @param counter the latest anchor that claims may use until then
    event Halted(uint64 indexed counter, uint64 until);
    event HaltEnded();
    /// @notice The committer and configuration from here on. The first, of epoch 0, are those of the deployment.
    /// @param counter the anchor that history goes on from
    /// @param totalPaid wei that count as paid by then
    event Admitted(
        uint64 indexed epoch,
        address indexed committer,
        bytes32 configHash,
        uint64 counter,
        bytes32 root,
        uint96 totalPaid
    );
    event ConfigSet(bytes32 configHash);
    event GuardianSet(address guardian);

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
    error NotOwner(address got);
    error NotGuardian(address got);
    /// @param counter an anchor that never was, was struck out, or was described wrongly
    error NotLive(uint64 counter);
    error TooOld(uint64 oldest, uint64 got);
    error IsHalted(uint64 until);
    error NotHalted();
    error HaltTooSoon(uint64 notBefore);
    error IsFrozen();
    error DelayTooLong(uint256 delay, uint256 haltMax);
    error HaltTooLong(uint256 haltMax, uint256 silence);
    error SilenceTooShort(uint256 silence);

    /// @notice Begins epoch `head.epoch + 1`. From then on nothing signed for an older epoch or another boot counts.
    /// Anyone may send it, unless halted or frozen.
    /// @param r first half of the committer's EIP-2098 signature over `o`
    /// @param vs second half
    function open(Open calldata o, bytes32 r, bytes32 vs) external;

    /// @notice Moves the head by exactly one and pays. Anyone may send it, unless halted or frozen.
    /// @param r first half of the committer's EIP-2098 signature over `c`, payments included
    /// @param vs second half
    function commit(Commit calldata c, bytes32 r, bytes32 vs) external;

    /// @notice Stops everything but claims up to `a`, for at most `haltMax`. The guardian may, unless frozen, and not
    /// before `haltMax` has passed since the last halt ended.
    /// @param a a live anchor not older than twice `silence`
    function halt(Anchored calldata a) external;

    /// @notice Ends a halt early. The guardian may, while it lasts.
    function endHalt() external;

    /// @notice Gives the ledger a new committer and configuration, in a new epoch in which nothing is open yet. The
    /// owner may, unless frozen. While halted, history goes on from `a`, any anchor that this halt could have named;
    /// otherwise from the head as it is, and `a` must be empty.
    /// @param commitment what the root of `a` stands for
    function admit(address committer, bytes32 configHash, Anchored calldata a, Commitment calldata commitment) external;

    /// @notice Commits must name this configuration from now on. The owner may, at any time.
    function setConfig(bytes32 configHash) external;

    /// @notice The owner may, at any time.
    function setGuardian(address guardian) external;

    function head() external view returns (Head memory);

    /// @notice The hash of an anchor's root, total paid and time; what `Committed` of that counter said last.
    function anchors(uint64 counter) external view returns (bytes32);

    /// @notice The sum of `paid` over all payees, less what left under anchors that were struck out.
    function totalPaid() external view returns (uint96);

    /// @notice When this halt ends or the last one ended.
    function haltEnd() external view returns (uint64);

    /// @notice When anyone may freeze, if nothing is committed and nobody halts before. Meaningless before the first
    /// commit.
    function silentAt() external view returns (uint256);

    function frozen() external view returns (bool);

    function owner() external view returns (address);

    function guardian() external view returns (address);

    function haltMax() external view returns (uint32);

    function silence() external view returns (uint32);
}
