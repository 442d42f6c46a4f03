// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import {IAnchor} from "../src/interfaces/IAnchor.sol";
import {ITicketBroker} from "../src/interfaces/ITicketBroker.sol";

/// @notice What whole transactions cost: each call from here is one of its own, with its base fee, calldata and refunds.
/// @dev Writes `.build/forge/gas.json`, which `tools/gas.js` prints.
/// forge-config: default.isolate = true
contract GasTest is Base {
    string private constant OUT = ".build/forge/gas.json";

    struct Case {
        uint256 gas;
        bytes data;
    }

    function test_gas() public {
        _open();
        vm.serializeString("gas", "warm1", _warm(1));
        vm.serializeString("gas", "warm20", _warm(20));
        string memory all = vm.serializeString("gas", "warm60", _warm(60));
        vm.writeJson(all, OUT);
    }

    /// @dev Warm: every orchestrator joined in an earlier round and got a fee in this one, from the same payer. The
    /// broker redeems the very same tickets in one batch, from a deposit that was funded before and is not counted.
    function _warm(uint256 count) private returns (string memory) {
        address[] memory orchestrators = _orchestrators(count);
        _nextRound();
        _commit(_nextCommit(orchestrators, new address[](0)));
        IAnchor.Commit memory c = _nextCommit(orchestrators, new address[](0));

        uint256 before = vm.snapshotState();
        Case memory batch = _batch(c);
        vm.revertToState(before);
        Case memory own = _measure(c);
        assertLt(own.data.length * 4, batch.data.length + 4 * 700, "a quarter of the broker's, and the head");

        string memory key = vm.toString(count);
        vm.serializeUint(key, "tickets", count);
        vm.serializeUint(key, "brokerGas", batch.gas);
        vm.serializeBytes(key, "brokerCalldata", batch.data);
        vm.serializeBytes(key, "calldata", own.data);
        return vm.serializeUint(key, "gas", own.gas);
    }

    function _measure(IAnchor.Commit memory c) private returns (Case memory) {
        (bytes32 r, bytes32 vs) = _signCommit(coreKey, c);
        uint96 before = treasury.totalPaid();
        treasury.commit(c, r, vs);
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        assertEq(treasury.totalPaid() - before, c.payments.length * WAGE, "all were paid");
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
