/* The guest's kernel: its release by /lib/modules, its version by what the kernel's own header says. */
#include "src/runner/kernel.h"

#include <dirent.h>
#include <endian.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    /* The x86 boot protocol: "HdrS" at 0x202, and at 0x20e how far behind 0x200 a text about the kernel lies. */
    MAGIC_AT = 0x202,
    TEXT_FIELD_AT = 0x20e,
    TEXT_BASE = 0x200,
    TEXT_FURTHEST = 0x8000,
    TEXT_BYTES = 256,
};

/* ASCII from the character first on. */
static bool is_printable(const char *text, char first)
{
    for (; *text != '\0'; text++)
        if (*text < first || *text > '~')
            return false;
    return true;
}

static int open_image(const char *release)
{
    static const char *const places[][2] = {
        {"/boot/vmlinuz-", ""}, {"/lib/modules/", "/vmlinuz"}, {"/boot/Image-", ""}};

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        char path[384];
        struct stat st;
        int fd;

        snprintf(path, sizeof(path), "%s%s%s", places[i][0], release, places[i][1]);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
            return fd;
        if (fd >= 0)
            close(fd);
    }
    return -1;
}

/* "RELEASE (who built it) #1 SMP …" from the header; false when it is not there or speaks of another release. */
static bool read_text(int fd, const char *release, char text[TEXT_BYTES])
{
    unsigned char header[TEXT_FIELD_AT + 2];
    size_t len = strlen(release);
    uint16_t where;
    ssize_t n;

    if (pread(fd, header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
        memcmp(header + MAGIC_AT, "HdrS", 4) != 0)
        return false;
    memcpy(&where, header + TEXT_FIELD_AT, sizeof(where));
    where = le16toh(where);
    if (where == 0 || where > TEXT_FURTHEST)
        return false;
    n = pread(fd, text, TEXT_BYTES - 1, TEXT_BASE + where);
    if (n <= 0)
        return false;
    text[n] = '\0';
    return strncmp(text, release, len) == 0 && text[len] == ' ';
}

/* Before the '#' who built it, from there on uname's version. */
static void split(struct guest_kernel *kernel, const char *text)
{
    const char *rest = text + strlen(kernel->release) + 1, *version = strchr(rest, '#');

    if (version == NULL || !is_printable(text, ' '))
        return;
    snprintf(kernel->version, sizeof(kernel->version), "%.64s", version);
    snprintf(kernel->line, sizeof(kernel->line), "Linux version %s\n", text);
}

/* Better: its image is there while the other's is not, or else newer. */
static bool is_better(const char *name, bool image, const struct guest_kernel *best, bool best_image)
{
    if (best->release[0] == '\0' || image != best_image)
        return best->release[0] == '\0' || image;
    return strverscmp(name, best->release) > 0;
}

static bool choose(struct guest_kernel *kernel)
{
    DIR *dir = opendir("/lib/modules");
    const struct dirent *entry;
    bool has_image = false;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        int fd;

        if (entry->d_name[0] == '.' || strlen(entry->d_name) >= KERNEL_FIELD_BYTES ||
            !is_printable(entry->d_name, '!'))
            continue;
        fd = open_image(entry->d_name);
        if (is_better(entry->d_name, fd >= 0, kernel, has_image)) {
            snprintf(kernel->release, sizeof(kernel->release), "%.64s", entry->d_name);
            has_image = fd >= 0;
        }
        if (fd >= 0)
            close(fd);
    }
    if (dir != NULL)
        closedir(dir);
    return has_image;
}

void kernel_find(struct guest_kernel *out)
{
    char text[TEXT_BYTES];
    int fd;

    memset(out, 0, sizeof(*out));
    fd = choose(out) ? open_image(out->release) : -1;
    if (out->release[0] == '\0')
        return;
    snprintf(out->version, sizeof(out->version), "#1 SMP");
    snprintf(out->line, sizeof(out->line), "Linux version %s #1 SMP\n", out->release);
    if (fd >= 0 && read_text(fd, out->release, text))
        split(out, text);
    if (fd >= 0)
        close(fd);
}
