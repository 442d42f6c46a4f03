/** Lines of a stream of UTF-8, without their ends. */
import { Fault } from './fault.ts'

/** No line of usage is near it; without it a stream that never ends a line would fill the memory. */
const lineCharactersMax = 64 * 1024

/** @throws Fault `LINE_TOO_LONG` */
export async function* readLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = parts.pop() as string
    for (const part of parts) yield checked(part)
    checked(rest)
  }
  rest += decoder.decode()
  if (rest !== '') yield checked(rest) // the last line needs no end
}

function checked(line: string): string {
  if (line.length > lineCharactersMax)
    throw new Fault('LINE_TOO_LONG', `a line is longer than ${lineCharactersMax} characters`, {
      next: 'end each event with a line feed',
      exitCode: 2,
    })
  return line
}
