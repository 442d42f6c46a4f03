// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import {IAnchor} from "../src/interfaces/IAnchor.sol";

contract TreasuryTest is Base {
    function test_commit_paysTicketsAndDirect() public {
        _open();
        address[] memory orchestrators = _orchestrators(12);
        address[] memory people = _addresses("person", 5);
        IAnchor.Commit memory c = _nextCommit(orchestrators, people);
        _commit(c);
        for (uint256 i = 0; i < orchestrators.length; ++i) {
            assertEq(treasury.paid(orchestrators[i]), WAGE);
            assertEq(_fees(orchestrators[i]), WAGE);
        }
        for (uint256 i = 0; i < people.length; ++i) {
            assertEq(treasury.paid(people[i]), WAGE);
            assertEq(people[i].balance, WAGE);
        }
        assertEq(treasury.totalPaid(), 17 * WAGE);
        assertEq(address(treasury).balance, 1000 ether - 17 * WAGE);
        assertEq(_deposit(), 0);
    }
}
