/** Which check a refusal comes from, for people who see it for the first time. */
export const checks: Readonly<Record<string, string>> = {
  FOREIGN_ROOT: 'The core builds only on a head that it signed itself and whose log its own log contains.',
  TOTAL_ABOVE_EARNED: 'The core pays out of its own ledger; what the host believes about earnings has no part in it.',
  SEQUENCE_REPEAT: 'Each reporter numbers its batches without gaps: a number that was used is never used again.',
  BAD_SIGNATURE:
    'An event counts only with the signature of its reporter over every byte of it, for this chain and contract.',
  STATE_FORGED: 'Sealed records are encrypted and authenticated under a key that never leaves the core.',
  STATE_GAP: 'Each sealed record carries its number and the hash of the one before: none can be left out.',
  BIRTH_REFUSED: 'A core takes only keys that were certified when they were born inside an image that it trusts.',
  WRONG_ROOT: 'Attestation documents count under one root only, which everyone knows beforehand.',
  WrongSigner: "The contract checks the core's signature over every byte of a commit, payees and amounts included.",
  WrongCounter: 'The contract moves its counter by exactly one: a place in history is taken only once.',
  WrongRoot: 'Each commit names the root before it, and the contract compares it with its own.',
  WrongEpoch: 'Each start of a core opens a new epoch; what was signed for an older one is worth nothing.',
  WrongBoot: 'An epoch belongs to the one start of a core that opened it.',
  'ticket is used': 'A ticket is redeemed once.',
  'sender deposit and reserve insufficient to cover ticket face value':
    'The core keeps nothing on deposit at the broker: the contract pays in exactly what it redeems, in the same breath.',
}
