// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {BrokerWorld} from "../dev/BrokerWorld.sol";
import {TicketBroker} from "../dev/TicketBroker.sol";
import {Timelock} from "../src/Timelock.sol";
import {Treasury} from "../src/Treasury.sol";
import {IAnchor} from "../src/interfaces/IAnchor.sol";
import {ITreasury} from "../src/interfaces/ITreasury.sol";
import {ITicketBroker} from "../src/interfaces/ITicketBroker.sol";

/// @notice A world with a broker, a treasury full of money and an honest core that signs for it.
/// @dev The hashing here is written a second time on purpose: the contract is not asked what it expects.
abstract contract Base is Test {
    bytes32 internal constant RAND_HASH = 0x290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e563;
    bytes32 internal constant CONFIG = keccak256("configuration");
    uint256 internal constant ROUND_LENGTH = 100;
    uint256 internal constant STAKE = 1000 ether;
    uint256 internal constant FEE_SHARE = 300_000;
    uint96 internal constant WAGE = 0.1 ether;

    BrokerWorld internal world;
    TicketBroker internal broker;
    Treasury internal treasury;
    uint256 internal coreKey = uint256(keccak256("core"));
    address internal core = vm.addr(coreKey);
    address internal relayer = makeAddr("relayer");
    address internal operator = makeAddr("operator");
    address internal guardian = makeAddr("guardian");
    uint96 internal earned; // what the ledger of the honest core adds up to

    function setUp() public virtual {
        vm.roll(1000);
        vm.warp(1_700_000_000);
        world = _newWorld();
        broker = world.broker();
        treasury = new Treasury(_terms());
        vm.deal(address(treasury), 1000 ether);
    }

    function _newWorld() internal virtual returns (BrokerWorld) {
        return new BrokerWorld(ROUND_LENGTH);
    }

    function _terms() internal view returns (ITreasury.Terms memory) {
        return ITreasury.Terms({
            committer: core,
            configHash: CONFIG,
            broker: address(broker),
            roundsManager: address(world.roundsManager()),
            operator: operator,
            guardian: guardian,
            delay: 2 days,
            haltMax: 4 days,
            silence: 10 days,
            window: 1 days,
            cap: 1000 ether,
            capFloor: 10 ether
        });
    }

    // What the core does

    function _open() internal {
        IAnchor.Open memory o = _nextOpen();
        (bytes32 r, bytes32 vs) = _signOpen(coreKey, o);
        treasury.open(o, r, vs);
    }

    function _nextOpen() internal view returns (IAnchor.Open memory) {
        IAnchor.Head memory h = treasury.head();
        return IAnchor.Open({
            epoch: h.epoch + 1,
            prevBoot: h.boot,
            counter: h.counter,
            root: h.root,
            boot: keccak256(abi.encode("boot", h.epoch + 1)),
            logSize: h.logSize,
            logRoot: keccak256("log"),
            attestation: "a document"
        });
    }

    /// @dev A commit on the present head that pays nobody yet.
    function _nextCommit() internal view returns (IAnchor.Commit memory) {
        IAnchor.Head memory h = treasury.head();
        return IAnchor.Commit({
            epoch: h.epoch,
            boot: h.boot,
            counter: h.counter + 1,
            prevRoot: h.root,
            next: IAnchor.Commitment({
                accountsRoot: keccak256(abi.encode("accounts", h.counter + 1)),
                logRoot: keccak256(abi.encode("log", h.counter + 1)),
                logSize: h.logSize + 1,
                totalEarned: earned,
                configHash: h.configHash
            }),
            round: uint64(world.roundsManager().currentRound()),
            payments: new bytes32[](0),
            ticketSigs: new bytes32[](0)
        });
    }

    /// @dev The same with payments, each of `WAGE` more than paid so far: tickets first, then direct ones.
    function _nextCommit(address[] memory tickets, address[] memory direct) internal returns (IAnchor.Commit memory c) {
        c = _nextCommit();
        c.payments = new bytes32[](tickets.length + direct.length);
        for (uint256 i = 0; i < c.payments.length; ++i) {
            address payee = i < tickets.length ? tickets[i] : direct[i - tickets.length];
            c.payments[i] = _payment(payee, uint96(treasury.paid(payee)) + WAGE);
            earned += WAGE;
        }
        c.next.totalEarned = earned;
        _signTickets(c, tickets.length);
    }

    /// @dev Signs the first `count` payments as tickets of what is due on each now.
    function _signTickets(IAnchor.Commit memory c, uint256 count) internal view {
        c.ticketSigs = new bytes32[](2 * count);
        for (uint256 i = 0; i < count; ++i) {
            (c.ticketSigs[2 * i], c.ticketSigs[2 * i + 1]) = _signTicket(_ticket(c, i));
        }
    }

    function _ticket(IAnchor.Commit memory c, uint256 i) internal view returns (ITicketBroker.Ticket memory) {
        (address payee, uint96 total) = _split(c.payments[i]);
        uint256 before = treasury.paid(payee);
        return _ticket(payee, total > before ? total - before : 0, c, i);
    }

    function _ticket(address payee, uint256 faceValue, IAnchor.Commit memory c, uint256 i)
        internal
        view
        returns (ITicketBroker.Ticket memory)
    {
        return ITicketBroker.Ticket({
            recipient: payee,
            sender: core,
            faceValue: faceValue,
            winProb: type(uint256).max,
            senderNonce: uint256(c.epoch) << 128 | uint256(c.counter) << 64 | i,
            recipientRandHash: RAND_HASH,
            auxData: abi.encodePacked(uint256(c.round), world.roundsManager().blockHashForRound(c.round))
        });
    }

    function _commit(IAnchor.Commit memory c) internal {
        (bytes32 r, bytes32 vs) = _signCommit(coreKey, c);
        vm.prank(relayer);
        treasury.commit(c, r, vs);
    }

    // Encodings and signatures

    function _payment(address payee, uint96 total) internal pure returns (bytes32) {
        return bytes32(bytes20(payee)) | bytes32(uint256(total));
    }

    function _split(bytes32 payment) internal pure returns (address, uint96) {
        return (address(bytes20(payment)), uint96(uint256(payment)));
    }

    function _signOpen(uint256 key, IAnchor.Open memory o) internal view returns (bytes32, bytes32) {
        return _signDigest(key, _digest(_hashOpen(o)));
    }

    function _signCommit(uint256 key, IAnchor.Commit memory c) internal view returns (bytes32, bytes32) {
        return _signDigest(key, _digest(_hashCommit(c)));
    }

    function _signTicket(ITicketBroker.Ticket memory t) internal view returns (bytes32, bytes32) {
        bytes32 hash = broker.getTicketHash(t);
        return _signDigest(coreKey, keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", hash)));
    }

    function _ticketSig65(ITicketBroker.Ticket memory t) internal view returns (bytes memory) {
        (bytes32 r, bytes32 vs) = _signTicket(t);
        return abi.encodePacked(r, vs & bytes32(type(uint256).max >> 1), uint8(27 + (uint256(vs) >> 255)));
    }

    function _signDigest(uint256 key, bytes32 digest) internal pure returns (bytes32 r, bytes32 vs) {
        uint8 v;
        bytes32 s;
        (v, r, s) = vm.sign(key, digest);
        vs = s | bytes32(uint256(v - 27) << 255);
    }

    function _digest(bytes32 structHash) internal view returns (bytes32) {
        return _digest(structHash, block.chainid, address(treasury));
    }

    function _digest(bytes32 structHash, uint256 chainId, address verifier) internal pure returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Bursar"),
                keccak256("1"),
                chainId,
                verifier
            )
        );
        return keccak256(abi.encodePacked("\x19\x01", domain, structHash));
    }

    function _hashCommitment(IAnchor.Commitment memory c) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "Commitment(bytes32 accountsRoot,bytes32 logRoot,uint64 logSize,uint96 totalEarned,bytes32 configHash)"
                ),
                c
            )
        );
    }

    function _hashOpen(IAnchor.Open memory o) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "Open(uint64 epoch,bytes32 prevBoot,uint64 counter,bytes32 root,bytes32 boot,uint64 logSize,bytes32 logRoot,bytes attestation)"
                ),
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

    function _hashCommit(IAnchor.Commit memory c) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "Commit(uint64 epoch,bytes32 boot,uint64 counter,bytes32 prevRoot,Commitment next,uint64 round,bytes32[] payments,bytes32[] ticketSigs)Commitment(bytes32 accountsRoot,bytes32 logRoot,uint64 logSize,uint96 totalEarned,bytes32 configHash)"
                ),
                c.epoch,
                c.boot,
                c.counter,
                c.prevRoot,
                _hashCommitment(c.next),
                c.round,
                keccak256(abi.encodePacked(c.payments)),
                keccak256(abi.encodePacked(c.ticketSigs))
            )
        );
    }

    // What the operator does

    function _asOwner(bytes memory call) internal {
        _propose(call);
        _execute(call);
    }

    /// @dev Waits until it is ready.
    function _propose(bytes memory call) internal {
        Timelock owner = Timelock(payable(treasury.owner()));
        uint256 delay = owner.getMinDelay();
        vm.prank(operator);
        owner.schedule(address(treasury), 0, call, 0, 0, delay);
        vm.warp(block.timestamp + delay);
    }

    function _execute(bytes memory call) internal {
        Timelock(payable(treasury.owner())).execute(address(treasury), 0, call, 0, 0);
    }

    // Anchors and proofs

    /// @dev The anchor that the head's commit left, if nothing was claimed since.
    function _anchored() internal view returns (IAnchor.Anchored memory) {
        IAnchor.Head memory h = treasury.head();
        return IAnchor.Anchored(h.counter, h.root, treasury.totalPaid(), h.committedAt);
    }

    /// @dev Root of an accounts tree: leaves in order, an odd node moves up unchanged, pairs sorted.
    function _treeRoot(bytes32[] memory level) internal pure returns (bytes32) {
        while (level.length > 1) level = _parents(level);
        return level.length == 0 ? bytes32(0) : level[0];
    }

    function _proof(bytes32[] memory level, uint256 i) internal pure returns (bytes32[] memory proof) {
        bytes32[] memory path = new bytes32[](256);
        uint256 length = 0;
        for (; level.length > 1; i /= 2) {
            uint256 sibling = i ^ 1;
            if (sibling < level.length) path[length++] = level[sibling];
            level = _parents(level);
        }
        proof = new bytes32[](length);
        for (uint256 j = 0; j < length; ++j) {
            proof[j] = path[j];
        }
    }

    function _leaf(address payee, uint256 amount) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(payee, amount))));
    }

    function _parents(bytes32[] memory level) private pure returns (bytes32[] memory up) {
        up = new bytes32[]((level.length + 1) / 2);
        for (uint256 i = 0; i < up.length; ++i) {
            bytes32 left = level[2 * i];
            if (2 * i + 1 == level.length) up[i] = left;
            else up[i] = Hashes.commutativeKeccak256(left, level[2 * i + 1]);
        }
    }

    // Small things

    function _orchestrators(uint256 count) internal returns (address[] memory list) {
        list = _addresses("orchestrator", count);
        world.activate(list, STAKE, FEE_SHARE);
    }

    function _addresses(string memory name, uint256 count) internal pure returns (address[] memory list) {
        list = new address[](count);
        for (uint256 i = 0; i < count; ++i) {
            list[i] = address(uint160(uint256(keccak256(abi.encode(name, i)))));
        }
    }

    function _one(address account) internal pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }

    function _deposit() internal view returns (uint256) {
        (TicketBroker.Sender memory sender,) = broker.getSenderInfo(core);
        return sender.deposit;
    }

    function _fees(address orchestrator) internal view returns (uint256) {
        return world.bondingManager().pendingFees(orchestrator, 0);
    }

    function _nextRound() internal {
        vm.roll(block.number + ROUND_LENGTH);
        world.roundsManager().initializeRound();
    }
}
