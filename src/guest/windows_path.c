/* Paths and names as Windows has them. */
#include "src/guest/windows.h"

#include <locale.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>
#include <wctype.h>

enum { NAME_MAX_UNITS = 255, PATH_MAX_BYTES = 4000 };

static bool is_separator(char c)
{
    return c == '/' || c == '\\';
}

/* The next character of UTF-8 text and how long it is; 0 when it is none. */
static size_t next_char(const char *text, size_t len, uint32_t *out)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t need = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

    if ((at[0] >= 0x80 && at[0] < 0xc2) || at[0] > 0xf4 || need > len)
        return 0;
    *out = need == 1 ? at[0] : at[0] & (0x7fu >> need);
    for (size_t i = 1; i < need; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        *out = *out << 6 | (at[i] & 0x3fu);
    }
    return *out < least[need] || *out > 0x10ffff || (*out >= 0xd800 && *out < 0xe000) ? 0 : need;
}

/* ---- Names ------------------------------------------------------------------------------------------------- */

/* con, nul.txt, COM1.log: what Windows takes for a device, in every folder. */
static bool is_device(const char *name, size_t len)
{
    static const char *const plain[] = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"};
    size_t stem = 0;

    while (stem < len && name[stem] != '.')
        stem++;
    while (stem > 0 && name[stem - 1] == ' ')
        stem--;
    for (size_t i = 0; i < SW_ARRAY_LEN(plain); i++)
        if (strlen(plain[i]) == stem && strncasecmp(name, plain[i], stem) == 0)
            return true;
    return stem == 4 && (strncasecmp(name, "COM", 3) == 0 || strncasecmp(name, "LPT", 3) == 0) &&
           name[3] >= '0' && name[3] <= '9';
}

/* Why Windows would not have the name, or NULL. */
static const char *name_problem(const char *name, size_t len, bool last)
{
    size_t units = 0;

    for (size_t at = 0, n; at < len; at += n) {
        uint32_t c;

        n = next_char(name + at, len - at, &c);
        if (n == 0)
            return "is not UTF-8";
        if (c < 0x20 || (c < 0x80 && strchr("<>:\"|?", (int)c) != NULL))
            return "holds a character that no name in Windows may have";
        if (c == '*' && !last)
            return "holds a star, which may only stand behind the last separator";
        units += c > 0xffff ? 2 : 1;
    }
    if (units > NAME_MAX_UNITS)
        return "is longer than 255 characters";
    if (name[len - 1] == '.' || name[len - 1] == ' ')
        return "ends with a dot or a blank, which Windows drops";
    return is_device(name, len) ? "names a device" : NULL;
}

/* Upper case as NTFS compares: one character for one, by Unicode, wherever this machine is. */
static wint_t fold(uint32_t c, locale_t locale)
{
    return c < 0x80 ? (wint_t)(c >= 'a' && c <= 'z' ? c - 32 : c) : towupper_l((wint_t)c, locale);
}

/* One step on in text; bytes that are no character stand for themselves. */
static size_t step(const char *text, locale_t locale, wint_t *out)
{
    uint32_t c;
    size_t n = next_char(text, strlen(text), &c);

    *out = n > 0 ? fold(c, locale) : (wint_t)(unsigned char)text[0] + 0x110000;
    return n > 0 ? n : 1;
}

static bool match(const char *name, const char *pattern, locale_t locale)
{
    const char *star = NULL, *retry = NULL;

    while (*name != '\0') {
        wint_t a, b = 0;
        size_t n = step(name, locale, &a), m = *pattern != '\0' ? step(pattern, locale, &b) : 0;

        if (m > 0 && b == '*') {
            star = ++pattern;
            retry = name;
        } else if (m > 0 && (b == '?' || a == b)) {
            name += n;
            pattern += m;
        } else if (star != NULL) {
            pattern = star;
            retry += step(retry, locale, &a);
            name = retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool windows_name_matches(const char *name, const char *pattern)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    bool same;

    if (locale == (locale_t)0)
        locale = newlocale(LC_CTYPE_MASK, "C", (locale_t)0);
    if (locale == (locale_t)0)
        return strcmp(name, pattern) == 0;
    same = match(name, pattern, locale);
    freelocale(locale);
    return same;
}

/* ---- Paths ------------------------------------------------------------------------------------------------- */

static int bad_path(const char *text, const char *why, struct sw_err *err)
{
    return sw_fail(err, SW_RECIPE, "the path '%.200s' %s", text, why);
}

/* Steps over the drive; *absolute when the path begins at a drive's root. */
static const char *skip_drive(const char *text, bool *absolute, struct sw_err *err)
{
    bool letter = (text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z');
    const char *problem = NULL;

    *absolute = is_separator(text[0]);
    if (is_separator(text[0]) && is_separator(text[1]))
        problem = "names a share or a device, and the image has only its drive C:";
    else if (!letter || text[1] != ':')
        return text;
    else if (text[0] != 'c' && text[0] != 'C')
        problem = "is on another drive than C:, which is the image's only one";
    else if (text[2] != '\0' && !is_separator(text[2]))
        problem = "does not say from which folder of the drive it starts ('C:\\' does)";
    if (problem != NULL) {
        bad_path(text, problem, err);
        return NULL;
    }
    *absolute = true;
    return text + 2;
}

/* Appends one name to a path without a separator at its end. */
static int add_name(struct sw_buf *out, const char *text, const char *name, size_t len, struct sw_err *err)
{
    const char *problem = NULL;
    bool last;

    if (len == 1 && name[0] == '.')
        return 0;
    if (len == 2 && name[0] == '.' && name[1] == '.') {
        if (out->len <= 2)
            return bad_path(text, "leads out of the drive", err);
        while (out->data[out->len - 1] != '/')
            out->len--;
        out->data[--out->len] = '\0';
        return 0;
    }
    last = name[len + strspn(name + len, "/\\")] == '\0';
    problem = name_problem(name, len, last);
    if (problem != NULL)
        return sw_fail(err, SW_RECIPE, "the path '%.200s': '%.*s' %s", text, (int)(len < 100 ? len : 100),
                       name, problem);
    return sw_buf_printf(out, err, "/%.*s", (int)len, name);
}

static int add_names(struct sw_buf *out, const char *text, const char *names, struct sw_err *err)
{
    while (*names != '\0') {
        size_t len = strcspn(names, "/\\");

        if (len > 0 && add_name(out, text, names, len, err) < 0)
            return -1;
        names += len;
        names += strspn(names, "/\\");
    }
    return 0;
}

char *windows_path(const char *text, const char *base, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf out = {0};
    bool absolute;
    const char *rest;

    if (strlen(text) > PATH_MAX_BYTES) {
        bad_path(text, "is too long", err);
        return NULL;
    }
    rest = skip_drive(text, &absolute, err);
    if (rest == NULL || sw_buf_puts(&out, "C:", err) < 0 ||
        (!absolute && add_names(&out, base, base + strcspn(base, "/\\"), err) < 0) ||
        add_names(&out, text, rest, err) < 0)
        return NULL;
    if ((out.len == 2 || (*rest != '\0' && is_separator(rest[strlen(rest) - 1]))) &&
        sw_buf_puts(&out, "/", err) < 0)
        return NULL;
    return sw_buf_steal(&out);
}

char *windows_native(const char *path, struct sw_err *err)
{
    char *copy = sw_strdup(path, err);

    for (char *at = copy; at != NULL && *at != '\0'; at++)
        if (*at == '/')
            *at = '\\';
    return copy;
}
