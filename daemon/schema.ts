/** What the codecs read, as JSON Schema (2020-12): for documents, it judges nothing. */
import type { Form } from '../protocol/codec.ts'

export type Schema = Readonly<Record<string, unknown>>

/** The schema of what a codec of this form reads. */
export function schemaOf(form: Form): Schema {
  switch (form[0]) {
    case 'bool':
      return { type: 'boolean' }
    case 'text':
      return { type: 'string', maxLength: form[1] }
    case 'int':
      return { type: 'integer', minimum: 0, maximum: form[1] }
    case 'oneOf':
      return { enum: form[1] }
    case 'uint':
      return { type: 'string', pattern: '^(0|[1-9][0-9]*)$', maxLength: 78, description: `below 2^${form[1]}` }
    case 'hex':
      return { type: 'string', pattern: `^0x[0-9a-f]{${2 * form[1]}}$` }
    case 'bytes':
      return { type: 'string', pattern: '^0x([0-9a-f]{2})*$', maxLength: 2 + 2 * form[1] }
    case 'base64':
      return { type: 'string', contentEncoding: 'base64', maxLength: Math.ceil(form[1] / 3) * 4 }
    case 'blob':
      return { type: 'string', format: 'binary', maxLength: form[1] }
    case 'facts': {
      const fact = { anyOf: [{ type: 'number' }, { type: 'string', maxLength: 1000 }] }
      return { type: 'object', maxProperties: 32, additionalProperties: fact }
    }
    case 'list':
      return { type: 'array', items: schemaOf(form[1]), maxItems: form[2] }
    case 'nullable':
      return { anyOf: [schemaOf(form[1]), { type: 'null' }] }
    case 'object': {
      const members = Object.entries(form[1])
      return {
        type: 'object',
        properties: Object.fromEntries(members.map(([name, member]) => [name, schemaOf(member)])),
        required: members.map(([name]) => name),
        additionalProperties: false,
      }
    }
    case 'variant':
      return { anyOf: form[1].map(schemaOf) }
  }
}
