/* What an OVA holds: tar, OVF and manifest, each checked against the others before any disk is opened. */
#include "formats/ova/ova.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"

#include <string.h>
#include <strings.h>

static bool ends_with(const char *name, const char *ending)
{
    size_t n = strlen(name), len = strlen(ending);

    return n > len && strcasecmp(name + n - len, ending) == 0;
}

/* The only member with that ending; NULL when there is none. */
static int find_only(const struct ova_image *ova, const char *ending, const struct tar_member **out,
                     struct sw_err *err)
{
    *out = NULL;
    for (size_t i = 0; i < ova->tar.n; i++) {
        const struct tar_member *at = &ova->tar.members[i];

        if (!ends_with(at->name, ending))
            continue;
        if (*out != NULL)
            return sw_fail(err, SW_INTEGRITY,
                           "'%s' has two %s members, '%s' and '%s': which one counts is not known",
                           ova->base.in->name, ending, (*out)->name, at->name);
        *out = at;
    }
    return 0;
}

/* All of a member that is text. */
static char *read_text(const struct ova_image *ova, const struct tar_member *member, uint64_t max,
                       struct sw_err *err)
{
    SW_AUTO_FREE char *text = NULL;

    if (member->size_bytes > max) {
        sw_fail(err, SW_REFUSED, "'%s': '%s' at %llu has %llu bytes; at most %llu are taken",
                ova->base.in->name, member->name, (unsigned long long)member->data,
                (unsigned long long)member->size_bytes, (unsigned long long)max);
        return NULL;
    }
    text = sw_calloc(1, (size_t)member->size_bytes + 1, err);
    if (text == NULL || sw_in_read(ova->base.in, text, (size_t)member->size_bytes, member->data, err) < 0)
        return NULL;
    return SW_STEAL_PTR(text);
}

/* Finds the OVF and reads its text; what it means is read once its digest is known to be right. */
static char *read_ovf(struct ova_image *ova, const struct tar_member **member, struct sw_err *err)
{
    if (find_only(ova, ".ovf", member, err) < 0)
        return NULL;
    if (*member == NULL) {
        sw_fail(err, SW_REFUSED, "'%s' is a tar of %zu files, none of them an .ovf: it is no OVA",
                ova->base.in->name, ova->tar.n);
        return NULL;
    }
    if (*member != &ova->tar.members[0])
        sw_image_warn(&ova->base, "its OVF is not the first member: VMware's programs refuse such an OVA");
    return read_text(ova, *member, OVF_MAX_BYTES, err);
}

/* Names nothing twice and nothing that is not there, and leaves nothing out but what signs it. */
static int check_manifest(const struct ova_image *ova, const struct tar_member *own,
                          const struct tar_member *certificate, struct sw_err *err)
{
    const char *name = ova->base.in->name;

    for (size_t i = 0; i < ova->manifest.n; i++)
        if (tar_find(&ova->tar, ova->manifest.lines[i].name) == NULL)
            return sw_fail(err, SW_INTEGRITY, "'%s': the manifest names '%s', which is not in it", name,
                           ova->manifest.lines[i].name);
    for (size_t i = 0; i < ova->tar.n; i++) {
        const struct tar_member *at = &ova->tar.members[i];

        if (at != own && at != certificate && manifest_find(&ova->manifest, at->name) == NULL)
            return sw_fail(err, SW_INTEGRITY, "'%s': the manifest has no digest of '%s'", name, at->name);
    }
    return 0;
}

static int load_manifest(struct ova_image *ova, const struct tar_member *ovf, struct sw_err *err)
{
    const struct tar_member *member = NULL, *certificate = NULL;
    SW_AUTO_FREE char *text = NULL;
    SW_AUTO_FREE char *name = NULL;

    if (find_only(ova, ".mf", &member, err) < 0 || find_only(ova, ".cert", &certificate, err) < 0)
        return -1;
    if (certificate != NULL)
        sw_image_warn(&ova->base, "it is signed; the signature is not checked");
    if (member == NULL)
        return 0;
    ova->has_manifest = true;
    text = read_text(ova, member, MANIFEST_MAX_BYTES, err);
    name = sw_strf(err, "%s:%s", ova->base.in->name, member->name);
    if (text == NULL || name == NULL ||
        manifest_parse(text, (size_t)member->size_bytes, name, &ova->manifest, err) < 0 ||
        check_manifest(ova, member, certificate, err) < 0)
        return -1;
    ova->package.digests = sw_hash_name(manifest_find(&ova->manifest, ovf->name)->hash);
    return ova_verify_member(ova, ovf, NULL, NULL, err);
}

/* hrefs are URIs: a blank in a name may stand as %20. */
static void percent_decode(const char *text, char *out, size_t cap)
{
    size_t n = 0;

    while (*text != '\0' && n + 1 < cap) {
        int high = text[0] == '%' ? sw_hex_digit(text[1]) : -1;
        int low = high >= 0 ? sw_hex_digit(text[2]) : -1;

        out[n++] = low >= 0 ? (char)(high << 4 | low) : *text;
        text += low >= 0 ? 3 : 1;
    }
    out[n] = '\0';
}

const struct tar_member *ova_member(const struct ova_image *ova, const struct ovf_file *file)
{
    const char *href = strncmp(file->href, "./", 2) == 0 ? file->href + 2 : file->href;
    const struct tar_member *member = tar_find(&ova->tar, href);
    char decoded[TAR_NAME_MAX + 2];

    if (member != NULL)
        return member;
    percent_decode(href, decoded, sizeof(decoded));
    return tar_find(&ova->tar, decoded);
}

static int check_file(struct ova_image *ova, const struct ovf_file *file, struct sw_err *err)
{
    const char *name = ova->base.in->name;
    const struct tar_member *member;
    uint64_t size;

    if (strstr(file->href, "://") != NULL)
        return sw_fail(err, SW_REFUSED, "'%s': the OVF's file '%s' lies elsewhere, which is not followed",
                       name, file->href);
    if (file->chunk_size != NULL)
        return sw_fail(err, SW_REFUSED,
                       "'%s': the OVF's file '%s' has a chunkSize (%s): files in pieces are not read", name,
                       file->href, file->chunk_size);
    if (file->compression != NULL && file->compression[0] != '\0' &&
        strcasecmp(file->compression, "identity") != 0)
        return sw_fail(err, SW_REFUSED,
                       "'%s': the OVF's file '%s' has the compression '%s': packed files are not read", name,
                       file->href, file->compression);
    member = ova_member(ova, file);
    if (member == NULL)
        return sw_fail(err, SW_INTEGRITY, "'%s': the OVF names the file '%s', which is not in it", name,
                       file->href);
    if (file->size != NULL && (ovf_number(file->size, &size) < 0 || size != member->size_bytes))
        sw_image_warn(&ova->base, "the OVF says that '%.40s' has '%.24s' bytes; it has %llu", member->name,
                      file->size, (unsigned long long)member->size_bytes);
    return 0;
}

/* In bytes; 0 where a disk with a file does not state it. */
static int capacity_of(const struct ova_image *ova, size_t i, uint64_t *out, struct sw_err *err)
{
    const struct ovf_disk *disk = &ova->ovf.disks[i];
    const char *name = ova->base.in->name;
    uint64_t number, unit;

    *out = 0;
    if (disk->capacity == NULL && disk->file_ref != NULL)
        return 0;
    if (disk->capacity == NULL)
        return sw_fail(err, SW_INTEGRITY, "'%s': the OVF's disk %zu has neither a capacity nor a file", name,
                       i + 1);
    if (ovf_number(disk->capacity, &number) < 0)
        return sw_fail(err, SW_INTEGRITY, "'%s': the capacity '%s' of the OVF's disk %zu is no number", name,
                       disk->capacity, i + 1);
    if (ovf_units(disk->units, &unit) < 0)
        return sw_fail(err, SW_INTEGRITY, "'%s': the capacity's unit '%s' of the OVF's disk %zu is not known",
                       name, disk->units, i + 1);
    if (sw_mul_ovf(number, unit, out) || *out > INT64_MAX)
        return sw_fail(err, SW_INTEGRITY, "'%s': the capacity %s * '%s' of the OVF's disk %zu is too large",
                       name, disk->capacity, disk->units != NULL ? disk->units : "byte", i + 1);
    if (*out == 0 && disk->file_ref == NULL)
        return sw_fail(err, SW_INTEGRITY, "'%s': the OVF's disk %zu is empty and has a capacity of 0", name,
                       i + 1);
    return 0;
}

static int list_disks(struct ova_image *ova, struct sw_err *err)
{
    struct sw_package *package = &ova->package;

    if (ova->ovf.nr_disks == 0)
        return sw_fail(err, SW_REFUSED, "'%s': its OVF has no disk", ova->base.in->name);
    package->disks = sw_calloc(ova->ovf.nr_disks, sizeof(*package->disks), err);
    if (package->disks == NULL)
        return -1;
    package->nr_disks = (unsigned)ova->ovf.nr_disks;
    for (size_t i = 0; i < ova->ovf.nr_disks; i++) {
        const struct ovf_disk *disk = &ova->ovf.disks[i];
        struct sw_package_disk *out = &package->disks[i];

        if (capacity_of(ova, i, &out->capacity_bytes, err) < 0)
            return -1;
        out->stated_format = disk->format;
        if (disk->file_ref != NULL) {
            const struct tar_member *member = ova_member(ova, ovf_file(&ova->ovf, disk->file_ref));

            out->name = member->name; /* check_file saw that it is there */
            out->file_bytes = member->size_bytes;
        }
    }
    return 0;
}

int ova_load(struct ova_image *ova, struct sw_err *err)
{
    struct sw_in *in = ova->base.in;
    const struct tar_member *member = NULL;
    SW_AUTO_FREE char *text = NULL;

    if (tar_list(in, &ova->tar, err) < 0)
        return -1;
    text = read_ovf(ova, &member, err);
    if (text == NULL || load_manifest(ova, member, err) < 0 ||
        ovf_parse(text, (size_t)member->size_bytes, in->name, &ova->ovf, err) < 0)
        return -1;
    for (size_t i = 0; i < ova->ovf.nr_files; i++)
        if (check_file(ova, &ova->ovf.files[i], err) < 0)
            return -1;
    if (!ova->tar.ended)
        sw_image_warn(&ova->base, "the tar has no end: what followed the last file may be lost");
    return list_disks(ova, err);
}
