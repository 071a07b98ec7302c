// Runs a list of jobs through the AWS Encryption SDK for JavaScript: node rig.mjs JOBS.json
// A job: {op: "encrypt"|"decrypt", suite, keys: [KEY…], in, out, frame, context}; suite in hex, such as "0478".
// KEY: {type: "aes"|"rsa", ns, name, file, pkcs1}, or {type: "kms", arn} with AWS_ENDPOINT_URL_KMS and a login.
// After "decrypt" the message's context is written to out + ".context". A decrypt with fail: true must fail.
import {
  buildClient, CommitmentPolicy, KmsKeyringNode, MultiKeyringNode, RawAesKeyringNode, RawAesWrappingSuiteIdentifier,
  RawRsaKeyringNode,
} from '@aws-crypto/client-node'
import { constants } from 'node:crypto'
import { createReadStream, createWriteStream, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'

const committing = buildClient({
  commitmentPolicy: CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
  maxEncryptedDataKeys: 4,
})
const legacy = buildClient({ commitmentPolicy: CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT, maxEncryptedDataKeys: 4 })
const signing = ['0214', '0346', '0378', '0578']
const clientFor = (suite) => suite >= '0400' ? committing : legacy

function aesBytes (file) {
  const bytes = readFileSync(file)
  const key = [16, 24, 32].includes(bytes.length) ? bytes : Buffer.from(bytes.toString().trim(), 'hex')
  const isolated = new Uint8Array(key.length)
  isolated.set(key)
  return isolated
}

function aesKeyring (key) {
  const unencryptedMasterKey = aesBytes(key.file)
  return new RawAesKeyringNode({
    keyNamespace: key.ns,
    keyName: key.name,
    unencryptedMasterKey,
    wrappingSuite: RawAesWrappingSuiteIdentifier[`AES${8 * unencryptedMasterKey.length}_GCM_IV12_TAG16_NO_PADDING`],
    utf8Sorting: true,
  })
}

function keyring (key) {
  if (key.type === 'kms') return new KmsKeyringNode({ generatorKeyId: key.arn })
  if (key.type === 'aes') return aesKeyring(key)
  const pem = readFileSync(key.file)
  const rsaKey = pem.includes('PRIVATE') ? { privateKey: pem } : { publicKey: pem }
  const padding = key.pkcs1 ? { padding: constants.RSA_PKCS1_PADDING } : { oaepHash: 'sha256' }
  return new RawRsaKeyringNode({ keyNamespace: key.ns, keyName: key.name, rsaKey, ...padding })
}

function keyrings (keys) {
  const [generator, ...children] = keys.map(keyring)
  return children.length === 0 ? generator : new MultiKeyringNode({ generator, children })
}

async function encrypt (job) {
  const options = { suiteId: parseInt(job.suite, 16), frameLength: job.frame, encryptionContext: job.context ?? {} }
  await pipeline(createReadStream(job.in), clientFor(job.suite).encryptStream(keyrings(job.keys), options),
    createWriteStream(job.out))
}

async function decrypt (job) {
  const client = clientFor(job.suite)
  const open = signing.includes(job.suite) ? client.decryptStream : client.decryptUnsignedMessageStream
  const stream = open(keyrings(job.keys))
  let header
  stream.once('MessageHeader', (value) => { header = value })
  await pipeline(createReadStream(job.in), stream, createWriteStream(job.out))
  if (header.suiteId !== parseInt(job.suite, 16)) throw new Error(`suite ${header.suiteId}`)
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
