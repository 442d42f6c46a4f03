//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////
// BondingManager
//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////

export const bondingManagerAbi = [
  {
    type: 'constructor',
    inputs: [
      {
        name: 'controller_',
        internalType: 'contract IController',
        type: 'address',
      },
    ],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      { name: 'account', internalType: 'address', type: 'address' },
      { name: 'stake', internalType: 'uint256', type: 'uint256' },
      { name: 'feeShare', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'bond',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [],
    name: 'controller',
    outputs: [
      { name: '', internalType: 'contract IController', type: 'address' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [],
    name: 'getTranscoderPoolSize',
    outputs: [{ name: '', internalType: 'uint256', type: 'uint256' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [{ name: 'transcoder', internalType: 'address', type: 'address' }],
    name: 'isActiveTranscoder',
    outputs: [{ name: '', internalType: 'bool', type: 'bool' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [{ name: 'transcoder', internalType: 'address', type: 'address' }],
    name: 'isRegisteredTranscoder',
    outputs: [{ name: '', internalType: 'bool', type: 'bool' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [
      { name: 'delegator', internalType: 'address', type: 'address' },
      { name: '', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'pendingFees',
    outputs: [{ name: '', internalType: 'uint256', type: 'uint256' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [
      { name: 'account', internalType: 'address', type: 'address' },
      { name: 'activationRound', internalType: 'uint256', type: 'uint256' },
      { name: 'deactivationRound', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'setActive',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [],
    name: 'targetContractId',
    outputs: [{ name: '', internalType: 'bytes32', type: 'bytes32' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [{ name: 'account', internalType: 'address', type: 'address' }],
    name: 'unbond',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      { name: 'transcoder', internalType: 'address', type: 'address' },
      { name: 'fees', internalType: 'uint256', type: 'uint256' },
      { name: '', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'updateTranscoderWithFees',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      { name: 'recipient', internalType: 'address payable', type: 'address' },
      { name: 'amount', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'withdrawFees',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      { name: 'param', internalType: 'string', type: 'string', indexed: false },
    ],
    name: 'ParameterUpdate',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      {
        name: 'delegator',
        internalType: 'address',
        type: 'address',
        indexed: true,
      },
      {
        name: 'recipient',
        internalType: 'address',
        type: 'address',
        indexed: false,
      },
      {
        name: 'amount',
        internalType: 'uint256',
        type: 'uint256',
        indexed: false,
      },
    ],
    name: 'WithdrawFees',
  },
] as const

//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////
// IRoundsManager
//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////

export const iRoundsManagerAbi = [
  {
    type: 'function',
    inputs: [{ name: 'round', internalType: 'uint256', type: 'uint256' }],
    name: 'blockHashForRound',
    outputs: [{ name: '', internalType: 'bytes32', type: 'bytes32' }],
    stateMutability: 'view',
  },
] as const

//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////
// ITicketBroker
//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////

export const iTicketBrokerAbi = [
  {
    type: 'function',
    inputs: [
      { name: 'sender', internalType: 'address', type: 'address' },
      { name: 'deposit', internalType: 'uint256', type: 'uint256' },
      { name: 'reserve', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'fundDepositAndReserveFor',
    outputs: [],
    stateMutability: 'payable',
  },
  {
    type: 'function',
    inputs: [
      {
        name: 'ticket',
        internalType: 'struct ITicketBroker.Ticket',
        type: 'tuple',
        components: [
          { name: 'recipient', internalType: 'address', type: 'address' },
          { name: 'sender', internalType: 'address', type: 'address' },
          { name: 'faceValue', internalType: 'uint256', type: 'uint256' },
          { name: 'winProb', internalType: 'uint256', type: 'uint256' },
          { name: 'senderNonce', internalType: 'uint256', type: 'uint256' },
          {
            name: 'recipientRandHash',
            internalType: 'bytes32',
            type: 'bytes32',
          },
          { name: 'auxData', internalType: 'bytes', type: 'bytes' },
        ],
      },
      { name: 'signature', internalType: 'bytes', type: 'bytes' },
      { name: 'recipientRand', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'redeemWinningTicket',
    outputs: [],
    stateMutability: 'nonpayable',
  },
] as const

//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////
// Treasury
//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////

export const treasuryAbi = [
  {
    type: 'constructor',
    inputs: [
      {
        name: 'terms',
        internalType: 'struct ITreasury.Terms',
        type: 'tuple',
        components: [
          { name: 'committer', internalType: 'address', type: 'address' },
          { name: 'configHash', internalType: 'bytes32', type: 'bytes32' },
          { name: 'broker', internalType: 'address', type: 'address' },
          { name: 'roundsManager', internalType: 'address', type: 'address' },
          { name: 'operator', internalType: 'address', type: 'address' },
          { name: 'guardian', internalType: 'address', type: 'address' },
          { name: 'delay', internalType: 'uint32', type: 'uint32' },
          { name: 'haltMax', internalType: 'uint32', type: 'uint32' },
          { name: 'silence', internalType: 'uint32', type: 'uint32' },
          { name: 'window', internalType: 'uint32', type: 'uint32' },
          { name: 'cap', internalType: 'uint96', type: 'uint96' },
          { name: 'capFloor', internalType: 'uint96', type: 'uint96' },
        ],
      },
    ],
    stateMutability: 'nonpayable',
  },
  { type: 'receive', stateMutability: 'payable' },
  {
    type: 'function',
    inputs: [
      { name: 'committer', internalType: 'address', type: 'address' },
      { name: 'configHash', internalType: 'bytes32', type: 'bytes32' },
      {
        name: 'a',
        internalType: 'struct IAnchor.Anchored',
        type: 'tuple',
        components: [
          { name: 'counter', internalType: 'uint64', type: 'uint64' },
          { name: 'root', internalType: 'bytes32', type: 'bytes32' },
          { name: 'totalPaid', internalType: 'uint96', type: 'uint96' },
          { name: 'time', internalType: 'uint64', type: 'uint64' },
        ],
      },
      {
        name: 'commitment',
        internalType: 'struct IAnchor.Commitment',
        type: 'tuple',
        components: [
          { name: 'accountsRoot', internalType: 'bytes32', type: 'bytes32' },
          { name: 'logRoot', internalType: 'bytes32', type: 'bytes32' },
          { name: 'logSize', internalType: 'uint64', type: 'uint64' },
          { name: 'totalEarned', internalType: 'uint96', type: 'uint96' },
          { name: 'configHash', internalType: 'bytes32', type: 'bytes32' },
        ],
      },
    ],
    name: 'admit',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [{ name: 'counter', internalType: 'uint64', type: 'uint64' }],
    name: 'anchors',
    outputs: [{ name: '', internalType: 'bytes32', type: 'bytes32' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [],
    name: 'broker',
    outputs: [
      { name: '', internalType: 'contract ITicketBroker', type: 'address' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [],
    name: 'cap',
    outputs: [{ name: '', internalType: 'uint96', type: 'uint96' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [],
    name: 'capFloor',
    outputs: [{ name: '', internalType: 'uint96', type: 'uint96' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [
      {
        name: 'a',
        internalType: 'struct IAnchor.Anchored',
        type: 'tuple',
        components: [
          { name: 'counter', internalType: 'uint64', type: 'uint64' },
          { name: 'root', internalType: 'bytes32', type: 'bytes32' },
          { name: 'totalPaid', internalType: 'uint96', type: 'uint96' },
          { name: 'time', internalType: 'uint64', type: 'uint64' },
        ],
      },
      {
        name: 'c',
        internalType: 'struct IAnchor.Commitment',
        type: 'tuple',
        components: [
          { name: 'accountsRoot', internalType: 'bytes32', type: 'bytes32' },
          { name: 'logRoot', internalType: 'bytes32', type: 'bytes32' },
          { name: 'logSize', internalType: 'uint64', type: 'uint64' },
          { name: 'totalEarned', internalType: 'uint96', type: 'uint96' },
          { name: 'configHash', internalType: 'bytes32', type: 'bytes32' },
        ],
      },
      { name: 'earned', internalType: 'uint96', type: 'uint96' },
      { name: 'proof', internalType: 'bytes32[]', type: 'bytes32[]' },
      { name: 'to', internalType: 'address', type: 'address' },
    ],
    name: 'claim',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      {
        name: 'c',
        internalType: 'struct IAnchor.Commit',
        type: 'tuple',
        components: [
          { name: 'epoch', internalType: 'uint64', type: 'uint64' },
          { name: 'boot', internalType: 'bytes32', type: 'bytes32' },
          { name: 'counter', internalType: 'uint64', type: 'uint64' },
          { name: 'prevRoot', internalType: 'bytes32', type: 'bytes32' },
          {
            name: 'next',
            internalType: 'struct IAnchor.Commitment',
            type: 'tuple',
            components: [
              {
                name: 'accountsRoot',
                internalType: 'bytes32',
                type: 'bytes32',
              },
              { name: 'logRoot', internalType: 'bytes32', type: 'bytes32' },
              { name: 'logSize', internalType: 'uint64', type: 'uint64' },
              { name: 'totalEarned', internalType: 'uint96', type: 'uint96' },
              { name: 'configHash', internalType: 'bytes32', type: 'bytes32' },
            ],
          },
          { name: 'round', internalType: 'uint64', type: 'uint64' },
          { name: 'payments', internalType: 'bytes32[]', type: 'bytes32[]' },
          { name: 'ticketSigs', internalType: 'bytes32[]', type: 'bytes32[]' },
        ],
      },
      { name: 'r', internalType: 'bytes32', type: 'bytes32' },
      { name: 'vs', internalType: 'bytes32', type: 'bytes32' },
    ],
    name: 'commit',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [],
    name: 'eip712Domain',
    outputs: [
      { name: 'fields', internalType: 'bytes1', type: 'bytes1' },
      { name: 'name', internalType: 'string', type: 'string' },
      { name: 'version', internalType: 'string', type: 'string' },
      { name: 'chainId', internalType: 'uint256', type: 'uint256' },
      { name: 'verifyingContract', internalType: 'address', type: 'address' },
      { name: 'salt', internalType: 'bytes32', type: 'bytes32' },
      { name: 'extensions', internalType: 'uint256[]', type: 'uint256[]' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [],
    name: 'endHalt',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      {
        name: 'a',
        internalType: 'struct IAnchor.Anchored',
        type: 'tuple',
        components: [
          { name: 'counter', internalType: 'uint64', type: 'uint64' },
          { name: 'root', internalType: 'bytes32', type: 'bytes32' },
          { name: 'totalPaid', internalType: 'uint96', type: 'uint96' },
          { name: 'time', internalType: 'uint64', type: 'uint64' },
        ],
      },
      {
        name: 'c',
        internalType: 'struct IAnchor.Commitment',
        type: 'tuple',
        components: [
          { name: 'accountsRoot', internalType: 'bytes32', type: 'bytes32' },
          { name: 'logRoot', internalType: 'bytes32', type: 'bytes32' },
          { name: 'logSize', internalType: 'uint64', type: 'uint64' },
          { name: 'totalEarned', internalType: 'uint96', type: 'uint96' },
          { name: 'configHash', internalType: 'bytes32', type: 'bytes32' },
        ],
      },
      { name: 'payee', internalType: 'address', type: 'address' },
      { name: 'earned', internalType: 'uint96', type: 'uint96' },
      { name: 'proof', internalType: 'bytes32[]', type: 'bytes32[]' },
      { name: 'to', internalType: 'address', type: 'address' },
    ],
    name: 'exit',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [{ name: 'payee', internalType: 'address', type: 'address' }],
    name: 'exited',
    outputs: [{ name: '', internalType: 'uint256', type: 'uint256' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [],
    name: 'freeze',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [],
    name: 'frozen',
    outputs: [{ name: '', internalType: 'bool', type: 'bool' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [],
    name: 'guardian',
    outputs: [{ name: '', internalType: 'address', type: 'address' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [
      {
        name: 'a',
        internalType: 'struct IAnchor.Anchored',
        type: 'tuple',
        components: [
          { name: 'counter', internalType: 'uint64', type: 'uint64' },
          { name: 'root', internalType: 'bytes32', type: 'bytes32' },
          { name: 'totalPaid', internalType: 'uint96', type: 'uint96' },
          { name: 'time', internalType: 'uint64', type: 'uint64' },
        ],
      },
    ],
    name: 'halt',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [],
    name: 'haltEnd',
    outputs: [{ name: '', internalType: 'uint64', type: 'uint64' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [],
    name: 'haltMax',
    outputs: [{ name: '', internalType: 'uint32', type: 'uint32' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [],
    name: 'head',
    outputs: [
      {
        name: '',
        internalType: 'struct IAnchor.Head',
        type: 'tuple',
        components: [
          { name: 'epoch', internalType: 'uint64', type: 'uint64' },
          { name: 'boot', internalType: 'bytes32', type: 'bytes32' },
          { name: 'counter', internalType: 'uint64', type: 'uint64' },
          { name: 'root', internalType: 'bytes32', type: 'bytes32' },
          { name: 'committer', internalType: 'address', type: 'address' },
          { name: 'configHash', internalType: 'bytes32', type: 'bytes32' },
          { name: 'committedAt', internalType: 'uint64', type: 'uint64' },
          { name: 'logSize', internalType: 'uint64', type: 'uint64' },
          { name: 'totalEarned', internalType: 'uint96', type: 'uint96' },
        ],
      },
    ],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [
      {
        name: 'o',
        internalType: 'struct IAnchor.Open',
        type: 'tuple',
        components: [
          { name: 'epoch', internalType: 'uint64', type: 'uint64' },
          { name: 'prevBoot', internalType: 'bytes32', type: 'bytes32' },
          { name: 'counter', internalType: 'uint64', type: 'uint64' },
          { name: 'root', internalType: 'bytes32', type: 'bytes32' },
          { name: 'boot', internalType: 'bytes32', type: 'bytes32' },
          { name: 'logSize', internalType: 'uint64', type: 'uint64' },
          { name: 'logRoot', internalType: 'bytes32', type: 'bytes32' },
          { name: 'attestation', internalType: 'bytes', type: 'bytes' },
        ],
      },
      { name: 'r', internalType: 'bytes32', type: 'bytes32' },
      { name: 'vs', internalType: 'bytes32', type: 'bytes32' },
    ],
    name: 'open',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [],
    name: 'owed',
    outputs: [{ name: '', internalType: 'uint96', type: 'uint96' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [],
    name: 'owner',
    outputs: [{ name: '', internalType: 'address', type: 'address' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [{ name: 'payee', internalType: 'address', type: 'address' }],
    name: 'paid',
    outputs: [{ name: '', internalType: 'uint256', type: 'uint256' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [{ name: 'payment', internalType: 'bytes32', type: 'bytes32' }],
    name: 'payDirect',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      { name: 'round', internalType: 'uint64', type: 'uint64' },
      { name: 'first', internalType: 'uint256', type: 'uint256' },
      { name: 'payments', internalType: 'bytes32[]', type: 'bytes32[]' },
      { name: 'sigs', internalType: 'bytes32[]', type: 'bytes32[]' },
    ],
    name: 'payTickets',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [],
    name: 'room',
    outputs: [{ name: '', internalType: 'uint256', type: 'uint256' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [],
    name: 'roundsManager',
    outputs: [
      { name: '', internalType: 'contract IRoundsManager', type: 'address' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [{ name: 'cap_', internalType: 'uint96', type: 'uint96' }],
    name: 'setCap',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [{ name: 'configHash', internalType: 'bytes32', type: 'bytes32' }],
    name: 'setConfig',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [{ name: 'guardian_', internalType: 'address', type: 'address' }],
    name: 'setGuardian',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [],
    name: 'silence',
    outputs: [{ name: '', internalType: 'uint32', type: 'uint32' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [],
    name: 'silentAt',
    outputs: [{ name: '', internalType: 'uint256', type: 'uint256' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [],
    name: 'surplus',
    outputs: [{ name: '', internalType: 'uint256', type: 'uint256' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [],
    name: 'totalExited',
    outputs: [{ name: '', internalType: 'uint256', type: 'uint256' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [],
    name: 'totalPaid',
    outputs: [{ name: '', internalType: 'uint96', type: 'uint96' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [],
    name: 'window',
    outputs: [{ name: '', internalType: 'uint32', type: 'uint32' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [
      { name: 'to', internalType: 'address', type: 'address' },
      { name: 'amount', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'withdraw',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      { name: 'epoch', internalType: 'uint64', type: 'uint64', indexed: true },
      {
        name: 'committer',
        internalType: 'address',
        type: 'address',
        indexed: true,
      },
      {
        name: 'configHash',
        internalType: 'bytes32',
        type: 'bytes32',
        indexed: false,
      },
      {
        name: 'counter',
        internalType: 'uint64',
        type: 'uint64',
        indexed: false,
      },
      {
        name: 'root',
        internalType: 'bytes32',
        type: 'bytes32',
        indexed: false,
      },
      {
        name: 'totalPaid',
        internalType: 'uint96',
        type: 'uint96',
        indexed: false,
      },
    ],
    name: 'Admitted',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      { name: 'cap', internalType: 'uint96', type: 'uint96', indexed: false },
    ],
    name: 'CapSet',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      {
        name: 'payee',
        internalType: 'address',
        type: 'address',
        indexed: true,
      },
      { name: 'to', internalType: 'address', type: 'address', indexed: false },
      {
        name: 'amount',
        internalType: 'uint96',
        type: 'uint96',
        indexed: false,
      },
      { name: 'total', internalType: 'uint96', type: 'uint96', indexed: false },
    ],
    name: 'Claimed',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      { name: 'epoch', internalType: 'uint64', type: 'uint64', indexed: true },
      {
        name: 'counter',
        internalType: 'uint64',
        type: 'uint64',
        indexed: true,
      },
      {
        name: 'prevRoot',
        internalType: 'bytes32',
        type: 'bytes32',
        indexed: false,
      },
      {
        name: 'next',
        internalType: 'struct IAnchor.Commitment',
        type: 'tuple',
        components: [
          { name: 'accountsRoot', internalType: 'bytes32', type: 'bytes32' },
          { name: 'logRoot', internalType: 'bytes32', type: 'bytes32' },
          { name: 'logSize', internalType: 'uint64', type: 'uint64' },
          { name: 'totalEarned', internalType: 'uint96', type: 'uint96' },
          { name: 'configHash', internalType: 'bytes32', type: 'bytes32' },
        ],
        indexed: false,
      },
      {
        name: 'totalPaid',
        internalType: 'uint96',
        type: 'uint96',
        indexed: false,
      },
    ],
    name: 'Committed',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      {
        name: 'configHash',
        internalType: 'bytes32',
        type: 'bytes32',
        indexed: false,
      },
    ],
    name: 'ConfigSet',
  },
  { type: 'event', anonymous: false, inputs: [], name: 'EIP712DomainChanged' },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      {
        name: 'payee',
        internalType: 'address',
        type: 'address',
        indexed: true,
      },
      { name: 'to', internalType: 'address', type: 'address', indexed: false },
      {
        name: 'amount',
        internalType: 'uint256',
        type: 'uint256',
        indexed: false,
      },
      {
        name: 'total',
        internalType: 'uint256',
        type: 'uint256',
        indexed: false,
      },
    ],
    name: 'Exited',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      { name: 'owed', internalType: 'uint96', type: 'uint96', indexed: false },
    ],
    name: 'Frozen',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      {
        name: 'guardian',
        internalType: 'address',
        type: 'address',
        indexed: false,
      },
    ],
    name: 'GuardianSet',
  },
  { type: 'event', anonymous: false, inputs: [], name: 'HaltEnded' },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      {
        name: 'counter',
        internalType: 'uint64',
        type: 'uint64',
        indexed: true,
      },
      { name: 'until', internalType: 'uint64', type: 'uint64', indexed: false },
    ],
    name: 'Halted',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      { name: 'epoch', internalType: 'uint64', type: 'uint64', indexed: true },
      {
        name: 'boot',
        internalType: 'bytes32',
        type: 'bytes32',
        indexed: false,
      },
      {
        name: 'logSize',
        internalType: 'uint64',
        type: 'uint64',
        indexed: false,
      },
      {
        name: 'logRoot',
        internalType: 'bytes32',
        type: 'bytes32',
        indexed: false,
      },
    ],
    name: 'Opened',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      {
        name: 'payee',
        internalType: 'address',
        type: 'address',
        indexed: true,
      },
      {
        name: 'counter',
        internalType: 'uint64',
        type: 'uint64',
        indexed: true,
      },
      {
        name: 'amount',
        internalType: 'uint96',
        type: 'uint96',
        indexed: false,
      },
    ],
    name: 'Paid',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      {
        name: 'payee',
        internalType: 'address',
        type: 'address',
        indexed: true,
      },
      {
        name: 'counter',
        internalType: 'uint64',
        type: 'uint64',
        indexed: true,
      },
      {
        name: 'amount',
        internalType: 'uint96',
        type: 'uint96',
        indexed: false,
      },
      { name: 'reason', internalType: 'bytes', type: 'bytes', indexed: false },
    ],
    name: 'PaymentFailed',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      {
        name: 'counter',
        internalType: 'uint64',
        type: 'uint64',
        indexed: true,
      },
      {
        name: 'dues',
        internalType: 'bytes32[]',
        type: 'bytes32[]',
        indexed: false,
      },
    ],
    name: 'TicketsPaid',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      { name: 'to', internalType: 'address', type: 'address', indexed: true },
      {
        name: 'amount',
        internalType: 'uint256',
        type: 'uint256',
        indexed: false,
      },
    ],
    name: 'Withdrawn',
  },
  {
    type: 'error',
    inputs: [
      { name: 'surplus', internalType: 'uint256', type: 'uint256' },
      { name: 'got', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'AboveSurplus',
  },
  { type: 'error', inputs: [], name: 'BeforeFirstCommit' },
  {
    type: 'error',
    inputs: [
      { name: 'floor', internalType: 'uint96', type: 'uint96' },
      { name: 'got', internalType: 'uint96', type: 'uint96' },
    ],
    name: 'CapBelowFloor',
  },
  {
    type: 'error',
    inputs: [
      { name: 'delay', internalType: 'uint256', type: 'uint256' },
      { name: 'haltMax', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'DelayTooLong',
  },
  {
    type: 'error',
    inputs: [
      { name: 'before', internalType: 'uint64', type: 'uint64' },
      { name: 'got', internalType: 'uint64', type: 'uint64' },
    ],
    name: 'FallingLogSize',
  },
  {
    type: 'error',
    inputs: [
      { name: 'before', internalType: 'uint96', type: 'uint96' },
      { name: 'got', internalType: 'uint96', type: 'uint96' },
    ],
    name: 'FallingTotalEarned',
  },
  {
    type: 'error',
    inputs: [
      { name: 'haltMax', internalType: 'uint256', type: 'uint256' },
      { name: 'silence', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'HaltTooLong',
  },
  {
    type: 'error',
    inputs: [{ name: 'notBefore', internalType: 'uint64', type: 'uint64' }],
    name: 'HaltTooSoon',
  },
  { type: 'error', inputs: [], name: 'InvalidShortString' },
  { type: 'error', inputs: [], name: 'IsFrozen' },
  {
    type: 'error',
    inputs: [{ name: 'until', internalType: 'uint64', type: 'uint64' }],
    name: 'IsHalted',
  },
  {
    type: 'error',
    inputs: [{ name: 'account', internalType: 'address', type: 'address' }],
    name: 'NoContract',
  },
  { type: 'error', inputs: [], name: 'NotFrozen' },
  {
    type: 'error',
    inputs: [{ name: 'got', internalType: 'address', type: 'address' }],
    name: 'NotGuardian',
  },
  { type: 'error', inputs: [], name: 'NotHalted' },
  {
    type: 'error',
    inputs: [
      { name: 'payee', internalType: 'address', type: 'address' },
      { name: 'earned', internalType: 'uint96', type: 'uint96' },
    ],
    name: 'NotInTree',
  },
  {
    type: 'error',
    inputs: [{ name: 'counter', internalType: 'uint64', type: 'uint64' }],
    name: 'NotLive',
  },
  {
    type: 'error',
    inputs: [{ name: 'got', internalType: 'address', type: 'address' }],
    name: 'NotOwner',
  },
  {
    type: 'error',
    inputs: [
      { name: 'payee', internalType: 'address', type: 'address' },
      { name: 'got', internalType: 'address', type: 'address' },
    ],
    name: 'NotPayee',
  },
  { type: 'error', inputs: [], name: 'NotSelf' },
  {
    type: 'error',
    inputs: [{ name: 'until', internalType: 'uint256', type: 'uint256' }],
    name: 'NotSilent',
  },
  {
    type: 'error',
    inputs: [{ name: 'payee', internalType: 'address', type: 'address' }],
    name: 'NothingDue',
  },
  {
    type: 'error',
    inputs: [
      { name: 'needed', internalType: 'uint256', type: 'uint256' },
      { name: 'left', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'OutOfGasForPayments',
  },
  { type: 'error', inputs: [], name: 'ReentrancyGuardReentrantCall' },
  {
    type: 'error',
    inputs: [{ name: 'reason', internalType: 'bytes', type: 'bytes' }],
    name: 'SendFailed',
  },
  {
    type: 'error',
    inputs: [{ name: 'silence', internalType: 'uint256', type: 'uint256' }],
    name: 'SilenceTooShort',
  },
  {
    type: 'error',
    inputs: [{ name: 'str', internalType: 'string', type: 'string' }],
    name: 'StringTooLong',
  },
  {
    type: 'error',
    inputs: [
      { name: 'oldest', internalType: 'uint64', type: 'uint64' },
      { name: 'got', internalType: 'uint64', type: 'uint64' },
    ],
    name: 'TooOld',
  },
  {
    type: 'error',
    inputs: [
      { name: 'expected', internalType: 'bytes32', type: 'bytes32' },
      { name: 'got', internalType: 'bytes32', type: 'bytes32' },
    ],
    name: 'WrongBoot',
  },
  {
    type: 'error',
    inputs: [
      { name: 'expected', internalType: 'bytes32', type: 'bytes32' },
      { name: 'got', internalType: 'bytes32', type: 'bytes32' },
    ],
    name: 'WrongConfig',
  },
  {
    type: 'error',
    inputs: [
      { name: 'expected', internalType: 'uint64', type: 'uint64' },
      { name: 'got', internalType: 'uint64', type: 'uint64' },
    ],
    name: 'WrongCounter',
  },
  {
    type: 'error',
    inputs: [
      { name: 'expected', internalType: 'uint64', type: 'uint64' },
      { name: 'got', internalType: 'uint64', type: 'uint64' },
    ],
    name: 'WrongEpoch',
  },
  {
    type: 'error',
    inputs: [
      { name: 'expected', internalType: 'bytes32', type: 'bytes32' },
      { name: 'got', internalType: 'bytes32', type: 'bytes32' },
    ],
    name: 'WrongRoot',
  },
  {
    type: 'error',
    inputs: [
      { name: 'expected', internalType: 'address', type: 'address' },
      { name: 'got', internalType: 'address', type: 'address' },
    ],
    name: 'WrongSigner',
  },
  {
    type: 'error',
    inputs: [
      { name: 'payments', internalType: 'uint256', type: 'uint256' },
      { name: 'ticketSigs', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'WrongTicketSigs',
  },
  { type: 'error', inputs: [], name: 'ZeroBoot' },
  { type: 'error', inputs: [], name: 'ZeroCapFloor' },
  { type: 'error', inputs: [], name: 'ZeroCommitter' },
  { type: 'error', inputs: [], name: 'ZeroWindow' },
] as const
