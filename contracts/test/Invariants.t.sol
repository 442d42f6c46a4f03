// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {BrokerWorld} from "../dev/BrokerWorld.sol";
import {BrokerWorldV3} from "../dev/BrokerWorldV3.sol";
import {TicketBroker} from "../dev/TicketBroker.sol";
import {Treasury} from "../src/Treasury.sol";
import {IAnchor} from "../src/interfaces/IAnchor.sol";
import {ITicketBroker} from "../src/interfaces/ITicketBroker.sol";
import {Base} from "./Base.sol";
import {Mole, Refuser} from "./Payees.sol";

/// @notice A world in which honest cores fork, hosts lie, payees grab and owners take, all at random.
/// @dev A log is a path in a tree of entries: a core's state is a node, a fork is a node with two children, a rollback
/// is a core put back to an older node. Honest means: builds only on a head whose node is an ancestor of its own.
contract Actors is Base {
    uint256 internal constant PAYEES = 6;
    uint256 internal constant TICKET_PAYEES = 2;
    uint256 internal constant CORES = 3;
    uint256 internal constant FUNDS = 400 ether;

    struct Node {
        uint256 parent;
        uint64 size;
        uint96 total;
        uint96[PAYEES] earned;
    }

    struct Core {
        uint256 node;
        uint64 epoch;
        bytes32 boot;
    }

    struct Message {
        bytes data; // calldata of an open or a commit
        uint64 epoch;
        bytes32 prevBoot; // of an open; of a commit, its boot
        uint64 counter;
        uint256 node;
        bool isCommit;
    }

    struct Kept {
        IAnchor.Anchored anchored;
        IAnchor.Commitment commitment;
        uint256 node;
    }

    struct Outflow {
        uint256 time;
        uint256 before; // wei that had left by then
    }

    address[] internal payees;
    Node[] internal nodes;
    Core[CORES] internal cores;
    Message[] internal messages;
    Kept[] internal kept;
    mapping(bytes32 root => uint256) internal nodeOfRoot;
    Outflow[] internal outflows;
    uint96[PAYEES] internal mostEarned; // largest total ever committed for each
    uint256 internal gifts;
    uint256 internal withdrawn;
    uint256 public left; // by commits and claims
    mapping(bytes32 root => bool) internal stolen; // made by a thief with the committer's key
    address internal thief = makeAddr("thief");
    uint256 public thefts;
    uint256 internal boots;
    uint256 internal throws;
    uint256 public landed;
    uint256 public exits;

    constructor() {
        setUp();
        vm.deal(address(treasury), FUNDS);
        payees = _orchestrators(TICKET_PAYEES);
        payees.push(makeAddr("payee"));
        payees.push(address(new Refuser("no")));
        payees.push(address(new Mole(broker)));
        payees.push(makeAddr("another payee"));
        nodes.push();
    }

    // Cores

    function earn(uint256 core_, uint256 payee, uint96 amount) external {
        Core storage c = cores[core_ % CORES];
        Node memory node = nodes[c.node];
        amount = uint96(bound(amount, 1, 5 ether));
        node.parent = c.node;
        ++node.size;
        node.total += amount;
        node.earned[payee % PAYEES] += amount;
        c.node = nodes.length;
        nodes.push(node);
    }

    /// @dev Another snapshot, its own old one or another core's: after it, the core is a fork.
    function restore(uint256 core_, uint256 back) external {
        back = bound(back, 0, 8);
        cores[core_ % CORES].node = nodes.length > back ? nodes.length - 1 - back : 0;
    }

    function signOpen(uint256 core_, bool send) external {
        _signOpenOf(cores[core_ % CORES], send);
    }

    /// @param wild the host does not help: no right snapshot, no open, no sending
    function signCommit(uint256 core_, uint256 payMask, uint256 direct, uint256 wild) external {
        Core storage c = cores[core_ % CORES];
        IAnchor.Head memory h = treasury.head();
        if (stolen[h.root]) return;
        bool helped = _dice(wild, 4) != 0;
        if (helped && !_isOwn(c, h.root)) c.node = nodeOfRoot[h.root];
        if (helped && (c.boot != h.boot || c.epoch != h.epoch)) _signOpenOf(c, true);
        IAnchor.Commit memory m = _nextCommit();
        if (c.boot == 0 || !_isOwn(c, m.prevRoot)) return;
        Node memory node = nodes[c.node];
        (m.epoch, m.boot) = (c.epoch, c.boot);
        (m.next.logSize, m.next.totalEarned) = (node.size, node.total);
        m.next.accountsRoot = _treeRoot(_leaves(node));
        m.next.logRoot = keccak256(abi.encode(c.node));
        _pay(m, node, payMask, direct);
        (bytes32 r, bytes32 vs) = _signCommit(coreKey, m);
        messages.push(Message(abi.encodeCall(treasury.commit, (m, r, vs)), m.epoch, m.boot, m.counter, c.node, true));
        nodeOfRoot[_hashCommitment(m.next)] = c.node;
        _leak(m);
        if (helped) _deliver(messages.length - 1, gasleft());
    }

    // Hosts

    function deliver(uint256 message, uint256 gas) external {
        if (messages.length == 0) return;
        _deliver(message % messages.length, bound(gas, 50_000, 8_000_000));
    }

    function passTime(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 1 days));
    }

    function passRound() external {
        _nextRound();
    }

    // Payees and strangers

    function claim(uint256 payee, uint256 anchor) external {
        if (kept.length == 0) return;
        payee %= PAYEES;
        Kept memory k = kept[anchor % kept.length];
        Node memory node = nodes[k.node];
        bytes32[] memory proof = _proof(_leaves(node), payee);
        uint256 before = address(treasury).balance;
        vm.prank(payees[payee]);
        try treasury.claim(k.anchored, k.commitment, node.earned[payee], proof, relayer) {
            _left(before - address(treasury).balance);
        } catch {}
    }

    function give(uint96 amount) external {
        amount = uint96(bound(amount, 1, 20 ether));
        vm.deal(address(this), amount);
        payable(address(treasury)).transfer(amount);
        gifts += amount;
    }

    function giveDeposit(uint96 amount, bool reserve) external {
        amount = uint96(bound(amount, 1, 1 ether));
        vm.deal(address(this), amount);
        broker.fundDepositAndReserveFor{value: amount}(core, reserve ? 0 : amount, reserve ? amount : 0);
    }

    /// @dev Whoever sends the mole anything makes it try its leaked ticket, outside of any frame of ours.
    function redeemLeaked() external {
        (bool sent,) = payees[4].call("");
        assertTrue(sent);
    }

    // Thieves, and what guardian and owner do about them

    /// @dev The key has leaked: a history of the thief's own, which it is paid by and claims on.
    function steal(uint96 amount, uint256 dice) external {
        IAnchor.Head memory h = treasury.head();
        if (kept.length == 0 || h.boot == 0 || treasury.frozen() || _dice(dice, 3) != 0) return;
        if (block.timestamp < treasury.haltEnd()) return;
        amount = uint96(bound(amount, 1, 300 ether));
        uint96 total = uint96(treasury.paid(thief)) + amount;
        IAnchor.Commit memory m = _nextCommit();
        m.payments = new bytes32[](1);
        m.payments[0] = _payment(thief, total);
        m.next.totalEarned = h.totalEarned + 2 * amount;
        m.next.accountsRoot = _leaf(thief, total + amount);
        (bytes32 r, bytes32 vs) = _signCommit(coreKey, m);
        uint256 before = address(treasury).balance;
        treasury.commit(m, r, vs);
        stolen[treasury.head().root] = true;
        IAnchor.Anchored memory a = _anchored();
        vm.prank(thief);
        try treasury.claim(a, m.next, total + amount, new bytes32[](0), thief) {} catch {}
        _left(before - address(treasury).balance);
        ++thefts;
    }

    /// @dev The guardian halts at the last anchor that no thief made, and the owner admits a new core from there.
    function strike() external {
        IAnchor.Head memory h = treasury.head();
        if (!stolen[h.root] || treasury.frozen()) return;
        uint256 i = kept.length - 1;
        while (!_isLive(kept[i].anchored, h.counter)) {
            if (i-- == 0) return;
        }
        uint256 haltEnd = treasury.haltEnd();
        if (block.timestamp >= haltEnd) {
            if (haltEnd != 0 && block.timestamp < haltEnd + treasury.haltMax()) vm.warp(haltEnd + treasury.haltMax());
            vm.prank(guardian);
            try treasury.halt(kept[i].anchored) {}
            catch {
                return;
            }
        }
        coreKey = uint256(keccak256(abi.encode(coreKey)));
        core = vm.addr(coreKey);
        vm.prank(treasury.owner());
        treasury.admit(core, h.configHash, kept[i].anchored, kept[i].commitment);
        assertEq(treasury.head().root, kept[i].anchored.root);
        assertEq(treasury.totalPaid(), kept[i].anchored.totalPaid, "what was stolen is not paid");
    }

    function spoil(uint256 payee) external {
        address orchestrator = payees[payee % TICKET_PAYEES];
        if (world.bondingManager().isRegisteredTranscoder(orchestrator)) world.deactivate(orchestrator);
        else world.activate(_one(orchestrator), STAKE, FEE_SHARE);
    }

    // Owner and guardian

    function withdraw(uint256 amount) external {
        amount = bound(amount, 0, treasury.surplus());
        if (amount == 0) return;
        vm.prank(treasury.owner());
        treasury.withdraw(operator, amount);
        withdrawn += amount;
        uint256 owed =
            treasury.totalPaid() < treasury.head().totalEarned ? treasury.head().totalEarned - treasury.totalPaid() : 0;
        if (treasury.frozen()) owed = treasury.owed() - treasury.totalExited();
        assertGe(address(treasury).balance, owed, "the owner took what is owed");
    }

    function setConfig(bytes32 hash) external {
        if (_dice(0, 4) != 0) return;
        vm.prank(treasury.owner());
        treasury.setConfig(hash);
    }

    function halt(uint256 anchor) external {
        if (kept.length == 0 || _dice(anchor, 4) != 0) return;
        vm.prank(guardian);
        try treasury.halt(kept[anchor % kept.length].anchored) {} catch {}
    }

    function endHalt() external {
        vm.prank(guardian);
        try treasury.endHalt() {} catch {}
    }

    /// @dev The same core is admitted again: honest, but with a history that was taken back.
    function admit(uint256 anchor) external {
        if (kept.length == 0 || _dice(anchor, 3) != 0) return;
        Kept memory k = kept[anchor % kept.length];
        if (block.timestamp >= treasury.haltEnd()) delete k;
        IAnchor.Head memory before = treasury.head();
        if (stolen[before.root]) return;
        vm.prank(treasury.owner());
        try treasury.admit(core, before.configHash, k.anchored, k.commitment) {
            IAnchor.Head memory h = treasury.head();
            assertEq(h.epoch, before.epoch + 1);
            assertEq(h.boot, 0);
            assertLe(h.counter, before.counter);
        } catch {}
    }

    function freeze(uint256 dice) external {
        if (_dice(dice, 40) != 0 || treasury.head().counter == 0 || block.timestamp < treasury.haltEnd()) return;
        // A theft that nobody notices for so long is not guarded against.
        if (treasury.frozen() || stolen[treasury.head().root]) return;
        if (block.timestamp < treasury.silentAt()) vm.warp(treasury.silentAt());
        treasury.freeze();
    }

    function exit(uint256 payee, uint256 anchor) public {
        if (kept.length == 0) return;
        payee %= PAYEES;
        Kept memory k = kept[anchor % kept.length];
        Node memory node = nodes[k.node];
        uint256 pot = address(treasury).balance + treasury.totalExited();
        uint256 paid = treasury.paid(payees[payee]);
        bytes32[] memory proof = _proof(_leaves(node), payee);
        vm.prank(payees[payee]);
        try treasury.exit(k.anchored, k.commitment, payees[payee], node.earned[payee], proof, relayer) {
            uint256 due = node.earned[payee] - paid;
            uint256 share = pot < treasury.owed() ? due * pot / treasury.owed() : due;
            assertEq(treasury.exited(payees[payee]), share, "to the wei");
            assertTrue(treasury.frozen(), "an exit before the freeze");
            ++exits;
        } catch {}
    }

    // What the invariants need

    /// @dev Everyone exits on every anchor: then each has its part to the wei, and all together at most what is owed.
    function everyoneExits() external {
        if (!treasury.frozen()) return;
        for (uint256 i = 0; i < kept.length; ++i) {
            for (uint256 p = 0; p < PAYEES; ++p) {
                exit(p, i);
            }
        }
        uint256 pot = address(treasury).balance + treasury.totalExited();
        for (uint256 p = 0; p < PAYEES; ++p) {
            uint256 due = _mostDue(p);
            uint256 share = pot < treasury.owed() ? due * pot / treasury.owed() : due;
            assertEq(treasury.exited(payees[p]), share, "everyone can exit");
        }
        if (pot >= treasury.owed()) assertEq(treasury.surplus(), pot - treasury.owed());
        assertLe(treasury.totalExited(), treasury.owed(), "rounded in the treasury's favour");
    }

    function underTest() external view returns (Treasury) {
        return treasury;
    }

    function checkBooks() external view {
        uint256 sum = 0;
        for (uint256 i = 0; i < PAYEES; ++i) {
            uint256 paid = treasury.paid(payees[i]);
            assertLe(paid, mostEarned[i], "paid more than was ever committed as earned");
            sum += paid;
        }
        sum += treasury.paid(thief);
        assertEq(sum, left, "paid is what left");
        uint256 totalExited = treasury.totalExited();
        assertEq(address(treasury).balance + sum + totalExited + withdrawn, FUNDS + gifts, "every wei is somewhere");
        assertLe(treasury.totalPaid(), sum);
        if (treasury.frozen()) assertLe(totalExited, treasury.owed());
    }

    // Inside

    function _signOpenOf(Core storage c, bool send) private {
        IAnchor.Open memory o = _nextOpen();
        if (!_isOwn(c, o.root)) return;
        o.boot = keccak256(abi.encode("boot", ++boots));
        o.logSize = nodes[c.node].size;
        (c.epoch, c.boot) = (o.epoch, o.boot);
        (bytes32 r, bytes32 vs) = _signOpen(coreKey, o);
        messages.push(Message(abi.encodeCall(treasury.open, (o, r, vs)), o.epoch, o.prevBoot, o.counter, c.node, false));
        if (send) _deliver(messages.length - 1, gasleft());
    }

    /// @dev Fuzzed numbers are often small or zero; this makes one in `sides` of any of them.
    function _dice(uint256 seed, uint256 sides) private returns (uint256) {
        return uint256(keccak256(abi.encode(seed, ++throws))) % sides;
    }

    function _isOwn(Core storage c, bytes32 root) private view returns (bool) {
        if (root == 0) return true;
        if (stolen[root]) return false;
        uint256 node = c.node;
        uint256 ancestor = nodeOfRoot[root];
        while (node > ancestor) node = nodes[node].parent;
        return node == ancestor;
    }

    function _isLive(IAnchor.Anchored memory a, uint64 counter) private view returns (bool) {
        return a.counter <= counter && treasury.anchors(a.counter) == keccak256(abi.encode(a.root, a.totalPaid, a.time));
    }

    /// @dev By the best of the live anchors.
    function _mostDue(uint256 payee) private view returns (uint256) {
        uint64 counter = treasury.head().counter;
        uint256 earned_ = 0;
        for (uint256 i = 0; i < kept.length; ++i) {
            if (!_isLive(kept[i].anchored, counter)) continue;
            earned_ = Math.max(earned_, nodes[kept[i].node].earned[payee]);
        }
        uint256 paid = treasury.paid(payees[payee]);
        return earned_ > paid ? earned_ - paid : 0;
    }

    function _leaves(Node memory node) private view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](PAYEES);
        for (uint256 i = 0; i < PAYEES; ++i) {
            leaves[i] = _leaf(payees[i], node.earned[i]);
        }
    }

    /// @dev Payments of at most what is earned; the core believes what the host says of `paid`, here the truth.
    function _pay(IAnchor.Commit memory m, Node memory node, uint256 mask, uint256 direct) private view {
        m.payments = new bytes32[](PAYEES);
        uint256 count = 0;
        for (uint256 i = 0; i < PAYEES; ++i) {
            if (mask >> i & 1 == 1 && node.earned[i] > 0) m.payments[count++] = _payment(payees[i], node.earned[i]);
        }
        bytes32[] memory payments = new bytes32[](count);
        uint256 tickets = 0;
        for (uint256 i = 0; i < count; ++i) {
            payments[i] = m.payments[i];
            (address payee,) = _split(payments[i]);
            bool orchestrator = payee == payees[0] || payee == payees[1];
            if (orchestrator && tickets == i && direct % 4 != 0) ++tickets;
        }
        m.payments = payments;
        _signTickets(m, tickets);
    }

    /// @dev The mole learns the first ticket of every commit that is signed.
    function _leak(IAnchor.Commit memory m) private {
        if (m.ticketSigs.length == 0) return;
        ITicketBroker.Ticket memory ticket = _ticket(m, 0);
        Mole(payable(payees[4])).plan(ticket, _ticketSig65(ticket));
    }

    function _deliver(uint256 i, uint256 gas) private {
        Message memory m = messages[i];
        IAnchor.Head memory before = treasury.head();
        uint256 paidBefore = treasury.totalPaid();
        uint256 balance = address(treasury).balance;
        (uint256 deposit, uint256 reserve) = _brokerFunds();
        (bool ok,) = address(treasury).call{gas: gas}(m.data);
        IAnchor.Head memory h = treasury.head();
        (uint256 depositAfter, uint256 reserveAfter) = _brokerFunds();
        // A mole may have spent a stranger's gift while it was paid; never can there be more than before.
        assertLe(depositAfter, deposit, "deposit left behind");
        assertLe(reserveAfter, reserve, "reserve left behind");
        if (!ok) {
            assertEq(keccak256(abi.encode(h)), keccak256(abi.encode(before)), "a revert moved the head");
            assertEq(treasury.totalPaid(), paidBefore);
            return;
        }
        assertEq(m.prevBoot, before.boot, "another boot landed");
        if (!m.isCommit) {
            assertEq(h.epoch, before.epoch + 1);
            assertEq(m.counter, before.counter);
            assertEq(h.root, before.root);
            return;
        }
        ++landed;
        assertEq(m.epoch, before.epoch, "an older epoch landed");
        assertEq(h.counter, before.counter + 1, "not exactly one step");
        assertEq(balance - address(treasury).balance, treasury.totalPaid() - paidBefore, "outflow and books");
        _left(balance - address(treasury).balance);
        _keep(m.node, h);
    }

    function _keep(uint256 node_, IAnchor.Head memory h) private {
        Node memory node = nodes[node_];
        for (uint256 i = 0; i < PAYEES; ++i) {
            if (node.earned[i] > mostEarned[i]) mostEarned[i] = node.earned[i];
        }
        IAnchor.Commitment memory c = IAnchor.Commitment({
            accountsRoot: _treeRoot(_leaves(node)),
            logRoot: keccak256(abi.encode(node_)),
            logSize: node.size,
            totalEarned: node.total,
            configHash: h.configHash
        });
        kept.push(Kept(_anchored(), c, node_));
    }

    /// @dev No interval of one window sees more than the cap.
    function _left(uint256 amount) private {
        outflows.push(Outflow(block.timestamp, left));
        left += amount;
        for (uint256 i = outflows.length; i > 0; --i) {
            if (outflows[i - 1].time + treasury.window() < block.timestamp) break;
            assertLe(left - outflows[i - 1].before, treasury.cap(), "more than the cap in a window");
        }
    }

    function _brokerFunds() private view returns (uint256, uint256) {
        (TicketBroker.Sender memory sender, TicketBroker.ReserveInfo memory reserve) = broker.getSenderInfo(core);
        return (sender.deposit, reserve.fundsRemaining);
    }
}

/// @notice The same before the broker of the generation before.
contract ActorsV3 is Actors {
    function _newWorld() internal override returns (BrokerWorld) {
        return new BrokerWorldV3(ROUND_LENGTH);
    }
}

contract InvariantsTest is Base {
    Actors internal actors;

    function setUp() public override {
        actors = _newActors();
        treasury = actors.underTest();
        bytes4[] memory selectors = new bytes4[](24);
        selectors[0] = Actors.earn.selector;
        selectors[1] = Actors.restore.selector;
        selectors[2] = Actors.signOpen.selector;
        selectors[3] = Actors.signCommit.selector;
        selectors[4] = Actors.deliver.selector;
        selectors[5] = Actors.passTime.selector;
        selectors[6] = Actors.passRound.selector;
        selectors[7] = Actors.claim.selector;
        selectors[8] = Actors.give.selector;
        selectors[9] = Actors.giveDeposit.selector;
        selectors[10] = Actors.redeemLeaked.selector;
        selectors[11] = Actors.spoil.selector;
        selectors[12] = Actors.withdraw.selector;
        selectors[13] = Actors.setConfig.selector;
        selectors[14] = Actors.halt.selector;
        selectors[15] = Actors.endHalt.selector;
        selectors[16] = Actors.admit.selector;
        selectors[17] = Actors.freeze.selector;
        selectors[18] = Actors.exit.selector;
        // The two that everything needs come up more often.
        selectors[19] = Actors.signCommit.selector;
        selectors[20] = Actors.earn.selector;
        selectors[21] = Actors.steal.selector;
        selectors[22] = Actors.strike.selector;
        selectors[23] = Actors.strike.selector;
        targetContract(address(actors));
        targetSelector(FuzzSelector(address(actors), selectors));
    }

    function _newActors() internal virtual returns (Actors) {
        return new Actors();
    }

    /// @dev One campaign for all, each checked after every call; what a single transaction must not do is asserted by
    /// the actors where they do it.
    function invariant_treasury() public view {
        actors.checkBooks();
    }

    function afterInvariant() public {
        emit log_named_uint("commits landed", actors.landed());
        emit log_named_uint("exits", actors.exits());
        emit log_named_uint("thefts", actors.thefts());
        emit log_named_uint("wei left", actors.left());
        actors.everyoneExits();
    }
}

contract InvariantsV3Test is InvariantsTest {
    function _newActors() internal override returns (Actors) {
        return new ActorsV3();
    }
}
