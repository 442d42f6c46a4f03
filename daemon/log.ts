/** One line of JSON a thing that happened. Never a secret: of every URL only scheme and host are kept. */
import { type Logger, pino } from 'pino'

/** `https://user:secret@host/key?key=secret` as `https://host`: each of the other parts can be a credential. */
export const stripCredentials = (text: string): string =>
  text.replace(/((?:https?|postgres(?:ql)?):\/\/)(?:[^\s/@"\\]*@)?([^\s/?#"\\]+)[^\s"\\]*/g, '$1$2')

/** A logger that writes lines to `out`. */
export const createLog = (level: string, out: { write(line: string): unknown }): Logger =>
  pino({ level }, { write: (line: string) => void out.write(stripCredentials(line)) })
