// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {TicketBroker} from "../dev/TicketBroker.sol";
import {Treasury} from "../src/Treasury.sol";
import {IAnchor} from "../src/interfaces/IAnchor.sol";
import {ITreasury} from "../src/interfaces/ITreasury.sol";
import {ITicketBroker} from "../src/interfaces/ITicketBroker.sol";
import {IRoundsManager} from "../src/interfaces/IRoundsManager.sol";
import {Base} from "./Base.sol";
import {Bomb, GasEater, GasMeter, Mole, RawRefuser, Reenterer, Refuser, Spender} from "./Payees.sol";

contract TreasuryTest is Base {
    address[] internal none;

    function setUp() public override {
        super.setUp();
        _open();
    }

    function test_constructor_revertsWithNoContractAsBroker() public {
        ITreasury.Terms memory terms = _terms();
        terms.broker = relayer;
        vm.expectRevert(abi.encodeWithSelector(ITreasury.NoContract.selector, relayer));
        new Treasury(terms);
    }

    function test_constructor_revertsWithNoContractAsRoundsManager() public {
        ITreasury.Terms memory terms = _terms();
        terms.roundsManager = relayer;
        vm.expectRevert(abi.encodeWithSelector(ITreasury.NoContract.selector, relayer));
        new Treasury(terms);
    }

    function test_constructor_keepsItsParts() public view {
        assertEq(address(treasury.broker()), address(broker));
        assertEq(address(treasury.roundsManager()), address(world.roundsManager()));
    }

    // Both rails

    function test_commit_paysTicketsAndDirect() public {
        address[] memory orchestrators = _orchestrators(23);
        address[] memory people = _addresses("person", 5);
        IAnchor.Commit memory c = _nextCommit(orchestrators, people);
        // What is due on each is, at first, the total: the events hold the commit's own words.
        _expectTicketsPaid(c, 0, 20);
        _expectTicketsPaid(c, 20, 23);
        _expectGroups(2);
        for (uint256 i = 0; i < people.length; ++i) {
            vm.expectEmit(address(treasury));
            emit ITreasury.Paid(people[i], 1, WAGE);
        }
        _commit(c);
        for (uint256 i = 0; i < orchestrators.length; ++i) {
            assertEq(treasury.paid(orchestrators[i]), WAGE);
            assertEq(_fees(orchestrators[i]), WAGE);
        }
        for (uint256 i = 0; i < people.length; ++i) {
            assertEq(treasury.paid(people[i]), WAGE);
            assertEq(people[i].balance, WAGE);
        }
        _assertBooks(28 * WAGE);
    }

    function test_commit_paysTheDifferenceToATotal() public {
        address[] memory orchestrators = _orchestrators(1);
        _commit(_nextCommit(orchestrators, none));
        IAnchor.Commit memory c = _nextCommit();
        c.payments = _payments(_payment(orchestrators[0], WAGE + 5), _payment(relayer, 7));
        _signTickets(c, 1);
        bytes32[] memory dues = new bytes32[](1);
        dues[0] = _payment(orchestrators[0], 5);
        vm.expectEmit(address(treasury));
        emit ITreasury.TicketsPaid(2, dues);
        _commit(c);
        assertEq(_fees(orchestrators[0]), WAGE + 5);
        assertEq(relayer.balance, 7);
        _assertBooks(WAGE + 12);
    }

    function test_commit_skipsTotalsAlreadyPaid() public {
        address[] memory orchestrators = _orchestrators(1);
        _commit(_nextCommit(orchestrators, _one(relayer)));
        IAnchor.Commit memory c = _nextCommit();
        c.payments = new bytes32[](4);
        c.payments[0] = _payment(orchestrators[0], WAGE);
        c.payments[1] = _payment(orchestrators[0], WAGE - 1);
        c.payments[2] = _payment(relayer, WAGE);
        c.payments[3] = _payment(relayer, 0);
        _signTickets(c, 2);
        vm.recordLogs();
        _commit(c);
        assertEq(vm.getRecordedLogs().length, 1, "nothing but the commit");
        _assertBooks(2 * WAGE);
    }

    function test_commit_paysOnePayeeTwiceUpToTheHigherTotal() public {
        address[] memory orchestrators = _orchestrators(1);
        IAnchor.Commit memory c = _nextCommit();
        c.payments = new bytes32[](4);
        c.payments[0] = _payment(orchestrators[0], 3);
        c.payments[1] = _payment(orchestrators[0], 5);
        c.payments[2] = _payment(relayer, 4);
        c.payments[3] = _payment(relayer, 9);
        c.ticketSigs = new bytes32[](4);
        (c.ticketSigs[0], c.ticketSigs[1]) = _signTicket(_ticket(orchestrators[0], 3, c, 0));
        (c.ticketSigs[2], c.ticketSigs[3]) = _signTicket(_ticket(orchestrators[0], 2, c, 1));
        _commit(c);
        assertEq(_fees(orchestrators[0]), 5);
        assertEq(relayer.balance, 9);
        _assertBooks(14);
    }

    function testFuzz_commit_neverPaysMoreThanTheHighestTotal(uint96[8] calldata totals) public {
        uint96 highest = 0;
        for (uint256 i = 0; i < totals.length; ++i) {
            uint96 total = uint96(bound(totals[i], 0, 100 ether));
            if (total > highest) highest = total;
            IAnchor.Commit memory c = _nextCommit();
            c.payments = new bytes32[](1);
            c.payments[0] = _payment(relayer, total);
            _commit(c);
            assertEq(relayer.balance, highest);
            assertEq(treasury.paid(relayer), highest);
        }
        _assertBooks(highest);
    }

    function test_commit_revertsWithWrongTicketSigs() public {
        IAnchor.Commit memory c = _nextCommit();
        c.payments = new bytes32[](1);
        c.ticketSigs = new bytes32[](1);
        vm.expectRevert(abi.encodeWithSelector(ITreasury.WrongTicketSigs.selector, 1, 1));
        treasury.commit(c, 0, 0);
        c.ticketSigs = new bytes32[](4);
        vm.expectRevert(abi.encodeWithSelector(ITreasury.WrongTicketSigs.selector, 1, 4));
        treasury.commit(c, 0, 0);
    }

    function test_payTickets_revertsWithNotSelf() public {
        vm.expectRevert(ITreasury.NotSelf.selector);
        treasury.payTickets(1, 0, new bytes32[](0), new bytes32[](0));
    }

    function test_payDirect_revertsWithNotSelf() public {
        vm.expectRevert(ITreasury.NotSelf.selector);
        treasury.payDirect(_payment(relayer, 1));
    }

    // Tickets that fail

    function test_tickets_oneBadStopsNobodyElse() public {
        address[] memory orchestrators = _orchestrators(12);
        world.deactivate(orchestrators[4]);
        IAnchor.Commit memory c = _nextCommit(orchestrators, _one(relayer));
        _expectFailed(orchestrators[4], WAGE, _spoilt());
        _commit(c);
        for (uint256 i = 0; i < orchestrators.length; ++i) {
            assertEq(_fees(orchestrators[i]), i == 4 ? 0 : WAGE);
        }
        assertEq(relayer.balance, WAGE);
        _assertBooks(12 * WAGE);
    }

    /// @dev Row 20: a core that was told a wrong `paid` signs another face value; only that ticket fails.
    function test_tickets_wrongBeliefOfPaidFailsAlone() public {
        address[] memory orchestrators = _orchestrators(2);
        IAnchor.Commit memory c = _nextCommit(orchestrators, none);
        (c.ticketSigs[0], c.ticketSigs[1]) = _signTicket(_ticket(orchestrators[0], WAGE - 1, c, 0));
        _expectFailed(orchestrators[0], WAGE, "invalid signature over ticket hash");
        _commit(c);
        assertEq(treasury.paid(orchestrators[0]), 0);
        assertEq(_fees(orchestrators[1]), WAGE);
        _assertBooks(WAGE);
    }

    /// @dev What is not due any more is not redeemed, whatever was signed: its group is paid as one.
    function test_tickets_staleOneIsLeftOutOfItsGroup() public {
        address[] memory orchestrators = _orchestrators(3);
        _commit(_nextCommit(_one(orchestrators[1]), none));
        IAnchor.Commit memory c = _nextCommit(orchestrators, none);
        c.payments[1] = _payment(orchestrators[1], WAGE);
        bytes32[] memory dues = new bytes32[](3);
        for (uint256 i = 0; i < 3; ++i) {
            dues[i] = _payment(orchestrators[i], i == 1 ? 0 : WAGE);
        }
        vm.expectEmit(address(treasury));
        emit ITreasury.TicketsPaid(2, dues);
        _expectGroups(1);
        _commit(c);
        assertEq(treasury.paid(orchestrators[1]), WAGE);
        assertEq(treasury.paid(orchestrators[2]), WAGE);
    }

    function test_tickets_failWhileTheRoundIsNotInitialized() public {
        vm.roll(block.number + ROUND_LENGTH);
        _allTicketsFail("current round is not initialized");
    }

    function test_tickets_failWithAnExpiredRound() public {
        address[] memory orchestrators = _orchestrators(1);
        IAnchor.Commit memory c = _nextCommit(orchestrators, _one(relayer));
        _nextRound();
        _nextRound();
        _expectFailed(orchestrators[0], WAGE, "ticket is expired");
        _commit(c);
        _assertBooks(WAGE);
    }

    function test_tickets_redeemInTheRoundAfter() public {
        address[] memory orchestrators = _orchestrators(1);
        IAnchor.Commit memory c = _nextCommit(orchestrators, none);
        _nextRound();
        _commit(c);
        assertEq(_fees(orchestrators[0]), WAGE);
    }

    function test_tickets_failWithAFutureRound() public {
        address[] memory orchestrators = _orchestrators(1);
        IAnchor.Commit memory c = _nextCommit(orchestrators, _one(relayer));
        c.round += 1;
        _signTickets(c, 1);
        _expectFailed(orchestrators[0], WAGE, "ticket creationRound does not have a block hash");
        _commit(c);
        _assertBooks(WAGE);
    }

    /// @dev Row 26: the broker stands still, direct payments and anchoring go on.
    function test_tickets_failWhileTheBrokerIsPaused() public {
        world.setPaused(true);
        _allTicketsFail("system is paused");
    }

    function test_tickets_failWhileTheRoundsManagerReverts() public {
        address[] memory orchestrators = _orchestrators(1);
        IAnchor.Commit memory c = _nextCommit(orchestrators, _one(relayer));
        vm.mockCallRevert(address(treasury.roundsManager()), IRoundsManager.blockHashForRound.selector, "rounds");
        _expectFailed(orchestrators[0], WAGE, "rounds");
        _commit(c);
        _assertBooks(WAGE);
    }

    function test_tickets_failWhileTheBrokerEatsAllGas() public {
        address[] memory orchestrators = _orchestrators(1);
        IAnchor.Commit memory c = _nextCommit(orchestrators, _one(relayer));
        world.register("TicketBrokerTarget", address(new GasEater()));
        _expectFailed(orchestrators[0], WAGE, "");
        _commit(c);
        assertEq(treasury.totalPaid(), WAGE);
        assertEq(relayer.balance, WAGE);
    }

    function test_tickets_failedOneIsPaidLater() public {
        address[] memory orchestrators = _orchestrators(1);
        world.setPaused(true);
        _commit(_nextCommit(orchestrators, none));
        assertEq(treasury.paid(orchestrators[0]), 0);
        world.setPaused(false);
        IAnchor.Commit memory c = _nextCommit();
        c.payments = new bytes32[](1);
        c.payments[0] = _payment(orchestrators[0], WAGE);
        _signTickets(c, 1);
        _commit(c);
        assertEq(_fees(orchestrators[0]), WAGE);
        _assertBooks(WAGE);
    }

    // Too little money

    function test_short_ticketsThatFitArePaid() public {
        address[] memory orchestrators = _orchestrators(11);
        IAnchor.Commit memory c = _nextCommit(orchestrators, _one(relayer));
        vm.deal(address(treasury), 3 * WAGE);
        _expectFailed(orchestrators[3], WAGE, "treasury short");
        _expectFailed(orchestrators[10], WAGE, "treasury short");
        _expectFailed(relayer, WAGE, "treasury short");
        _commit(c);
        for (uint256 i = 0; i < orchestrators.length; ++i) {
            assertEq(treasury.paid(orchestrators[i]), i < 3 ? WAGE : 0);
        }
        assertEq(treasury.totalPaid(), 3 * WAGE);
        assertEq(address(treasury).balance, 0);
    }

    function test_short_smallerOnesStillFit() public {
        IAnchor.Commit memory c = _nextCommit();
        c.payments = _payments(_payment(relayer, 10), _payment(core, 5));
        vm.deal(address(treasury), 5);
        _expectFailed(relayer, 10, "treasury short");
        _commit(c);
        assertEq(core.balance, 5);
    }

    // Payees of every bad kind

    function test_direct_reasonIsTheText() public {
        _onePayeeFails(address(new Refuser("not today")), "not today");
    }

    function test_direct_reasonOfNoText() public {
        _onePayeeFails(address(new Refuser("")), "");
    }

    function test_direct_reasonIsCutAt64Bytes() public {
        string memory text = "0123456789012345678901234567890123456789012345678901234567890123";
        _onePayeeFails(address(new Refuser(text)), bytes(text));
        _onePayeeFails(address(new Refuser(string.concat(text, "4"))), bytes(text));
    }

    function test_direct_reasonIsRawWithoutText() public {
        _onePayeeFails(address(new RawRefuser(hex"c0ffee")), hex"c0ffee");
        _onePayeeFails(
            address(new RawRefuser(abi.encodePacked(bytes32(uint256(1)), bytes32(uint256(2)), "more"))),
            abi.encodePacked(bytes32(uint256(1)), bytes32(uint256(2)))
        );
    }

    function test_direct_reasonOfABrokenText() public {
        bytes memory header = abi.encodePacked(bytes4(keccak256("Error(string)")), uint256(32));
        _onePayeeFails(address(new RawRefuser(header)), header);
        bytes memory endless = abi.encodePacked(header, type(uint256).max, "short");
        _onePayeeFails(address(new RawRefuser(endless)), "short");
    }

    /// @dev Row 24.
    function test_direct_sixtyBombsHurtNobody() public {
        address[] memory payees = new address[](61);
        for (uint256 i = 0; i < 60; ++i) {
            payees[i] = address(new Bomb(true));
        }
        payees[60] = relayer;
        IAnchor.Commit memory c = _nextCommit(none, payees);
        uint256 before = gasleft();
        _commit(c);
        assertLt(before - gasleft(), 32_000_000, "the chain's limit for a transaction");
        assertEq(relayer.balance, WAGE);
        _assertBooks(WAGE);
    }

    function test_direct_bombThatAcceptsIsPaid() public {
        address bomb = address(new Bomb(false));
        IAnchor.Commit memory c = _nextCommit(none, _one(bomb));
        _expectGroups(0);
        _commit(c);
        assertEq(bomb.balance, WAGE);
        _assertBooks(WAGE);
    }

    function test_direct_gasEaterFailsAlone() public {
        _onePayeeFails(address(new GasEater()), "");
    }

    function test_direct_payeeHas50000Gas() public {
        address modest = address(new Spender(49_000));
        _commit(_nextCommit(none, _one(modest)));
        assertEq(modest.balance, WAGE);
        _onePayeeFails(address(new Spender(53_000)), "");
    }

    /// @dev Row 24: whatever a payee calls when paid, it finds the door shut; the commit it is paid by goes on.
    function test_direct_reentererFailsAlone() public {
        Reenterer payee = new Reenterer();
        IAnchor.Commit memory c = _nextCommit(none, _two(address(payee), relayer));
        payee.plan(address(treasury), abi.encodeCall(treasury.commit, (c, 0, 0)), true);
        _expectFailed(
            address(payee), WAGE, abi.encodePacked(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
        _commit(c);
        assertEq(relayer.balance, WAGE);

        IAnchor.Open memory o = _nextOpen();
        payee.plan(address(treasury), abi.encodeCall(treasury.open, (o, 0, 0)), true);
        _expectFailed(
            address(payee), 2 * WAGE, abi.encodePacked(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
        earned += WAGE;
        c = _nextCommit();
        c.payments = new bytes32[](1);
        c.payments[0] = _payment(address(payee), 2 * WAGE);
        _commit(c);

        payee.plan(address(treasury), abi.encodeCall(treasury.payDirect, (c.payments[0])), true);
        _expectFailed(address(payee), WAGE, abi.encodePacked(ITreasury.NotSelf.selector));
        _commit(_nextCommit(none, _one(address(payee))));
        _assertBooks(WAGE);
    }

    function test_direct_reentererThatGivesInIsPaid() public {
        Reenterer payee = new Reenterer();
        IAnchor.Commit memory c = _nextCommit(none, _one(address(payee)));
        payee.plan(address(treasury), abi.encodeCall(treasury.commit, (c, 0, 0)), false);
        _commit(c);
        assertEq(address(payee).balance, WAGE);
        _assertBooks(WAGE);
    }

    /// @dev No frame of a direct payment is known to fail but with a text; if one ever does, the payee still hears of it.
    function test_direct_frameThatFailsWithoutText() public {
        bytes memory panic = abi.encodeWithSignature("Panic(uint256)", 0x11);
        vm.mockCallRevert(address(treasury), abi.encodeWithSelector(ITreasury.payDirect.selector), panic);
        _expectFailed(relayer, WAGE, panic);
        _commit(_nextCommit(none, _one(relayer)));
        assertEq(treasury.paid(relayer), 0);
    }

    /// @dev A core would have to be broken to pay these, and nothing breaks: the broker refuses, the treasury gets its
    /// own back, the timelock keeps it for the owner.
    function test_direct_ourOwnContractsAsPayees() public {
        IAnchor.Commit memory c = _nextCommit(none, _two(address(treasury), address(broker)));
        _commit(c);
        assertEq(address(treasury).balance, 1000 ether);
        assertEq(treasury.paid(address(treasury)), WAGE);
        assertEq(treasury.paid(address(broker)), 0);
        _commit(_nextCommit(none, _two(treasury.owner(), relayer)));
        assertEq(treasury.owner().balance, WAGE);
        assertEq(relayer.balance, WAGE);
    }

    /// @dev Row 24: an account with code of its own (EIP-7702) is a payee like any contract.
    function test_direct_delegatedAccountFailsAlone() public {
        (address payee, uint256 key) = makeAddrAndKey("delegated");
        vm.signAndAttachDelegation(address(new GasEater()), key);
        _onePayeeFails(payee, "");
    }

    // Leaked tickets

    /// @dev Row 13: ticket, signature and number are in public calldata; alone they find nothing to draw on.
    function test_leak_ticketAloneFindsNothing() public {
        address[] memory orchestrators = _orchestrators(1);
        IAnchor.Commit memory c = _nextCommit(orchestrators, none);
        ITicketBroker.Ticket memory ticket = _ticket(c, 0);
        bytes memory sig = _ticketSig65(ticket);
        vm.expectRevert(_noFunds());
        broker.redeemWinningTicket(ticket, sig, 0);
        _commit(c);
        vm.expectRevert("ticket is used");
        broker.redeemWinningTicket(ticket, sig, 0);
    }

    /// @dev Row 14: a mole in `receive` holds a leaked ticket, of a failed payment, of an old commit, of this one, in
    /// every order of payments: the deposit is empty whenever its code runs.
    function test_leak_moleInReceiveRedeemsNothing() public {
        address[] memory orchestrators = _orchestrators(12);
        world.deactivate(orchestrators[5]);
        IAnchor.Commit memory old = _nextCommit(orchestrators, none);
        ITicketBroker.Ticket memory failed = _ticket(old, 5);
        ITicketBroker.Ticket memory spent = _ticket(old, 0);
        _commit(old);
        world.activate(_one(orchestrators[5]), STAKE, FEE_SHARE);

        Mole[3] memory moles = [new Mole(broker), new Mole(broker), new Mole(broker)];
        address[] memory direct = new address[](5);
        (direct[0], direct[2], direct[4]) = (address(moles[0]), address(moles[1]), address(moles[2]));
        (direct[1], direct[3]) = (relayer, address(new Refuser("no")));
        IAnchor.Commit memory c = _nextCommit(orchestrators, direct);
        moles[0].plan(failed, _ticketSig65(failed));
        moles[1].plan(spent, _ticketSig65(spent));
        ITicketBroker.Ticket memory present = _ticket(c, 11);
        moles[2].plan(present, _ticketSig65(present));
        _commit(c);
        for (uint256 i = 0; i < moles.length; ++i) {
            assertTrue(moles[i].tried());
            assertFalse(moles[i].redeemed());
            assertEq(address(moles[i]).balance, WAGE);
        }
        _assertBooks((11 + 12 + 4) * uint256(WAGE));
        assertEq(_fees(orchestrators[5]), WAGE);
    }

    /// @dev Row 15: a stranger's wei on the core's deposit is still there afterwards, and changes nothing.
    function test_leak_strangersDepositStays() public {
        address[] memory orchestrators = _orchestrators(11);
        world.deactivate(orchestrators[3]);
        broker.fundDepositAndReserveFor{value: 3}(core, 1, 2);
        _commit(_nextCommit(orchestrators, none));
        (TicketBroker.Sender memory sender, TicketBroker.ReserveInfo memory reserve) = broker.getSenderInfo(core);
        assertEq(sender.deposit, 1);
        assertEq(reserve.fundsRemaining, 2);
        assertEq(treasury.totalPaid(), 10 * WAGE);
    }

    /// @dev Row 15: who puts the full amount there can redeem a leaked ticket with its own money; ours still comes.
    function test_leak_strangersGiftDoesNotReplaceOurs() public {
        address[] memory orchestrators = _orchestrators(1);
        IAnchor.Commit memory c = _nextCommit(orchestrators, none);
        ITicketBroker.Ticket memory ticket = _ticket(c, 0);
        bytes memory sig = _ticketSig65(ticket);
        broker.fundDepositAndReserveFor{value: WAGE}(core, WAGE, 0);
        broker.redeemWinningTicket(ticket, sig, 0);
        _expectFailed(orchestrators[0], WAGE, "ticket is used");
        _commit(c);
        assertEq(treasury.paid(orchestrators[0]), 0, "not our money");
        _commit(_nextCommit(orchestrators, none));
        assertEq(_fees(orchestrators[0]), 2 * uint256(WAGE));
        _assertBooks(WAGE);
    }

    /// @dev Row 28: a leaked key can unlock its account at the broker, which stops its tickets, and nothing else. The
    /// next key's are good.
    function test_leak_unlockedAccountStopsTicketsOnly() public {
        address[] memory orchestrators = _orchestrators(1);
        broker.fundDepositAndReserveFor{value: 1}(core, 1, 0);
        vm.prank(core);
        broker.unlock();
        _nextRound();
        _nextRound();
        IAnchor.Commit memory c = _nextCommit(orchestrators, _one(relayer));
        _expectFailed(orchestrators[0], WAGE, "sender is unlocked");
        _commit(c);
        assertEq(_deposit(), 1);
        assertEq(treasury.totalPaid(), WAGE);

        coreKey = uint256(keccak256("the next core"));
        core = vm.addr(coreKey);
        vm.prank(treasury.owner());
        IAnchor.Anchored memory noAnchor;
        treasury.admit(core, CONFIG, noAnchor, c.next);
        _open();
        _commit(_nextCommit(orchestrators, none));
        assertEq(_fees(orchestrators[0]), WAGE);
        _assertBooks(2 * WAGE);
    }

    // Gas

    /// @dev Row 25: with any gas limit the commit pays exactly what it pays with plenty, or nothing at all.
    function test_gasLimit_allOrNothing() public {
        // A full group, of which one fails, and one more ticket.
        address[] memory orchestrators = _orchestrators(21);
        world.deactivate(orchestrators[5]);
        address[] memory direct = new address[](3);
        (direct[0], direct[1], direct[2]) = (relayer, address(new Spender(45_000)), address(new Bomb(false)));
        IAnchor.Commit memory c = _nextCommit(orchestrators, direct);
        (bytes32 r, bytes32 vs) = _signCommit(coreKey, c);
        bytes memory call = abi.encodeCall(treasury.commit, (c, r, vs));

        uint256 landed = 0;
        for (uint256 gas = 10_000; gas < 12_000_000; gas = gas * 26 / 25 + 1000) {
            uint256 before = vm.snapshotState();
            (bool ok,) = address(treasury).call{gas: gas}(call);
            if (ok) ++landed;
            assertEq(treasury.totalPaid(), ok ? 23 * WAGE : 0);
            assertEq(_deposit(), 0);
            vm.revertToState(before);
        }
        assertGt(landed, 0);
    }

    function testFuzz_gasLimit_allOrNothing(uint256 gas) public {
        gas = bound(gas, 100_000, 4_000_000);
        address[] memory orchestrators = _orchestrators(3);
        world.deactivate(orchestrators[1]);
        IAnchor.Commit memory c = _nextCommit(orchestrators, _one(relayer));
        (bytes32 r, bytes32 vs) = _signCommit(coreKey, c);
        (bool ok,) = address(treasury).call{gas: gas}(abi.encodeCall(treasury.commit, (c, r, vs)));
        assertEq(treasury.totalPaid(), ok ? 3 * WAGE : 0);
    }

    /// @dev Row 25: a commit that lands gave every frame all that it may use, at the very limit too.
    function test_gasLimit_everyFrameGetsItsAllowance() public {
        IAnchor.Commit memory c = _nextCommit(_orchestrators(20), none);
        (bytes32 r, bytes32 vs) = _signCommit(coreKey, c);
        bytes memory call = abi.encodeCall(treasury.commit, (c, r, vs));
        world.register("TicketBrokerTarget", address(new GasMeter()));
        uint256 plenty = _gasAtTheBroker(call, 30_000_000);
        assertGt(plenty, 0);
        (uint256 fails, uint256 lands) = (0, 30_000_000);
        while (lands - fails > 1) {
            uint256 middle = (fails + lands) / 2;
            if (_gasAtTheBroker(call, middle) == 0) fails = middle;
            else lands = middle;
        }
        for (uint256 gas = lands; gas < lands + 200_000; gas += 5_000) {
            assertEq(_gasAtTheBroker(call, gas), plenty);
        }
    }

    function test_commit_revertsWithOutOfGasForPayments() public {
        IAnchor.Commit memory c = _nextCommit(none, _one(relayer));
        (bytes32 r, bytes32 vs) = _signCommit(coreKey, c);
        vm.expectPartialRevert(ITreasury.OutOfGasForPayments.selector);
        treasury.commit{gas: 200_000}(c, r, vs);
    }

    // Helpers

    /// @dev What a `GasMeter` noted; 0 where the commit reverted.
    function _gasAtTheBroker(bytes memory call, uint256 gas) private returns (uint256 noted) {
        uint256 before = vm.snapshotState();
        (bool ok,) = address(treasury).call{gas: gas}(call);
        if (ok) noted = uint256(vm.load(address(broker), bytes32(uint256(0xfeed))));
        vm.revertToState(before);
    }

    /// @dev That groups are tried so often, and none of them again ticket by ticket.
    function _expectGroups(uint64 count) private {
        vm.expectCall(address(treasury), abi.encodePacked(ITreasury.payTickets.selector), count);
    }

    /// @dev What the broker says of an orchestrator that dropped out.
    function _spoilt() internal pure virtual returns (bytes memory) {
        return "transcoder must be active";
    }

    function _noFunds() internal pure virtual returns (bytes memory) {
        return "sender deposit and reserve insufficient to cover ticket face value";
    }

    function _allTicketsFail(string memory reason) private {
        address[] memory orchestrators = _orchestrators(11);
        IAnchor.Commit memory c = _nextCommit(orchestrators, _one(relayer));
        for (uint256 i = 0; i < 11; ++i) {
            _expectFailed(orchestrators[i], WAGE, bytes(reason));
        }
        _commit(c);
        assertEq(relayer.balance, WAGE);
        _assertBooks(WAGE);
        assertEq(treasury.head().counter, 1);
    }

    function _onePayeeFails(address payee, bytes memory reason) private {
        uint96 before = treasury.totalPaid();
        uint256 had = relayer.balance;
        IAnchor.Commit memory c = _nextCommit(none, _two(payee, relayer));
        _expectFailed(payee, WAGE, reason);
        _commit(c);
        assertEq(treasury.paid(payee), 0);
        assertEq(payee.balance, 0);
        assertEq(relayer.balance, had + WAGE);
        _assertBooks(before + WAGE);
    }

    function _expectTicketsPaid(IAnchor.Commit memory c, uint256 from, uint256 to) private {
        bytes32[] memory dues = new bytes32[](to - from);
        for (uint256 i = from; i < to; ++i) {
            dues[i - from] = c.payments[i];
        }
        vm.expectEmit(address(treasury));
        emit ITreasury.TicketsPaid(c.counter, dues);
    }

    function _expectFailed(address payee, uint96 amount, bytes memory reason) internal {
        uint64 counter = treasury.head().counter + 1;
        vm.expectEmit(address(treasury));
        emit ITreasury.PaymentFailed(payee, counter, amount, reason);
    }

    /// @dev Every wei that left was booked, and none of it stayed at the broker.
    function _assertBooks(uint256 totalPaid) internal view {
        assertEq(treasury.totalPaid(), totalPaid);
        assertEq(address(treasury).balance, 1000 ether - totalPaid);
        assertEq(_deposit(), 0);
    }

    function _payments(bytes32 a, bytes32 b) private pure returns (bytes32[] memory list) {
        list = new bytes32[](2);
        (list[0], list[1]) = (a, b);
    }

    function _two(address a, address b) private pure returns (address[] memory list) {
        list = new address[](2);
        (list[0], list[1]) = (a, b);
    }
}
