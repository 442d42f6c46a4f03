// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IController} from "./Interfaces.sol";
import {Manager, ManagerProxyTarget} from "./Manager.sol";

/// @notice Stand-in for the fee bookkeeping of Livepeer's BondingManager, as of its deployment 14.
/// @dev Modelled: the active set by round, the split of a fee between an orchestrator and its delegators with the same
/// storage written, what is pending, and its withdrawal. Each orchestrator is its own and only delegator.
/// Not modelled: LPT, bonding by holders, inflation rewards (`reward` is never called), slashing, checkpoints of votes.
/// `bond`, `unbond` and `setActive` by the owner are entries of this stand-in alone.
contract BondingManager is ManagerProxyTarget {
    struct EarningsPool {
        uint256 totalStake;
        uint256 transcoderRewardCut;
        uint256 transcoderFeeShare;
        uint256 cumulativeRewardFactor;
        uint256 cumulativeFeeFactor;
    }

    struct Transcoder {
        uint256 lastRewardRound;
        uint256 rewardCut; // millionths
        uint256 feeShare; // millionths of each fee that go to the delegators
        mapping(uint256 round => EarningsPool) earningsPoolPerRound;
        uint256 lastActiveStakeUpdateRound;
        uint256 activationRound;
        uint256 deactivationRound;
        uint256 activeCumulativeRewards;
        uint256 cumulativeRewards;
        uint256 cumulativeFees; // the orchestrator's own part, not yet claimed
        uint256 lastFeeRound;
    }

    struct Delegator {
        uint256 bondedAmount;
        uint256 fees; // claimed, not yet withdrawn
        uint256 lastClaimRound;
    }

    event WithdrawFees(address indexed delegator, address recipient, uint256 amount);

    uint256 private constant PERC_DIVISOR = 1_000_000;
    uint256 private constant PRECISE_PERC_DIVISOR = 1e27;

    uint256 internal unbondingPeriod; // slot 2
    mapping(address => Delegator) internal delegators;
    mapping(address => Transcoder) internal transcoders;
    uint256 internal poolSize;

    constructor(IController controller_) Manager(controller_) {}

    /// @notice Makes `account` an orchestrator, its own only delegator, bonded since the round before.
    function bond(address account, uint256 stake, uint256 feeShare) external onlyControllerOwner {
        require(!isRegisteredTranscoder(account), "already bonded");
        uint256 round = _roundsManager().currentRound();
        Transcoder storage t = transcoders[account];
        Delegator storage d = delegators[account];
        ++poolSize;
        d.bondedAmount = stake;
        // Fees of this round that came before are settled.
        d.lastClaimRound = t.lastFeeRound == round ? round : round - 1;
        t.feeShare = feeShare;
        t.lastActiveStakeUpdateRound = round;
        t.earningsPoolPerRound[round].totalStake = stake;
    }

    /// @notice Takes an orchestrator's whole stake away; its fees so far stay its own.
    function unbond(address account) external onlyControllerOwner {
        Delegator storage d = delegators[account];
        d.fees = pendingFees(account, 0);
        d.bondedAmount = 0;
        transcoders[account].cumulativeFees = 0;
        --poolSize;
    }

    /// @notice Makes an orchestrator active in rounds `[activationRound, deactivationRound)`.
    function setActive(address account, uint256 activationRound, uint256 deactivationRound)
        external
        onlyControllerOwner
    {
        transcoders[account].activationRound = activationRound;
        transcoders[account].deactivationRound = deactivationRound;
    }

    /// @dev The round argument is ignored, as in the real one: fees belong to the round in which they come.
    function updateTranscoderWithFees(address transcoder, uint256 fees, uint256) external whenSystemNotPaused {
        require(msg.sender == controller.getContract(keccak256("TicketBroker")), "caller must be TicketBroker");
        _requirePayable(transcoder);
        uint256 round = _roundsManager().currentRound();
        Transcoder storage t = transcoders[transcoder];
        EarningsPool storage pool = t.earningsPoolPerRound[round];
        (uint256 rewardFactor, uint256 feeFactor) = _latestFactors(t, round - 1);

        // Nobody calls `reward` here, so every fee finds the pool of its round as for an orchestrator that has not yet.
        uint256 activeCumulativeRewards = t.activeCumulativeRewards;
        if (round > t.lastRewardRound) {
            pool.transcoderRewardCut = t.rewardCut;
            pool.transcoderFeeShare = t.feeShare;
            uint256 lastUpdateRound = t.lastActiveStakeUpdateRound;
            if (lastUpdateRound < round) pool.totalStake = t.earningsPoolPerRound[lastUpdateRound].totalStake;
            activeCumulativeRewards = t.cumulativeRewards;
        }
        uint256 totalStake = pool.totalStake;
        assert(activeCumulativeRewards <= totalStake);

        uint256 delegatorsFees = fees * pool.transcoderFeeShare / PERC_DIVISOR;
        uint256 rewardStakeFees = _percOf(delegatorsFees, activeCumulativeRewards, totalStake);
        t.cumulativeFees += rewardStakeFees + (fees - delegatorsFees);
        uint256 before = pool.cumulativeFeeFactor == 0 ? feeFactor : pool.cumulativeFeeFactor;
        pool.cumulativeFeeFactor = before + _percOf(rewardFactor, delegatorsFees, totalStake);
        t.lastFeeRound = round;
    }

    /// @notice Withdraws fees of the caller to any recipient.
    function withdrawFees(address payable recipient, uint256 amount)
        external
        whenSystemNotPaused
        whenCurrentRoundInitialized
    {
        require(recipient != address(0), "invalid recipient");
        Delegator storage d = delegators[msg.sender];
        uint256 fees = pendingFees(msg.sender, 0);
        require(fees >= amount, "insufficient fees to withdraw");
        d.fees = fees - amount;
        d.lastClaimRound = _roundsManager().currentRound();
        transcoders[msg.sender].cumulativeFees = 0;
        _minter().trustedWithdrawETH(recipient, amount);
        emit WithdrawFees(msg.sender, recipient, amount);
    }

    /// @notice Fees of `delegator` that it could withdraw now. The end round is ignored.
    function pendingFees(address delegator, uint256) public view returns (uint256) {
        Delegator storage d = delegators[delegator];
        Transcoder storage t = transcoders[delegator];
        (uint256 startRewardFactor, uint256 startFeeFactor) = _latestFactors(t, d.lastClaimRound);
        (, uint256 endFeeFactor) = _latestFactors(t, _roundsManager().currentRound());
        uint256 share =
            endFeeFactor < startFeeFactor ? 0 : d.bondedAmount * (endFeeFactor - startFeeFactor) / startRewardFactor;
        return d.fees + share + t.cumulativeFees;
    }

    function isActiveTranscoder(address transcoder) public view returns (bool) {
        Transcoder storage t = transcoders[transcoder];
        uint256 round = _roundsManager().currentRound();
        return t.activationRound <= round && round < t.deactivationRound;
    }

    function isRegisteredTranscoder(address transcoder) public view returns (bool) {
        return delegators[transcoder].bondedAmount > 0;
    }

    function getTranscoderPoolSize() public view returns (uint256) {
        return poolSize;
    }

    function _requirePayable(address transcoder) internal view virtual {
        require(isActiveTranscoder(transcoder), "transcoder must be active");
    }

    function _latestFactors(Transcoder storage t, uint256 round)
        private
        view
        returns (uint256 rewardFactor, uint256 feeFactor)
    {
        rewardFactor = t.earningsPoolPerRound[round].cumulativeRewardFactor;
        feeFactor = t.earningsPoolPerRound[round].cumulativeFeeFactor;
        uint256 lastRewardRound = t.lastRewardRound;
        if (rewardFactor == 0 && lastRewardRound < round) {
            rewardFactor = t.earningsPoolPerRound[lastRewardRound].cumulativeRewardFactor;
        }
        uint256 lastFeeRound = t.lastFeeRound;
        if (feeFactor == 0 && lastFeeRound < round) {
            feeFactor = t.earningsPoolPerRound[lastFeeRound].cumulativeFeeFactor;
        }
        if (rewardFactor == 0) rewardFactor = PRECISE_PERC_DIVISOR;
    }

    /// @dev Two steps, each rounded down. A whole of zero is Panic(0x12), as for an orchestrator without stake.
    function _percOf(uint256 amount, uint256 part, uint256 whole) private pure returns (uint256) {
        return amount * (part * PRECISE_PERC_DIVISOR / whole) / PRECISE_PERC_DIVISOR;
    }
}
