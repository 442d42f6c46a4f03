// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BrokerWorld} from "../dev/BrokerWorld.sol";
import {BrokerWorldV3} from "../dev/BrokerWorldV3.sol";
import {IAnchor} from "../src/interfaces/IAnchor.sol";
import {ITicketBroker} from "../src/interfaces/ITicketBroker.sol";
import {AnchorTest} from "./Anchor.t.sol";
import {HaltTest} from "./Halt.t.sol";
import {TreasuryTest} from "./Treasury.t.sol";
import {VaultTest} from "./Vault.t.sol";

// All of it again before the broker of the generation before. Chance is spent on the present one: fewer cases of each fuzz test.

/// forge-config: default.fuzz.runs = 64
contract AnchorV3Test is AnchorTest {
    function _newWorld() internal override returns (BrokerWorld) {
        return new BrokerWorldV3(ROUND_LENGTH);
    }
}

contract HaltV3Test is HaltTest {
    function _newWorld() internal override returns (BrokerWorld) {
        return new BrokerWorldV3(ROUND_LENGTH);
    }
}

/// forge-config: default.fuzz.runs = 64
contract TreasuryV3Test is TreasuryTest {
    /// @dev Row 15: one wei on the deposit burns a leaked ticket for one wei; the payee's full due comes with the next.
    function test_leak_strangersWeiBurnsATicketOnV3() public {
        address[] memory orchestrators = _orchestrators(1);
        IAnchor.Commit memory c = _nextCommit(orchestrators, none);
        ITicketBroker.Ticket memory ticket = _ticket(c, 0);
        bytes memory sig = _ticketSig65(ticket);
        broker.fundDepositAndReserveFor{value: 1}(core, 1, 0);
        broker.redeemWinningTicket(ticket, sig, 0);
        assertEq(_fees(orchestrators[0]), 1);
        _expectFailed(orchestrators[0], WAGE, "ticket is used");
        _commit(c);
        _commit(_nextCommit(orchestrators, none));
        assertEq(_fees(orchestrators[0]), WAGE + 1);
        _assertBooks(WAGE);
    }

    function _newWorld() internal override returns (BrokerWorld) {
        return new BrokerWorldV3(ROUND_LENGTH);
    }

    function _spoilt() internal pure override returns (bytes memory) {
        return "transcoder must be registered";
    }

    function _noFunds() internal pure override returns (bytes memory) {
        return "sender deposit and reserve are zero";
    }
}

/// forge-config: default.fuzz.runs = 64
contract VaultV3Test is VaultTest {
    function _newWorld() internal override returns (BrokerWorld) {
        return new BrokerWorldV3(ROUND_LENGTH);
    }
}
