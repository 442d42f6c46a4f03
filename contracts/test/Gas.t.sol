// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import {IAnchor} from "../src/interfaces/IAnchor.sol";
import {ITicketBroker} from "../src/interfaces/ITicketBroker.sol";
import {GasEater} from "./Payees.sol";

/// @notice What whole transactions cost: each call from here is one of its own, with its base fee, calldata and refunds.
/// @dev Writes `.build/forge/gas.json`, which `tools/gas.js` prints. Fails where `.gas-snapshot` says otherwise, unless
/// asked to MEASURE.
/// forge-config: default.isolate = true
contract GasTest is Base {
    string private constant OUT = ".build/forge/gas.json";

    /// @dev The gas limit that the daemon gives a commit (`daemon/services/gas.ts`; a test holds the two together).
    uint256 private constant COMMIT_GAS = 900_000;
    uint256 private constant TICKET_GAS = 510_000;
    uint256 private constant DIRECT_GAS = 110_000;

    struct Case {
        uint256 gas;
        bytes data;
    }

    address[] private none;
    string[] private cases;
    mapping(string name => uint256) private gasOf;

    function test_gas() public {
        _open();
        _commit(_nextCommit());
        _empty();
        _direct(50);
        _warm(1);
        _warm(20);
        _warm(60);
        _cold(20);
        _hostile(50);
        vm.writeJson(_worst(60), OUT);
        if (!vm.envOr("MEASURE", false)) _requireNoChange();
    }

    /// @dev To the last unit: nothing here depends on chance or time.
    function _requireNoChange() private view {
        string memory snapshot = vm.readFile(".gas-snapshot");
        for (uint256 i = 0; i < cases.length; ++i) {
            assertEq(gasOf[cases[i]], vm.parseJsonUint(snapshot, string.concat(".", cases[i])), cases[i]);
        }
    }

    /// @dev An anchor that pays nobody, with a ledger that grew.
    function _empty() private {
        earned += 1;
        Case memory own = _measure(_nextCommit(), 0);
        assertLt(own.gas, 80_000, "empty");
        _write("empty", 0, 0, own, Case(0, ""));
    }

    /// @dev To accounts that exist and were paid before.
    function _direct(uint256 count) private {
        address[] memory people = _addresses("person", count);
        _commit(_nextCommit(none, people));
        Case memory own = _measure(_nextCommit(none, people), count);
        assertLt(own.gas, count * 30_000, "direct");
        _write("direct", 0, count, own, Case(0, ""));
    }

    /// @dev To contracts that use up all they are given, and take nothing.
    function _hostile(uint256 count) private {
        address[] memory eaters = new address[](count);
        for (uint256 i = 0; i < count; ++i) {
            eaters[i] = address(new GasEater());
        }
        Case memory own = _measure(_nextCommit(none, eaters), 0, COMMIT_GAS + count * DIRECT_GAS);
        _write("hostile", 0, count, own, Case(0, ""));
    }

    /// @dev Warm: every orchestrator joined in an earlier round and got a fee in this one, from the same payer. The
    /// broker redeems the very same tickets in one batch, from a deposit that was funded before and is not counted.
    function _warm(uint256 count) private {
        address[] memory orchestrators = _orchestrators(count);
        _nextRound();
        _commit(_nextCommit(orchestrators, none));
        _compare("warm", orchestrators);
    }

    /// @dev Cold: nobody ever got a fee.
    function _cold(uint256 count) private {
        address[] memory orchestrators = _addresses("cold", count);
        world.activate(orchestrators, STAKE, FEE_SHARE);
        _nextRound();
        _compare("cold", orchestrators);
    }

    /// @dev Cold, and the last of each group fails, so that all are tried twice.
    function _worst(uint256 count) private returns (string memory) {
        address[] memory orchestrators = _addresses("worst", count);
        world.activate(orchestrators, STAKE, FEE_SHARE);
        _nextRound();
        for (uint256 i = 19; i < count; i += 20) {
            world.deactivate(orchestrators[i]);
        }
        uint256 limit = COMMIT_GAS + count * TICKET_GAS;
        Case memory own = _measure(_nextCommit(orchestrators, none), count - count / 20, limit);
        assertLt(own.gas, 32_000_000, "the chain's limit");
        return _write("worst", count, 0, own, Case(0, ""));
    }

    function _compare(string memory name, address[] memory orchestrators) private {
        IAnchor.Commit memory c = _nextCommit(orchestrators, none);
        uint256 before = vm.snapshotState();
        Case memory batch = _batch(c);
        vm.revertToState(before);
        Case memory own = _measure(c, orchestrators.length);
        if (orchestrators.length >= 20) assertLt(own.gas * 100, batch.gas * (_is(name, "warm") ? 105 : 111), name);
        _write(name, orchestrators.length, 0, own, batch);
    }

    function _write(string memory name, uint256 tickets, uint256 direct, Case memory own, Case memory batch)
        private
        returns (string memory)
    {
        string memory key = string.concat(name, vm.toString(tickets + direct));
        cases.push(key);
        gasOf[key] = own.gas;
        vm.serializeString(key, "name", name);
        vm.serializeUint(key, "tickets", tickets);
        vm.serializeUint(key, "direct", direct);
        vm.serializeUint(key, "brokerGas", batch.gas);
        vm.serializeBytes(key, "brokerCalldata", batch.data);
        vm.serializeBytes(key, "calldata", own.data);
        return vm.serializeString("gas", key, vm.serializeUint(key, "gas", own.gas));
    }

    function _is(string memory a, string memory b) private pure returns (bool) {
        return keccak256(bytes(a)) == keccak256(bytes(b));
    }

    function _measure(IAnchor.Commit memory c, uint256 paid) private returns (Case memory) {
        return _measure(c, paid, 32_000_000);
    }

    function _measure(IAnchor.Commit memory c, uint256 paid, uint256 limit) private returns (Case memory) {
        (bytes32 r, bytes32 vs) = _signCommit(coreKey, c);
        uint96 before = treasury.totalPaid();
        treasury.commit{gas: limit}(c, r, vs);
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        assertEq(treasury.totalPaid() - before, paid * WAGE, "all were paid");
        return Case(gas, abi.encodeCall(treasury.commit, (c, r, vs)));
    }

    function _batch(IAnchor.Commit memory c) private returns (Case memory) {
        uint256 count = c.payments.length;
        ITicketBroker.Ticket[] memory tickets = new ITicketBroker.Ticket[](count);
        bytes[] memory sigs = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            tickets[i] = _ticket(c, i);
            sigs[i] = _ticketSig65(tickets[i]);
        }
        uint256[] memory rands = new uint256[](count);
        broker.fundDepositAndReserveFor{value: count * WAGE}(core, count * WAGE, 0);
        broker.batchRedeemWinningTickets(tickets, sigs, rands);
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        assertEq(_deposit(), 0, "the broker redeemed all");
        return Case(gas, abi.encodeCall(broker.batchRedeemWinningTickets, (tickets, sigs, rands)));
    }
}
