/* GRUB's menus: of GRUB 2, its boot loader specification's entries, and GRUB 1. Untrusted text. */
#ifndef SW_PREFLIGHT_GRUB_H
#define SW_PREFLIGHT_GRUB_H

#include "src/preflight/guest.h"

enum { GRUB_ENTRIES_MAX = 64, GRUB_NAME = 256 };

struct grub_menu {
    bool bls; /* the entries are files of /boot/loader/entries */
    size_t n;
    struct boot_entry entries[GRUB_ENTRIES_MAX];
    char ids[GRUB_ENTRIES_MAX][GRUB_NAME];
    char places[GRUB_ENTRIES_MAX][32]; /* "1>2": the third of the second submenu */
    const struct boot_entry *chosen;   /* which boots by default; NULL: it cannot be told */
};

void grub_read(const struct tree *tree, const struct sw_look_entry *config, struct grub_menu *menu);
void grub_read_legacy(const struct tree *tree, const struct sw_look_entry *config, struct grub_menu *menu);

#endif
