// Messages that were changed: at every field, at every edge, and as whole frames and entries.
import * as crypto from 'node:crypto'
import { stranger, write } from './by-hand.mjs'

// The fields of a framed message: [{name, at, len, number}].
function fieldsOf (message, signed) {
  const fields = []
  let at = 0
  const take = (name, len, number = false) => {
    fields.push({ name, at, len, number })
    at += len
    return number ? message.readUIntBE(at - len, Math.min(len, 6)) : 0
  }
  const taken = (name) => take(name, take(`length of ${name}`, 2, true))
  const version = take('version', 1, true)
  if (version === 1) take('type', 1, true)
  take('suite', 2, true)
  take('message id', version === 1 ? 16 : 32)
  const end = take('length of the context', 2, true) + at
  if (end > at) {
    take('pairs', 2, true)
    while (at < end) { taken('key'); taken('value') }
  }
  const entries = take('entries', 2, true)
  for (let i = 1; i <= entries; i++) for (const part of ['provider', 'info', 'wrapped key']) taken(`entry ${i} ${part}`)
  take('content type', 1, true)
  if (version === 1) { take('reserved', 4, true); take('IV length', 1, true) }
  const frame = take('frame length', 4, true)
  if (version === 2) take('commitment', 32)
  if (version === 1) take('header IV', 12)
  take('header tag', 16)
  for (let n = 1; ; n++) {
    const final = message.readUInt32BE(at) === 0xffffffff
    if (final) take(`frame ${n} marker`, 4, true)
    take(`frame ${n} sequence`, 4, true)
    take(`frame ${n} IV`, 12)
    const len = final ? take(`frame ${n} length`, 4, true) : frame
    take(`frame ${n} bytes`, len)
    take(`frame ${n} tag`, 16)
    if (final) break
  }
  if (signed) taken('signature')
  if (at !== message.length) throw new Error('the message was taken apart wrongly')
  return fields
}

const splice = (message, at, len, ...parts) => Buffer.concat([message.subarray(0, at), ...parts, message.subarray(at + len)])

function * ofField (message, { name, at, len, number }) {
  const bytes = message.subarray(at, at + len)
  const other = (change) => { const copy = Buffer.from(bytes); change(copy); return splice(message, at, len, copy) }
  if (len > 0) {
    yield [`${name}: first bit`, other((b) => { b[0] ^= 0x80 })]
    yield [`${name}: last bit`, other((b) => { b[len - 1] ^= 1 })]
    yield [`${name}: zeros`, other((b) => b.fill(0))]
    yield [`${name}: ones`, other((b) => b.fill(0xff))]
    yield [`${name}: left out`, splice(message, at, len)]
    yield [`${name}: twice`, splice(message, at, 0, bytes)]
  }
  if (number) {
    yield [`${name}: one more`, other((b) => { for (let i = len - 1; i >= 0 && ++b[i] === 0; i--); })]
    yield [`${name}: one less`, other((b) => { for (let i = len - 1; i >= 0 && b[i]-- === 0; i--); })]
  }
  yield [`${name}: cut before`, message.subarray(0, at)]
  if (len > 1) yield [`${name}: cut within`, message.subarray(0, at + (len >> 1))]
  yield [`${name}: a byte before`, splice(message, at, 0, Buffer.from([0]))]
}

// From the first field whose name begins so to the last.
function range (fields, prefix) {
  const these = fields.filter(({ name }) => name.startsWith(prefix) || name.startsWith(`length of ${prefix}`))
  return [these[0].at, these.at(-1).at + these.at(-1).len]
}

function * ofParts (message, fields, other, otherFields) {
  for (const part of ['frame', 'entry']) {
    const [a, b] = [1, 2].map((i) => range(fields, `${part} ${i} `))
    const [one, two] = [a, b].map(([from, to]) => message.subarray(from, to))
    yield [`${part}s 1 and 2 in each other's place`, splice(message, a[0], b[1] - a[0], two, one)]
    yield [`${part} 1 twice`, splice(message, a[0], 0, one)]
    yield [`${part} 2 in place of 1`, splice(message, a[0], a[1] - a[0], two)]
    yield [`${part} 1 left out`, splice(message, a[0], a[1] - a[0])]
    yield [`${part} 2 left out`, splice(message, b[0], b[1] - b[0])]
    const [from, to] = range(otherFields, `${part} 1 `)
    yield [`${part} 1 of another message`, splice(message, a[0], a[1] - a[0], other.subarray(from, to))]
  }
  const [body, otherBody] = [fields, otherFields].map((these) => range(these, 'frame 1 ')[0])
  yield ['the header of another message', Buffer.concat([other.subarray(0, otherBody), message.subarray(body)])]
  const last = range(fields, 'frame 3 ')
  yield ['without its final frame', message.subarray(0, last[0])]
  yield ['the final frame alone', splice(message, body, last[0] - body)]
  yield ['twice', Buffer.concat([message, message])]
}

export function * changes (K, SUITES) {
  for (const suite of SUITES) {
    const make = () => write({
      suite,
      key: K.a256,
      frame: 40,
      plain: crypto.randomBytes(100),
      pairs: [['image', 'web'], ['n', '']],
      edks: (real) => [real, stranger(1)],
    })
    const [message, other] = [make(), make()]
    const signed = ['0214', '0346', '0378', '0578'].includes(suite)
    const [fields, otherFields] = [message, other].map((m) => fieldsOf(m, signed))
    const all = [...fields.flatMap((field) => [...ofField(message, field)]), ...ofParts(message, fields, other, otherFields)]
    for (const [what, changed] of all) yield { what: `changed, suite ${suite}: ${what}`, message: changed, keys: ['a256'] }
  }
}
