// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Deploy} from "../script/Deploy.s.sol";
import {ITreasury} from "../src/interfaces/ITreasury.sol";
import {Base} from "./Base.sol";

contract DeployTest is Base {
    Deploy private script;

    function setUp() public override {
        super.setUp();
        script = new Deploy();
    }

    function test_check_acceptsGoodTerms() public {
        script.check(_terms(), block.chainid, false);
        vm.chainId(42161);
        script.check(_terms(), 42161, true);
        vm.etch(operator, hex"00");
        script.check(_terms(), 42161, false);
    }

    function test_check_revertsWithWrongChain() public {
        ITreasury.Terms memory terms = _terms();
        vm.expectRevert(abi.encodeWithSelector(Deploy.WrongChain.selector, 42161, block.chainid));
        script.check(terms, 42161, true);
    }

    function test_check_revertsWithNoCode() public {
        ITreasury.Terms memory terms = _terms();
        terms.broker = relayer;
        vm.expectRevert(abi.encodeWithSelector(Deploy.NoCode.selector, "broker", relayer));
        script.check(terms, block.chainid, true);
        terms = _terms();
        terms.roundsManager = relayer;
        vm.expectRevert(abi.encodeWithSelector(Deploy.NoCode.selector, "roundsManager", relayer));
        script.check(terms, block.chainid, true);
    }

    function test_check_revertsWithOutOfBounds() public {
        ITreasury.Terms memory terms = _terms();
        terms.delay = 1 days - 1;
        vm.expectRevert(abi.encodeWithSelector(Deploy.OutOfBounds.selector, "delay", 1 days, 30 days, 1 days - 1));
        script.check(terms, block.chainid, true);
        terms = _terms();
        terms.silence = 180 days + 1;
        vm.expectRevert(abi.encodeWithSelector(Deploy.OutOfBounds.selector, "silence", 7 days, 180 days, 180 days + 1));
        script.check(terms, block.chainid, true);
    }

    function test_check_revertsWithOperatorIsNoContract() public {
        vm.chainId(1);
        ITreasury.Terms memory terms = _terms();
        vm.expectRevert(abi.encodeWithSelector(Deploy.OperatorIsNoContract.selector, operator));
        script.check(terms, 1, false);
    }

    function test_verify_revertsWithWrongArgument() public {
        script.verify(treasury, _terms());
        ITreasury.Terms memory other = _terms();
        other.cap += 1;
        vm.expectRevert(abi.encodeWithSelector(Deploy.WrongArgument.selector, "cap"));
        script.verify(treasury, other);
        other = _terms();
        other.committer = relayer;
        vm.expectRevert(abi.encodeWithSelector(Deploy.WrongArgument.selector, "committer"));
        script.verify(treasury, other);
    }
}
