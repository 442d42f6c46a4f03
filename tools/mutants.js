// All small ways to break one line of Solidity.

const guards = /\b(nonReentrant|onlyOwner|onlyGuardian|onlySelf|unlessFrozen|unlessHalted)\b/g
const comparisons = {
  '<': ['>=', '<='],
  '>': ['<=', '>='],
  '<=': ['>', '<'],
  '>=': ['<', '>'],
  '==': ['!='],
  '!=': ['=='],
}
const arithmetic = {
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '<<': ['>>'],
  '>>': ['<<'],
  '|': ['&'],
  '&': ['|'],
}
const isNoCode = /^\s*(\*|\);|_;|"|\/\*|error |event |import |modifier |pragma |mapping|\}|$)/
const isDeclaration =
  /^\s*(\(?(u?int|bytes|address|bool|string|mapping|ITicketBroker|IRounds|Commit|Head|return|revert|if|for|try|catch|using|contract|abstract|function|constructor)[\w.]*|unchecked)\b/

/** Every mutant of one line: what was done to it, and the line as it becomes. */
export function mutantsOf(line) {
  const code = line.replace(/\/\/.*$/, '')
  if (isNoCode.test(code)) return []
  const found = []
  const change = (name, at, length, text) =>
    found.push({ name, line: line.slice(0, at) + text + line.slice(at + length) })

  const condition = /\bif \((.*?)\)( revert| return| continue|;| \{|$)/.exec(code)
  if (condition) change('never', condition.index + 4, condition[1].length, 'false')
  // Checks, effects, events: the line as if it had been forgotten.
  if (/;\s*$/.test(code) && !isDeclaration.test(code) && !/^\s*(Open|Anchored|IAnchor)\b/.test(code))
    found.push({ name: 'forgotten', line: '' })
  if (!/^\s*(if|modifier)/.test(code))
    for (const it of code.matchAll(guards)) change(`without ${it[0]}`, it.index, it[0].length, '')
  for (const operators of [comparisons, arithmetic])
    for (const it of code.matchAll(/ (<<|>>|<=|>=|==|!=|[-+*/%<>|&]) /g))
      for (const other of operators[it[1]] ?? []) change(`${it[1]} to ${other}`, it.index + 1, it[1].length, other)
  return found
}
