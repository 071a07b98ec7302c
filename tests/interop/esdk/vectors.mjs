// Makes messages, good and hostile ones, and has the AWS Encryption SDK for JavaScript say what becomes of each:
// node vectors.mjs FOLDER SHARE
// FOLDER gets the keys, one file a message, and vectors.json: [{file, what, keys: [text for --key], opens: SHA-256 | null}].
// SHARE: each n-th message of every kind only; 1 is all of them.
import {
  buildClient, CommitmentPolicy, MultiKeyringNode, RawAesKeyringNode, RawAesWrappingSuiteIdentifier, RawRsaKeyringNode,
} from '@aws-crypto/client-node'
import * as crypto from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { handMade } from './by-hand.mjs'
import { changes } from './changes.mjs'

const [folder, share] = [process.argv[2], Number(process.argv[3])]
const SUITES = ['0014', '0046', '0078', '0114', '0146', '0178', '0214', '0346', '0378', '0478', '0578']
const client = (commitmentPolicy) => buildClient({ commitmentPolicy, maxEncryptedDataKeys: 32 })
const committing = client(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
const legacy = client(CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT)

// ---- keys: what the SDK takes, and what slipway takes ----

const rsa = crypto.generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
writeFileSync(`${folder}/rsa.pem`, rsa.privateKey, { mode: 0o600 })

function aesKey (file, name, bytes) {
  const secret = crypto.randomBytes(bytes)
  writeFileSync(`${folder}/${file}`, secret.toString('hex') + '\n', { mode: 0o600 })
  const ring = () => new RawAesKeyringNode({
    keyNamespace: 'lab',
    keyName: name,
    unencryptedMasterKey: new Uint8Array(secret),
    wrappingSuite: RawAesWrappingSuiteIdentifier[`AES${8 * bytes}_GCM_IV12_TAG16_NO_PADDING`],
    utf8Sorting: true,
  })
  return { seals: ring, opens: ring, text: `aes:${file},ns=lab,name=${name}`, secret, name }
}

function rsaKey (name, hash) {
  const how = hash ? { oaepHash: hash } : { padding: crypto.constants.RSA_PKCS1_PADDING }
  const ring = (rsaKey) => () => new RawRsaKeyringNode({ keyNamespace: 'lab', keyName: name, rsaKey, ...how })
  return {
    seals: ring({ publicKey: rsa.publicKey }),
    opens: hash ? ring({ privateKey: rsa.privateKey }) : null, // Node takes off no PKCS#1 v1.5 padding any more
    text: `pem:rsa.pem,ns=lab,name=${name},padding=${hash ? 'oaep-' + hash : 'pkcs1'}`,
  }
}

const K = {
  a128: aesKey('a128', 'small', 16),
  a192: aesKey('a192', 'middle one', 24),
  a256: aesKey('a256', 'l\u00e4rge', 32),
  twin: aesKey('twin', 'l\u00e4rge', 32), // another key of the same name
  sha1: rsaKey('r1', 'sha1'),
  sha256: rsaKey('r256', 'sha256'),
  sha384: rsaKey('r384', 'sha384'),
  sha512: rsaKey('r512', 'sha512'),
  pkcs1: rsaKey('old'),
}

// Who it is sealed to, and with what it is opened. The twin's entry is met first and does not open.
const RECIPIENTS = [
  [['a256'], ['a256']], [['a128'], ['a128']], [['sha256'], ['sha256']], [['a192'], ['a192']], [['sha1'], ['sha1']],
  [['sha256', 'a256'], ['a256']], [['a256', 'sha256', 'a128'], ['sha256']], [['sha384'], ['sha384']],
  [['twin', 'a256'], ['a256']], [['sha512'], ['sha512']], [['pkcs1'], ['pkcs1']],
  [['a128', 'a192', 'a256', 'sha1', 'sha256', 'sha384', 'sha512'], ['sha512', 'a192']],
  [['a256'], ['a128', 'sha256', 'a256']], [['pkcs1', 'sha512', 'a192'], ['a192']],
]

const CONTEXTS = [
  {}, { image: 'web-01' }, { empty: '' }, { z: 'last', a: 'first', Z: 'before a', 'a b': '=' },
  { '\u00fcber': '\u20ac', '\u65e5\u672c': '\u{1f512}', ascii: 'x' },
  Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key ${i}`, `value ${i * i}`])),
  { long: 'x'.repeat(60000) },
]

// ---- what the SDK says ----

let failed = null // what streams throw outside of any promise is about the message at hand
process.on('uncaughtException', (error) => failed?.(error))
// Nothing is left to do, and there is no answer: the SDK waits for more of the message.
process.on('beforeExit', () => failed?.(new Error('it waits')))

const digest = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex')

// The SHA-256 of what the SDK opens, or null where it refuses.
async function verdict (message, keys) {
  const rings = keys.map((name) => K[name].opens())
  const ring = rings.length > 1 ? new MultiKeyringNode({ children: rings }) : rings[0]
  try {
    const opened = await new Promise((resolve, reject) => {
      failed = reject
      legacy.decrypt(ring, message).then(resolve, reject)
    })
    return digest(opened.plaintext)
  } catch {
    return null
  } finally {
    failed = null
  }
}

// ---- the messages ----

const vectors = []
const counts = {}

async function add (what, message, keys, known) {
  const file = `${vectors.length}.esdk`
  const opens = known ?? await verdict(message, keys)
  writeFileSync(`${folder}/${file}`, message)
  vectors.push({ file, what, keys: keys.map((name) => K[name].text), opens })
}

// True for each n-th of a kind.
function wanted (kind) {
  counts[kind] = (counts[kind] ?? -1) + 1
  return counts[kind] % share === 0
}

async function bySdk (suite, frameLength, size, round) {
  const [to, from] = RECIPIENTS[round % RECIPIENTS.length]
  const context = CONTEXTS[(round + Math.floor(round / CONTEXTS.length)) % CONTEXTS.length]
  const [generator, ...children] = to.map((name) => K[name].seals())
  const plain = crypto.randomBytes(size)
  const { result } = await (suite >= '0400' ? committing : legacy).encrypt(
    children.length ? new MultiKeyringNode({ generator, children }) : generator, plain,
    { suiteId: parseInt(suite, 16), frameLength, encryptionContext: context })
  // The SDK made it of this plaintext; it says so once more where it can.
  const known = from.some((name) => K[name].opens === null) ? digest(plain) : undefined
  const what = `suite ${suite}, frames of ${frameLength}, ${size} bytes, to ${to}, by ${from}`
  await add(what, result, from, known)
  if (vectors.at(-1).opens !== digest(plain)) throw new Error(`the SDK does not open its own: ${what}`)
}

let round = 0
for (const suite of SUITES) {
  for (const frame of [1, 7, 64, 1000, 4096, 65536]) {
    for (const size of new Set([0, 1, frame - 1, frame, frame + 1, 2 * frame, 3 * frame + 5])) {
      round++
      if (wanted('sdk')) await bySdk(suite, frame, size, round)
    }
  }
}
for (const { what, message, keys } of handMade(K, SUITES)) {
  if (wanted('hand')) await add(what, message, keys)
}
for (const { what, message, keys } of changes(K, SUITES)) {
  if (wanted('changed')) await add(what, message, keys)
}
writeFileSync(`${folder}/vectors.json`, JSON.stringify(vectors))
console.log(`${vectors.length} messages: ${vectors.filter((v) => v.opens).length} the SDK opens, ` +
  `${vectors.filter((v) => !v.opens).length} it refuses`)
process.exit(0)
