// Made by `npm run abi` from what the compiler says.

/** Deployed code before its immutables are filled in: its length, its keccak256, and where each immutable stands. */
export const compiledCode = {
  Treasury: {
    bytes: 21965,
    hash: '0xa4fa360786c967f9c57d50671cf60c9d37dab525ec59501114e6c21811e325cd',
    immutables: [[898,11848],[1114,13777,13896],[1289,3558,7958,9264,10845,11013],[1724,5841],[1849,5369,6116],[1962,3856,9736,9817,10028,10107],[2269,10146,10709,12145,12236],[13696],[13739],[17701],[17743],[17785],[17866],[17906]],
  },
  Timelock: {
    bytes: 8155,
    hash: '0x8625696e114213cc10b96c509a676114c054ecc8abd70ad3ac0c801d72262bc3',
    immutables: [[1564,2466,2544]],
  },
} as const
