// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Script} from "forge-std/Script.sol";
import {Treasury} from "../src/Treasury.sol";
import {IAnchor} from "../src/interfaces/IAnchor.sol";
import {ITreasury} from "../src/interfaces/ITreasury.sol";

/// @notice Deploys a treasury with its timelock from a file of terms, and writes down where it is and what it was given.
/// @dev The address follows from deployer and nonce, so the configuration can name it beforehand: `predict` says it, and
/// `run` refuses another one.
///
///     forge script contracts/script/Deploy.s.sol --sig "predict(address)" DEPLOYER --rpc-url URL
///     forge script contracts/script/Deploy.s.sol --sig "run(string,bool)" deployments/terms.json false \
///         --rpc-url URL --broadcast
///
/// The terms: `{"chainId", "treasury", "committer", "configHash", "broker", "roundsManager", "operator", "guardian",
/// "delay", "haltMax", "silence", "window", "cap", "capFloor"}`, seconds and wei as decimal strings.
contract Deploy is Script {
    uint256 private constant DELAY_MIN = 1 days;
    uint256 private constant DELAY_MAX = 30 days;
    uint256 private constant SILENCE_MIN = 7 days;
    uint256 private constant SILENCE_MAX = 180 days;

    error WrongChain(uint256 expected, uint256 got);
    error WrongAddress(address expected, address got);
    error NoCode(string what, address account);
    error OutOfBounds(string what, uint256 min, uint256 max, uint256 got);
    /// @dev One key as the operator of real money: say `true` if that is meant.
    error OperatorIsNoContract(address operator);
    error WrongArgument(string what);

    function predict(address deployer) external view returns (address) {
        return vm.computeCreateAddress(deployer, vm.getNonce(deployer));
    }

    function run(string calldata file, bool yes) external returns (Treasury treasury) {
        string memory json = vm.readFile(file);
        ITreasury.Terms memory terms = readTerms(json);
        check(terms, vm.parseJsonUint(json, ".chainId"), yes);
        address expected = vm.parseJsonAddress(json, ".treasury");
        vm.startBroadcast();
        treasury = new Treasury(terms);
        vm.stopBroadcast();
        if (address(treasury) != expected) revert WrongAddress(expected, address(treasury));
        verify(treasury, terms);
        _write(treasury, terms, json);
    }

    function readTerms(string memory json) public pure returns (ITreasury.Terms memory) {
        return ITreasury.Terms({
            committer: vm.parseJsonAddress(json, ".committer"),
            configHash: vm.parseJsonBytes32(json, ".configHash"),
            broker: vm.parseJsonAddress(json, ".broker"),
            roundsManager: vm.parseJsonAddress(json, ".roundsManager"),
            operator: vm.parseJsonAddress(json, ".operator"),
            guardian: vm.parseJsonAddress(json, ".guardian"),
            delay: uint32(vm.parseJsonUint(json, ".delay")),
            haltMax: uint32(vm.parseJsonUint(json, ".haltMax")),
            silence: uint32(vm.parseJsonUint(json, ".silence")),
            window: uint32(vm.parseJsonUint(json, ".window")),
            cap: uint96(vm.parseJsonUint(json, ".cap")),
            capFloor: uint96(vm.parseJsonUint(json, ".capFloor"))
        });
    }

    /// @notice Refuses what the constructor cannot know to be a mistake.
    function check(ITreasury.Terms memory terms, uint256 chainId, bool yes) public view {
        if (chainId != block.chainid) revert WrongChain(chainId, block.chainid);
        if (terms.broker.code.length == 0) revert NoCode("broker", terms.broker);
        if (terms.roundsManager.code.length == 0) revert NoCode("roundsManager", terms.roundsManager);
        _bound("delay", DELAY_MIN, DELAY_MAX, terms.delay);
        _bound("silence", SILENCE_MIN, SILENCE_MAX, terms.silence);
        bool real = chainId == 1 || chainId == 42161;
        if (real && !yes && terms.operator.code.length == 0) revert OperatorIsNoContract(terms.operator);
    }

    /// @notice Asks the deployed contract for everything it was given.
    function verify(Treasury treasury, ITreasury.Terms memory terms) public view {
        IAnchor.Head memory head = treasury.head();
        _same("committer", head.committer == terms.committer);
        _same("configHash", head.configHash == terms.configHash);
        _same("broker", address(treasury.broker()) == terms.broker);
        _same("roundsManager", address(treasury.roundsManager()) == terms.roundsManager);
        _same("guardian", treasury.guardian() == terms.guardian);
        _same("haltMax", treasury.haltMax() == terms.haltMax);
        _same("silence", treasury.silence() == terms.silence);
        _same("window", treasury.window() == terms.window);
        _same("cap", treasury.cap() == terms.cap);
        _same("capFloor", treasury.capFloor() == terms.capFloor);
        _same("owner", treasury.owner().code.length > 0);
    }

    function _write(Treasury treasury, ITreasury.Terms memory terms, string memory json) private {
        string memory out = "deployment";
        vm.serializeJson(out, json);
        vm.serializeAddress(out, "owner", treasury.owner());
        vm.serializeUint(out, "block", block.number);
        string memory text = vm.serializeBytes(out, "constructorArguments", abi.encode(terms));
        vm.writeJson(
            text,
            string.concat("deployments/", vm.toString(block.chainid), "-", vm.toString(address(treasury)), ".json")
        );
    }

    function _bound(string memory what, uint256 min, uint256 max, uint256 got) private pure {
        if (got < min || got > max) revert OutOfBounds(what, min, max, got);
    }

    function _same(string memory what, bool same) private pure {
        if (!same) revert WrongArgument(what);
    }
}
