/* The action modules of the component language: one row each. */
#include "src/recipe/actions.h"

#include <string.h>

enum { EVERYWHERE = SW_LINUX | SW_WINDOWS | SW_MACOS, UNIX = SW_LINUX | SW_MACOS };

#define INPUTS(...)           \
    (const struct sw_input[]) \
    {                         \
        __VA_ARGS__,          \
        {                     \
            .name = NULL      \
        }                     \
    }
#define OUTPUTS(...)      \
    (const char *const[]) \
    {                     \
        __VA_ARGS__, NULL \
    }

#define PATH(key)                                              \
    {                                                          \
        .name = (key), .kind = SW_INPUT_PATH, .required = true \
    }
#define TEXT(key)                            \
    {                                        \
        .name = (key), .kind = SW_INPUT_TEXT \
    }
#define OVERWRITE                                                      \
    {                                                                  \
        .name = "overwrite", .kind = SW_INPUT_BOOL, .fallback = "true" \
    }
#define FORCE                                                       \
    {                                                               \
        .name = "force", .kind = SW_INPUT_BOOL, .fallback = "false" \
    }
#define ENCODING                                                          \
    {                                                                     \
        .name = "encoding", .kind = SW_INPUT_ENCODING, .fallback = "utf8" \
    }
#define OWNER                                                     \
    {                                                             \
        .name = "owner", .kind = SW_INPUT_TEXT, .platforms = UNIX \
    }
#define GROUP                                                     \
    {                                                             \
        .name = "group", .kind = SW_INPUT_TEXT, .platforms = UNIX \
    }
#define MODE(otherwise)                                                                           \
    {                                                                                             \
        .name = "permissions", .kind = SW_INPUT_OCTAL, .fallback = (otherwise), .platforms = UNIX \
    }

/* Rows in scope. A row of the language that this version does not have is named below. */
static const struct sw_action actions[] = {
    {
        .name = "AppendFile",
        .list = true,
        .platforms = EVERYWHERE,
        .inputs = INPUTS(PATH("path"), {.name = "content", .kind = SW_INPUT_TEXT, .fallback = ""}, ENCODING),
    },
    {
        .name = "CopyFile",
        .list = true,
        .platforms = EVERYWHERE,
        .inputs = INPUTS(PATH("source"), PATH("destination"), OVERWRITE),
    },
    {
        .name = "CreateFile",
        .list = true,
        .platforms = EVERYWHERE,
        .inputs = INPUTS(PATH("path"), {.name = "content", .kind = SW_INPUT_TEXT, .fallback = ""}, ENCODING,
                         OWNER, GROUP, MODE("0666"), OVERWRITE),
    },
    {
        .name = "CreateFolder",
        .list = true,
        .platforms = EVERYWHERE,
        .inputs = INPUTS(PATH("path"), OWNER, GROUP, MODE("0777"), OVERWRITE),
    },
    {
        .name = "CreateSymlink",
        .list = true,
        .platforms = UNIX,
        .inputs = INPUTS(PATH("path"), PATH("target"), FORCE),
    },
    {
        .name = "DeleteFile",
        .list = true,
        .platforms = EVERYWHERE,
        .inputs = INPUTS(PATH("path"), {.name = "force", .kind = SW_INPUT_BOOL, .ignored = true}),
    },
    {
        .name = "DeleteFolder",
        .list = true,
        .platforms = EVERYWHERE,
        .inputs = INPUTS(PATH("path"), FORCE),
    },
    {
        .name = "ExecuteBash",
        .platforms = UNIX,
        .inputs = INPUTS({.name = "commands", .kind = SW_INPUT_TEXTS, .required = true}),
        .outputs = OUTPUTS("stdout"),
    },
    {
        .name = "ExecuteBinary",
        .platforms = EVERYWHERE,
        .inputs = INPUTS(PATH("path"), {.name = "arguments", .kind = SW_INPUT_TEXTS}),
        .outputs = OUTPUTS("stdout"),
    },
    {
        .name = "SetFileOwner",
        .list = true,
        .platforms = UNIX,
        .inputs =
            INPUTS(PATH("path"), {.name = "owner", .kind = SW_INPUT_TEXT, .required = true}, TEXT("group")),
    },
    {
        .name = "SetFilePermissions",
        .list = true,
        .platforms = UNIX,
        .inputs = INPUTS(PATH("path"), {.name = "permissions", .kind = SW_INPUT_OCTAL, .required = true}),
    },
};

/* Modules of the language that this version knows by name only. */
static const struct sw_action absent[] = {
    {.name = "Assert", .absent = true},
    {.name = "CopyFolder", .absent = true},
    {.name = "ExecuteDocument", .absent = true},
    {.name = "ExecutePowerShell", .absent = true},
    {.name = "InstallMSI", .absent = true},
    {.name = "ListFiles", .absent = true},
    {.name = "MoveFile", .absent = true},
    {.name = "MoveFolder", .absent = true},
    {.name = "ReadFile", .absent = true},
    {.name = "Reboot", .absent = true},
    {.name = "S3Download", .absent = true},
    {.name = "S3Upload", .absent = true},
    {.name = "SetFileEncoding", .absent = true},
    {.name = "SetFolderOwner", .absent = true},
    {.name = "SetFolderPermissions", .absent = true},
    {.name = "SetRegistry", .absent = true},
    {.name = "UninstallMSI", .absent = true},
    {.name = "UpdateOS", .absent = true},
    {.name = "WebDownload", .absent = true},
};

const struct sw_action *sw_action_at(size_t index)
{
    if (index < SW_ARRAY_LEN(actions))
        return &actions[index];
    index -= SW_ARRAY_LEN(actions);
    return index < SW_ARRAY_LEN(absent) ? &absent[index] : NULL;
}

const struct sw_action *sw_action_find(const char *name)
{
    const struct sw_action *action;

    for (size_t i = 0; (action = sw_action_at(i)) != NULL; i++)
        if (strcmp(action->name, name) == 0)
            return action;
    return NULL;
}

const struct sw_input *sw_action_input(const struct sw_action *action, const char *name)
{
    for (const struct sw_input *input = action->inputs; input != NULL && input->name != NULL; input++)
        if (strcmp(input->name, name) == 0)
            return input;
    return NULL;
}

int sw_text_octal(const char *text, unsigned *out)
{
    const char *digits = text[0] == '0' && (text[1] == 'o' || text[1] == 'O') ? text + 2 : text;
    size_t len = strspn(digits, "01234567");

    if (len == 0 || digits[len] != '\0' || len > 5 || (len == 5 && digits[0] != '0'))
        return -1;
    *out = 0;
    for (size_t i = 0; i < len; i++)
        *out = *out << 3 | (unsigned)(digits[i] - '0');
    return 0;
}

bool sw_text_encoding(const char *text)
{
    static const char *const names[] = {"utf8",     "utf-8",     "utf16",     "utf-16",   "utf16-le",
                                        "utf16-be", "utf-16-le", "utf-16-be", "utf32",    "utf-32",
                                        "utf32-le", "utf32-be",  "utf-32-le", "utf-32-be"};

    for (size_t i = 0; i < SW_ARRAY_LEN(names); i++)
        if (strcasecmp(names[i], text) == 0)
            return true;
    return false;
}
