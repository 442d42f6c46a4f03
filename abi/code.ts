// Made by `npm run abi` from what the compiler says.

/** Deployed code before its immutables are filled in: its length, its keccak256, and where each immutable stands. */
export const compiledCode = {
  Treasury: {
    bytes: 21990,
    hash: '0x44e90108b294b95b9c320e6936f6431d0c96cbc09d48ba572a2675c274c98397',
    immutables: [[898,11964],[1114,13744,13863],[1289,3558,7958,9264,10845,11013],[1724,5841],[1849,5369,6116],[1962,3856,9736,9817,10028,10107],[2269,10146,10709,12112,12203],[13663],[13706],[17726],[17768],[17810],[17891],[17931]],
  },
  Timelock: {
    bytes: 8348,
    hash: '0x3ec5e39b329b204266874e59df72ca60e5b1bacb2396279536dd85b128c68884',
    immutables: [[1065,2664,2742],[1626,2528,2606]],
  },
} as const
