// Messages written by hand, from the format's description: what the SDK for JavaScript reads and does not write.
import * as crypto from 'node:crypto'

// Key length, HKDF's hash, the curve that signs; version 2 are those that commit to their key.
const TABLE = {
  '0014': [16], '0046': [24], '0078': [32], '0114': [16, 'sha256'], '0146': [24, 'sha256'], '0178': [32, 'sha256'],
  '0214': [16, 'sha256', 'P-256'], '0346': [24, 'sha384', 'P-384'], '0378': [32, 'sha384', 'P-384'],
  '0478': [32, 'sha512'], '0578': [32, 'sha512', 'P-384'],
}
const u = (bytes) => (n) => { const b = Buffer.alloc(bytes); b.writeUIntBE(n, 0, bytes); return b }
const u8 = u(1); const u16 = u(2); const u32 = u(4)
const u64 = (n) => Buffer.concat([u32(Math.floor(n / 2 ** 32)), u32(n % 2 ** 32)])
const cat = (...parts) => Buffer.concat(parts.flat())
const field = (bytes) => cat(u16(bytes.length), bytes)
const text = (string) => Buffer.from(string, 'utf8')

function gcm (key, iv, aad, plain) {
  const cipher = crypto.createCipheriv(`aes-${8 * key.length}-gcm`, key, iv)
  cipher.setAAD(aad)
  const sealed = cat(cipher.update(plain), cipher.final())
  return { sealed, tag: cipher.getAuthTag() }
}

// Pairs as they are given, in this order.
const serialise = (pairs) => pairs.length ? cat(u16(pairs.length), pairs.map(([k, v]) => cat(field(text(k)), field(text(v))))) : Buffer.alloc(0)

const edkOf = ({ name, secret }, dataKey, aad) => {
  const iv = crypto.randomBytes(12)
  const { sealed, tag } = gcm(secret, iv, aad, dataKey)
  return cat(field(text('lab')), field(cat(text(name), u32(128), u32(12), iv)), field(cat(sealed, tag)))
}
// An entry for somebody else's key.
export const stranger = (i) => cat(field(text('elsewhere')), field(text(`key ${i}`)), field(crypto.randomBytes(48)))

function compressed (publicKey) {
  const { x, y } = publicKey.export({ format: 'jwk' })
  const [bx, by] = [x, y].map((v) => Buffer.from(v, 'base64url'))
  return cat(u8(2 + (by.at(-1) & 1)), bx)
}

function derive (suite, dataKey, id) {
  const [length, hash] = TABLE[suite]
  const label = Buffer.from(suite, 'hex')
  const hkdf = (salt, info, n) => Buffer.from(crypto.hkdfSync(hash, dataKey, salt, info, n))
  if (!hash) return { key: dataKey }
  if (suite < '0400') return { key: hkdf(Buffer.alloc(0), cat(label, id), length) }
  return { key: hkdf(id, cat(label, text('DERIVEKEY')), 32), commitment: hkdf(id, text('COMMITKEY'), 32) }
}

const byKey = ([a], [b]) => Buffer.compare(text(a), text(b))

/*
 * how: {suite, key, plain, frame (0: one block), pairs, edks: (real entry) => [entries], ivs: (seq) => IV, unsorted,
 * emptyFinal, noKey, alienKey, noFooter, tail}
 */
export function write (how) {
  const [length, , curve] = TABLE[how.suite]
  const two = how.suite >= '0400'
  const id = crypto.randomBytes(two ? 32 : 16)
  const dataKey = crypto.randomBytes(length)
  const pairs = [...how.pairs ?? []]
  const signer = curve && crypto.generateKeyPairSync('ec', { namedCurve: curve })
  const other = how.alienKey && crypto.generateKeyPairSync('ec', { namedCurve: curve ?? 'P-384' })
  if ((signer && !how.noKey) || other) pairs.push(['aws-crypto-public-key', compressed((other || signer).publicKey).toString('base64')])
  if (!how.unsorted) pairs.sort(byKey)
  const aad = serialise(pairs)
  const edks = (how.edks ?? ((real) => [real]))(edkOf(how.key, dataKey, serialise([...pairs].sort(byKey))))
  const { key, commitment } = derive(how.suite, dataKey, id)
  const start = two ? cat(u8(2), Buffer.from(how.suite, 'hex')) : cat(u8(1), u8(0x80), Buffer.from(how.suite, 'hex'))
  const body = cat(start, id, field(aad), u16(edks.length), edks, u8(how.frame ? 2 : 1),
    two ? [] : [u32(0), u8(12)], u32(how.frame), two ? commitment : [])
  const headerIv = Buffer.alloc(12)
  const auth = cat(two ? [] : headerIv, gcm(key, headerIv, body, Buffer.alloc(0)).tag)
  const parts = [body, auth]
  const ivOf = how.ivs ?? ((seq) => cat(Buffer.alloc(8), u32(seq)))
  const frame = (kind, seq, plain) => {
    const iv = ivOf(seq)
    const { sealed, tag } = gcm(key, iv, cat(id, text(`AWSKMSEncryptionClient ${kind}`), u32(seq), u64(plain.length)), plain)
    if (kind === 'Frame') parts.push(u32(seq), iv, sealed, tag)
    else if (kind === 'Final Frame') parts.push(u32(0xffffffff), u32(seq), iv, u32(plain.length), sealed, tag)
    else parts.push(iv, u64(plain.length), sealed, tag)
  }
  if (!how.frame) {
    frame('Single Block', 1, how.plain)
  } else {
    let at = 0; let seq = 1
    for (; how.plain.length - at > how.frame || (how.emptyFinal && how.plain.length - at === how.frame); at += how.frame) frame('Frame', seq++, how.plain.subarray(at, at + how.frame))
    frame('Final Frame', seq, how.plain.subarray(at))
  }
  if (signer && !how.noFooter) parts.push(field(crypto.createSign(curve === 'P-256' ? 'sha256' : 'sha384').update(cat(parts)).sign(signer.privateKey)))
  return cat(parts, how.tail ?? [])
}

// One block, legal oddities, and what must not be.
export function * handMade (K, SUITES) {
  const plain = (n) => crypto.randomBytes(n)
  for (const suite of SUITES) {
    const base = { suite, key: K.a256, frame: 100, plain: plain(300), pairs: [['image', 'web-01'], ['b', 'c']] }
    const one = function * (what, how) { yield { what: `by hand, suite ${suite}: ${what}`, message: write({ ...base, ...how }), keys: ['a256'] } }
    for (const n of [0, 1, 1000, 70000]) yield * one(`one block of ${n}`, { frame: 0, plain: plain(n) })
    yield * one('a full final frame', {})
    yield * one('an empty final frame', { emptyFinal: true })
    yield * one('nothing', { plain: plain(0) })
    yield * one('no context', { pairs: [] })
    yield * one('the context unsorted', { unsorted: true, pairs: [['z', '1'], ['a', '2']] })
    yield * one('a key twice in the context', { pairs: [['a', '1'], ['a', '2']] })
    yield * one('IVs that are drawn', { ivs: () => crypto.randomBytes(12) })
    yield * one('strangers before and behind', { edks: (real) => [stranger(1), stranger(2), real, stranger(3)] })
    yield * one('no entry for the key', { edks: () => [stranger(1)] })
    yield * one('the entry twice', { edks: (real) => [real, real] })
    yield * one('33 entries', { edks: (real) => [...Array.from({ length: 32 }, (_, i) => stranger(i)), real] })
    yield * one('32 entries', { edks: (real) => [...Array.from({ length: 31 }, (_, i) => stranger(i)), real] })
    yield * one('a key that signs where none does, or another one', { alienKey: true })
    yield * one('no key that signs', { noKey: true })
    yield * one('no footer', { noFooter: true })
    yield * one('one byte behind it', { tail: [u8(0)] })
    yield * one('as many bytes behind it as a frame has', { tail: [plain(132)] })
    yield * one('frames of one byte', { frame: 1, plain: plain(40) })
    yield * one('a name that only begins with the key\'s', { edks: (real) => [real], key: { ...K.a256, name: K.a256.name + 'r' } })
  }
}
