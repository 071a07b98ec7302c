/* Passphrases: a raw AES key that scrypt makes, its salt and cost in the key's name. */
#include "src/base/digest.h"
#include "src/base/number.h"
#include "src/seal/phrase.h"
#include "src/seal/raw_aes.h"
#include "src/seal/scrypt.h"

#include <stdio.h>
#include <string.h>

/*
 * The name is "scrypt." log2(N) "." r "." p "." and the salt's 32 hex digits. Whoever has an SDK computes
 * scrypt(passphrase, salt, N, r, p, 32 bytes) and takes the result as a raw AES key of this namespace and name.
 */
#define PASS_NS "slipway-passphrase"

enum {
    SALT_BYTES = 16,
    SALT_HEX = 2 * SALT_BYTES,
    NAME_BYTES = 64,
    R_WRITTEN = 8,
    P_WRITTEN = 1,
    LOG_N_DEFAULT = 17,
    LOG_N_MIN = 15,
    LOG_N_MAX = 20,
};

struct pass_key {
    struct seal_phrase phrase; /* for opening */
    struct seal_secret key;    /* for sealing */
    uint64_t work;             /* that opening this one costs */
};

/* What an entry's name says. */
struct pass_name {
    struct seal_scrypt cost;
    uint8_t salt[SALT_BYTES];
};

static uint64_t work_of(const struct seal_scrypt *cost)
{
    return ((uint64_t)cost->r * cost->p) << cost->log_n;
}

static struct seal_view view_of(const void *bytes, size_t len)
{
    return (struct seal_view){.bytes = bytes, .len = len};
}

/* A number of at most two digits, and a dot. */
static bool take_number(struct seal_view *text, unsigned *out)
{
    const uint8_t *dot = memchr(text->bytes, '.', text->len);
    char digits[3];
    uint64_t value;
    size_t len = dot != NULL ? (size_t)(dot - text->bytes) : 0;

    if (len == 0 || len >= sizeof(digits) || text->bytes[0] == '0')
        return false;
    memcpy(digits, text->bytes, len);
    digits[len] = '\0';
    if (sw_parse_bytes(digits, "", &value) < 0)
        return false;
    *out = (unsigned)value;
    *text = view_of(dot + 1, text->len - len - 1);
    return true;
}

static bool parse_name(const struct seal_edk *edk, struct pass_name *out)
{
    static const char start[] = "scrypt.";
    size_t at = sizeof(start) - 1;
    struct seal_view text = seal_edk_name(edk);

    if (seal_raw_aes_tail(edk) == NULL || text.len < at || memcmp(text.bytes, start, at) != 0)
        return false;
    text = view_of(text.bytes + at, text.len - at);
    if (!take_number(&text, &out->cost.log_n) || !take_number(&text, &out->cost.r) ||
        !take_number(&text, &out->cost.p))
        return false;
    return sw_unhex((const char *)text.bytes, text.len, out->salt, SALT_BYTES) == 0;
}

static bool is_for(const struct seal_key *key, const struct seal_edk *edk)
{
    struct pass_name name;

    (void)key;
    return parse_name(edk, &name);
}

/* The header is not authenticated yet: what it asks for is checked before it is done. */
static int check_cost(const struct seal_scrypt *cost, struct seal_unwrap *how, struct sw_err *err)
{
    struct seal_scrypt most = {.log_n = LOG_N_MAX, .r = R_WRITTEN, .p = P_WRITTEN};

    if (cost->log_n > LOG_N_MAX || work_of(cost) > work_of(&most))
        return sw_fail(err, SW_INTEGRITY,
                       "its scrypt cost of N=2^%u, r=%u, p=%u is more than is allowed (N=2^%u, r=%u, p=%u)",
                       cost->log_n, cost->r, cost->p, most.log_n, most.r, most.p);
    if (work_of(cost) > how->work_left)
        return sw_fail(err, SW_INTEGRITY, "the passphrases of its message cost more than is allowed");
    how->work_left -= work_of(cost);
    return 0;
}

static int unwrap(const struct seal_key *key, const struct seal_edk *edk, struct seal_unwrap *how,
                  struct seal_secret *data_key, struct sw_err *err)
{
    const struct pass_key *self = key->priv;
    SW_AUTO_SECRET struct seal_secret derived = {.len = SEAL_KEY_BYTES};
    struct pass_name name;

    if (!parse_name(edk, &name))
        return seal_no_fit(err);
    if (check_cost(&name.cost, how, err) < 0 ||
        seal_scrypt(&name.cost, view_of(self->phrase.bytes, self->phrase.len), view_of(name.salt, SALT_BYTES),
                    &derived, err) < 0)
        return -1;
    if (seal_raw_aes_unwrap(&derived, edk, how->aad, data_key, err) < 0)
        return sw_fail(err, SW_INTEGRITY,
                       "it does not open the message: another passphrase, a changed header, or a wrong "
                       "required pair");
    return 0;
}

static int wrap(const struct seal_key *key, const struct seal_wrap *how, struct sw_buf *info,
                struct sw_buf *wrapped, struct sw_err *err)
{
    const struct pass_key *self = key->priv;

    return seal_raw_aes_wrap(&self->key, key->name, how, info, wrapped, err);
}

static void free_pass(void *priv)
{
    struct pass_key *self = priv;

    seal_phrase_free(&self->phrase);
    seal_key_free(self, sizeof(*self));
}

static const struct seal_key_ops pass_ops = {
    .wrap = wrap,
    .is_for = is_for,
    .unwrap = unwrap,
    .free = free_pass,
};

/* Whoever opens may have to try all of them. */
static int check_together(const struct sw_keyring *ring, const struct pass_key *self, struct sw_err *err)
{
    uint64_t work = self->work;

    for (size_t i = 0; i < ring->n; i++)
        if (ring->keys[i].ops == &pass_ops)
            work += ((const struct pass_key *)ring->keys[i].priv)->work;
    if (work > SEAL_PASS_WORK_MAX)
        return sw_fail(err, SW_USAGE, "the passphrases of one message cost too much together: take fewer");
    return 0;
}

static int add_to_seal(const struct sw_keyring *ring, struct pass_key *self, unsigned log_n,
                       struct seal_key *key, struct sw_err *err)
{
    const struct seal_scrypt cost = {.log_n = log_n, .r = R_WRITTEN, .p = P_WRITTEN};
    uint8_t salt[SALT_BYTES];
    char hex[SALT_HEX + 1], name[NAME_BYTES];

    self->work = work_of(&cost);
    self->key.len = SEAL_KEY_BYTES;
    if (check_together(ring, self, err) < 0 || sw_random(salt, sizeof(salt), err) < 0 ||
        seal_scrypt(&cost, view_of(self->phrase.bytes, self->phrase.len), view_of(salt, SALT_BYTES),
                    &self->key, err) < 0)
        return -1;
    sw_hex(salt, SALT_BYTES, hex);
    snprintf(name, sizeof(name), "scrypt.%u.%u.%u.%s", cost.log_n, cost.r, cost.p, hex);
    return seal_key_set_names(key, PASS_NS, name, err);
}

static int take_cost(const struct sw_keyring *ring, const struct seal_key_text *text, unsigned *log_n,
                     struct sw_err *err)
{
    const char *cost = seal_key_option(text, "cost", NULL);
    uint64_t value;

    if (cost == NULL)
        return 0;
    if (ring->use != SW_KEY_SEAL)
        return sw_fail(err, SW_USAGE, "'cost=' is for sealing; a message says what its passphrase costs");
    if (sw_parse_bytes(cost, "", &value) < 0 || value < LOG_N_MIN || value > LOG_N_MAX)
        return sw_fail(err, SW_USAGE, "'cost=%.32s' is not from %d to %d (N is 2 to the power of it)", cost,
                       LOG_N_MIN, LOG_N_MAX);
    *log_n = (unsigned)value;
    return 0;
}

static int add(const struct sw_keyring *ring, const struct seal_key_text *text, struct seal_key *key,
               struct sw_err *err)
{
    const struct seal_ask ask = {.what = "passphrase",
                                 .prompt = ring->use == SW_KEY_SEAL ? "new passphrase" : "passphrase to open",
                                 .twice = ring->use == SW_KEY_SEAL};
    struct pass_key *self;
    unsigned log_n = LOG_N_DEFAULT;

    if (take_cost(ring, text, &log_n, err) < 0)
        return -1;
    self = seal_key_new(sizeof(*self));
    if (self == NULL)
        return sw_fail_errno(err, "cannot get memory for a passphrase");
    key->ops = &pass_ops;
    key->priv = self;
    if (seal_phrase_get(text->target, &ask, &self->phrase, err) < 0)
        return -1;
    key->device = self->phrase.device;
    key->inode = self->phrase.inode;
    key->one_run = ring->use == SW_KEY_SEAL;
    if (ring->use == SW_KEY_SEAL)
        return add_to_seal(ring, self, log_n, key, err);
    return seal_key_set_names(key, PASS_NS, "scrypt", err);
}

static const char *const options[] = {"cost", NULL};

const struct seal_scheme seal_scheme_pass = {
    .prefix = "pass:",
    .form = "pass:prompt|fd:N|file:FILE",
    .options = options,
    .guarded = true,
    .add = add,
};
