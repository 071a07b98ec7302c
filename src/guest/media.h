/* Media with package repositories, as the files of this room see them. */
#ifndef SW_GUEST_MEDIA_H
#define SW_GUEST_MEDIA_H

#include "slipway/guest.h"
#include "src/base/buf.h"
#include "src/base/digest.h"

enum { MEDIA_REPOSITORIES_MAX = 64, MEDIA_ENTRIES_MAX = 2000000, MEDIA_DEPTH_MAX = 64 };
#define MEDIA_TREE_MAX_BYTES (UINT64_C(1) << 40)

enum medium_kind { MEDIUM_FOLDER, MEDIUM_ISO, MEDIUM_TAR };

enum repository_kind {
    REPOSITORY_APT_SUITE, /* folder/dists/suite with components */
    REPOSITORY_APT_FLAT,  /* folder/Packages */
    REPOSITORY_RPM,       /* folder/repodata/repomd.xml */
};

struct repository {
    enum repository_kind kind;
    char *folder;     /* in the medium; "" is its top */
    char *suite;      /* APT_SUITE */
    char *components; /* APT_SUITE: with a blank between them */
};

/* What the names in a medium tell: fed one by one, in any order. Zero-initialise it. */
struct layout {
    struct repository items[MEDIA_REPOSITORIES_MAX];
    size_t n;
    bool has_deb, has_rpm; /* packages, indexed or not */
};

/* A name without a leading slash. Names that a package manager's file could not hold are not seen. */
SW_MUST_CHECK int layout_add(struct layout *layout, const char *name, struct sw_err *err);
void layout_sort(struct layout *layout);
void layout_free(struct layout *layout);

struct medium {
    char *path; /* as named */
    enum medium_kind kind;
    char digest[SW_SHA256_HEX];
    char *image; /* what is attached; NULL before sw_media_make_images */
    struct layout layout;
};

/* The serial number of a booted guest's disk that is a medium, before the medium's own. */
#define MEDIUM_SERIAL "slipway-medium-"

struct sw_media {
    struct medium items[SW_MEDIA_MAX];
    size_t n;
    char *cache_dir;
};

/* ---- The tree of a folder: tree.c ---- */

struct tree_entry {
    char *name;  /* from the folder on */
    char *link;  /* of a link: where to; else NULL */
    bool folder; /* else a file, unless it is a link */
    bool executable;
    uint64_t size_bytes, device, inode;
    int64_t mtime_ns, ctime_ns;
};

struct tree {
    struct tree_entry *items; /* sorted by bytes */
    size_t n;
};

/* Links are not followed; what is neither file, folder nor link is refused. */
SW_MUST_CHECK int tree_read(const char *path, struct tree *out, struct sw_err *err);
void tree_free(struct tree *tree);
/* Of names, kinds, links and bytes. */
SW_MUST_CHECK int tree_digest(const struct tree *tree, const char *path, uint8_t out[SW_SHA256_BYTES],
                              struct sw_err *err);
/* Of what changes when somebody changes the tree. */
SW_MUST_CHECK int tree_signature(const struct tree *tree, uint8_t out[SW_SHA256_BYTES], struct sw_err *err);

/* ---- Archives: archive.c, the one file with libarchive ---- */

/* What the file is, and its names into layout. SW_RECIPE when it is neither an ISO 9660 image nor a tar. */
SW_MUST_CHECK int archive_look(const char *path, enum medium_kind *kind, struct layout *layout,
                               struct sw_err *err);
/* An ISO 9660 image with Rock Ridge of the tree, or of a tar's files, into an empty file. */
SW_MUST_CHECK int archive_image_of_tree(const struct tree *tree, const char *path, int image_fd,
                                        struct sw_err *err);
SW_MUST_CHECK int archive_image_of_tar(const char *path, int image_fd, struct sw_err *err);

size_t media_count(const struct sw_media *media);
/* NULL before the images are made. */
const char *media_image(const struct sw_media *media, size_t i);

/* ---- What package managers are told: repositories.c ---- */

SW_MUST_CHECK int repositories_apt_list(const struct sw_media *media, struct sw_buf *out, struct sw_err *err);
/* For dnf and yum; for zypper when zypp. */
SW_MUST_CHECK int repositories_rpm_list(const struct sw_media *media, bool zypp, struct sw_buf *out,
                                        struct sw_err *err);

#endif
