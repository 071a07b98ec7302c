/* GRUB's menus, read as far as it takes to tell which entry boots and with what. */
#include "src/preflight/grub.h"

#include "src/base/cleanup.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The next word of a line, with quotes taken off; false at its end. */
static bool take_word(char **at, char *out, size_t len)
{
    char *from = *at, quote = 0;
    size_t n = 0;

    while (*from == ' ' || *from == '\t')
        from++;
    if (*from == '\0') {
        *at = from;
        return false;
    }
    for (; *from != '\0' && (quote != 0 || (*from != ' ' && *from != '\t')); from++) {
        if (quote == 0 && (*from == '"' || *from == '\''))
            quote = *from;
        else if (quote != 0 && *from == quote)
            quote = 0;
        else if (n + 1 < len)
            out[n++] = *from;
    }
    out[n] = '\0';
    *at = from;
    return true;
}

/* As the file system has it: without a device, and beneath /boot where that is one of its own. */
static void set_path(const struct tree *tree, char *out, size_t len, const char *word)
{
    const char *path = word;
    char place[768];

    if (path[0] == '(' && strchr(path, ')') != NULL)
        path = strchr(path, ')') + 1;
    if (strncmp(path, "/@", 2) == 0 && strchr(path + 1, '/') != NULL)
        path = strchr(path + 1, '/');
    snprintf(place, sizeof(place), "/boot%s%s", path[0] == '/' ? "" : "/", path);
    if (tree_find(tree, path) != NULL || !tree_has(tree, place))
        snprintf(out, len, "%s", path);
    else
        snprintf(out, len, "/boot/%.500s", path + strspn(path, "/"));
}

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

/* A line of an entry: its kernel with the command line, or its initramfs. */
static void take_command(const struct tree *tree, char *text, struct boot_entry *entry)
{
    static const char *const kernels[] = {"linux", "linux16", "linuxefi", "kernel", NULL};
    static const char *const initrds[] = {"initrd", "initrd16", "initrdefi", NULL};
    char word[LINE_BYTES], *at = text;

    if (!take_word(&at, word, sizeof(word)))
        return;
    if (is_one_of(word, kernels) && take_word(&at, word, sizeof(word))) {
        set_path(tree, entry->kernel, sizeof(entry->kernel), word);
        while (*at == ' ' || *at == '\t')
            at++;
        snprintf(entry->line, sizeof(entry->line), "%s", at);
    } else if (is_one_of(word, initrds)) {
        /* The last is the system's own; what comes before it is microcode. */
        while (take_word(&at, word, sizeof(word)))
            set_path(tree, entry->initrd, sizeof(entry->initrd), word);
    }
}

static bool environment(const struct tree *tree, const char *key, char *out, size_t len)
{
    static const char *const globs[] = {"/boot/grub2/grubenv", "/boot/grub/grubenv",
                                        "/boot/efi/EFI/*/grubenv"};

    for (size_t i = 0; i < SW_ARRAY_LEN(globs); i++) {
        const struct sw_look_entry *file;
        size_t at = 0;

        while ((file = tree_next(tree, globs[i], &at)) != NULL)
            if (setting_of(file, key, out, len) && out[0] != '\0')
                return true;
    }
    return false;
}

/* ---- GRUB 2 ---- */

struct menu_reader {
    const struct tree *tree;
    struct grub_menu *menu;
    unsigned depth, sub_depth;   /* braces; those of the submenu that is open, 0: none */
    unsigned place, sub, within; /* in the menu, of the submenu, in the submenu */
    struct boot_entry *open;
    unsigned open_depth;
    struct boot_entry loose; /* what is booted without a menu */
    char wanted[GRUB_NAME];  /* the last set default= */
    bool saved;
};

static void open_entry(struct menu_reader *reader, char *at, bool submenu)
{
    struct grub_menu *menu = reader->menu;
    char title[GRUB_NAME] = "", word[GRUB_NAME], id[GRUB_NAME] = "";
    unsigned place = reader->sub_depth > 0 ? reader->within++ : reader->place++;

    (void)!take_word(&at, title, sizeof(title));
    while (take_word(&at, word, sizeof(word)))
        if ((strcmp(word, "--id") == 0 || strcmp(word, "$menuentry_id_option") == 0) &&
            take_word(&at, word, sizeof(word)))
            snprintf(id, sizeof(id), "%s", word);
    if (submenu) {
        reader->sub_depth = reader->depth;
        reader->sub = place;
        reader->within = 0;
        return;
    }
    if (menu->n == GRUB_ENTRIES_MAX)
        return;
    reader->open = &menu->entries[menu->n];
    reader->open_depth = reader->depth;
    snprintf(reader->open->title, sizeof(reader->open->title), "%s", title);
    memcpy(menu->ids[menu->n], id, sizeof(id));
    if (reader->sub_depth > 0)
        snprintf(menu->places[menu->n], sizeof(menu->places[0]), "%u>%u", reader->sub, place);
    else
        snprintf(menu->places[menu->n], sizeof(menu->places[0]), "%u", place);
    menu->n++;
}

static void take_default(struct menu_reader *reader, const char *value)
{
    reader->saved = strcmp(value, "${saved_entry}") == 0 || strcmp(value, "$saved_entry") == 0;
    if (!reader->saved && value[0] != '$')
        snprintf(reader->wanted, sizeof(reader->wanted), "%s", value);
}

static void take_line(struct menu_reader *reader, char *text)
{
    char first[GRUB_NAME], second[GRUB_NAME], *at = text;
    size_t len = strlen(text);
    bool opens = len > 0 && text[len - 1] == '{', closes = strcmp(text, "}") == 0;

    if (closes) {
        reader->depth -= reader->depth > 0;
        if (reader->open != NULL && reader->depth < reader->open_depth)
            reader->open = NULL;
        if (reader->sub_depth > 0 && reader->depth < reader->sub_depth)
            reader->sub_depth = 0;
        return;
    }
    reader->depth += opens;
    if (!take_word(&at, first, sizeof(first)))
        return;
    if (opens && (strcmp(first, "menuentry") == 0 || strcmp(first, "submenu") == 0))
        open_entry(reader, at, first[0] == 's');
    else if (strcmp(first, "set") == 0 && take_word(&at, second, sizeof(second)) &&
             strncmp(second, "default=", 8) == 0)
        take_default(reader, second + 8);
    else if (strcmp(first, "blscfg") == 0)
        reader->menu->bls = true;
    else
        take_command(reader->tree, text, reader->open != NULL ? reader->open : &reader->loose);
}

/* By its id, its title, its place, or "submenu>entry" of any of these. */
static const struct boot_entry *find_entry(const struct grub_menu *menu, const char *wanted)
{
    const char *last = strrchr(wanted, '>');

    for (size_t i = 0; i < menu->n; i++)
        if (strcmp(wanted, menu->places[i]) == 0)
            return &menu->entries[i];
    if (last != NULL)
        wanted = last + 1;
    for (size_t i = 0; i < menu->n; i++)
        if (strcmp(wanted, menu->entries[i].title) == 0 ||
            (wanted[0] != '\0' && strcmp(wanted, menu->ids[i]) == 0))
            return &menu->entries[i];
    return NULL;
}

static bool is_number(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* ---- the boot loader specification ---- */

/* $kernelopts and its like stand for what grubenv has. */
static void expand(const struct tree *tree, const char *from, char *out, size_t len)
{
    size_t n = 0;

    while (*from != '\0' && n + 1 < len) {
        char name[64], value[LINE_BYTES];
        const char *at = from + 1 + (from[0] == '$' && from[1] == '{');
        size_t k = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

        if (*from != '$' || k == 0 || k >= sizeof(name)) {
            out[n++] = *from++;
            continue;
        }
        snprintf(name, sizeof(name), "%.*s", (int)k, at);
        if (!environment(tree, name, value, sizeof(value)))
            value[0] = '\0';
        snprintf(out + n, len - n, "%s", value);
        n += strlen(out + n);
        from = at + k + (at[k] == '}');
    }
    out[n] = '\0';
}

static void read_bls_entry(const struct tree *tree, const struct sw_look_entry *file, struct grub_menu *menu)
{
    struct boot_entry *entry = &menu->entries[menu->n];
    struct lines lines = lines_of(file);
    const char *name = tree_base(file);

    snprintf(menu->ids[menu->n], GRUB_NAME, "%.*s", (int)(strlen(name) - strlen(".conf")), name);
    while (lines_next_setting(&lines)) {
        char key[64], *at = lines.text;

        if (!take_word(&at, key, sizeof(key)))
            continue;
        at += strspn(at, " \t");
        if (strcmp(key, "title") == 0)
            snprintf(entry->title, sizeof(entry->title), "%s", at);
        else if (strcmp(key, "linux") == 0)
            set_path(tree, entry->kernel, sizeof(entry->kernel), at);
        else if (strcmp(key, "initrd") == 0) {
            at[strcspn(at, " \t")] = '\0';
            set_path(tree, entry->initrd, sizeof(entry->initrd), at);
        } else if (strcmp(key, "options") == 0)
            expand(tree, at, entry->line, sizeof(entry->line));
    }
    menu->n++;
}

static void read_bls(const struct tree *tree, struct grub_menu *menu)
{
    const struct sw_look_entry *file;
    char saved[GRUB_NAME];
    size_t at = 0;

    menu->n = 0;
    while ((file = tree_next(tree, "/boot/loader/entries/*.conf", &at)) != NULL && menu->n < GRUB_ENTRIES_MAX)
        read_bls_entry(tree, file, menu);
    if (!environment(tree, "saved_entry", saved, sizeof(saved)))
        return;
    menu->chosen = find_entry(menu, saved);
    /* The newest comes first, and names sort as versions nearly do. */
    if (menu->chosen == NULL && is_number(saved) && strtoul(saved, NULL, 10) < menu->n)
        menu->chosen = &menu->entries[menu->n - 1 - strtoul(saved, NULL, 10)];
}

void grub_read(const struct tree *tree, const struct sw_look_entry *config, struct grub_menu *menu)
{
    struct menu_reader reader = {.tree = tree, .menu = menu};
    struct lines lines = lines_of(config);
    bool stated;

    while (lines_next_setting(&lines))
        take_line(&reader, lines.text);
    if (menu->bls && tree_any(tree, "/boot/loader/entries/*.conf")) {
        read_bls(tree, menu);
        return;
    }
    if (menu->n == 0 && reader.loose.kernel[0] != '\0')
        menu->entries[menu->n++] = reader.loose;
    stated = reader.saved ? environment(tree, "saved_entry", reader.wanted, sizeof(reader.wanted))
                          : reader.wanted[0] != '\0';
    if (stated)
        menu->chosen = find_entry(menu, reader.wanted);
    /* GRUB 2 without a default boots the first. */
    else if (menu->n > 0 && !menu->bls)
        menu->chosen = &menu->entries[0];
}

void grub_read_legacy(const struct tree *tree, const struct sw_look_entry *config, struct grub_menu *menu)
{
    struct lines lines = lines_of(config);
    struct boot_entry *open = NULL;
    unsigned long wanted = 0;

    while (lines_next_setting(&lines)) {
        char word[GRUB_NAME], *at = lines.text;

        for (char *sign = lines.text; *sign != '\0' && *sign != ' '; sign++)
            if (*sign == '=')
                *sign = ' ';
        if (!take_word(&at, word, sizeof(word)))
            continue;
        at += strspn(at, " \t");
        if (strcmp(word, "default") == 0) {
            wanted = strcmp(at, "saved") == 0 ? 0 : strtoul(at, NULL, 10);
        } else if (strcmp(word, "title") == 0) {
            open = menu->n < GRUB_ENTRIES_MAX ? &menu->entries[menu->n++] : NULL;
            if (open != NULL)
                snprintf(open->title, sizeof(open->title), "%s", at);
        } else if (open != NULL) {
            take_command(tree, lines.text, open);
        }
    }
    if (wanted < menu->n)
        menu->chosen = &menu->entries[wanted];
}
