/**
 * Ways to break the product, each a small change of its text. The simulator must notice every one: what it does not
 * notice is a missing check or a missing move.
 */
export interface Sabotage {
  readonly name: string
  /** The guarantee that should be seen to break; another may break first. */
  readonly guarantee: string
  /** File, text that is there once, text instead. */
  readonly edits: readonly (readonly [file: string, from: string, to: string])[]
}

const anchor = 'test/sim/model/anchor.ts'
const vault = 'test/sim/model/vault.ts'
const treasury = 'test/sim/model/treasury.ts'
const broken = (name: string, guarantee: string, ...edits: Sabotage['edits']): Sabotage => ({ name, guarantee, edits })
const without = (name: string, guarantee: string, file: string, text: string): Sabotage =>
  broken(name, guarantee, [file, text, ''])

/** Of the contract: the text is the model's, which is bound to the contract by replaying it. */
const ofContract: readonly Sabotage[] = [
  without(
    'no compare and swap on the root',
    'G1',
    anchor,
    "  must(c.prevRoot === s.root, 'WrongRoot', s.root, c.prevRoot)\n",
  ),
  without('commits of any epoch', 'G4', anchor, "  must(c.epoch === s.epoch, 'WrongEpoch', s.epoch, c.epoch)\n"),
  without('commits of any boot', 'G4', anchor, "  must(c.boot === s.boot, 'WrongBoot', s.boot, c.boot)\n"),
  without(
    'no compare and swap on the counter',
    'G1',
    anchor,
    "  must(c.counter === s.counter + 1n, 'WrongCounter', s.counter + 1n, c.counter)\n",
  ),
  without(
    'commits under any configuration',
    'G10',
    anchor,
    "  must(c.next.configHash === s.configHash, 'WrongConfig', s.configHash, c.next.configHash)\n",
  ),
  without(
    'commits that nobody signed',
    'G3',
    anchor,
    "  must(signer === s.committer, 'WrongSigner', s.committer, signer)\n",
  ),
  without(
    'opens that can be stocked: any boot before',
    'G4',
    anchor,
    "  must(o.prevBoot === s.boot, 'WrongBoot', s.boot, o.prevBoot)\n",
  ),
  without(
    'opens that can be stocked: any root',
    'G3',
    anchor,
    "  must(o.root === s.root, 'WrongRoot', s.root, o.root)\n",
  ),
  without(
    'opens of any epoch',
    'G4',
    anchor,
    "  must(o.epoch === s.epoch + 1n, 'WrongEpoch', s.epoch + 1n, o.epoch)\n",
  ),
  broken(
    'totals are paid as if they were due',
    'G2',
    [treasury, '  const before = get(frame.state.paid, payment.payee)\n', '  const before = 0n\n'],
    [treasury, '  if (total <= get(s.paid, payee)) return false\n', ''],
  ),
  broken(
    'one deposit for all tickets',
    'G2',
    [
      treasury,
      '  for (let i = 0; i < tickets; i += groupMax)',
      `  const all = payments.slice(0, tickets).map((p, i) => ticketOf(frame.state, c, i, p).faceValueWei).filter((wei) => wei > 0n)
  if (!frame.state.paused) fundDeposit(frame.state, treasury, frame.state.committer, all.reduce((a, b) => a + b, 0n))
  for (let i = 0; i < tickets; i += groupMax)`,
    ],
    [treasury, '  fundDeposit(s, treasury, s.committer, sum)\n', ''],
  ),
  broken('a standing deposit', 'G2', [treasury, 's.committer, sum)\n', 's.committer, sum + 1n)\n']),
  broken(
    'direct payments before tickets',
    'G2',
    [
      treasury,
      '  advance(frame.state, c, signature)\n',
      '  advance(frame.state, c, signature)\n  for (const payment of payments.slice(tickets)) tryDirect(frame, c, payment)\n',
    ],
    [treasury, '  for (const payment of payments.slice(tickets)) tryDirect(frame, c, payment)\n  anchor', '  anchor'],
  ),
  broken(
    'paid is written after the money moved',
    'G2',
    [treasury, '    if (!book(frame.state, payment)) return\n', '    if (payment.total <= before) return\n'],
    [
      treasury,
      "    receive(frame, payment.payee, payment.total - before, 'little')\n",
      "    receive(frame, payment.payee, payment.total - before, 'little')\n    book(frame.state, payment)\n",
    ],
  ),
  broken('a failed payment counts as paid', 'G2', [
    treasury,
    '  if (failure) fail(frame, c, payment, failure)\n',
    '  if (failure) book(frame.state, payment)\n',
  ]),
  without('no window', 'G9', treasury, "  must(amount <= room(s), 'window used up')\n"),
  broken('a window that fills twice as fast', 'G9', [
    vault,
    '((s.time - s.usedAt) * (s.cap / 2n)) / terms.window',
    '((s.time - s.usedAt) * s.cap) / terms.window',
  ]),
  broken('a new cap forgets what was used', 'G9', [
    vault,
    '  s.used = level(s)\n  s.usedAt = s.time\n  must',
    '  s.used = 0n\n  s.usedAt = s.time\n  must',
  ]),
  broken('claims outside the window', 'G9', [
    vault,
    'min(room(s), get(s.balances, treasury))',
    'get(s.balances, treasury)',
  ]),
  without('claims that are not booked', 'G2', vault, '  s.paid.set(p.payee, before + amount)\n'),
  broken('claims of what nobody proved', 'G8', [
    vault,
    'must(isProved(commitment.accountsRoot, payee, earned, proof)',
    'must(true',
  ]),
  broken('struck anchors stay live', 'G9', [anchor, 'a.counter <= s.counter && isKept', 'isKept']),
  without('claims on any anchor during a halt', 'G9', vault, '  requireTrusted(s, p.anchored)\n'),
  without('stolen money counts as paid', 'G9', anchor, '  s.totalPaid = a.totalPaid\n'),
  without('an admission leaves the old boot', 'G4', anchor, '  s.boot = zeroHash\n'),
  broken('a freeze during a halt', 'G9', [vault, '  unlessHalted(s)\n', '']),
  without('a freeze without silence', 'G8', vault, "  must(s.time >= silentAt(s), 'NotSilent', silentAt(s))\n"),
  without(
    'a halt after a halt',
    'G5',
    anchor,
    "  must(s.haltEnd === 0n || s.time >= s.haltEnd + terms.haltMax, 'HaltTooSoon', s.haltEnd + terms.haltMax)\n",
  ),
  without('a halt reaches back to the beginning', 'G5', anchor, '  requireYoung(a, s.time)\n'),
  without(
    'an admission reaches back to the beginning',
    'G5',
    anchor,
    '    requireYoung(a, s.haltEnd - terms.haltMax)\n',
  ),
  without(
    'the clock of silence runs on during a halt',
    'G8',
    anchor,
    '  s.clock = silentAt(s) - terms.silence + terms.haltMax\n',
  ),
  broken('an open restarts the clock of silence', 'G8', [
    anchor,
    '  s.boot = o.boot\n',
    '  s.boot = o.boot\n  s.clock = s.time\n',
  ]),
  without('anyone halts', 'G5', anchor, "  must(sender === s.guardian, 'NotGuardian', sender)\n  unlessFrozen(s)\n"),
  without(
    'anyone chooses where an exit goes',
    'G8',
    vault,
    "  must(p.to === p.payee || sender === p.payee, 'NotPayee', p.payee, sender)\n",
  ),
  broken('exits that can be repeated', 'G8', [
    vault,
    '  const before = get(s.exited, p.payee)\n',
    '  const before = 0n\n',
  ]),
  without(
    'the owner takes everything',
    'G8',
    vault,
    "  must(amount <= surplus(s), 'AboveSurplus', surplus(s), amount)\n",
  ),
  without('a cap of nothing', 'G9', vault, "  must(cap >= terms.capFloor, 'CapBelowFloor', terms.capFloor, cap)\n"),
]

const heads = 'enclave/heads.ts'
const handlers = 'enclave/handlers.ts'
const seal = 'enclave/seal.ts'

/** Of the core and the ledger: the text is the product's own. */
const ofCore: readonly Sabotage[] = [
  broken('a foreign root is taken for a head', 'G3', [
    heads,
    "return foreign('its log is no prefix of the present one')",
    'return untrusted as unknown as OwnBase',
  ]),
  broken('a commit of another key is taken for own', 'G3', [
    heads,
    "recoverAddress(digest(live.ledger.rules.domain, 'Commit', commit), signature) === live.signer.address",
    'signature.length > 0 && live.signer.address.length > 0',
  ]),
  broken('only the last own root counts', 'G5', [
    heads,
    '  if (!isOwnCommit(live, commit, signature)) return',
    "  if (rootOf(commit.next) !== live.own.root) return foreign('an older one')\n  if (!isOwnCommit(live, commit, signature)) return",
  ]),
  broken("the host's word clears what it confirms", 'G5', [
    heads,
    '  if (!isOwnCommit(live, commit, signature)) return',
    "  if (untrusted.counter < live.anchored.counter) return foreign('confirmed before')\n  if (!isOwnCommit(live, commit, signature)) return",
  ]),
  broken('a strange paid register stops everybody', 'G5', [
    'enclave/payouts.ts',
    'if (paid >= total || ',
    "if (paid > total) refuse('TOTAL_ABOVE_EARNED', 'strange')\n    if (paid >= total || ",
  ]),
  broken('more is paid than was earned', 'G2', ['enclave/payouts.ts', 'if (total > earnedWei)', 'if (false)']),
  broken('a payee is paid twice in a commit', 'G2', ['enclave/payouts.ts', 'if (seen.has(payee))', 'if (false)']),
  broken(
    'a signature leaves before it is sealed',
    'G7',
    [handlers, '    live.own = { counter: commit.counter, root: rootOf(commit.next) }\n', ''],
    [
      handlers,
      "    const record = sealChange(live, 'commit')\n",
      "    const record = sealChange(live, 'commit')\n    live.own = { counter: commit.counter, root: rootOf(commit.next) }\n",
    ],
  ),
  without('no birth certificate', 'G3', handlers, '      checkBirth(core.platform, live.birth)\n'),
  broken('trust anchors that come with the state: any root of attestation', 'G3', [
    'attestation/verify.ts',
    '  checkRoot(document, expected.root)\n',
    '',
  ]),
  broken('receipts before an epoch is open', 'G10', [
    handlers,
    "    if (core.phase !== 'open') return",
    '    if (false) return',
  ]),
  broken('transactions around anything', 'G2', [
    handlers,
    '    if (recoverAddress(hash, signature) !== live.signer.address)\n',
    '    if (false)\n',
  ]),
  broken('a removed reporter is forgotten', 'G6', [
    'ledger/state.ts',
    '  for (const reporter of rules.reporters.keys()) {\n',
    '  for (const reporter of reporters.keys()) if (!rules.reporters.has(reporter)) reporters.delete(reporter)\n  for (const reporter of rules.reporters.keys()) {\n',
  ]),
  broken('a sequence moves before the batch is judged', 'G6', [
    'ledger/transition.ts',
    '  const draft = decideBatch(ledger, batch)\n',
    '  const draft = ((): ReturnType<typeof decideBatch> => {\n    try {\n      return decideBatch(ledger, batch)\n    } catch (error) {\n      const state = ledger.reporters.get(batch.batch.reporter)\n      if (state && state.nextSequence === batch.batch.sequence) state.nextSequence += 1n\n      throw error\n    }\n  })()\n',
  ]),
  broken('a gap of sequences is taken', 'G6', [
    'ledger/transition.ts',
    "  checkNext('batches', before.nextSequence, batch.sequence)\n",
    "  if (batch.sequence < before.nextSequence) checkNext('batches', before.nextSequence, batch.sequence)\n",
  ]),
  broken('signatures are optional', 'G6', [
    'ledger/entry.ts',
    'if (recoverAddress(hash, signature) !== Object.values(who)[0])',
    'if (false)',
  ]),
  without(
    'an entry may have a tail',
    'G6',
    'ledger/typedData.ts',
    "  if (sizeOf(members, values) !== bytes.length) throw new RangeError('there is more than was encoded')\n",
  ),
  broken('configurations that nobody signed', 'G6', [
    'ledger/entry.ts',
    'threshold === 0 || signatures.length !== threshold || !areSigners || !areAscending',
    'threshold === 0',
  ]),
  broken(
    'no budget',
    'G9',
    ['ledger/transition.ts', 'if (before.spentWei + movedWei > budgetWei)', 'if (false)'],
    [
      'ledger/transition.ts',
      "  invariant(before.spentWei <= draft.reporter.budgetWei, 'a reporter spent more than its budget')\n",
      '',
    ],
  ),
  broken('the IV is the number of the record', 'G1', [seal, '    iv += 1n\n', '    iv = header.number\n']),
  broken(
    'headers are not authenticated',
    'G7',
    ['enclave/aead.ts', 'open.setAAD(additional).setAuthTag(', 'open.setAuthTag('],
    ['enclave/aead.ts', 'createCipheriv(cipher, key, iv).setAAD(additional)', 'createCipheriv(cipher, key, iv)'],
  ),
  broken('records need not follow each other', 'G7', [
    'enclave/load.ts',
    ' || header.number !== last.number + 1n || header.previous !== last.hash',
    '',
  ]),
  broken('an epoch does not come from the head', 'G5', [handlers, 'live.epoch = base.epoch + 1n', 'live.epoch += 1n']),
  broken('a new key takes any head for its own', 'G3', [
    heads,
    'if (live.replayed.includes(untrusted.root))',
    'if (live.replayed.length > 0)',
  ]),
  without(
    'KMS keys change without a new key',
    'G6',
    'ledger/config.ts',
    "  must(isNewKey || next.kmsKeys.join() === before.kmsKeys.join(), 'kms_keys change only with the key of the core')\n",
  ),
  without(
    'a configuration need not follow the one before',
    'G6',
    'ledger/config.ts',
    "  must(next.previous === hash, 'previous is not the hash of the configuration in force')\n",
  ),
  broken('a new key forgets its configuration', 'G7', [
    handlers,
    "sealChange(live, 'open', appended)",
    "sealChange(live, 'open')",
  ]),
  broken('only the first entry of a request is sealed', 'G7', [
    handlers,
    "sealChange(live, 'entries', accepted)",
    "sealChange(live, 'entries', accepted.slice(0, 1))",
  ]),
  broken('anyone brings a configuration without signatures', 'G6', [
    handlers,
    'pending && bringsNewKey(untrusted)',
    'bringsNewKey(untrusted)',
  ]),
  broken('gaps of sessions are paid', 'G6', [
    'ledger/sessions.ts',
    'elapsedMs > limits.sessionGapMs ? open.remainder : ',
    '',
  ]),
  broken('what is left of a session is dropped', 'G2', [
    'ledger/sessions.ts',
    'remainder: due % tariff.unitMs',
    'remainder: 0n',
  ]),
  broken('sessions go on after their end', 'G6', [
    'ledger/sessions.ts',
    'event.kind === eventKind.sessionEnd ? undefined : session',
    'session',
  ]),
  broken('no cap on what one payee gets of a batch', 'G6', [
    'ledger/transition.ts',
    'if (wei > payeeMaxWei)',
    'if (false)',
  ]),
  broken('redirects while in debt', 'G6', ['ledger/transition.ts', 'if (account.balance.debtWei > 0n)', 'if (false)']),
  broken('payees are paid as the operator likes', 'G5', [
    'ledger/state.ts',
    'ledger.accounts.get(payee)?.preference ?? ',
    '',
  ]),
  broken('minimums are forgotten', 'G5', ['enclave/payouts.ts', ' || earnedWei - paid < minimumWei', '']),
  broken('debts are forgotten', 'G2', [
    'ledger/events.ts',
    '  const part = share.debtWei < wei ? share.debtWei : wei\n',
    '  const part = 0n\n',
  ]),
]

export const sabotages: readonly Sabotage[] = [...ofContract, ...ofCore]
