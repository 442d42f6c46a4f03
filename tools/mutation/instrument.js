// Mutants of one TypeScript file, all of them in one text: each stands beside what it replaces, and `globalThis.mutant`
// says at run time which one counts. So a process loads the code once and tries a mutant in milliseconds.
import { stripTypeScriptTypes } from 'node:module'
import { parseSync } from 'vite'

const flips = {
  '===': ['!=='],
  '!==': ['==='],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '**': ['*'],
  '<<': ['>>'],
  '>>': ['<<'],
  '&': ['|'],
  '|': ['&'],
}
const logical = { '&&': ['||'], '||': ['&&'], '??': ['&&'] }
const quantifiers = new Map([
  ['every', 'some'],
  ['some', 'every'],
])
const assignments = { '+=': '-=', '-=': '+=', '>>=': '<<=', '>>>=': '<<=', '<<=': '>>=', '*=': '/=' }

/** @returns `{text, mutants}`: the instrumented source, and `{id, title, line}` of each mutant; ids begin at `firstId` */
export function instrument(file, typed, firstId) {
  const source = stripTypeScriptTypes(typed) // spaces take the place of types: lines and columns stay
  const { program, errors } = parseSync(`${file}.mjs`, source)
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`)
  const mutants = []
  const lineAt = (at) => source.slice(0, at).split('\n').length
  const sourceLine = (line) => typed.split('\n')[line - 1].trim()

  /** Registers a mutant and gives the condition under which it counts. */
  const when = (node, name) => {
    const line = lineAt(node.start)
    const title = `${file} ${name}: ${sourceLine(line)}`
    const twins = mutants.filter((it) => it.title.startsWith(title)).length
    mutants.push({ id: firstId + mutants.length, title: twins ? `${title} #${twins + 1}` : title, line })
    return `mutant(${firstId + mutants.length - 1})`
  }
  const original = (node) => source.slice(node.start, node.end)
  const choose = (node, changes) =>
    changes.length === 0
      ? undefined
      : (text) => `(${changes.map(([name, change]) => `${when(node, name)} ? ${change} : `).join('')}${text})`

  /** What becomes of a node besides what becomes of its parts; undefined: nothing. */
  const wrapperOf = (node) => {
    if (node.type === 'BinaryExpression') {
      if (node.operator === '+' && [node.left, node.right].some(isText)) return undefined
      return choose(
        node,
        (flips[node.operator] ?? []).map((to) => swap(node, to)),
      )
    }
    if (node.type === 'LogicalExpression')
      return choose(
        node,
        logical[node.operator].map((to) => swap(node, to)),
      )
    if (node.type === 'UnaryExpression' && '!-'.includes(node.operator))
      return choose(node, [[`without ${node.operator}`, original(node.argument)]])
    if (node.type === 'Literal' && typeof node.value === 'boolean')
      return choose(node, [[`${node.value} to ${!node.value}`, `${!node.value}`]])
    if (node.type === 'CallExpression' && quantifiers.has(node.callee.property?.name)) {
      const { property } = node.callee
      const other = quantifiers.get(property.name)
      const text = source.slice(node.start, property.start) + other + source.slice(property.end, node.end)
      return choose(node, [[`${property.name} to ${other}`, text]])
    }
    return undefined
  }
  const swap = (node, to) => [`${node.operator} to ${to}`, `(${original(node.left)}) ${to} (${original(node.right)})`]

  const conditions = (node, text, name) =>
    /While|For/.test(name)
      ? `(${when(node, 'never')} ? false : ${text})`
      : `(${when(node, 'always')} ? true : ${when(node, 'never')} ? false : ${text})`

  const render = (node) => {
    let text = ''
    let at = node.start
    for (const child of childrenOf(node)) {
      text += source.slice(at, child.start)
      let part = render(child)
      if (isTest(child, node)) part = conditions(child, part, node.type)
      if (isResult(child, node)) part = `(${when(child, 'nothing')} ? undefined : ${part})`
      text += part
      at = child.end
    }
    text += source.slice(at, node.end)
    if (isRemovable(node)) return `{ if (!${when(node, 'without')}) { ${text} } }`
    const changed = changedAssignment(node)
    const wrap = changed ?? wrapperOf(node)
    return wrap ? wrap(text) : text
  }
  const changedAssignment = (node) => {
    if (node.type !== 'AssignmentExpression' || !assignments[node.operator]) return undefined
    const to = assignments[node.operator]
    return choose(node, [[`${node.operator} to ${to}`, `${original(node.left)} ${to} ${original(node.right)}`]])
  }
  return { text: render(program), mutants }
}

const isText = ({ type, value }) => type === 'TemplateLiteral' || typeof value === 'string'

/** Whether a node is what a branch or a loop asks. */
const isTest = (node, parent) =>
  parent !== undefined &&
  parent.test === node &&
  /^(If|While|For|DoWhile)Statement$|^ConditionalExpression$/.test(parent.type)

/** Whether a node is what a function answers with. */
const isResult = (node, parent) =>
  (parent.type === 'ReturnStatement' && parent.argument === node && node.name !== 'undefined') ||
  (parent.type === 'ArrowFunctionExpression' && parent.body === node && node.type !== 'BlockStatement')

const isRemovable = ({ type, expression }) =>
  type === 'ThrowStatement' ||
  (type === 'ExpressionStatement' &&
    /^(Call|Assignment|Update|Await|Yield)Expression$/.test(expression.type) &&
    expression.callee?.type !== 'Super')

/** The nodes under a node, in their order. What stands once in the text for two of them, as a shorthand member, counts once. */
const childrenOf = (node) =>
  Object.entries(node)
    .filter(([key]) => !(node.shorthand && key === 'key'))
    .flatMap(([, value]) => value)
    .filter((child) => typeof child?.type === 'string')
    .sort((a, b) => a.start - b.start)
    .filter((child, i, all) => i === 0 || child.start >= all[i - 1].end)
