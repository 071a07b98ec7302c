/* Every file action, row by row: what it does, what it refuses, and what the service says of Windows. */
#include "tests/unit/guest/rows.h"

#define ONE(...)       "[{" __VA_ARGS__ "}]"
#define REFUSES(part)  .refused = (part)
#define FAILS(part)    .fails = (part)
#define LEAVES(...)    .after = __VA_ARGS__
#define AND_SAYS(text) .says = (text)

static void files_are_created(void **state)
{
    static const struct row rows[] = {
        {"makes parents and uses the umask", "CreateFile", NULL, ONE("path: /t/a/b, content: hi"),
         LEAVES("cat a/b; stat -c ' %a' a a/b"), AND_SAYS("hi 755\n 644\n")},
        {"is empty without content", "CreateFile", NULL, ONE("path: /t/a"), LEAVES("wc -c <a"),
         AND_SAYS("0\n")},
        {"reads permissions as octal text", "CreateFile", NULL, ONE("path: /t/a, permissions: 777"),
         LEAVES("stat -c %a a"), AND_SAYS("755\n")},
        {"truncates what is there, and keeps its mode", "CreateFile", "echo long enough >a; chmod 600 a",
         ONE("path: /t/a, content: x"), LEAVES("cat a; stat -c ' %a' a"), AND_SAYS("x 600\n")},
        {"sets a mode that is said on what is there", "CreateFile", "echo y >a; chmod 600 a",
         ONE("path: /t/a, content: x, permissions: '0775'"), LEAVES("stat -c %a a"), AND_SAYS("755\n")},
        {"sets the user's and the group's bits, whoever owns it", "CreateFile", NULL,
         "[{path: /t/a, permissions: '4755', owner: web}, {path: /t/b, permissions: '2775', group: staff}, "
         "{path: /t/c, permissions: '6755'}]",
         LEAVES("stat -c %a:%u:%g a b c"), AND_SAYS("4755:1001:1002\n2755:0:50\n6755:0:0\n"), .root = true},
        {"keeps what is there when overwrite is false", "CreateFile", "printf old >a",
         ONE("path: /t/a, content: new, overwrite: false"), FAILS("'/t/a' is there already"), LEAVES("cat a"),
         AND_SAYS("old")},
        {"makes what is not there when overwrite is false", "CreateFile", NULL,
         ONE("path: /t/a, content: new, overwrite: false"), LEAVES("cat a"), AND_SAYS("new")},
        {"follows a link", "CreateFile", "echo old >b; ln -s b a", ONE("path: /t/a, content: x"),
         LEAVES("cat b; readlink a"), AND_SAYS("xb\n")},
        {"follows a link that leads out of the root only as far as the root", "CreateFile",
         "ln -s ../../../../../../t/b a; mkdir -p /t/t", ONE("path: /t/a, content: x"), LEAVES("cat /t/b"),
         AND_SAYS("x")},
        {"takes a relative path in the working directory", "CreateFile", NULL, ONE("path: t/rel, content: x"),
         LEAVES("cat /tmp/t/rel"), AND_SAYS("x")},
        {"encodes UTF-16 little endian by default", "CreateFile", NULL,
         ONE("path: /t/a, content: \"h\\u00e9\\U0001f600\", encoding: UTF16"), LEAVES("od -An -tx1 a"),
         AND_SAYS(" 68 00 e9 00 3d d8 00 de\n")},
        {"encodes UTF-16-BE", "CreateFile", NULL, ONE("path: /t/a, content: h, encoding: utf-16-BE"),
         LEAVES("od -An -tx1 a"), AND_SAYS(" 00 68\n")},
        {"encodes utf32-LE", "CreateFile", NULL, ONE("path: /t/a, content: h, encoding: utf32-LE"),
         LEAVES("od -An -tx1 a"), AND_SAYS(" 68 00 00 00\n")},
        {"encodes utf-32-be", "CreateFile", NULL, ONE("path: /t/a, content: h, encoding: utf-32-be"),
         LEAVES("od -An -tx1 a"), AND_SAYS(" 00 00 00 68\n")},
        {"refuses an unknown encoding", "CreateFile", NULL, ONE("path: /t/a, encoding: latin1"),
         REFUSES("'encoding' is 'latin1'")},
        {"refuses bad permissions", "CreateFile", NULL, ONE("path: /t/a, permissions: '0888'"),
         REFUSES("octal digits")},
        {"refuses a bad overwrite", "CreateFile", NULL, ONE("path: /t/a, overwrite: perhaps"),
         REFUSES("true or false")},
        {"refuses a missing path", "CreateFile", NULL, ONE("content: x"), REFUSES("needs the input 'path'")},
        {"refuses an empty path", "CreateFile", NULL, ONE("path: ''"), REFUSES("must not be empty")},
        {"refuses an unknown input", "CreateFile", NULL, ONE("path: /t/a, mode: '0644'"),
         REFUSES("no input 'mode'")},
        {"refuses one map", "CreateFile", NULL, "{path: /t/a}", REFUSES("a list of maps")},
        {"fails on a folder", "CreateFile", "mkdir a", ONE("path: /t/a"), FAILS("Is a directory")},
        {"fails on a path that ends in a slash", "CreateFile", NULL, ONE("path: /t/a/"), FAILS("'/t/a/'")},
        {"fails beneath a file", "CreateFile", "touch a", ONE("path: /t/a/b"), FAILS("Not a directory")},
        {"fails on a pipe at once", "CreateFile", "mkfifo a", ONE("path: /t/a"), FAILS("no regular file")},
        {"fails on links that go round", "CreateFile", "ln -s b a; ln -s a b", ONE("path: /t/a"),
         FAILS("Too many levels")},
        {"sets owner and group", "CreateFile", NULL, ONE("path: /t/a, owner: web, group: staff"),
         LEAVES("stat -c %u:%g a"), AND_SAYS("1001:50\n"), .root = true},
        {"gives the user's own group", "CreateFile", NULL, ONE("path: /t/a, owner: web"),
         LEAVES("stat -c %u:%g a"), AND_SAYS("1001:1002\n"), .root = true},
        {"fails on a user whom the image does not have", "CreateFile", NULL,
         ONE("path: /t/a, owner: nobody-here"), FAILS("no such user")},
        {"fails on a group that the image does not have", "CreateFile", NULL,
         ONE("path: /t/a, group: none-here"), FAILS("no such group")},
        {"names the item that failed", "CreateFile", "mkdir b", "[{path: /t/a}, {path: /t/b}]",
         FAILS("inputs[1]: '/t/b'"), LEAVES("ls"), AND_SAYS("a\nb\n")},
        {"appends", "AppendFile", "printf a >a; chmod 600 a", ONE("path: /t/a, content: b"),
         LEAVES("cat a; stat -c ' %a' a"), AND_SAYS("ab 600\n")},
        {"appends in an encoding", "AppendFile", "printf a >a",
         ONE("path: /t/a, content: b, encoding: utf16-be"), LEAVES("od -An -tx1 a"), AND_SAYS(" 61 00 62\n")},
        {"appends behind a link", "AppendFile", "printf a >b; ln -s b a", ONE("path: /t/a, content: b"),
         LEAVES("cat b"), AND_SAYS("ab")},
        {"fails where there is no file", "AppendFile", NULL, ONE("path: /t/a, content: b"),
         FAILS("'/t/a' does not exist"), LEAVES("ls"), AND_SAYS("")},
        {"fails on a folder", "AppendFile", "mkdir a", ONE("path: /t/a, content: b"),
         FAILS("Is a directory")},
        {"refuses an owner", "AppendFile", NULL, ONE("path: /t/a, owner: root"), REFUSES("no input 'owner'")},
        {"refuses a missing path", "AppendFile", NULL, ONE("content: x"), REFUSES("needs the input 'path'")},
    };

    (void)state;
    try_rows(rows, SW_ARRAY_LEN(rows));
}

static void files_are_read_and_encoded(void **state)
{
    static const struct row rows[] = {
        {"gives the content as it is", "ReadFile", "printf 'a\\nb\\n' >a", ONE("path: /t/a"),
         .output = "content=a\nb\n"},
        {"gives nothing of an empty file", "ReadFile", "touch a", ONE("path: /t/a"), .output = "content="},
        {"follows links", "ReadFile", "printf x >b; ln -s b a", ONE("path: /t/a"), .output = "content=x"},
        {"decodes UTF-16-LE without its mark", "ReadFile", "printf '\\377\\376h\\0\\351\\0' >a",
         ONE("path: /t/a, encoding: utf16"), .output = "content=h\xc3\xa9"},
        {"decodes UTF-16-BE", "ReadFile", "printf '\\0h' >a", ONE("path: /t/a, encoding: UTF-16-BE"),
         .output = "content=h"},
        {"decodes utf32", "ReadFile", "printf 'h\\0\\0\\0' >a", ONE("path: /t/a, encoding: utf32"),
         .output = "content=h"},
        {"says when the mark is of the other order", "ReadFile", "printf '\\376\\377\\0h' >a",
         ONE("path: /t/a, encoding: utf16"), FAILS("byte order mark")},
        {"drops the mark of UTF-8", "ReadFile", "printf '\\357\\273\\277h' >a", ONE("path: /t/a"),
         .output = "content=h"},
        {"fails on what is no UTF-8", "ReadFile", "printf 'ab\\377' >a", ONE("path: /t/a"), FAILS("byte 2")},
        {"fails on half a character", "ReadFile", "printf 'h\\0h' >a", ONE("path: /t/a, encoding: utf16"),
         FAILS("byte 2")},
        {"fails on binary", "ReadFile", "printf 'a\\0b' >a", ONE("path: /t/a"), FAILS("NUL")},
        {"fails on more than can be chained", "ReadFile", "truncate -s 4194305 a", ONE("path: /t/a"),
         FAILS("File too large")},
        {"fails where there is nothing", "ReadFile", NULL, ONE("path: /t/a"), FAILS("No such file")},
        {"fails on a folder", "ReadFile", NULL, ONE("path: /t"), FAILS("it is a folder")},
        {"fails on a device", "ReadFile", NULL, ONE("path: /dev/zero"), FAILS("no regular file")},
        {"refuses an unknown encoding", "ReadFile", NULL, ONE("path: /t/a, encoding: ebcdic"),
         REFUSES("'encoding' is 'ebcdic'")},
        {"refuses a bad printFileContent", "ReadFile", NULL, ONE("path: /t/a, printFileContent: 2"),
         REFUSES("true or false")},
        {"refuses a missing path", "ReadFile", NULL, ONE("encoding: utf8"),
         REFUSES("needs the input 'path'")},
        {"converts in place and keeps the mode", "SetFileEncoding", "printf 'h\\303\\251' >a; chmod 640 a",
         ONE("path: /t/a, encoding: utf-16"), LEAVES("od -An -tx1 a; stat -c %a a"),
         AND_SAYS(" 68 00 e9 00\n640\n")},
        {"converts to UTF-32-BE", "SetFileEncoding", "printf h >a", ONE("path: /t/a, encoding: utf32-BE"),
         LEAVES("od -An -tx1 a"), AND_SAYS(" 00 00 00 68\n")},
        {"leaves UTF-8 as it is", "SetFileEncoding", "printf 'h\\303\\251' >a", ONE("path: /t/a"),
         LEAVES("od -An -tx1 a"), AND_SAYS(" 68 c3 a9\n")},
        {"leaves alone what is no UTF-8", "SetFileEncoding", "printf 'a\\377' >a",
         ONE("path: /t/a, encoding: utf16"), FAILS("byte 1"), LEAVES("od -An -tx1 a"), AND_SAYS(" 61 ff\n")},
        {"fails where there is nothing", "SetFileEncoding", NULL, ONE("path: /t/a, encoding: utf16"),
         FAILS("No such file")},
        {"refuses an unknown encoding", "SetFileEncoding", NULL, ONE("path: /t/a, encoding: utf7"),
         REFUSES("'encoding' is 'utf7'")},
        {"refuses a missing path", "SetFileEncoding", NULL, ONE("encoding: utf8"),
         REFUSES("needs the input 'path'")},
    };

    (void)state;
    try_rows(rows, SW_ARRAY_LEN(rows));
}

static void files_are_copied(void **state)
{
    static const struct row rows[] = {
        {"makes parents and keeps the mode less the umask", "CopyFile", "printf x >a; chmod 777 a",
         ONE("source: /t/a, destination: /t/b/c"), LEAVES("cat b/c; stat -c ' %a' b/c a"),
         AND_SAYS("x 755\n 777\n")},
        {"does not copy setuid", "CopyFile", "touch a; chmod 6755 a", ONE("source: /t/a, destination: /t/b"),
         LEAVES("stat -c %a b"), AND_SAYS("755\n")},
        {"keeps its name in a folder named by a slash", "CopyFile", "printf x >a",
         ONE("source: /t/a, destination: /t/new/"), LEAVES("cat new/a"), AND_SAYS("x")},
        {"keeps its name in a folder that is there", "CopyFile", "printf x >a; mkdir d",
         ONE("source: /t/a, destination: /t/d"), LEAVES("cat d/a"), AND_SAYS("x")},
        {"overwrites, longer by shorter", "CopyFile", "printf x >a; echo longer >b",
         ONE("source: /t/a, destination: /t/b"), LEAVES("cat b"), AND_SAYS("x")},
        {"keeps what is there when overwrite is false", "CopyFile", "printf x >a; printf y >b",
         ONE("source: /t/a, destination: /t/b, overwrite: false"),
         FAILS("'/t/b' is there already, and overwrite is false"), LEAVES("cat b"), AND_SAYS("y")},
        {"copies all that match, but folders and links to them", "CopyFile",
         "mkdir c.d d; ln -s c.d l.d; printf 1 >a.d; printf 2 >b.d; printf 3 >.d; touch ad.x",
         ONE("source: /t/*.d, destination: /t/d/"), LEAVES("cd d; ls -A; cat .d a.d b.d"),
         AND_SAYS(".d\na.d\nb.d\n312")},
        {"names the one of several that is there, and has copied those before it", "CopyFile",
         "touch a1 a2 a3; mkdir d; printf y >d/a2",
         ONE("source: '/t/a*', destination: /t/d/, overwrite: false"),
         FAILS("'/t/d/a2' is there already, and overwrite is false"), LEAVES("ls d; cat d/a2"),
         AND_SAYS("a1\na2\ny")},
        {"names the one of several that cannot be copied", "CopyFile", "touch a1 a3; mkfifo a2",
         ONE("source: '/t/a*', destination: /t/d/"),
         FAILS("copying '/t/a2': '/t/d/a2': the source is no regular file"), LEAVES("ls d"),
         AND_SAYS("a1\n")},
        {"copies several with the strangest names", "CopyFile",
         "touch $'a\\n b' $'a\\377' a\\\\ 'a\"$(b)' a..; mkdir d", ONE("source: '/t/a*', destination: /t/d"),
         LEAVES("set -- d/*; echo $#; mv d ../e; [ \"$(ls)\" = \"$(ls ../e)\" ] && rm -r ../e"),
         AND_SAYS("5\n")},
        {"fails when several match and no folder is named", "CopyFile", "touch a1 a2",
         ONE("source: '/t/a*', destination: /t/b"), FAILS("2 files match"), LEAVES("ls"),
         AND_SAYS("a1\na2\n")},
        {"takes one match to a new name", "CopyFile", "printf x >a1",
         ONE("source: '/t/a*', destination: /t/b"), LEAVES("cat b"), AND_SAYS("x")},
        {"fails when nothing matches", "CopyFile", NULL, ONE("source: '/t/a*', destination: /t/b/"),
         FAILS("no file matches '/t/a*'")},
        {"fails on a star before the last slash", "CopyFile", "mkdir a; touch a/b",
         ONE("source: '/t/*/b', destination: /t/c"), FAILS("behind the last '/'")},
        {"fails where there is no source", "CopyFile", NULL, ONE("source: /t/a, destination: /t/b"),
         FAILS("the source does not exist"), LEAVES("ls"), AND_SAYS("")},
        {"fails on a folder", "CopyFile", "mkdir a", ONE("source: /t/a, destination: /t/b"),
         FAILS("the source is a folder")},
        {"fails on a device", "CopyFile", NULL, ONE("source: /dev/zero, destination: /t/b"),
         FAILS("no regular file")},
        {"fails on itself and keeps it", "CopyFile", "printf x >a; ln a b",
         ONE("source: /t/a, destination: /t/b"), FAILS("the same file"), LEAVES("cat a"), AND_SAYS("x")},
        {"copies what a link leads to", "CopyFile", "printf x >a; ln -s a l",
         ONE("source: /t/l, destination: /t/b"), LEAVES("test -L b; echo $?; cat b"), AND_SAYS("1\nx")},
        {"refuses a missing destination", "CopyFile", NULL, ONE("source: /t/a"),
         REFUSES("needs the input 'destination'")},
        {"refuses a missing source", "CopyFile", NULL, ONE("destination: /t/a"),
         REFUSES("needs the input 'source'")},
        {"refuses a bad overwrite", "CopyFile", NULL, ONE("source: /t/a, destination: /t/b, overwrite: x"),
         REFUSES("true or false")},
    };

    (void)state;
    try_rows(rows, SW_ARRAY_LEN(rows));
}

static void files_are_moved(void **state)
{
    static const struct row rows[] = {
        {"moves with owner and mode", "MoveFile", "printf x >a; chmod 4777 a; touch -d @1000 a",
         ONE("source: /t/a, destination: /t/b/c"), LEAVES("stat -c '%a %Y' b/c; ls"),
         AND_SAYS("4777 1000\nb\n")},
        {"moves to another file system with owner, mode and time", "MoveFile",
         "printf x >/tmp/t/a; chown web:staff /tmp/t/a; chmod 2770 /tmp/t/a; touch -d @1000 /tmp/t/a",
         ONE("source: /tmp/t/a, destination: /t/"), LEAVES("stat -c '%a %u:%g %Y' a; cat a; ls /tmp/t"),
         AND_SAYS("2770 1001:50 1000\nx"), .root = true},
        {"moves a link as a link", "MoveFile", "ln -s gone a", ONE("source: /t/a, destination: /tmp/t/b"),
         LEAVES("readlink /tmp/t/b; ls"), AND_SAYS("gone\n")},
        {"overwrites", "MoveFile", "printf x >a; echo longer >b", ONE("source: /t/a, destination: /t/b"),
         LEAVES("cat b; ls"), AND_SAYS("xb\n")},
        {"keeps both when overwrite is false", "MoveFile", "printf x >a; printf y >b",
         ONE("source: /t/a, destination: /t/b, overwrite: false"), FAILS("overwrite is false"),
         LEAVES("cat a b"), AND_SAYS("xy")},
        {"moves all that match", "MoveFile", "touch a1 a2; mkdir a3",
         ONE("source: '/t/a*', destination: /t/b/"), LEAVES("ls . b"), AND_SAYS(".:\na3\nb\n\nb:\na1\na2\n")},
        {"moves several to another file system, links as links", "MoveFile",
         "printf x >a1; ln -s gone a2; touch -d @1000 a1", ONE("source: '/t/a*', destination: /tmp/t/"),
         LEAVES("ls; cat /tmp/t/a1; readlink /tmp/t/a2; stat -c %Y /tmp/t/a1"), AND_SAYS("xgone\n1000\n")},
        {"keeps those behind the one that is there", "MoveFile", "touch a1 a2 a3; mkdir d; printf y >d/a2",
         ONE("source: '/t/a*', destination: /t/d, overwrite: false"), FAILS("'/t/d/a2' is there already"),
         LEAVES("ls . d"), AND_SAYS(".:\na2\na3\nd\n\nd:\na1\na2\n")},
        {"fails when several match and no folder is named", "MoveFile", "touch a1 a2",
         ONE("source: '/t/a*', destination: /t/b"), FAILS("2 files match")},
        {"fails when nothing matches", "MoveFile", NULL, ONE("source: '/t/a*', destination: /t/b/"),
         FAILS("no file matches")},
        {"fails where there is no source", "MoveFile", NULL, ONE("source: /t/a, destination: /t/b"),
         FAILS("the source does not exist")},
        {"fails on a folder", "MoveFile", "mkdir a", ONE("source: /t/a, destination: /t/b"),
         FAILS("the source is a folder"), LEAVES("ls"), AND_SAYS("a\n")},
        {"fails on itself and keeps it", "MoveFile", "printf x >a", ONE("source: /t/a, destination: /t/./a"),
         FAILS("the same file"), LEAVES("cat a"), AND_SAYS("x")},
        {"refuses a missing destination", "MoveFile", NULL, ONE("source: /t/a"),
         REFUSES("needs the input 'destination'")},
        {"refuses an unknown input", "MoveFile", NULL, ONE("source: /t/a, destination: /t/b, force: true"),
         REFUSES("no input 'force'")},
    };

    (void)state;
    try_rows(rows, SW_ARRAY_LEN(rows));
}

static void files_are_removed(void **state)
{
    static const struct row rows[] = {
        {"removes", "DeleteFile", "touch a b", ONE("path: /t/a"), LEAVES("ls"), AND_SAYS("b\n")},
        {"removes a link and not what it leads to", "DeleteFile", "touch b; ln -s b a", ONE("path: /t/a"),
         LEAVES("ls"), AND_SAYS("b\n")},
        {"removes all that match but folders", "DeleteFile", "touch a1 a2 b; mkdir a3; ln -s a3 a4",
         ONE("path: '/t/a*'"), LEAVES("ls"), AND_SAYS("a3\nb\n")},
        {"fails where there is nothing", "DeleteFile", NULL, ONE("path: /t/a"), FAILS("No such file")},
        {"fails when nothing matches", "DeleteFile", NULL, ONE("path: '/t/a*'"), FAILS("no file matches")},
        {"fails on a folder", "DeleteFile", "mkdir a", ONE("path: /t/a"), FAILS("Is a directory")},
        {"fails on a star before the last slash", "DeleteFile", NULL, ONE("path: '/*/a'"),
         FAILS("behind the last '/'")},
        {"refuses a missing path", "DeleteFile", NULL, ONE("force: true"), REFUSES("needs the input 'path'")},
    };

    (void)state;
    try_rows(rows, SW_ARRAY_LEN(rows));
}

/* A folder with one of each kind in it. */
#define TREE \
    "mkdir -p a/sub/empty; printf x >a/f; printf y >a/sub/g; ln -s /etc/passwd a/l; mkfifo a/p; chmod 700 a/sub; chmod 4711 a/f; "
#define SEEN "find . | sort | tr '\\n' ' '"

static void folders_are_copied(void **state)
{
    static const struct row rows[] = {
        {"copies what is in it to a new name, links as links", "CopyFolder", TREE,
         ONE("source: /t/a, destination: /t/n/b"),
         LEAVES("cd n/b; " SEEN "; cat f sub/g; readlink l; stat -c %a f sub; test -p p; echo $?"),
         AND_SAYS(". ./f ./l ./p ./sub ./sub/empty ./sub/g xy/etc/passwd\n711\n700\n0\n")},
        {"keeps its name in a folder named by a slash", "CopyFolder", TREE,
         ONE("source: /t/a/, destination: /t/n/"), LEAVES("cat n/a/sub/g"), AND_SAYS("y")},
        {"puts what is in it into a folder that is there", "CopyFolder",
         TREE "mkdir -p b/sub; echo old >b/f; echo old >b/kept; echo old >b/sub/g",
         ONE("source: /t/a, destination: /t/b"), LEAVES("cat b/f b/sub/g b/kept; ls b"),
         AND_SAYS("xyold\nf\nkept\nl\np\nsub\n")},
        {"replaces a link in the way instead of following it", "CopyFolder",
         TREE "mkdir b; ln -s /t/victim b/f; echo v >victim", ONE("source: /t/a, destination: /t/b"),
         LEAVES("cat b/f victim"), AND_SAYS("xv\n")},
        {"does not go through a link to a folder", "CopyFolder", TREE "mkdir b v; ln -s /t/v b/sub",
         ONE("source: /t/a, destination: /t/b"), FAILS("/t/b/sub"), LEAVES("ls v"), AND_SAYS("")},
        {"fails when a file is in a folder's way", "CopyFolder", TREE "mkdir b; touch b/sub",
         ONE("source: /t/a, destination: /t/b"), FAILS("'/t/b/sub': Not a directory")},
        {"fails when a folder is in a file's way", "CopyFolder", TREE "mkdir -p b/f",
         ONE("source: /t/a, destination: /t/b"), FAILS("'/t/b/f': Is a directory")},
        {"keeps what is there when overwrite is false", "CopyFolder", TREE "mkdir b",
         ONE("source: /t/a, destination: /t/b, overwrite: false"),
         FAILS("'/t/b' is there already, and overwrite is false"), LEAVES("ls b"), AND_SAYS("")},
        {"copies every folder that matches", "CopyFolder", "mkdir a1 a2; touch a1/x a2/y a3",
         ONE("source: '/t/a*', destination: /t/b/"), LEAVES("cd b; " SEEN),
         AND_SAYS(". ./a1 ./a1/x ./a2 ./a2/y ")},
        {"names the one of several folders that is there", "CopyFolder",
         "mkdir a1 a2 a3 b b/a2; touch a1/x a3/y",
         ONE("source: '/t/a*', destination: /t/b/, overwrite: false"), FAILS("'/t/b/a2' is there already"),
         LEAVES("cd b; " SEEN), AND_SAYS(". ./a1 ./a1/x ./a2 ")},
        {"names the place in the one of several folders that cannot be copied", "CopyFolder",
         "mkdir -p a1 a2/sub b/a2/sub/f; touch a2/sub/f", ONE("source: '/t/a*', destination: /t/b/"),
         FAILS("copying '/t/a2': '/t/b/a2/sub/f': Is a directory")},
        {"fails when several match and no slash ends the destination", "CopyFolder", "mkdir a1 a2 b",
         ONE("source: '/t/a*', destination: /t/b"), FAILS("2 folders match")},
        {"fails when nothing matches", "CopyFolder", "touch a1", ONE("source: '/t/a*', destination: /t/b/"),
         FAILS("no folder matches")},
        {"fails on itself", "CopyFolder", TREE, ONE("source: /t/a, destination: /t/a"), FAILS("into itself")},
        {"fails on a folder in itself", "CopyFolder", TREE, ONE("source: /t/a, destination: /t/a/sub/new/er"),
         FAILS("into itself"), LEAVES("ls a/sub"), AND_SAYS("empty\ng\n")},
        {"fails on a folder in itself behind a link", "CopyFolder", TREE "ln -s a/sub s",
         ONE("source: /t/a, destination: /t/s/new"), FAILS("into itself")},
        {"fails on a file", "CopyFolder", "touch a", ONE("source: /t/a, destination: /t/b"),
         FAILS("the source is no folder")},
        {"fails where there is no source", "CopyFolder", NULL, ONE("source: /t/a, destination: /t/b"),
         FAILS("the source does not exist"), LEAVES("ls"), AND_SAYS("")},
        {"refuses a missing destination", "CopyFolder", NULL, ONE("source: /t/a"),
         REFUSES("needs the input 'destination'")},
        {"refuses a bad overwrite", "CopyFolder", NULL, ONE("source: /t/a, destination: /t/b, overwrite: x"),
         REFUSES("true or false")},
    };

    (void)state;
    try_rows(rows, SW_ARRAY_LEN(rows));
}

static void folders_are_moved(void **state)
{
    static const struct row rows[] = {
        {"moves to a new name", "MoveFolder", TREE, ONE("source: /t/a, destination: /t/n/b"),
         LEAVES("ls; cd n/b; " SEEN "; stat -c %a f"),
         AND_SAYS("n\n. ./f ./l ./p ./sub ./sub/empty ./sub/g 4711\n")},
        {"keeps its name in a folder named by a slash", "MoveFolder", TREE,
         ONE("source: /t/a, destination: /t/n/"), LEAVES("cat n/a/sub/g; ls"), AND_SAYS("yn\n")},
        {"moves into a folder that is there", "MoveFolder",
         TREE "mkdir -p b/sub; echo old >b/f; echo old >b/kept; echo old >b/sub/h",
         ONE("source: /t/a, destination: /t/b"), LEAVES("ls; cd b; cat f kept; " SEEN),
         AND_SAYS("b\nxold\n. ./f ./kept ./l ./p ./sub ./sub/empty ./sub/g ./sub/h ")},
        {"moves to another file system as it is", "MoveFolder",
         TREE "chown web:staff a/sub a/f; chmod 4711 a/f; touch -d @1000 a/f a/sub",
         ONE("source: /t/a, destination: /tmp/t/b"),
         LEAVES("ls; cd /tmp/t/b; " SEEN "; stat -c '%a %u:%g %Y' f sub; readlink l"),
         AND_SAYS(
             ". ./f ./l ./p ./sub ./sub/empty ./sub/g 4711 1001:50 1000\n700 1001:50 1000\n/etc/passwd\n"),
         .root = true},
        {"keeps both when overwrite is false", "MoveFolder", TREE "mkdir b",
         ONE("source: /t/a, destination: /t/b, overwrite: false"), FAILS("overwrite is false"), LEAVES("ls"),
         AND_SAYS("a\nb\n")},
        {"moves every folder that matches", "MoveFolder", "mkdir a1 a2; touch a3",
         ONE("source: '/t/a*', destination: /t/b/"), LEAVES("ls . b"), AND_SAYS(".:\na3\nb\n\nb:\na1\na2\n")},
        {"fails on a folder in itself", "MoveFolder", TREE, ONE("source: /t/a, destination: /t/a/sub/b"),
         FAILS("into itself"), LEAVES("ls a/sub"), AND_SAYS("empty\ng\n")},
        {"fails on a file", "MoveFolder", "touch a", ONE("source: /t/a, destination: /t/b"),
         FAILS("the source is no folder")},
        {"fails when a file has the new name", "MoveFolder", TREE "touch b",
         ONE("source: /t/a, destination: /t/b"), FAILS("Not a directory"), LEAVES("ls"), AND_SAYS("a\nb\n")},
        {"fails where there is no source", "MoveFolder", NULL, ONE("source: /t/a, destination: /t/b"),
         FAILS("the source does not exist")},
        {"refuses a missing source", "MoveFolder", NULL, ONE("destination: /t/b"),
         REFUSES("needs the input 'source'")},
    };

    (void)state;
    try_rows(rows, SW_ARRAY_LEN(rows));
}

static void folders_come_go_and_are_listed(void **state)
{
    static const struct row rows[] = {
        {"makes parents and uses the umask", "CreateFolder", NULL, ONE("path: /t/a/b"),
         LEAVES("stat -c %a a a/b"), AND_SAYS("755\n755\n")},
        {"reads permissions as octal text", "CreateFolder", NULL, ONE("path: /t/a, permissions: 0700"),
         LEAVES("stat -c %a a"), AND_SAYS("700\n")},
        {"keeps what is in one that is there", "CreateFolder", "mkdir a; touch a/f; chmod 700 a",
         ONE("path: /t/a"), LEAVES("ls a; stat -c %a a"), AND_SAYS("f\n700\n")},
        {"sets a mode that is said on one that is there", "CreateFolder", "mkdir a",
         ONE("path: /t/a, permissions: '0770'"), LEAVES("stat -c %a a"), AND_SAYS("750\n")},
        {"sets owner and group", "CreateFolder", NULL, ONE("path: /t/a/b, owner: web, group: staff"),
         LEAVES("stat -c %u:%g a a/b"), AND_SAYS("0:0\n1001:50\n"), .root = true},
        {"sets the group's bit, whoever owns it", "CreateFolder", NULL,
         "[{path: /t/a, permissions: '2775'}, {path: /t/b, permissions: '3777', group: staff}]",
         LEAVES("stat -c %a:%g a b"), AND_SAYS("2755:0\n3755:50\n"), .root = true},
        {"leaves a parent's bit to a folder of no mode", "CreateFolder", "chmod 2755 .", ONE("path: /t/a"),
         LEAVES("stat -c %a a"), AND_SAYS("2755\n"), .root = true},
        {"fails on one that is there when overwrite is false", "CreateFolder", "mkdir a",
         ONE("path: /t/a, overwrite: false"), FAILS("overwrite is false")},
        {"fails on a file", "CreateFolder", "touch a", ONE("path: /t/a"), FAILS("Not a directory")},
        {"fails on a user whom the image does not have", "CreateFolder", NULL, ONE("path: /t/a, owner: none"),
         FAILS("no such user")},
        {"refuses bad permissions", "CreateFolder", NULL, ONE("path: /t/a, permissions: rwx"),
         REFUSES("octal")},
        {"refuses a missing path", "CreateFolder", NULL, ONE("overwrite: true"),
         REFUSES("needs the input 'path'")},
        {"removes an empty one", "DeleteFolder", "mkdir -p a/b", ONE("path: /t/a/b"), LEAVES("find"),
         AND_SAYS(".\n./a\n")},
        {"keeps one that is not empty", "DeleteFolder", "mkdir a; touch a/f", ONE("path: /t/a"),
         FAILS("not empty"), LEAVES("ls a"), AND_SAYS("f\n")},
        {"removes all in it by force, and follows no link", "DeleteFolder",
         TREE "mkdir k; touch k/f; ln -s /t/k a/k", ONE("path: /t/a, force: true"), LEAVES("find"),
         AND_SAYS(".\n./k\n./k/f\n")},
        {"fails on a link", "DeleteFolder", "mkdir b; ln -s b a", ONE("path: /t/a, force: true"),
         FAILS("Not a directory"), LEAVES("ls"), AND_SAYS("a\nb\n")},
        {"fails on a file", "DeleteFolder", "touch a", ONE("path: /t/a, force: true"),
         FAILS("Not a directory")},
        {"fails where there is nothing", "DeleteFolder", NULL, ONE("path: /t/a, force: true"),
         FAILS("No such file")},
        {"keeps the root", "DeleteFolder", NULL, ONE("path: /t/.., force: true"), FAILS("the guest's root"),
         LEAVES("ls /etc/passwd"), AND_SAYS("/etc/passwd\n")},
        {"stops before another mount", "DeleteFolder", "mkdir -p a/m; mount -t tmpfs x a/m; touch a/m/f",
         ONE("path: /t/a, force: true"), FAILS("'/t/a/m': Device or resource busy"),
         LEAVES("ls a/m; umount a/m"), AND_SAYS("f\n"), .root = true},
        {"refuses a bad force", "DeleteFolder", NULL, ONE("path: /t/a, force: maybe"),
         REFUSES("true or false")},
        {"refuses a missing path", "DeleteFolder", NULL, ONE("force: true"),
         REFUSES("needs the input 'path'")},
        {"joins the files with commas", "ListFiles", "touch b a; mkdir c; touch c/d; ln -s c l; ln -s a k",
         ONE("path: /t"), .output = "files=/t/a,/t/b,/t/k"},
        {"goes into folders when it may", "ListFiles", "touch b a; mkdir c; touch c/d c-; ln -s c l",
         ONE("path: /t/, recursive: true"), .output = "files=/t/a,/t/b,/t/c/d,/t/c-"},
        {"takes those that match", "ListFiles", "mkdir c; touch a.txt b.log c/d.txt",
         ONE("path: /t, fileNamePattern: '*.txt', recursive: true"), .output = "files=/t/a.txt,/t/c/d.txt"},
        {"is empty when none match", "ListFiles", "touch a", ONE("path: /t, fileNamePattern: '*.txt'"),
         .output = "files="},
        {"follows a link to the folder itself", "ListFiles", "mkdir c; touch c/d; ln -s c l",
         ONE("path: /t/l"), .output = "files=/t/l/d"},
        {"leaves out what no image holds", "ListFiles", NULL,
         ONE("path: /, recursive: true, fileNamePattern: cmdline"), .output = "files="},
        {"fails on a file", "ListFiles", "touch a", ONE("path: /t/a"), FAILS("Not a directory")},
        {"fails where there is nothing", "ListFiles", NULL, ONE("path: /t/a"), FAILS("No such file")},
        {"refuses a bad recursive", "ListFiles", NULL, ONE("path: /t, recursive: x"),
         REFUSES("true or false")},
        {"refuses a missing path", "ListFiles", NULL, ONE("recursive: true"),
         REFUSES("needs the input 'path'")},
    };

    (void)state;
    try_rows(rows, SW_ARRAY_LEN(rows));
}

static void links_owners_and_permissions_are_set(void **state)
{
    static const struct row rows[] = {
        {"makes parents", "CreateSymlink", NULL, ONE("path: /t/a/b, target: /etc"), LEAVES("readlink a/b"),
         AND_SAYS("/etc\n")},
        {"makes paths absolute", "CreateSymlink", "touch /tmp/t/f", ONE("path: t/a, target: t/f"),
         LEAVES("readlink /tmp/t/a"), AND_SAYS("/tmp/t/f\n")},
        {"replaces a link by force", "CreateSymlink", "ln -s x a",
         ONE("path: /t/a, target: /etc, force: true"), LEAVES("readlink a"), AND_SAYS("/etc\n")},
        {"keeps a link without force", "CreateSymlink", "ln -s x a", ONE("path: /t/a, target: /etc"),
         FAILS("force is false"), LEAVES("readlink a"), AND_SAYS("x\n")},
        {"keeps a file even by force", "CreateSymlink", "touch a",
         ONE("path: /t/a, target: /etc, force: true"), FAILS("is no link"), LEAVES("stat -c %F a"),
         AND_SAYS("regular empty file\n")},
        {"fails without its target", "CreateSymlink", NULL, ONE("path: /t/a, target: /t/b"),
         FAILS("'/t/b' does not exist"), LEAVES("ls"), AND_SAYS("")},
        {"refuses a missing target", "CreateSymlink", NULL, ONE("path: /t/a"),
         REFUSES("needs the input 'target'")},
        {"refuses a bad force", "CreateSymlink", NULL, ONE("path: /t/a, target: /etc, force: x"),
         REFUSES("true or false")},
        {"changes what a link leads to", "SetFileOwner", "touch b; ln -s b a", ONE("path: /t/a, owner: web"),
         LEAVES("stat -c %u:%g b a"), AND_SAYS("1001:1002\n0:0\n"), .root = true},
        {"takes numbers", "SetFileOwner", "touch a", ONE("path: /t/a, owner: '77', group: '78'"),
         LEAVES("stat -c %u:%g a"), AND_SAYS("77:78\n"), .root = true},
        {"fails on a folder", "SetFileOwner", NULL, ONE("path: /t, owner: root"), FAILS("is a folder")},
        {"fails where there is nothing", "SetFileOwner", NULL, ONE("path: /t/a, owner: root"),
         FAILS("does not exist")},
        {"fails on a user whom the image does not have", "SetFileOwner", "touch a",
         ONE("path: /t/a, owner: none"), FAILS("no such user")},
        {"refuses a missing owner", "SetFileOwner", NULL, ONE("path: /t/a, group: root"),
         REFUSES("needs the input 'owner'")},
        {"changes all in it, links themselves", "SetFolderOwner", TREE "touch v; ln -s /t/v a/sub/v",
         ONE("path: /t/a, owner: web"), LEAVES("stat -c %u:%g a a/sub a/sub/g a/sub/v v"),
         AND_SAYS("1001:1002\n1001:1002\n1001:1002\n1001:1002\n0:0\n"), .root = true},
        {"changes it alone", "SetFolderOwner", TREE,
         ONE("path: /t/a, owner: web, group: staff, recursive: false"), LEAVES("stat -c %u:%g a a/sub"),
         AND_SAYS("1001:50\n0:0\n"), .root = true},
        {"fails on a file", "SetFolderOwner", "touch a", ONE("path: /t/a, owner: root"),
         FAILS("is no folder")},
        {"fails where there is nothing", "SetFolderOwner", NULL, ONE("path: /t/a, owner: root"),
         FAILS("does not exist")},
        {"fails on a group that the image does not have", "SetFolderOwner", NULL,
         ONE("path: /t, owner: root, group: none"), FAILS("no such group")},
        {"refuses a missing owner", "SetFolderOwner", NULL, ONE("path: /t"),
         REFUSES("needs the input 'owner'")},
        {"refuses a bad recursive", "SetFolderOwner", NULL, ONE("path: /t, owner: root, recursive: x"),
         REFUSES("true or false")},
        {"changes what a link leads to, whatever the umask", "SetFilePermissions", "touch b; ln -s b a",
         ONE("path: /t/a, permissions: 4777"), LEAVES("stat -c %a b"), AND_SAYS("4777\n")},
        {"fails on a folder", "SetFilePermissions", NULL, ONE("path: /t, permissions: '0700'"),
         FAILS("is a folder")},
        {"fails where there is nothing", "SetFilePermissions", NULL, ONE("path: /t/a, permissions: '0700'"),
         FAILS("does not exist")},
        {"refuses missing permissions", "SetFilePermissions", NULL, ONE("path: /t/a"),
         REFUSES("needs the input 'permissions'")},
        {"refuses five digits", "SetFilePermissions", NULL, ONE("path: /t/a, permissions: '17777'"),
         REFUSES("octal")},
        {"changes all in it and follows no link", "SetFolderPermissions",
         TREE "touch v; chmod 600 v; ln -s /t/v a/sub/v", ONE("path: /t/a, permissions: '0750'"),
         LEAVES("stat -c %a a a/sub a/sub/empty a/f v"), AND_SAYS("750\n750\n750\n750\n600\n")},
        {"leaves out what no image holds", "SetFolderPermissions",
         "mkdir -p a/m; mount -t tmpfs -o mode=0711 x a/m", ONE("path: /t/a, permissions: '0700'"),
         LEAVES("stat -c %a a a/m; umount a/m"), AND_SAYS("700\n711\n"), .root = true},
        {"changes it alone", "SetFolderPermissions", TREE,
         ONE("path: /t/a, permissions: 711, recursive: false"), LEAVES("stat -c %a a a/sub"),
         AND_SAYS("711\n700\n")},
        {"takes the right to enter from all", "SetFolderPermissions", TREE,
         ONE("path: /t/a, permissions: '0000'"), LEAVES("stat -c %a a a/sub a/sub/g"), AND_SAYS("0\n0\n0\n")},
        {"fails on a file", "SetFolderPermissions", "touch a", ONE("path: /t/a, permissions: '0700'"),
         FAILS("is no folder")},
        {"fails where there is nothing", "SetFolderPermissions", NULL, ONE("path: /t/a, permissions: '0700'"),
         FAILS("does not exist")},
        {"refuses missing permissions", "SetFolderPermissions", NULL, ONE("path: /t"),
         REFUSES("needs the input 'permissions'")},
        {"refuses letters", "SetFolderPermissions", NULL, ONE("path: /t, permissions: u+x"),
         REFUSES("octal")},
    };

    (void)state;
    try_rows(rows, SW_ARRAY_LEN(rows));
}

/* ---- What the service says of Windows ----------------------------------------------------------------------- */

static bool on_windows(const struct sw_action *action, const char *name)
{
    for (const struct sw_input *input = action->inputs; input->name != NULL; input++)
        if (strcmp(input->name, name) == 0)
            return input->platforms == 0 || (input->platforms & SW_WINDOWS) != 0;
    fail_msg("%s has no input '%s'", action->name, name);
    return false;
}

static void windows_has_what_the_service_says(void **state)
{
    static const struct {
        const char *action;
        bool there;
        const char *without[4]; /* inputs that are refused there */
    } rules[] = {
        {"AppendFile", true, {NULL}},
        {"CopyFile", true, {NULL}},
        {"CopyFolder", true, {NULL}},
        {"CreateFile", true, {"owner", "group", "permissions"}},
        {"CreateFolder", true, {"owner", "group", "permissions"}},
        {"CreateSymlink", false, {NULL}},
        {"DeleteFile", true, {NULL}},
        {"DeleteFolder", true, {NULL}},
        {"ListFiles", true, {NULL}},
        {"MoveFile", true, {NULL}},
        {"MoveFolder", true, {NULL}},
        {"ReadFile", true, {NULL}},
        {"SetFileEncoding", true, {NULL}},
        {"SetFileOwner", false, {NULL}},
        {"SetFilePermissions", false, {NULL}},
        {"SetFolderOwner", false, {NULL}},
        {"SetFolderPermissions", false, {NULL}},
    };

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(rules); i++) {
        const struct sw_action *action = sw_action_find(rules[i].action);

        assert_non_null(action);
        assert_false(action->absent);
        assert_int_equal((action->platforms & SW_WINDOWS) != 0, rules[i].there);
        assert_true((action->platforms & SW_LINUX) != 0 && (action->platforms & SW_MACOS) != 0);
        for (size_t j = 0; rules[i].without[j] != NULL; j++)
            assert_false(on_windows(action, rules[i].without[j]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_created),
        cmocka_unit_test(files_are_read_and_encoded),
        cmocka_unit_test(files_are_copied),
        cmocka_unit_test(files_are_moved),
        cmocka_unit_test(files_are_removed),
        cmocka_unit_test(folders_are_copied),
        cmocka_unit_test(folders_are_moved),
        cmocka_unit_test(folders_come_go_and_are_listed),
        cmocka_unit_test(links_owners_and_permissions_are_set),
        cmocka_unit_test(windows_has_what_the_service_says),
    };

    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
