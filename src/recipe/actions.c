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

#define SOURCE_AND_DESTINATION PATH("source"), PATH("destination")
#define OWNER_WANTED                                             \
    {                                                            \
        .name = "owner", .kind = SW_INPUT_TEXT, .required = true \
    }
#define MODE_WANTED                                                     \
    {                                                                   \
        .name = "permissions", .kind = SW_INPUT_OCTAL, .required = true \
    }
#define FLAG(key, otherwise)                                          \
    {                                                                 \
        .name = (key), .kind = SW_INPUT_BOOL, .fallback = (otherwise) \
    }
#define URI(key, what)                                  \
    {                                                   \
        .name = (key), .kind = (what), .required = true \
    }
#define BUCKET_OWNER TEXT("expectedBucketOwner")

/* What InstallMSI and UninstallMSI take. */
static const struct sw_input msi_inputs[] = {
    PATH("path"),
    {.name = "reboot",
     .kind = SW_INPUT_WORD,
     .words = (const char *const[]){"Allow", "Force", "Skip", NULL},
     .fallback = "Allow"},
    {.name = "logOptions", .kind = SW_INPUT_TEXT, .fallback = "*VX"},
    TEXT("logFile"),
    {.name = "properties", .kind = SW_INPUT_TEXT_MAP},
    FLAG("ignoreAuthenticodeSignatureErrors", "false"),
    FLAG("allowUnsignedInstaller", "false"),
    {.name = NULL},
};

/* The language's modules. A row that says absent is one that this version only knows by its name and inputs. */
static const struct sw_action actions[] = {
    {
        .name = "AppendFile",
        .first_boot = SW_BOOT_FOLLOWS,
        .list = true,
        .platforms = EVERYWHERE,
        .inputs = INPUTS(PATH("path"), {.name = "content", .kind = SW_INPUT_TEXT, .fallback = ""}, ENCODING),
    },
    {
        .name = "Assert",
        .condition = true,
        .platforms = EVERYWHERE,
    },
    {
        .name = "CopyFile",
        .first_boot = SW_BOOT_FOLLOWS,
        .list = true,
        .platforms = EVERYWHERE,
        .inputs = INPUTS(SOURCE_AND_DESTINATION, OVERWRITE),
    },
    {
        .name = "CopyFolder",
        .first_boot = SW_BOOT_FOLLOWS,
        .list = true,
        .platforms = EVERYWHERE,
        .inputs = INPUTS(SOURCE_AND_DESTINATION, OVERWRITE),
    },
    {
        .name = "CreateFile",
        .first_boot = SW_BOOT_FOLLOWS,
        .list = true,
        .platforms = EVERYWHERE,
        .inputs = INPUTS(PATH("path"), {.name = "content", .kind = SW_INPUT_TEXT, .fallback = ""}, ENCODING,
                         OWNER, GROUP, MODE("0666"), OVERWRITE),
    },
    {
        .name = "CreateFolder",
        .first_boot = SW_BOOT_FOLLOWS,
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
        .first_boot = SW_BOOT_FOLLOWS,
        .list = true,
        .platforms = EVERYWHERE,
        .inputs = INPUTS(PATH("path"), {.name = "force", .kind = SW_INPUT_BOOL, .ignored = true}),
    },
    {
        .name = "DeleteFolder",
        .first_boot = SW_BOOT_FOLLOWS,
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
        .first_boot = SW_BOOT_WAITS,
        .platforms = EVERYWHERE,
        .inputs = INPUTS(PATH("path"), {.name = "arguments", .kind = SW_INPUT_TEXTS}),
        .outputs = OUTPUTS("stdout"),
    },
    {
        .name = "ExecuteDocument",
        .first_boot = SW_BOOT_ITS_STEPS,
        .runs_once = true,
        .platforms = EVERYWHERE,
        .inputs = INPUTS(PATH("document"), TEXT("document-s3-bucket-owner"), TEXT("phases"),
                         {.name = "parameters", .kind = SW_INPUT_PAIRS}),
        .outputs = OUTPUTS("executedStepCount", "executionId", "failedStepCount", "failureMessage",
                           "ignoredFailedStepCount", "logUrl", "status"),
    },
    {
        .name = "ExecutePowerShell",
        .first_boot = SW_BOOT_WAITS,
        .platforms = SW_WINDOWS,
        .inputs = INPUTS({.name = "commands", .kind = SW_INPUT_TEXTS}, TEXT("file")),
        .outputs = OUTPUTS("stdout"),
    },
    {
        .name = "InstallMSI",
        .first_boot = SW_BOOT_WAITS,
        .platforms = SW_WINDOWS,
        .inputs = msi_inputs,
        .outputs = OUTPUTS("logFile", "msiExitCode", "stdout"),
    },
    {
        .name = "ListFiles",
        .list = true,
        .platforms = EVERYWHERE,
        .inputs = INPUTS(PATH("path"), TEXT("fileNamePattern"), FLAG("recursive", "false")),
        .outputs = OUTPUTS("files"),
    },
    {
        .name = "MoveFile",
        .first_boot = SW_BOOT_FOLLOWS,
        .list = true,
        .platforms = EVERYWHERE,
        .inputs = INPUTS(SOURCE_AND_DESTINATION, OVERWRITE),
    },
    {
        .name = "MoveFolder",
        .first_boot = SW_BOOT_FOLLOWS,
        .list = true,
        .platforms = EVERYWHERE,
        .inputs = INPUTS(SOURCE_AND_DESTINATION, OVERWRITE),
    },
    {
        .name = "ReadFile",
        .list = true,
        .platforms = EVERYWHERE,
        .inputs = INPUTS(PATH("path"), ENCODING, FLAG("printFileContent", "false")),
        .outputs = OUTPUTS("content"),
    },
    {
        .name = "Reboot",
        .first_boot = SW_BOOT_WAITS,
        .bare = true,
        .platforms = SW_LINUX | SW_WINDOWS,
        .inputs = INPUTS({.name = "delaySeconds", .kind = SW_INPUT_NUMBER, .fallback = "0"}),
    },
    {
        .name = "S3Download",
        .first_boot = SW_BOOT_AHEAD,
        .list = true,
        .platforms = EVERYWHERE,
        .inputs = INPUTS(URI("source", SW_INPUT_S3), PATH("destination"), BUCKET_OWNER, OVERWRITE),
    },
    {
        .name = "S3Upload",
        .list = true,
        .platforms = EVERYWHERE,
        .inputs =
            INPUTS(PATH("source"), URI("destination", SW_INPUT_S3), FLAG("recurse", "false"), BUCKET_OWNER),
    },
    {
        .name = "SetFileEncoding",
        .list = true,
        .platforms = EVERYWHERE,
        .inputs = INPUTS(PATH("path"), ENCODING),
    },
    {
        .name = "SetFileOwner",
        .list = true,
        .platforms = UNIX,
        .inputs = INPUTS(PATH("path"), OWNER_WANTED, TEXT("group")),
    },
    {
        .name = "SetFilePermissions",
        .list = true,
        .platforms = UNIX,
        .inputs = INPUTS(PATH("path"), MODE_WANTED),
    },
    {
        .name = "SetFolderOwner",
        .list = true,
        .platforms = UNIX,
        .inputs = INPUTS(PATH("path"), OWNER_WANTED, TEXT("group"), FLAG("recursive", "true")),
    },
    {
        .name = "SetFolderPermissions",
        .list = true,
        .platforms = UNIX,
        .inputs = INPUTS(PATH("path"), MODE_WANTED, FLAG("recursive", "true")),
    },
    {
        .name = "SetRegistry",
        .first_boot = SW_BOOT_FOLLOWS,
        .list = true,
        .platforms = SW_WINDOWS,
        .inputs = INPUTS(
            PATH("path"), {.name = "name", .kind = SW_INPUT_TEXT, .required = true},
            {.name = "value", .kind = SW_INPUT_TEXT_OR_TEXTS, .required = true, .may_be_empty = true},
            {.name = "type",
             .kind = SW_INPUT_WORD,
             .words = (const char *const[]){"BINARY", "DWORD", "QWORD", "SZ", "EXPAND_SZ", "MULTI_SZ", NULL},
             .required = true}),
    },
    {
        .name = "UninstallMSI",
        .first_boot = SW_BOOT_WAITS,
        .platforms = SW_WINDOWS,
        .inputs = msi_inputs,
        .outputs = OUTPUTS("logFile", "msiExitCode", "stdout"),
    },
    {
        .name = "UpdateOS",
        .first_boot = SW_BOOT_WAITS,
        .bare = true,
        .platforms = SW_LINUX | SW_WINDOWS,
        .inputs =
            INPUTS({.name = "include", .kind = SW_INPUT_TEXTS}, {.name = "exclude", .kind = SW_INPUT_TEXTS}),
    },
    {
        .name = "WebDownload",
        .first_boot = SW_BOOT_AHEAD,
        .list = true,
        .platforms = EVERYWHERE,
        .inputs = INPUTS(URI("source", SW_INPUT_WEB), PATH("destination"), OVERWRITE, TEXT("checksum"),
                         {.name = "algorithm",
                          .kind = SW_INPUT_WORD,
                          .words = (const char *const[]){"MD5", "SHA1", "SHA256", "SHA512", NULL}},
                         FLAG("ignoreCertificateErrors", "false")),
        .outputs = OUTPUTS("destination"),
    },
};

const struct sw_action *sw_action_at(size_t index)
{
    return index < SW_ARRAY_LEN(actions) ? &actions[index] : NULL;
}

const struct sw_action *sw_action_find(const char *name)
{
    const struct sw_action *action;

    for (size_t i = 0; (action = sw_action_at(i)) != NULL; i++)
        if (strcmp(action->name, name) == 0)
            return action;
    return NULL;
}

bool sw_action_downloads(const struct sw_action *action)
{
    const struct sw_input *source = sw_action_input(action, "source");

    return source != NULL && (source->kind == SW_INPUT_WEB || source->kind == SW_INPUT_S3);
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

int sw_text_number(const char *text, unsigned *out)
{
    uint64_t number = 0;

    if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
        return -1;
    for (; *text != '\0' && number <= INT32_MAX; text++)
        number = number * 10 + (uint64_t)(*text - '0');
    *out = (unsigned)number;
    return number <= INT32_MAX ? 0 : -1;
}

bool sw_is_web_uri(const char *text)
{
    return strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0;
}

bool sw_is_s3_uri(const char *text)
{
    return strncmp(text, "s3://", 5) == 0 && text[5] != '\0' && text[5] != '/';
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
