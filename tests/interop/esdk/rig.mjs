// Runs a list of jobs through the AWS Encryption SDK for JavaScript: node rig.mjs JOBS.json
// A job: {op: "encrypt"|"decrypt", keys: [KEY…], in, out, frame, context}. KEY: {type: "aes"|"rsa", ns, name, file}.
// After "decrypt" the message's context is written to out + ".context". A decrypt with fail: true must fail.
import {
  buildClient, CommitmentPolicy, MultiKeyringNode, RawAesKeyringNode, RawAesWrappingSuiteIdentifier, RawRsaKeyringNode,
} from '@aws-crypto/client-node'
import { createReadStream, createWriteStream, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'

const client = buildClient({
  commitmentPolicy: CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
  maxEncryptedDataKeys: 4,
})
const suiteId = 0x0478

function aesBytes (file) {
  const bytes = readFileSync(file)
  const isolated = new Uint8Array(32)
  isolated.set(bytes.length === 32 ? bytes : Buffer.from(bytes.toString().trim(), 'hex'))
  return isolated
}

function keyring (key) {
  if (key.type === 'aes') {
    return new RawAesKeyringNode({
      keyNamespace: key.ns,
      keyName: key.name,
      unencryptedMasterKey: aesBytes(key.file),
      wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
      utf8Sorting: true,
    })
  }
  const pem = readFileSync(key.file)
  const rsaKey = pem.includes('PRIVATE') ? { privateKey: pem } : { publicKey: pem }
  return new RawRsaKeyringNode({ keyNamespace: key.ns, keyName: key.name, rsaKey, oaepHash: 'sha256' })
}

function keyrings (keys) {
  const [generator, ...children] = keys.map(keyring)
  return children.length === 0 ? generator : new MultiKeyringNode({ generator, children })
}

async function encrypt (job) {
  const options = { suiteId, frameLength: job.frame, encryptionContext: job.context ?? {} }
  await pipeline(createReadStream(job.in), client.encryptStream(keyrings(job.keys), options),
    createWriteStream(job.out))
}

async function decrypt (job) {
  const stream = client.decryptUnsignedMessageStream(keyrings(job.keys))
  let header
  stream.once('MessageHeader', (value) => { header = value })
  await pipeline(createReadStream(job.in), stream, createWriteStream(job.out))
  if (header.suiteId !== suiteId) throw new Error(`suite ${header.suiteId}`)
  writeFileSync(job.out + '.context', JSON.stringify(header.encryptionContext))
}

async function run (job) {
  if (job.op === 'encrypt') return encrypt(job)
  if (!job.fail) return decrypt(job)
  const failed = await decrypt(job).then(() => false, () => true)
  rmSync(job.out, { force: true })
  if (!failed) throw new Error('it was opened')
}

const jobs = JSON.parse(readFileSync(process.argv[2]))
for (const job of jobs) {
  try {
    await run(job)
  } catch (error) {
    console.error(`${JSON.stringify(job)}: ${error.stack}`)
    process.exit(1)
  }
}
console.log(`${jobs.length} jobs`)
