/* Sealing: AWS Encryption SDK messages as byte outputs and inputs, and the keys that open them. */
#ifndef SLIPWAY_ENVELOPE_H
#define SLIPWAY_ENVELOPE_H

#include "slipway/cleanup.h"
#include "slipway/digests.h"
#include "slipway/error.h"
#include "slipway/io.h"
#include "slipway/progress.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is written: Encryption SDK message version 2, suite 0x0478 (AES-256-GCM, HKDF-SHA512, key commitment) or, when
 * asked for, 0x0578 (the same, signed with ECDSA P-384 by a key that is made for the message and stored in it: it
 * proves that the message is whole, and names nobody), framed. What is read: versions 1 and 2, all eleven suites,
 * framed or one block of at most SW_SEAL_FRAME_BYTES_MAX. X.sealed is a message whose one data key is wrapped by a random artifact key (raw AES, namespace
 * "slipway-artifact", name = the artifact id in hex); X.keys is a second, tiny message that carries the artifact
 * key to the recipients, with the context {artifact, purpose: artifact-key}. A direct message has the recipients
 * in its own header and no X.keys. X.keys is always of suite 0x0478.
 */
enum {
    SW_SEAL_SUITE = 0x0478,             /* the default */
    SW_SEAL_SUITE_SIGNED = 0x0578,      /* runs SHA-384 over every byte, one after the other: slower */
    SW_SEAL_FRAME_BYTES = 64 << 10,     /* the default frame; larger when 2^32-1 frames would not do */
    SW_SEAL_FRAME_BYTES_MAX = 64 << 20, /* also when reading */
    SW_SEAL_KEYS_MAX = 32,              /* recipients of one message, also when reading */
    SW_SEAL_PROBE_BYTES = 3,            /* what sw_seal_probe looks at */
    SW_SEAL_ARTIFACT_CHARS = 33,        /* an artifact id in hex, with its NUL */
};

#define SW_SEAL_SIZE_UNKNOWN UINT64_MAX

/*
 * Keys, parsed from texts:
 *   aes:FILE[,ns=NAMESPACE][,name=KEYNAME]
 *       32 bytes, or 64 hex digits and a newline; for opening also 128- and 192-bit keys. A file of 32 bytes is
 *       always a 256-bit key. Refused when the file's mode lets others read it. Default namespace "slipway", name
 *       "aes-" + 16 hex digits of a fingerprint (HMAC-SHA256 under the key, so it tells nothing about the key).
 *   pem:FILE[,ns=…][,name=…][,padding=oaep-sha256|oaep-sha1|oaep-sha384|oaep-sha512|pkcs1]
 *       RSA of 2048 bits or more: a public key for sealing, a private one for opening (the same mode rule).
 *       Default namespace "slipway", name "rsa-" + 16 hex digits of the SHA-256 of the public key's DER, so that
 *       both halves have the same name. The MGF1 hash is the OAEP hash. pkcs1 (v1.5) is for opening only: a data key
 *       that it does not open becomes a random one, so that every failure is the same.
 *   pem:FILE
 *       The same of an EC key on P-256, P-384 or P-521: the SDK's raw ECDH keyring, with a fresh sender's key for each
 *       message. A message holds the recipient's point; "raw-ecdh/ec-" + 16 hex digits of its SHA-256 is only shown.
 *   pass:prompt | pass:fd:N | pass:file:FILE, for sealing [,cost=15 … 20]
 *       A passphrase of one line: from the terminal without echo (twice for sealing), one line of a descriptor, or a file
 *       (the same mode rule). scrypt with N = 2^cost (17), r = 8, p = 1 and a fresh salt of 16 bytes makes a raw AES key
 *       of it, in the namespace "slipway-passphrase" under the name "scrypt.COST.8.1.SALT" with the salt in hex: whoever
 *       computes scrypt has a key for any SDK. What a header asks for is bounded before it is computed.
 *   pkcs11:URI[,ns=…][,name=…][,padding=…]
 *       A key on a token (RFC 7512): an RSA or EC pair, or an AES key. Sealing to a pair needs its public half only, and no
 *       PIN where that can be seen without; names and paddings are those of pem:, so that either opens what the other
 *       sealed. An AES key's name is its label, else its id in hex. The PIN is asked for at the terminal, or read from the
 *       URI's pin-source ("file:/PATH" of mode 0600, "fd:N"); it is tried once. pin-value is refused.
 *   kms:ARN[,endpoint=URL]
 *       A key of AWS KMS, for rings that sw_keyring_use_kms (slipway/kms.h) was called for; any other refuses it. Sealing
 *       takes an alias or a key id as well. Namespace "aws-kms", name the ARN.
 * ",," in FILE or URI stands for a comma.
 */
enum sw_key_use {
    SW_KEY_SEAL,
    SW_KEY_OPEN,
};

struct sw_keyring;

/* An empty keyring for one use; NULL and err on failure. */
SW_MUST_CHECK struct sw_keyring *sw_keyring_new(enum sw_key_use use, struct sw_err *err);
/* Reads the key behind text. A text of the wrong form is SW_USAGE, a key that cannot be used SW_INTEGRITY. */
SW_MUST_CHECK int sw_keyring_add(struct sw_keyring *ring, const char *text, struct sw_err *err);
/*
 * What "pkcs11:" URIs that name no module mean, instead of every module that p11-kit is configured with. Before the first
 * sw_keyring_add.
 */
SW_MUST_CHECK int sw_keyring_use_pkcs11_module(struct sw_keyring *ring, const char *module,
                                               struct sw_err *err);
size_t sw_keyring_count(const struct sw_keyring *ring);
/* "namespace/name" of key i < count; lives as long as the ring. */
const char *sw_keyring_name(const struct sw_keyring *ring, size_t i);
/* SW_USAGE when path is a file that one of the keys was read from: an output of that name would destroy the key. */
SW_MUST_CHECK int sw_keyring_spare_file(const struct sw_keyring *ring, const char *path, struct sw_err *err);
/* Cleanses and frees; NULL is allowed. */
void sw_keyring_free(struct sw_keyring *ring);
SW_DEFINE_AUTO(sw_keyring, struct sw_keyring, sw_keyring_free)
#define SW_AUTO_KEYRING SW_CLEANUP(sw_keyring_auto)

/* One pair of the encryption context: UTF-8, authenticated, stored in clear. */
struct sw_pair {
    const char *key;
    const char *value;
};

/*
 * Splits "K=V" at the first '=' into pair; *text is cut in place and must outlive it. SW_USAGE when there is no '='
 * or no key.
 */
SW_MUST_CHECK int sw_pair_parse(char *text, struct sw_pair *pair, struct sw_err *err);

/* The SDKs' name of a suite; NULL when there is no such suite. */
const char *sw_seal_suite_name(uint16_t suite);
/* "0578", "0x0578" or its name; SW_USAGE for what is none, or none that is written. */
SW_MUST_CHECK int sw_seal_suite_parse(const char *text, uint16_t *suite, struct sw_err *err);

struct sw_seal_opts {
    uint16_t suite;                      /* 0: SW_SEAL_SUITE */
    const struct sw_keyring *recipients; /* for SW_KEY_SEAL, at least one */
    const struct sw_pair *context; /* keys beginning "aws-crypto-" and the three of our own are refused */
    size_t nr_context;
    bool direct; /* recipients in the header, no sidecar */
    uint32_t
        frame_bytes; /* 1 … SW_SEAL_FRAME_BYTES_MAX; 0: from plain_bytes; SW_USAGE when 2^32-1 are too few */
    uint64_t
        plain_bytes; /* what will be written, or SW_SEAL_SIZE_UNKNOWN; other lengths then fail at commit */
    unsigned
        jobs; /* threads that encrypt; with 1 the calling one only fills. The bytes do not depend on it */
    struct sw_digests *digests; /* gets those of the message when it is committed; NULL: nobody wants them */
    bool
        lazy; /* a file that replaces none is whole at commit, but not yet safe from a power cut; its sidecar is */
};

/*
 * A stream output (no pwrite) that seals what is written to it into sealed, and the artifact key into sidecar (NULL
 * exactly when direct). Takes both over, also on failure. Frames are encrypted in opts->jobs threads. The context
 * gets "slipway-format"=1, "artifact" and, when known, "plaintext-bytes" besides the caller's pairs.
 * commit writes the final frame, then commits the sidecar, then sealed: once X.sealed is there, so is X.keys.
 * Nothing of opts is needed afterwards. NULL and err on failure.
 */
SW_MUST_CHECK struct sw_out *sw_seal_out(const struct sw_seal_opts *opts, struct sw_out *sealed,
                                         struct sw_out *sidecar, struct sw_err *err);

/*
 * The same into the file path and, unless direct, its sidecar; both appear at commit, 0644 less the umask.
 * SW_USAGE when either name is that of a recipient's key file, or when the sidecar's is that of a file which is not the
 * sidecar of what lies at path: nobody named it to be replaced. A kill between the two leaves ".X.keys.before", by which
 * the old pair still opens, and which the next sealing to path takes away.
 */
SW_MUST_CHECK int sw_seal_create_file(const struct sw_seal_opts *opts, const char *path, struct sw_out **out,
                                      struct sw_err *err);

/*
 * The same for an image as it is written: its length is not known yet, and its format is in the context as
 * "image-format". Of opts only recipients, jobs and digests count.
 */
SW_MUST_CHECK int sw_seal_create_image(const struct sw_seal_opts *opts, const char *format, const char *path,
                                       struct sw_out **out, struct sw_err *err);

/* The artifact id (32 hex digits) of an output of sw_seal_out. */
const char *sw_seal_artifact(const struct sw_out *out);

/* Writes all of from into an output of sw_seal_out, without a copy in between. Does not commit. */
SW_MUST_CHECK int sw_seal_write_all(struct sw_out *out, struct sw_in *from, struct sw_progress *progress,
                                    struct sw_err *err);

/* How sealing a file outlives an interruption. */
struct sw_seal_resume {
    const struct sw_keyring *seal; /* one key, for SW_KEY_SEAL … */
    const struct sw_keyring *open; /* … and the same for SW_KEY_OPEN */
};

struct sw_seal_file {
    struct sw_seal_opts opts; /* plain_bytes is set from from */
    struct sw_in *from;
    const char *path;                    /* of the sealed file; its sidecar as sw_seal_create_file has it */
    struct sw_out *to;                   /* a stream for a direct message instead, taken over; NULL: path */
    const struct sw_seal_resume *resume; /* NULL: whatever is interrupted begins anew, with new keys */
    struct sw_progress *progress;
};

/*
 * Seals a file. With resume its keys lie beside path meanwhile, in .NAME.journal, wrapped for that key, and the frames in
 * .NAME.partial. The same call then goes on after an interruption or a kill at any moment, but only after it has read
 * again all of from that may have been sealed, and found it to be the same, and the keys behind the recipients of a direct
 * message likewise; else it begins anew, with another data key and message id, and says so in the log: two plaintexts must
 * never meet the same key and sequence number. A recipient that cannot be asked is an error that leaves all as it is. A device
 * as from is SW_USAGE then, as nothing tells when it changes. artifact: gets its id.
 */
SW_MUST_CHECK int sw_seal_file(const struct sw_seal_file *ask, char artifact[SW_SEAL_ARTIFACT_CHARS],
                               struct sw_err *err);

/* "X.sealed" -> "X.keys"; any other name gets ".keys" appended. Free it. */
SW_MUST_CHECK char *sw_seal_sidecar_path(const char *sealed_path, struct sw_err *err);
/* Refuses (SW_USAGE) a path where the keys of a sealed file lie: whoever writes there would lose what is sealed. */
SW_MUST_CHECK int sw_seal_spare_sidecar(const char *path, struct sw_err *err);

/* The context that a sealed file's header stores, as {"key": "value"}: without a key nobody has verified it. */
SW_MUST_CHECK json_t *sw_seal_stored_context(const char *path, struct sw_err *err);

/* True when these first bytes may begin an Encryption SDK message. */
bool sw_seal_probe(const uint8_t *head, size_t len);
/* The same of a file. */
SW_MUST_CHECK int sw_seal_probe_file(const char *path, bool *sealed, struct sw_err *err);

struct sw_unseal_opts {
    const struct sw_keyring *keys; /* for SW_KEY_OPEN */
    const struct sw_pair *expect;  /* must be in the authenticated context */
    size_t nr_expect;
    const struct sw_pair *require; /* required pairs: authenticated but not stored in the message */
    size_t nr_require;
    const struct sw_opener
        *opener;                  /* of the sealed file where one is named; NULL: nothing is demanded of it */
    bool legacy;                  /* also suites that do not commit to their key; else they are SW_REFUSED */
    struct sw_progress *progress; /* told while a signed message is verified; may be NULL */
};

/*
 * An input that opens a sealed message in memory: size_bytes is the plaintext's, pread costs O(1) frames, from any
 * thread, and every frame is verified before a byte of it is released. The header, its commitment and the final frame
 * are verified here, so that a truncated message fails at once. Of a signed message all of it is read and verified
 * here, in one thread (a hash has no parts), at the cost of one more pass and for the same sealed, whose bytes must not
 * change afterwards: nothing is released before its signature is checked. sidecar is the X.keys message, or NULL; it
 * must commit to its key, legacy or not. Takes both over, also on failure. keys need not outlive the call. Whatever
 * does not verify is SW_INTEGRITY. NULL and err on failure.
 */
SW_MUST_CHECK struct sw_in *sw_seal_in(struct sw_in *sealed, struct sw_in *sidecar,
                                       const struct sw_unseal_opts *opts, struct sw_err *err);

/*
 * The same for files. sidecar_path NULL: the sidecar is looked for beside path when the message asks for an artifact
 * key that is not among the keys.
 */
SW_MUST_CHECK int sw_seal_open_file(const char *path, const char *sidecar_path,
                                    const struct sw_unseal_opts *opts, struct sw_in **out,
                                    struct sw_err *err);

/* The key of the context that holds the format of a sealed disk image. */
#define SW_SEAL_IMAGE_FORMAT "image-format"

/*
 * An image file for reading. Without keys (opts->keys NULL or none) as it is: SW_USAGE, with the hint to name a key, when it
 * begins as a sealed message does and *format is NULL. With keys it must be sealed, so that nobody slips a plain file in
 * for a sealed one: it is read in place as sw_seal_open_file has it, and a *format that was NULL becomes what its context
 * says as "image-format", if anything (lives as long as *in).
 */
SW_MUST_CHECK int sw_seal_open_image(const char *path, const struct sw_unseal_opts *opts, struct sw_in **in,
                                     const char **format, struct sw_err *err);

/* The authenticated context of an input of sw_seal_in; lives as long as it. */
const struct sw_pair *sw_seal_in_context(const struct sw_in *in, size_t *n);
/* Its suite. */
uint16_t sw_seal_in_suite(const struct sw_in *in);

/*
 * Opens all of an input of sw_seal_in into out, a new one, jobs threads decrypting; where out is seekable, zeros become
 * holes. Does not commit.
 */
SW_MUST_CHECK int sw_seal_read_all(struct sw_in *in, struct sw_out *out, unsigned jobs,
                                   struct sw_progress *progress, struct sw_err *err);

/* The same for a range of it, which must lie within (else SW_USAGE): the first byte of out is that at off. */
struct sw_seal_range {
    uint64_t off, len;
};
SW_MUST_CHECK int sw_seal_read_range(struct sw_in *in, const struct sw_seal_range *range, struct sw_out *out,
                                     unsigned jobs, struct sw_progress *progress, struct sw_err *err);

/* Reads all of it, so that every frame is verified, and keeps nothing. */
SW_MUST_CHECK int sw_seal_check(struct sw_in *in, unsigned jobs, struct sw_err *err);

/*
 * What a sealed file, or a sidecar, says of itself: {"file", "bytes", "verified", "opened_by": [name], "message": {"version", "suite",
 * "suite_name", "signed", "commits", "message_id", "content": "framed" | "single block", "frame_bytes", "frames", "plaintext_bytes",
 * "context": {}, "recipients": [{"provider", "name", "kind"}]}, "sidecar"}. sidecar is null where none is asked for, else
 * {"file", "missing": true}, {"file", "error"} or {"file", "message"}. All of it is untrusted while verified is false: so
 * it is with opts NULL. With opts both messages are opened by the keys first. sidecar_path NULL: beside path. NULL and
 * err on failure; decref it.
 */
SW_MUST_CHECK json_t *sw_seal_describe(const char *path, const char *sidecar_path,
                                       const struct sw_unseal_opts *opts, struct sw_err *err);

/*
 * Gives a sealed file to other recipients: a new sidecar (a message of its own, with fresh keys and a fresh id) takes the
 * place of the old one by rename after fsync; the sealed file is not touched. opts opens it, and what opens must be all
 * that it is sealed with. artifact: gets its id. sidecar_path NULL: beside path. A direct message is SW_REFUSED: its
 * recipients are in its own header, and a second header under the same key would repeat a GCM nonce. What the old
 * recipients have already they keep.
 */
SW_MUST_CHECK int sw_seal_rewrap(const char *path, const char *sidecar_path,
                                 const struct sw_unseal_opts *opts, const struct sw_keyring *recipients,
                                 char artifact[SW_SEAL_ARTIFACT_CHARS], struct sw_err *err);

/* A type of key that can be made. */
struct sw_key_type {
    const char *name;
    const char *scheme; /* what goes before the file in the text of such a key */
    bool pair;          /* a second file, with ".pub" appended, holds the public half, which seals */
    bool signs;         /* … or, of a key that signs, is trusted */
};
/*
 * "aes" (256 bits, 64 hex digits and a newline), "rsa" (3072 bits), "rsa-2048", "rsa-3072", "rsa-4096", "ec" (P-384),
 * "ec-p256", "ec-p384", "ec-p521" (PKCS#8 and SubjectPublicKeyInfo in PEM), "passphrase" (150 bits as a line of text),
 * "sign-ec" (P-256), "sign-ed25519". NULL for any other name.
 */
const struct sw_key_type *sw_key_type_find(const char *name);

/* Makes a key file, 0600, and its public half, 0644; never over an existing one. An unknown type is SW_USAGE. */
SW_MUST_CHECK int sw_keygen(const char *type, const char *path, struct sw_err *err);

/*
 * A vault: many objects under one key, each a direct message with a data key of its own and its name in the context, so
 * that one object's file cannot take another's place. X.sealed is a small message under that key, which is its artifact
 * key, and X.keys carries it to the recipients: whoever gets another X.keys (slipway rewrap X.sealed) gets the vault.
 */
struct sw_vault;
enum { SW_VAULT_NAME = 65 }; /* an object's name: 64 hex digits and a NUL */

/* Makes X.sealed (path, which ends so) and X.keys with fresh keys. */
SW_MUST_CHECK int sw_vault_create(const char *path, const struct sw_keyring *recipients, struct sw_err *err);
/*
 * Opens both, by opts->keys; of opts opener counts besides, for X.sealed: whoever has a recipient's public key can make a
 * vault for it, and X.sealed vouched for is this vault's, as it opens under its own key only, which all objects are
 * under. opts need not outlive the call. SW_INTEGRITY when no key fits.
 */
SW_MUST_CHECK int sw_vault_open(const char *path, const struct sw_unseal_opts *opts, struct sw_vault **out,
                                struct sw_err *err);
/* Cleanses and frees; NULL is allowed. */
void sw_vault_close(struct sw_vault *vault);

/* The name of what is called text among its kind: HMAC-SHA256 under a key that only the vault has. */
SW_MUST_CHECK int sw_vault_name(const struct sw_vault *vault, const char *kind, const char *text,
                                char name[SW_VAULT_NAME], struct sw_err *err);

/* An object in one piece: the message of it for sealed, which is not committed. */
SW_MUST_CHECK int sw_vault_put(const struct sw_vault *vault, const char name[SW_VAULT_NAME],
                               const void *bytes, size_t len, struct sw_out *sealed, struct sw_err *err);

/* An object, opened in memory as by sw_seal_in; another object's message is SW_INTEGRITY. Takes sealed over. */
SW_MUST_CHECK struct sw_in *sw_vault_in(const struct sw_vault *vault, const char name[SW_VAULT_NAME],
                                        struct sw_in *sealed, struct sw_err *err);

/* How many bytes an object's message holds, by its header and length alone: not authenticated. sealed stays open. */
SW_MUST_CHECK int sw_vault_plain_bytes(struct sw_in *sealed, uint64_t *plain_bytes, struct sw_err *err);

/*
 * An object in the making, whose name comes last: an output with pwrite over a seekable one with a descriptor. Each frame is
 * encrypted once, as soon as all of it was written; writing to it again then fails (SW_FAILED). What a frame still
 * lacks waits in memory, at most SW_VAULT_WAITING frames beside the first: the oldest goes first, its gaps zeros.
 * Takes sealed over, also on failure. The vault must outlive it. commit is not for it: finish, name, and commit sealed.
 */
enum { SW_VAULT_WAITING = 256 };
SW_MUST_CHECK struct sw_out *sw_vault_out(const struct sw_vault *vault, struct sw_out *sealed,
                                          struct sw_err *err);
/* Ends the body; what was never written is zeros. sha256: of the object's bytes, as they read back. */
SW_MUST_CHECK int sw_vault_out_finish(struct sw_out *out, uint8_t sha256[32], uint64_t *plain_bytes,
                                      struct sw_err *err);
/* Then its header, with its name. */
SW_MUST_CHECK int sw_vault_out_name(struct sw_out *out, const char name[SW_VAULT_NAME], struct sw_err *err);

/*
 * For processes that hold keys, before they read any: no core dumps, no ptrace by others, locked memory for what is read
 * from now on (a warning when the limit on it is too low). Again and again is fine.
 */
SW_MUST_CHECK int sw_seal_harden(struct sw_err *err);

/* One known answer: what was computed, who published the answer, and whether it came out. */
typedef void sw_self_test_fn(void *arg, const char *name, const char *source, bool right);
/* Computes a known answer with every primitive that is used, and tells each. SW_INTEGRITY when one is wrong. */
SW_MUST_CHECK int sw_seal_self_test(sw_self_test_fn *tell, void *arg, struct sw_err *err);

#endif
