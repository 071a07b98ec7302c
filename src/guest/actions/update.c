/* UpdateOS: the guest's own package manager brings the guest up to date. */
#include "src/guest/exec.h"

#include <string.h>

/* Follows the lists include=(…) and exclude=(…), in a bash that may be as old as 4.2. */
static const char update[] =
    "export DEBIAN_FRONTEND=noninteractive LC_ALL=C\n"
    "listed() { local name=$1 pattern; shift; for pattern; do [[ $name == $pattern ]] && return 0; done; return 1; }\n"
    "have() { command -v \"$1\" >/dev/null 2>&1; }\n"
    "update_with_apt() {\n"
    "    local options=(-q -y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold)\n"
    "    local names=() verb name old rest plan\n"
    "    apt-get -q update || return\n"
    "    plan=$(apt-get -s -q dist-upgrade) || return\n"
    "    while read -r verb name old rest; do\n"
    "        [[ $verb == Inst && $old == \\[* ]] || continue\n"
    "        ((${#include[@]} == 0)) || listed \"$name\" \"${include[@]}\" || continue\n"
    "        listed \"$name\" \"${exclude[@]}\" || names+=(\"$name\")\n"
    "    done <<<\"$plan\"\n"
    "    if ((${#names[@]} == 0)); then echo 'there is nothing to update'; return 0; fi\n"
    "    apt-get \"${options[@]}\" install --only-upgrade \"${names[@]}\"\n"
    "}\n"
    "update_with_yum() {\n"
    "    \"$1\" -y \"${exclude[@]/#/--exclude=}\" update \"${include[@]}\"\n"
    "}\n"
    "update_with_zypper() {\n"
    "    local status=0\n"
    "    ((${#exclude[@]} == 0)) || zypper --non-interactive addlock \"${exclude[@]}\" || return\n"
    "    zypper --non-interactive update \"${include[@]}\" || status=$?\n"
    "    ((${#exclude[@]} == 0)) || zypper --non-interactive removelock \"${exclude[@]}\" || return\n"
    "    return $status\n"
    "}\n"
    "if have apt-get; then update_with_apt\n"
    "elif have dnf; then update_with_yum dnf\n"
    "elif have yum; then update_with_yum yum\n"
    "elif have zypper; then update_with_zypper\n"
    "else echo 'the image has neither apt-get nor dnf, yum or zypper' >&2; exit 1\n"
    "fi\n";

/* Names of packages and patterns for them: nothing that a shell or an option could be made of. */
static bool is_package(const char *name)
{
    static const char more[] = "._+:~*?@-";

    if (name[0] == '\0' || name[0] == '-')
        return false;
    for (; *name != '\0'; name++) {
        bool letter = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
                      (*name >= '0' && *name <= '9');

        if (!letter && strchr(more, *name) == NULL)
            return false;
    }
    return true;
}

static int add_list(const struct step_ctx *ctx, const char *input, struct sw_buf *script, struct sw_err *err)
{
    char **names = NULL;
    int rc;

    if (ctx->step->nr_items == 0)
        return sw_buf_printf(script, err, "%s=()\n", input);
    if (sw_step_texts(&ctx->scope, ctx->step, 0, input, &names, err) < 0)
        return -1;
    rc = sw_buf_printf(script, err, "%s=(", input);
    for (size_t i = 0; names[i] != NULL && rc == 0; i++)
        rc = is_package(names[i])
                 ? sw_buf_printf(script, err, " '%s'", names[i])
                 : sw_fail(err, SW_GUEST, "%s[%zu]: '%.100s' is no name of a package", input, i, names[i]);
    if (rc == 0)
        rc = sw_buf_puts(script, ")\n", err);
    sw_texts_free(names);
    return rc;
}

int action_update_os(struct step_ctx *ctx, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf script = {0};

    if (add_list(ctx, "include", &script, err) < 0 || add_list(ctx, "exclude", &script, err) < 0 ||
        sw_buf_puts(&script, update, err) < 0)
        return -1;
    return step_run(ctx, &(struct sw_guest_run){.script = script.data, .script_len = script.len}, err);
}
