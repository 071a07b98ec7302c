/* What lines on a console say about how a boot goes on. */
#include "src/guest/boot/words.h"

#include "src/base/cleanup.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct saying {
    const char *words;
    enum boot_word meaning;
    bool whole; /* at the begin of a line with nothing behind it but blanks */
};

/* The first that fits counts. */
static const struct saying sayings[] = {
    {"IO-APIC + timer doesn't work", WORD_PANIC_TIMER, false},
    {"Kernel panic - not syncing", WORD_PANIC, false},
    {"Linux version ", WORD_KERNEL, false},
    {"No bootable device.", WORD_NO_DEVICE, false},                            /* SeaBIOS */
    {"BdsDxe: No bootable option or device was found", WORD_NO_DEVICE, false}, /* OVMF */
    {"UEFI Interactive Shell", WORD_NO_DEVICE, false},
    {">>Start PXE over", WORD_NO_DEVICE, false},
    {"grub rescue>", WORD_LOADER, false},
    {"grub>", WORD_LOADER, true},
    {"Minimal BASH-like line editing is supported", WORD_LOADER, false}, /* GRUB without its menu */
    {"SYSLINUX - No DEFAULT or UI configuration directive found", WORD_LOADER, false},
    {"Missing operating system", WORD_LOADER, false},
    {"Operating system not found", WORD_LOADER, false},
    {"(initramfs)", WORD_EMERGENCY, true},              /* initramfs-tools */
    {"Entering emergency mode", WORD_EMERGENCY, false}, /* dracut */
    {"You are in emergency mode", WORD_EMERGENCY, false},
    {"You are in rescue mode", WORD_EMERGENCY, false},
    {"Cannot open access to console, the root account is locked", WORD_EMERGENCY, false},
    {"Give root password for maintenance", WORD_EMERGENCY, false},
    {"initramfs emergency recovery shell launched", WORD_EMERGENCY, false}, /* Alpine */
};

static bool is_whole(const char *line, const char *words)
{
    size_t len = strlen(words);

    return strncmp(line, words, len) == 0 && line[len + strspn(line + len, " ")] == '\0';
}

/* "name login: " and nothing behind it. */
static bool is_login(const char *line)
{
    static const char words[] = " login:";
    size_t len = strlen(line);

    while (len > 0 && line[len - 1] == ' ')
        len--;
    return len >= sizeof(words) && strncmp(line + len - strlen(words), words, strlen(words)) == 0;
}

enum boot_word boot_word(const char *line)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(sayings); i++)
        if (sayings[i].whole ? is_whole(line, sayings[i].words) : strstr(line, sayings[i].words) != NULL)
            return sayings[i].meaning;
    return is_login(line) ? WORD_LOGIN : WORD_NONE;
}

/* ---- Terminal sequences ------------------------------------------------------------------------------------ */

enum { PLAIN, ESCAPE, SEQUENCE, STRING };

/* ECMA-48: ESC [ parameters final, ESC ] text BEL, ESC intermediates final. */
static int next_state(int state, unsigned char c)
{
    switch (state) {
    case ESCAPE:
        return c == '['                                       ? SEQUENCE
               : c == ']' || c == 'P' || c == '_' || c == '^' ? STRING
               : c >= 0x20 && c < 0x30                        ? ESCAPE
                                                              : PLAIN;
    case SEQUENCE:
        return c >= 0x20 && c < 0x40 ? SEQUENCE : PLAIN;
    case STRING:
        return c == '\a' || c == '\n' ? PLAIN : STRING;
    default:
        return PLAIN;
    }
}

size_t plain_text(struct plain *plain, const char *bytes, size_t len, char *out)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];

        if (c == 0x1b) {
            plain->state = ESCAPE;
            continue;
        }
        if (plain->state != PLAIN) {
            plain->state = next_state(plain->state, c);
            continue;
        }
        if (c == '\n' || c == '\r' || c == '\t' || (c >= 0x20 && c != 0x7f))
            out[n++] = (char)c;
    }
    return n;
}

/* ---- Registers --------------------------------------------------------------------------------------------- */

bool registers_show_system(const char *text)
{
    static const char rip[] = "RIP=";

    if (strstr(text, "CPL=3") != NULL)
        return true;
    /* Firmware and boot loaders are where memory is; kernels of 64 bits live in the upper half of what can be addressed. */
    for (const char *at = text; (at = strstr(at, rip)) != NULL; at += strlen(rip))
        if (strtoull(at + strlen(rip), NULL, 16) >= UINT64_C(0xffff800000000000))
            return true;
    return false;
}
