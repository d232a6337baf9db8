/* Archives; see unpack.h. */
#include "grader/submission/unpack.h"

#include "grader/sandbox/sandbox.h"
#include "grader/text/text.h"
#include "grader/workplace/workplace.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_PACKED (64 << 20) /* bytes of the archive */
#define MOST_UNPACKED                                                                              \
    (128 << 20) /* bytes of what comes out: a student may pack what was built, too */
#define SECONDS 20

bool unpack_is_named(const char *name)
{
    static const char *const ends[] = {".zip",     ".tar",    ".tgz",     ".tar.gz",
                                       ".tar.bz2", ".tar.xz", ".tar.zst", ".txz",
                                       ".tbz2",    ".7z",     ".tar.lz4", ".rar"};
    g_autofree char *lower = g_ascii_strdown(name, -1);
    for (guint i = 0; i < G_N_ELEMENTS(ends); i++)
        if (g_str_has_suffix(lower, ends[i]))
            return true;
    return false;
}

/* -1: it is no plain file, or can't be opened. */
static int open_plain(const char *path, off_t *size)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file >= 0 && (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))) {
        close(file);
        return -1;
    }
    if (file >= 0)
        *size = status.st_size;
    return file;
}

bool unpack_is_archive(const char *path)
{
    static const struct {
        int at, length;
        const char *bytes;
    } begins[] = {{0, 4, "PK\3\4"},
                  {0, 4, "PK\5\6"},
                  {0, 2, "\x1f\x8b"},
                  {0, 3, "BZh"},
                  {0, 5,
                   "\xfd"
                   "7zXZ"},
                  {0, 6, "7z\xbc\xaf\x27\x1c"},
                  {0, 4, "\x28\xb5\x2f\xfd"},
                  {0, 4, "\x04\x22\x4d\x18"},
                  {0, 4, "Rar!"},
                  {257, 5, "ustar"}};
    char start[512] = "";
    off_t size;
    int file = open_plain(path, &size);
    if (file < 0)
        return false;
    ssize_t length = pread(file, start, sizeof start, 0);
    close(file);
    for (guint i = 0; i < G_N_ELEMENTS(begins); i++)
        if (begins[i].at + begins[i].length <= length &&
            memcmp(start + begins[i].at, begins[i].bytes, (size_t)begins[i].length) == 0)
            return true;
    return false;
}

/* The sandbox's user can't read what belongs to whoever grades, so it reads a copy. */
static bool copy(const char *path, const char *to, GString *error)
{
    char buffer[65536];
    off_t size = 0;
    ssize_t length = 0;
    errno = 0;
    const int from = open_plain(path, &size);
    const int file = from >= 0 ? open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644) : -1;
    bool copied = file >= 0 && fchmod(file, 0644) == 0;
    const bool fits = size <= MOST_PACKED;
    while (copied && fits && (length = read(from, buffer, sizeof buffer)) > 0)
        for (ssize_t done = 0, put; copied && done < length; done += put) {
            put = write(file, buffer + done, (size_t)(length - done));
            copied = put > 0;
        }
    copied = copied && length == 0;
    const int why = errno;
    const bool closed = file < 0 || close(file) == 0;
    if (!fits)
        g_string_append_printf(error, "it has more than %d MiB", MOST_PACKED >> 20);
    else if (!copied || !closed)
        g_string_append_printf(error, "it can't be copied: %s", strerror(copied ? errno : why));
    if (from >= 0)
        close(from);
    return fits && copied && closed;
}

/* Does bsdtar speak of the machine, and not of what is in the archive? */
static bool is_machines(const char *said)
{
    static const int errors[] = {ENOSPC, EDQUOT, EIO, ENOMEM};
    for (guint i = 0; i < G_N_ELEMENTS(errors); i++)
        if (strstr(said, strerror(errors[i])))
            return true;
    return false;
}

/* Is there no bsdtar to start? */
static bool is_not_there(const struct sandbox_result *result)
{
    return result->end == SANDBOX_EXITED && result->status == 127;
}

/* *by_hand: does it help to unpack it by hand? */
static bool run_bsdtar(const char *archive, const char *folder, bool *by_hand, GString *error)
{
    /* What it holds may be closed even to its owner. */
    char *words[] = {"bash", "-c", "bsdtar -x -m -f \"$0\" -C \"$1\" && chmod -R u+rX \"$1\"",
                     NULL,   NULL, NULL};
    const struct sandbox_bind see[] = {{archive, "/archive"}, {NULL, NULL}};
    struct sandbox_command command = {.words = words,
                                      .see = see,
                                      .write = {folder, "/unpacked"},
                                      .limits = sandbox_limits_default(),
                                      .user = sandbox_user(0)};
    words[3] = (char *)sandbox_path(archive, "/archive");
    words[4] = (char *)sandbox_path(folder, "/unpacked");
    command.limits.seconds = SECONDS;
    command.limits.file_bytes = command.limits.folder_bytes = MOST_UNPACKED;
    struct sandbox_result result;
    sandbox_run(&command, &result);
    const bool unpacked = sandbox_did(&result);
    g_autofree char *said = g_ascii_strdown(result.output->str, -1);
    if (unpacked)
        g_string_truncate(error, 0);
    else if (strstr(said, "passphrase") || strstr(said, "encrypt"))
        g_string_append(error, "it is protected by a password");
    else if (result.end == SANDBOX_FILES)
        g_string_append_printf(error, "what comes out of it is too much: bsdtar %s",
                               result.trouble);
    else if (is_not_there(&result))
        g_string_append(error,
                        "that needs bsdtar (Debian and Ubuntu: apt-get install libarchive-tools)");
    else if (result.trouble)
        g_string_append_printf(error, "bsdtar: %s", g_strstrip(result.trouble));
    else if (is_machines(result.output->str))
        workplace_complain(error, "bsdtar", &result, WORKPLACE_REPAIR);
    else {
        *by_hand = false;
        g_string_append_printf(error, "it is damaged, or holds what no folder can (%s)",
                               g_strstrip(g_strdelimit(result.output->str, "\n", ' ')));
    }
    sandbox_result_clear(&result);
    return unpacked;
}

char *unpack_archive(const char *path, const char *shown, const char *work, GString *error)
{
    g_autofree char *packed = g_build_filename(work, "packed", NULL);
    g_autofree char *folder = g_build_filename(work, "unpacked", NULL);
    g_autoptr(GString) why = g_string_new(NULL);
    bool by_hand = true;
    if (copy(path, packed, why) && sandbox_writable_folder(folder, sandbox_user(0), why) &&
        run_bsdtar(packed, folder, &by_hand, why)) {
        unlink(packed);
        return g_steal_pointer(&folder);
    }
    unlink(packed);
    g_autofree char *quoted = text_shell_word(path);
    g_string_append_printf(error, "%s can't be unpacked: %s. ", shown, why->str);
    if (by_hand)
        g_string_append_printf(error,
                               "Unpack it by hand, and name the folder: "
                               "mkdir unpacked && bsdtar -xf %s -C unpacked",
                               quoted);
    else
        g_string_append(error, "Have it packed again.");
    return NULL;
}
