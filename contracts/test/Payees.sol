// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TicketBroker} from "../dev/TicketBroker.sol";
import {Treasury} from "../src/Treasury.sol";
import {IAnchor} from "../src/interfaces/IAnchor.sol";
import {ITicketBroker} from "../src/interfaces/ITicketBroker.sol";

// Payees of every bad kind.

contract Refuser {
    string private text;

    constructor(string memory text_) {
        text = text_;
    }

    receive() external payable {
        revert(text);
    }
}

/// @dev Fails with data that is no Error(string), or a broken one.
contract RawRefuser {
    bytes private data;

    constructor(bytes memory data_) {
        data = data_;
    }

    receive() external payable {
        bytes memory copy = data;
        assembly {
            revert(add(copy, 32), mload(copy))
        }
    }
}

/// @dev Keeps 40,000 gas worth of memory as its answer: around 100 kB.
contract Bomb {
    bool private immutable REFUSES;

    constructor(bool refuses) {
        REFUSES = refuses;
    }

    receive() external payable {
        bool refuses = REFUSES;
        assembly {
            if refuses { revert(0, 110000) }
            return(0, 110000)
        }
    }
}

/// @dev A broker that notes with how much gas it was called first, and does nothing.
contract GasMeter {
    fallback() external payable {
        assembly {
            if iszero(sload(0xfeed)) { sstore(0xfeed, gas()) }
        }
    }
}

contract GasEater {
    fallback() external payable {
        while (true) {}
    }
}

/// @dev Needs about `GAS` of gas to be paid.
contract Spender {
    uint256 private immutable GAS;

    constructor(uint256 gas) {
        GAS = gas;
    }

    receive() external payable {
        uint256 start = gasleft();
        while (start - gasleft() < GAS) {}
    }
}

/// @dev Calls what it was told to when paid, and reverts if that does.
contract Reenterer {
    address private target;
    bytes private call;
    bool private insists;

    function plan(address target_, bytes calldata call_, bool insists_) external {
        (target, call, insists) = (target_, call_, insists_);
    }

    receive() external payable {
        (bool ok, bytes memory reason) = target.call(call);
        if (!ok && insists) {
            assembly {
                revert(add(reason, 32), mload(reason))
            }
        }
    }
}

/// @dev Redeems a ticket that leaked to it when paid; whether that worked is kept.
contract Mole {
    TicketBroker private immutable BROKER;
    bytes private redemption;
    bool public tried;
    bool public redeemed;

    constructor(TicketBroker broker) {
        BROKER = broker;
    }

    function plan(ITicketBroker.Ticket calldata ticket, bytes calldata sig) external {
        redemption = abi.encodeCall(TicketBroker.redeemWinningTicket, (ticket, sig, 0));
        tried = false;
    }

    receive() external payable {
        tried = true;
        (redeemed,) = address(BROKER).call(redemption);
    }
}
