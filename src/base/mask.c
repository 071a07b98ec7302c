/* Masking: one automaton over all spellings of all secrets (Aho and Corasick), fed as the text comes. */
#include "src/base/mask.h"

#include "src/base/mask_forms.h"

#include <string.h>

/* 24 bytes each. */
enum { NODES_MAX = 4 << 20, BREAKS_MAX = 2, URL_SHOWN_MAX = 300 };

/* A state: the longest end of the text so far that a spelling begins with. Node 0 is the start. */
struct node {
    uint32_t child, next; /* the first of those that are one byte longer, and its next sibling */
    uint32_t fail;        /* the next shorter end of the same text */
    uint32_t depth;
    uint32_t longest; /* how much of the end is to be hidden */
    uint8_t byte;
    bool whole; /* a spelling ends here */
};

struct sw_mask {
    struct node *nodes;
    uint32_t nr_nodes, cap;
    uint32_t first[256]; /* the start's children, by byte */
    uint32_t deepest;
};

/* Bytes [from, to) of the stream are a secret. */
struct mask_run {
    uint64_t from, to;
};

struct sw_mask *sw_mask_new(struct sw_err *err)
{
    struct sw_mask *mask = sw_calloc(1, sizeof(*mask), err);

    if (mask == NULL)
        return NULL;
    mask->cap = 64;
    mask->nr_nodes = 1;
    mask->nodes = sw_calloc(mask->cap, sizeof(*mask->nodes), err);
    if (mask->nodes != NULL)
        return mask;
    free(mask);
    return NULL;
}

void sw_mask_free(struct sw_mask *mask)
{
    if (mask == NULL)
        return;
    explicit_bzero(mask->nodes, mask->nr_nodes * sizeof(*mask->nodes));
    free(mask->nodes);
    free(mask);
}

bool sw_mask_is_empty(const struct sw_mask *mask)
{
    return mask == NULL || mask->nr_nodes == 1;
}

static uint32_t find_child(const struct sw_mask *mask, uint32_t node, uint8_t byte)
{
    uint32_t at = node == 0 ? mask->first[byte] : mask->nodes[node].child;

    while (node != 0 && at != 0 && mask->nodes[at].byte != byte)
        at = mask->nodes[at].next;
    return at;
}

static int grow(struct sw_mask *mask, struct sw_err *err)
{
    struct node *nodes;

    if (mask->cap >= NODES_MAX)
        return sw_fail(err, SW_FAILED, "the secrets are too long to be masked");
    /* Not realloc: what it leaves behind would hold parts of secrets. */
    nodes = sw_calloc((size_t)mask->cap * 2, sizeof(*nodes), err);
    if (nodes == NULL)
        return -1;
    memcpy(nodes, mask->nodes, mask->nr_nodes * sizeof(*nodes));
    explicit_bzero(mask->nodes, mask->nr_nodes * sizeof(*nodes));
    free(mask->nodes);
    mask->nodes = nodes;
    mask->cap *= 2;
    return 0;
}

static int add_child(struct sw_mask *mask, uint32_t parent, uint8_t byte, uint32_t *out, struct sw_err *err)
{
    struct node *node;

    if (mask->nr_nodes == mask->cap && grow(mask, err) < 0)
        return -1;
    *out = mask->nr_nodes++;
    node = &mask->nodes[*out];
    *node = (struct node){.byte = byte, .depth = mask->nodes[parent].depth + 1};
    if (parent == 0) {
        mask->first[byte] = *out;
    } else {
        node->next = mask->nodes[parent].child;
        mask->nodes[parent].child = *out;
    }
    if (node->depth > mask->deepest)
        mask->deepest = node->depth;
    return 0;
}

static bool is_break(uint8_t byte)
{
    return byte == '\n' || byte == '\r';
}

/* One spelling. Ends of lines do not count, neither here nor in the text. */
static int add_form(void *arg, const char *form, size_t len, struct sw_err *err)
{
    struct sw_mask *mask = arg;
    uint32_t node = 0;
    size_t counted = 0;

    for (size_t i = 0; i < len; i++)
        counted += !is_break((uint8_t)form[i]);
    if (counted < SW_MASK_MIN_BYTES)
        return 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)form[i];
        uint32_t child = find_child(mask, node, byte);

        if (is_break(byte))
            continue;
        if (child == 0 && add_child(mask, node, byte, &child, err) < 0)
            return -1;
        node = child;
    }
    mask->nodes[node].whole = true;
    return 0;
}

static uint32_t step(const struct sw_mask *mask, uint32_t node, uint8_t byte)
{
    for (;;) {
        uint32_t child = find_child(mask, node, byte);

        if (child != 0 || node == 0)
            return child;
        node = mask->nodes[node].fail;
    }
}

static void link_node(struct sw_mask *mask, uint32_t parent, uint32_t at)
{
    struct node *node = &mask->nodes[at];

    node->fail = parent == 0 ? 0 : step(mask, mask->nodes[parent].fail, node->byte);
    node->longest =
        node->whole || node->depth >= SW_MASK_PREFIX_BYTES ? node->depth : mask->nodes[node->fail].longest;
}

/* In the order of depth, as every link leads to a shallower node. */
static int link_all(struct sw_mask *mask, struct sw_err *err)
{
    SW_AUTO_FREE uint32_t *queue = sw_calloc(mask->nr_nodes, sizeof(*queue), err);
    size_t n = 0;

    if (queue == NULL)
        return -1;
    for (unsigned byte = 0; byte < 256; byte++) {
        if (mask->first[byte] == 0)
            continue;
        link_node(mask, 0, mask->first[byte]);
        queue[n++] = mask->first[byte];
    }
    for (size_t i = 0; i < n; i++) {
        for (uint32_t at = mask->nodes[queue[i]].child; at != 0; at = mask->nodes[at].next) {
            link_node(mask, queue[i], at);
            queue[n++] = at;
        }
    }
    return 0;
}

int sw_mask_add(struct sw_mask *mask, const char *secret, struct sw_err *err)
{
    size_t len = strlen(secret);

    if (len < SW_MASK_MIN_BYTES)
        return 0;
    if (len > SW_MASK_MAX_BYTES)
        return sw_fail(err, SW_FAILED, "a secret is longer than %d bytes", (int)SW_MASK_MAX_BYTES);
    return mask_forms(secret, len, add_form, mask, err) < 0 ? -1 : link_all(mask, err);
}

/* ---- Text in pieces ---------------------------------------------------------------------------------------- */

/* Joins the run with those behind its beginning. */
static int add_run(struct sw_mask_stream *stream, struct mask_run run, struct sw_err *err)
{
    while (stream->runs.len > 0) {
        struct mask_run *last = (struct mask_run *)(void *)(stream->runs.data + stream->runs.len) - 1;

        if (last->to < run.from)
            break;
        if (last->from < run.from)
            run.from = last->from;
        stream->runs.len -= sizeof(run);
    }
    return sw_buf_append(&stream->runs, &run, sizeof(run), err);
}

/* The place of the byte that begins the last n bytes which count. */
static uint64_t place_of(const struct sw_mask_stream *stream, uint32_t n)
{
    return stream->places[(stream->nr_bytes - n) % stream->nr_places];
}

static int take_byte(struct sw_mask_stream *stream, uint8_t byte, uint64_t place, struct sw_err *err)
{
    const struct sw_mask *mask = stream->mask;
    const struct node *node;

    if (is_break(byte)) {
        if (stream->node != 0 && ++stream->breaks > BREAKS_MAX)
            stream->node = 0;
        return 0;
    }
    stream->breaks = 0;
    stream->places[stream->nr_bytes++ % stream->nr_places] = place;
    stream->node = step(mask, stream->node, byte);
    node = &mask->nodes[stream->node];
    if (node->longest == 0)
        return 0;
    return add_run(stream, (struct mask_run){place_of(stream, node->longest), place + 1}, err);
}

/* A part of a secret: its marks, and the ends of its lines. */
static int give_hidden(struct sw_mask_stream *stream, const char *bytes, size_t len, struct sw_buf *out,
                       struct sw_err *err)
{
    for (size_t i = 0; i < len; i++) {
        bool line_ends = is_break((uint8_t)bytes[i]);

        if (line_ends ? sw_buf_append(out, bytes + i, 1, err) < 0
                      : !stream->hidden && sw_buf_puts(out, SW_MASK_TEXT, err) < 0)
            return -1;
        stream->hidden = !line_ends;
    }
    return 0;
}

/* Appends all before the place `until`, and forgets it. */
static int give_out(struct sw_mask_stream *stream, uint64_t until, struct sw_buf *out, struct sw_err *err)
{
    struct mask_run *runs = (struct mask_run *)(void *)stream->runs.data;
    size_t nr_runs = stream->runs.len / sizeof(*runs), used = 0;
    uint64_t at = stream->base;

    while (at < until) {
        const char *bytes = stream->held.data + (at - stream->base);
        bool inside = used < nr_runs && runs[used].from <= at;
        uint64_t end = used < nr_runs ? (inside ? runs[used].to : runs[used].from) : until;

        if (end > until)
            end = until;
        if (inside ? give_hidden(stream, bytes, end - at, out, err) < 0
                   : sw_buf_append(out, bytes, end - at, err) < 0)
            return -1;
        stream->hidden = stream->hidden && inside;
        at = end;
        if (inside && at == runs[used].to)
            used++;
    }
    stream->held.len -= until - stream->base;
    if (stream->held.len > 0)
        memmove(stream->held.data, stream->held.data + (until - stream->base), stream->held.len);
    stream->base = until;
    stream->runs.len -= used * sizeof(*runs);
    if (used > 0 && stream->runs.len > 0)
        memmove(runs, runs + used, stream->runs.len);
    return 0;
}

/* Secrets may have come since the stream was last at its start. */
static int make_places(struct sw_mask_stream *stream, struct sw_err *err)
{
    if (stream->nr_places == stream->mask->deepest)
        return 0;
    free(SW_STEAL_PTR(stream->places));
    stream->nr_places = 0;
    stream->places = sw_calloc(stream->mask->deepest, sizeof(*stream->places), err);
    if (stream->places == NULL)
        return -1;
    stream->nr_places = stream->mask->deepest;
    return 0;
}

int sw_mask_feed(struct sw_mask_stream *stream, const void *bytes, size_t len, struct sw_buf *out,
                 struct sw_err *err)
{
    const uint8_t *at = bytes;
    uint64_t place;

    if (sw_mask_is_empty(stream->mask))
        return sw_buf_append(out, bytes, len, err);
    if (stream->node == 0 && make_places(stream, err) < 0)
        return -1;
    place = stream->base + stream->held.len;
    if (sw_buf_append(&stream->held, bytes, len, err) < 0)
        return -1;
    for (size_t i = 0; i < len; i++)
        if (take_byte(stream, at[i], place + i, err) < 0)
            return -1;
    if (stream->node == 0)
        return give_out(stream, place + len, out, err);
    return give_out(stream, place_of(stream, stream->mask->nodes[stream->node].depth), out, err);
}

int sw_mask_end(struct sw_mask_stream *stream, bool cut, struct sw_buf *out, struct sw_err *err)
{
    uint64_t end = stream->base + stream->held.len;
    uint32_t depth = stream->node != 0 ? stream->mask->nodes[stream->node].depth : 0;
    int rc = 0;

    if (cut && depth >= SW_MASK_MIN_BYTES)
        rc = add_run(stream, (struct mask_run){place_of(stream, depth), end}, err);
    if (rc == 0)
        rc = give_out(stream, end, out, err);
    stream->node = 0;
    stream->breaks = 0;
    stream->hidden = false;
    return rc;
}

void sw_mask_stream_free(struct sw_mask_stream *stream)
{
    if (stream->held.cap > 0)
        explicit_bzero(stream->held.data, stream->held.cap);
    sw_buf_free(&stream->held);
    sw_buf_free(&stream->runs);
    free(SW_STEAL_PTR(stream->places));
    stream->nr_places = 0;
}

/* ---- Whole texts ------------------------------------------------------------------------------------------- */

static int mask_whole(const struct sw_mask *mask, const char *text, size_t len, bool cut, struct sw_buf *out,
                      struct sw_err *err)
{
    SW_AUTO_MASK_STREAM struct sw_mask_stream stream = {.mask = mask};

    return sw_mask_feed(&stream, text, len, out, err) < 0 ? -1 : sw_mask_end(&stream, cut, out, err);
}

int sw_mask_text(const struct sw_mask *mask, const char *text, size_t len, struct sw_buf *out,
                 struct sw_err *err)
{
    return mask_whole(mask, text, len, false, out, err);
}

void sw_mask_err(const struct sw_mask *mask, struct sw_err *err)
{
    static const char more[] = "…";
    SW_AUTO_BUF struct sw_buf out = {0};
    struct sw_err ignored = {.code = SW_OK};
    size_t len = strlen(err->text), tail = sizeof(more) - 1;
    bool cut = len >= sizeof(err->text) - 1 - tail && memcmp(err->text + len - tail, more, tail) == 0;

    if (sw_mask_is_empty(mask))
        return;
    if (cut)
        len -= tail;
    if (mask_whole(mask, err->text, len, cut, &out, &ignored) < 0)
        snprintf(err->text, sizeof(err->text), "%s", SW_MASK_TEXT);
    else
        snprintf(err->text, sizeof(err->text), "%.*s%s", (int)out.len, out.data != NULL ? out.data : "",
                 cut ? more : "");
}

/* What one masking of JSON carries along. */
struct masking {
    const struct sw_mask *mask;
    bool cut;
    struct sw_err *err;
};

static json_t *mask_string(const struct masking *m, const json_t *value)
{
    SW_AUTO_BUF struct sw_buf out = {0};
    json_t *masked;

    if (mask_whole(m->mask, json_string_value(value), json_string_length(value), m->cut, &out, m->err) < 0)
        return NULL;
    masked = json_stringn(out.data != NULL ? out.data : "", out.len);
    /* The beginning of a secret may end within a character. */
    return masked != NULL ? masked : json_string(SW_MASK_TEXT);
}

static json_t *mask_value(const struct masking *m, json_t *value);

static int mask_members(const struct masking *m, json_t *value, json_t *out)
{
    const char *key;
    json_t *member;
    size_t i;

    json_object_foreach (value, key, member) {
        SW_AUTO_BUF struct sw_buf name = {0};

        if (mask_whole(m->mask, key, strlen(key), m->cut, &name, m->err) < 0 ||
            json_object_set_new(out, name.data != NULL ? name.data : "", mask_value(m, member)) < 0)
            return -1;
    }
    json_array_foreach (value, i, member) {
        if (json_array_append_new(out, mask_value(m, member)) < 0)
            return -1;
    }
    return 0;
}

static json_t *mask_value(const struct masking *m, json_t *value)
{
    json_t *out;

    if (json_is_string(value))
        return mask_string(m, value);
    if (!json_is_object(value) && !json_is_array(value))
        return json_incref(value);
    out = json_is_object(value) ? json_object() : json_array();
    if (out == NULL || mask_members(m, value, out) < 0) {
        json_decref(out);
        return NULL;
    }
    return out;
}

json_t *sw_mask_json(const struct sw_mask *mask, json_t *value, bool cut, struct sw_err *err)
{
    struct masking m = {.mask = mask, .cut = cut, .err = err};
    json_t *out;

    if (value == NULL || sw_mask_is_empty(mask))
        return value;
    out = mask_value(&m, value);
    json_decref(value);
    if (out == NULL && err->code == SW_OK)
        sw_fail(err, SW_FAILED, "out of memory");
    return out;
}

char *sw_url_shown(const char *url, struct sw_err *err)
{
    const char *slashes = strstr(url, "://");
    size_t host = slashes != NULL ? (size_t)(slashes + 3 - url) : 0, len = strcspn(url, "?#");
    size_t end = host + strcspn(url + host, "/?#");
    const char *at = memrchr(url + host, '@', end - host);
    size_t from = at != NULL ? (size_t)(at + 1 - url) : host;

    len = len < from ? from : len > from + URL_SHOWN_MAX ? from + URL_SHOWN_MAX : len;
    return sw_strf(err, "%.*s%.*s", (int)host, url, (int)(len - from), url + from);
}
