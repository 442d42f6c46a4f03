// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/// @notice Asks OpenZeppelin's verifier, on the chain, whether an account is in an accounts root. For tests only.
contract ProofChecker {
    /// @param earned wei
    function isAccount(bytes32 root, address payee, uint96 earned, bytes32[] calldata proof)
        external
        pure
        returns (bool)
    {
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(payee, earned))));
        return MerkleProof.verifyCalldata(proof, root, leaf);
    }
}
