// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BondingManager} from "./BondingManager.sol";
import {Controller} from "./Controller.sol";
import {IController} from "./Interfaces.sol";
import {ManagerProxy} from "./Manager.sol";
import {Minter} from "./Minter.sol";
import {RoundsManager} from "./RoundsManager.sol";
import {TicketBroker} from "./TicketBroker.sol";

/// @notice All of Livepeer that a payer meets, deployed by one transaction. For development and tests only: it owns the
/// Controller and does for anyone what on the real network takes LPT, votes and time.
contract BrokerWorld {
    uint256 private constant FOREVER = type(uint256).max;

    Controller public immutable controller;
    TicketBroker public immutable broker;
    RoundsManager public immutable roundsManager;
    BondingManager public immutable bondingManager;
    Minter public immutable minter;

    /// @param roundLength blocks in a round; the first begins with the block of this deployment
    constructor(uint256 roundLength) {
        controller = new Controller();
        minter = new Minter(_parts());
        _register("Minter", address(minter));
        roundsManager = RoundsManager(_proxied("RoundsManager", address(new RoundsManager(_parts()))));
        bondingManager = BondingManager(_proxied("BondingManager", _newBondingManager()));
        broker = TicketBroker(_proxied("TicketBroker", _newTicketBroker()));
        _register("JobsManager", address(broker));

        // A length of one makes the present block's number the number of the first round, as if that many had passed.
        roundsManager.setRoundLength(1);
        roundsManager.setRoundLength(roundLength);
        broker.setTicketValidityPeriod(2);
        broker.setUnlockPeriod(2);
        roundsManager.initializeRound();
    }

    /// @notice Makes orchestrators, active from the current round on; those that are one already become active again.
    /// @param feeShare millionths of each fee that go to delegators
    function activate(address[] calldata orchestrators, uint256 stake, uint256 feeShare) external {
        uint256 round = roundsManager.currentRound();
        for (uint256 i = 0; i < orchestrators.length; ++i) {
            address account = orchestrators[i];
            if (!bondingManager.isRegisteredTranscoder(account)) bondingManager.bond(account, stake, feeShare);
            bondingManager.setActive(account, round, FOREVER);
        }
    }

    /// @notice Lets an orchestrator drop out: at once, though the real one keeps it until the round ends.
    function deactivate(address orchestrator) external {
        bondingManager.unbond(orchestrator);
        bondingManager.setActive(orchestrator, 0, 0);
    }

    function setPaused(bool paused) external {
        if (paused) controller.pause();
        else controller.unpause();
    }

    /// @notice Replaces a contract, as governance would: targets are named `TicketBrokerTarget` and so on.
    function register(string calldata name, address account) external {
        _register(name, account);
    }

    function _newBondingManager() internal virtual returns (address) {
        return address(new BondingManager(_parts()));
    }

    function _newTicketBroker() internal virtual returns (address) {
        return address(new TicketBroker(_parts()));
    }

    function _parts() internal view returns (IController) {
        return IController(address(controller));
    }

    function _proxied(string memory name, address target) private returns (address proxy) {
        string memory targetName = string.concat(name, "Target");
        _register(targetName, target);
        proxy = address(new ManagerProxy(_parts(), keccak256(bytes(targetName))));
        _register(name, proxy);
    }

    function _register(string memory name, address account) private {
        controller.setContractInfo(keccak256(bytes(name)), account, 0);
    }
}
