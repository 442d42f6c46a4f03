// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A bucket that leaks
/// @dev Alone in a file because `npm run prove` proves of this very code that no window sees more than two buckets.
library Bucket {
    /// @notice What is left of `used`, if `leak` leaks in each `window`. Rounding leaks too little, never too much.
    /// @param elapsed seconds since `used` was in it
    function level(uint256 used, uint256 elapsed, uint256 leak, uint256 window) internal pure returns (uint256) {
        uint256 leaked = elapsed * leak / window;
        return used > leaked ? used - leaked : 0;
    }
}
