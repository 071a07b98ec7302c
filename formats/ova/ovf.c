/* Reading an OVF envelope through expat; bounded, and without DTDs. */
#include "formats/ova/ovf.h"
#include "src/base/cleanup.h"

#include <expat.h>
#include <string.h>

#define NAMESPACE "http://schemas.dmtf.org/ovf/envelope/"

enum { ATTRIBUTE_MAX = 1024, SEPARATOR = '|' };

/* Where in the envelope an element's children are looked at. */
enum place { ELSEWHERE, OUTSIDE, ENVELOPE, REFERENCES, DISK_SECTION };

struct reader {
    XML_Parser parser;
    const char *name;
    struct ovf *ovf;
    enum place places[OVF_DEPTH_MAX + 1]; /* of the open elements; the first is the document */
    size_t depth;
    struct sw_err *err;
    bool failed;
};

/* The member of a struct that an attribute goes to. */
struct slot {
    const char *name;
    size_t offset;
};

static const struct slot file_slots[] = {
    {"id", offsetof(struct ovf_file, id)},
    {"href", offsetof(struct ovf_file, href)},
    {"compression", offsetof(struct ovf_file, compression)},
    {"chunkSize", offsetof(struct ovf_file, chunk_size)},
    {"size", offsetof(struct ovf_file, size)},
};

static const struct slot disk_slots[] = {
    {"diskId", offsetof(struct ovf_disk, id)},
    {"fileRef", offsetof(struct ovf_disk, file_ref)},
    {"format", offsetof(struct ovf_disk, format)},
    {"parentRef", offsetof(struct ovf_disk, parent_ref)},
    {"capacity", offsetof(struct ovf_disk, capacity)},
    {"capacityAllocationUnits", offsetof(struct ovf_disk, units)},
};

static void stop(struct reader *reader)
{
    reader->failed = true;
    XML_StopParser(reader->parser, XML_FALSE);
}

static void refuse(struct reader *reader, const char *why)
{
    if (!reader->failed)
        sw_fail(reader->err, SW_INTEGRITY, "'%s': the OVF %s (line %lu)", reader->name, why,
                (unsigned long)XML_GetCurrentLineNumber(reader->parser));
    stop(reader);
}

/* The local part of a name; whole is true for one of the envelope's namespace. */
static const char *local_name(const char *name, bool *own)
{
    const char *bar = strrchr(name, SEPARATOR);

    *own = strncmp(name, NAMESPACE, strlen(NAMESPACE)) == 0;
    return bar != NULL ? bar + 1 : name;
}

/* Attributes of the envelope's namespace, or of none, which some writers forget. */
static void take_attributes(struct reader *reader, void *object, const struct slot *slots, size_t nr_slots,
                            const XML_Char **attributes)
{
    for (; *attributes != NULL; attributes += 2) {
        bool own;
        const char *name = local_name(attributes[0], &own);

        if (!own && name != attributes[0])
            continue;
        for (size_t i = 0; i < nr_slots; i++) {
            char **to = (char **)((char *)object + slots[i].offset);

            if (strcmp(name, slots[i].name) != 0)
                continue;
            if (strlen(attributes[1]) > ATTRIBUTE_MAX) {
                refuse(reader, "has an attribute longer than 1024 bytes");
                return;
            }
            free(*to);
            *to = sw_strdup(attributes[1], reader->err);
            if (*to == NULL)
                stop(reader);
        }
    }
}

/* Room for all that may come, made once. */
static void *room(struct reader *reader, void **items, size_t size, size_t max)
{
    if (*items == NULL)
        *items = sw_calloc(max, size, reader->err);
    if (*items == NULL)
        stop(reader);
    return *items;
}

static void take_file(struct reader *reader, const XML_Char **attributes)
{
    struct ovf *ovf = reader->ovf;

    if (ovf->nr_files == OVF_FILES_MAX)
        refuse(reader, "lists more than 512 files");
    else if (room(reader, (void **)&ovf->files, sizeof(*ovf->files), OVF_FILES_MAX) != NULL)
        take_attributes(reader, &ovf->files[ovf->nr_files++], file_slots, SW_ARRAY_LEN(file_slots),
                        attributes);
}

static void take_disk(struct reader *reader, const XML_Char **attributes)
{
    struct ovf *ovf = reader->ovf;

    if (ovf->nr_disks == OVF_DISKS_MAX)
        refuse(reader, "lists more than 256 disks");
    else if (room(reader, (void **)&ovf->disks, sizeof(*ovf->disks), OVF_DISKS_MAX) != NULL)
        take_attributes(reader, &ovf->disks[ovf->nr_disks++], disk_slots, SW_ARRAY_LEN(disk_slots),
                        attributes);
}

/* What an element is, by where it stands. */
static enum place enter(struct reader *reader, const char *name, const XML_Char **attributes)
{
    enum place in = reader->places[reader->depth];
    bool own;
    const char *local = local_name(name, &own);

    if (in == OUTSIDE) {
        if (own && strcmp(local, "Envelope") == 0)
            return ENVELOPE;
        refuse(reader, "does not begin with an Envelope of version 1 or 2");
    } else if (own && in == ENVELOPE && strcmp(local, "References") == 0) {
        return REFERENCES;
    } else if (own && in == ENVELOPE && strcmp(local, "DiskSection") == 0) {
        return DISK_SECTION;
    } else if (own && in == REFERENCES && strcmp(local, "File") == 0) {
        take_file(reader, attributes);
    } else if (own && in == DISK_SECTION && strcmp(local, "Disk") == 0) {
        take_disk(reader, attributes);
    }
    return ELSEWHERE;
}

static void on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *reader = arg;
    enum place place;

    if (reader->failed)
        return;
    if (reader->depth == OVF_DEPTH_MAX) {
        refuse(reader, "is nested deeper than 64 elements");
        return;
    }
    place = enter(reader, name, attributes);
    reader->places[++reader->depth] = place;
}

static void on_end(void *arg, const XML_Char *name)
{
    struct reader *reader = arg;

    (void)name;
    if (!reader->failed)
        reader->depth--;
}

static void on_doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                       int sub)
{
    (void)name;
    (void)system;
    (void)public;
    (void)sub;
    refuse(arg, "has a DTD, which is not taken");
}

static int read_all(struct reader *reader, const char *text, size_t len)
{
    enum XML_Status status;

    reader->parser = XML_ParserCreateNS(NULL, SEPARATOR);
    if (reader->parser == NULL)
        return sw_fail(reader->err, SW_FAILED, "no memory for an XML reader");
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, on_start, on_end);
    XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
    status = XML_Parse(reader->parser, text, (int)len, 1);
    if (status != XML_STATUS_OK && !reader->failed) {
        char why[160];

        snprintf(why, sizeof(why), "is not well-formed: %s",
                 XML_ErrorString(XML_GetErrorCode(reader->parser)));
        refuse(reader, why);
    }
    XML_ParserFree(reader->parser);
    return reader->failed ? -1 : 0;
}

/* What holds of every envelope, so that ids name one thing. */
static int check(const struct ovf *ovf, const char *name, struct sw_err *err)
{
    for (size_t i = 0; i < ovf->nr_files; i++) {
        const struct ovf_file *file = &ovf->files[i];

        if (file->id == NULL || file->href == NULL)
            return sw_fail(err, SW_INTEGRITY, "'%s': the OVF's file %zu has no id or no href", name, i + 1);
        if (ovf_file(ovf, file->id) != file)
            return sw_fail(err, SW_INTEGRITY, "'%s': the OVF has two files with the id '%s'", name, file->id);
    }
    for (size_t i = 0; i < ovf->nr_disks; i++) {
        const char *ref = ovf->disks[i].file_ref;

        if (ref != NULL && ovf_file(ovf, ref) == NULL)
            return sw_fail(err, SW_INTEGRITY,
                           "'%s': the OVF's disk %zu refers to the file '%s', which it does not list", name,
                           i + 1, ref);
    }
    return 0;
}

int ovf_parse(const char *text, size_t len, const char *name, struct ovf *ovf, struct sw_err *err)
{
    struct reader reader = {.name = name, .ovf = ovf, .places = {OUTSIDE}, .err = err};

    *ovf = (struct ovf){.nr_files = 0};
    if (len > OVF_MAX_BYTES)
        return sw_fail(err, SW_REFUSED, "'%s': the OVF has %zu bytes, more than 4 MiB", name, len);
    if (read_all(&reader, text, len) < 0 || check(ovf, name, err) < 0) {
        ovf_free(ovf);
        return -1;
    }
    return 0;
}

static void free_slots(void *object, const struct slot *slots, size_t nr_slots)
{
    for (size_t i = 0; i < nr_slots; i++)
        free(*(char **)((char *)object + slots[i].offset));
}

void ovf_free(struct ovf *ovf)
{
    for (size_t i = 0; i < ovf->nr_files; i++)
        free_slots(&ovf->files[i], file_slots, SW_ARRAY_LEN(file_slots));
    for (size_t i = 0; i < ovf->nr_disks; i++)
        free_slots(&ovf->disks[i], disk_slots, SW_ARRAY_LEN(disk_slots));
    free(ovf->files);
    free(ovf->disks);
    *ovf = (struct ovf){.nr_files = 0};
}

const struct ovf_file *ovf_file(const struct ovf *ovf, const char *id)
{
    for (size_t i = 0; i < ovf->nr_files; i++)
        if (ovf->files[i].id != NULL && strcmp(ovf->files[i].id, id) == 0)
            return &ovf->files[i];
    return NULL;
}
