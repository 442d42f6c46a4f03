// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BondingManager} from "./BondingManager.sol";
import {BrokerWorld} from "./BrokerWorld.sol";
import {IController} from "./Interfaces.sol";
import {TicketBroker} from "./TicketBroker.sol";

/// @notice The generation before: any funds at all let a ticket be redeemed, and burnt for what there is.
contract TicketBrokerV3 is TicketBroker {
    constructor(IController controller_) TicketBroker(controller_) {}

    function _requireFunds(Ticket memory ticket) internal view override {
        require(
            senders[ticket.sender].deposit > 0 || reserves[ticket.sender].funds > 0,
            "sender deposit and reserve are zero"
        );
    }
}

/// @notice The generation before: who is bonded can be paid, active or not.
contract BondingManagerV3 is BondingManager {
    constructor(IController controller_) BondingManager(controller_) {}

    function _requirePayable(address transcoder) internal view override {
        require(isRegisteredTranscoder(transcoder), "transcoder must be registered");
    }
}

/// @notice All of Livepeer as it was between 2023 and 2025.
/// @dev Not modelled: the other text for a signature with a wrong `v`.
contract BrokerWorldV3 is BrokerWorld {
    constructor(uint256 roundLength) BrokerWorld(roundLength) {}

    function _newBondingManager() internal override returns (address) {
        return address(new BondingManagerV3(_parts()));
    }

    function _newTicketBroker() internal override returns (address) {
        return address(new TicketBrokerV3(_parts()));
    }
}
