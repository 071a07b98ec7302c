/* What was made of an object and is whole: known again by its name, its stamp and what was asked for. */
#include "src/export/made.h"

#include "src/base/buf.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int digest(const struct sw_export_file *file, char out[SW_SHA256_HEX], struct sw_err *err)
{
    SW_AUTO_FREE char *path = realpath(file->path, NULL), *text = NULL;
    struct stat st;

    if (path == NULL || stat(path, &st) < 0)
        return sw_fail_errno(err, "cannot look at '%s'", file->path);
    text = sw_strf(err, "%s\n%s\n%llu %llu %lld %lld %ld", path, file->making, (unsigned long long)st.st_dev,
                   (unsigned long long)st.st_ino, (long long)st.st_size, (long long)st.st_mtim.tv_sec,
                   st.st_mtim.tv_nsec);
    return text != NULL ? sw_sha256_hex(text, strlen(text), out, err) : -1;
}

int export_made_note(const struct sw_export_file *file, const char *told, struct export_state *state,
                     struct sw_err *err)
{
    if (strlen(told) >= sizeof(state->told))
        return 0;
    memcpy(state->told, told, strlen(told) + 1);
    return digest(file, state->made, err);
}

bool export_made_there(const struct sw_export_file *file, const struct export_state *state)
{
    struct sw_err ignored = {.code = SW_OK};
    char now[SW_SHA256_HEX];

    return state->made[0] != '\0' && file->path != NULL && digest(file, now, &ignored) == 0 &&
           strcmp(now, state->made) == 0;
}

void export_made_forget(struct export_state *state)
{
    state->made[0] = state->told[0] = '\0';
}
