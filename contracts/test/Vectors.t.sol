// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import {Treasury} from "../src/Treasury.sol";
import {IAnchor} from "../src/interfaces/IAnchor.sol";

/// @notice The treasury with its hashing in the open.
contract HashingTreasury is Treasury {
    constructor(Terms memory terms) Treasury(terms) {}

    function hashCommitment(Commitment calldata c) external pure returns (bytes32) {
        return _hashCommitment(c);
    }

    function hashOpen(Open calldata o) external pure returns (bytes32) {
        return _hashOpen(o);
    }

    function hashCommit(Commit calldata c) external pure returns (bytes32) {
        return _hashCommit(c, _hashCommitment(c.next));
    }

    function digest(bytes32 structHash) external view returns (bytes32) {
        return _hashTypedDataV4(structHash);
    }
}

/// @notice Core, auditors and contract hash alike: one file of vectors, read on both sides.
contract VectorsTest is Base {
    string private json;
    HashingTreasury private hashing;

    function setUp() public override {
        super.setUp();
        json = vm.readFile("test/vectors/typedData.json");
        vm.chainId(vm.parseJsonUint(json, ".domain.chainId"));
        address verifier = vm.parseJsonAddress(json, ".domain.verifyingContract");
        deployCodeTo("Vectors.t.sol:HashingTreasury", abi.encode(_terms()), verifier);
        hashing = HashingTreasury(payable(verifier));
    }

    function test_vectors_typedData() public view {
        uint256 checked = 0;
        for (uint256 i = 0; vm.keyExistsJson(json, _at(i, "")); ++i) {
            bytes32 hash = _hash(i, vm.parseJsonString(json, _at(i, ".struct")));
            if (hash == 0) continue;
            assertEq(hash, vm.parseJsonBytes32(json, _at(i, ".hashStruct")), _at(i, ".hashStruct"));
            assertEq(hashing.digest(hash), vm.parseJsonBytes32(json, _at(i, ".digest")), _at(i, ".digest"));
            ++checked;
        }
        assertGe(checked, 3);
    }

    /// @dev Zero for the structs that never come to the contract.
    function _hash(uint256 i, string memory name) private view returns (bytes32) {
        bytes32 id = keccak256(bytes(name));
        if (id == keccak256("Commitment")) return hashing.hashCommitment(_commitment(_at(i, ".value")));
        if (id == keccak256("Open")) return hashing.hashOpen(_readOpen(_at(i, ".value")));
        if (id == keccak256("Commit")) return hashing.hashCommit(_readCommit(_at(i, ".value")));
        return 0;
    }

    function _commitment(string memory path) private view returns (IAnchor.Commitment memory) {
        return IAnchor.Commitment({
            accountsRoot: _word(path, ".accounts_root"),
            logRoot: _word(path, ".log_root"),
            logSize: uint64(_number(path, ".log_size")),
            totalEarned: uint96(_number(path, ".total_earned")),
            configHash: _word(path, ".config_hash")
        });
    }

    function _readOpen(string memory path) private view returns (IAnchor.Open memory) {
        return IAnchor.Open({
            epoch: uint64(_number(path, ".epoch")),
            prevBoot: _word(path, ".prev_boot"),
            counter: uint64(_number(path, ".counter")),
            root: _word(path, ".root"),
            boot: _word(path, ".boot"),
            logSize: uint64(_number(path, ".log_size")),
            logRoot: _word(path, ".log_root"),
            attestation: vm.parseJsonBytes(json, string.concat(path, ".attestation"))
        });
    }

    function _readCommit(string memory path) private view returns (IAnchor.Commit memory) {
        return IAnchor.Commit({
            epoch: uint64(_number(path, ".epoch")),
            boot: _word(path, ".boot"),
            counter: uint64(_number(path, ".counter")),
            prevRoot: _word(path, ".prev_root"),
            next: _commitment(string.concat(path, ".next")),
            round: uint64(_number(path, ".round")),
            payments: vm.parseJsonBytes32Array(json, string.concat(path, ".payments")),
            ticketSigs: vm.parseJsonBytes32Array(json, string.concat(path, ".ticket_sigs"))
        });
    }

    function _word(string memory path, string memory key) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, string.concat(path, key));
    }

    function _number(string memory path, string memory key) private view returns (uint256) {
        return vm.parseJsonUint(json, string.concat(path, key));
    }

    function _at(uint256 i, string memory key) private pure returns (string memory) {
        return string.concat(".cases[", vm.toString(i), "]", key);
    }
}
