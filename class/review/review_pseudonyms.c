/* Pseudonyms; see review_pseudonyms.h. */
#include "class/review/review_pseudonyms.h"

#include "class/review/review_answers.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define SHORTEST_NAME 5 /* bytes: a shorter one may be any word */

static const char *const colours[] = {
    "amber", "azure", "black",  "bronze", "copper", "coral", "cream",  "crimson",
    "gold",  "green", "grey",   "indigo", "ivory",  "jade",  "lilac",  "lime",
    "navy",  "ochre", "olive",  "pink",   "plum",   "red",   "rose",   "ruby",
    "rust",  "sand",  "silver", "slate",  "teal",   "umber", "violet", "white"};
static const char *const animals[] = {
    "badger", "bat",   "bear",   "beaver", "bee",   "crane", "crow",  "deer",
    "dove",   "eagle", "falcon", "finch",  "fox",   "frog",  "goat",  "hare",
    "hawk",   "heron", "horse",  "lark",   "lynx",  "mole",  "moose", "newt",
    "otter",  "owl",   "raven",  "seal",   "stork", "swan",  "toad",  "wolf"};

/* ---- the key ---------------------------------------------------------------------------------------------- */

static bool draw_key(const char *path, guint8 key[REVIEW_KEY_BYTES], GString *error)
{
    g_autofree char *draft = g_strdup_printf("%s.%d", path, (int)getpid());
    const int file = g_open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const bool drawn = file >= 0 && getrandom(key, REVIEW_KEY_BYTES, 0) == REVIEW_KEY_BYTES &&
                       write(file, key, REVIEW_KEY_BYTES) == REVIEW_KEY_BYTES && fsync(file) == 0;
    const int problem = errno;
    if (file >= 0)
        close(file);
    /* who comes second takes the first one's */
    const bool placed = drawn && (link(draft, path) == 0 || errno == EEXIST);
    if (!placed)
        g_string_append_printf(error, "%s can't be written: %s\n", path,
                               g_strerror(drawn ? errno : problem));
    g_unlink(draft);
    return placed;
}

bool review_key(const char *folder, guint8 key[REVIEW_KEY_BYTES], GString *error)
{
    g_autofree char *path = g_build_filename(folder, "key", NULL);
    g_autofree char *text = NULL;
    gsize length = 0;
    if (g_mkdir_with_parents(folder, 0755) != 0) {
        g_string_append_printf(error, "%s can't be made: %s\n", folder, g_strerror(errno));
        return false;
    }
    if (!g_file_test(path, G_FILE_TEST_EXISTS) && !draw_key(path, key, error))
        return false;
    if (!g_file_get_contents(path, &text, &length, NULL) || length != REVIEW_KEY_BYTES) {
        g_string_append_printf(
            error, "%s is not %d bytes that can be read: remove it, and names are drawn anew\n",
            path, REVIEW_KEY_BYTES);
        return false;
    }
    memcpy(key, text, REVIEW_KEY_BYTES);
    return true;
}

void review_digest(const guint8 *key, guint8 digest[32], const char *purpose, const char *check,
                   const char *reviewer, const char *student)
{
    const char *const texts[] = {purpose, check, reviewer, student};
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, key, REVIEW_KEY_BYTES);
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        g_hmac_update(hmac, (const guchar *)texts[i], (gssize)strlen(texts[i]) + 1);
    gsize length = 32;
    g_hmac_get_digest(hmac, digest, &length);
    g_hmac_unref(hmac);
}

GPtrArray *review_pseudonyms(const GPtrArray *students, const guint8 *key)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) taken = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < students->len; i++) {
        const struct student *student = students->pdata[i];
        guint8 digest[32];
        review_digest(key, digest, "pseudonym", "", "", student->id);
        const char *colour = colours[digest[0] % G_N_ELEMENTS(colours)],
                   *animal = animals[digest[1] % G_N_ELEMENTS(animals)];
        char *name = g_strdup_printf("%s %s", colour, animal);
        for (int number = 2; g_hash_table_contains(taken, name); number++) {
            g_free(name);
            name = g_strdup_printf("%s %s %d", colour, animal, number);
        }
        g_hash_table_add(taken, name);
        g_ptr_array_add(names, name);
    }
    return names;
}

/* ---- names in answers --------------------------------------------------------------------------------------- */

static char *without(const char *text, const char *name, bool is_surely_a_name)
{
    if (!name || strlen(name) < SHORTEST_NAME || !is_surely_a_name)
        return g_strdup(text);
    g_autofree char *escaped = g_regex_escape_string(name, -1),
                    *pattern = g_strdup_printf("(?<!\\w)%s(?!\\w)", escaped);
    g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_CASELESS, 0, NULL);
    char *rest = regex ? g_regex_replace_literal(regex, text, -1, 0, "[name]", 0, NULL) : NULL;
    return rest ? rest : g_strdup(text);
}

/* A user name with a digit is no word, nor are two words that begin with capitals likely to be others. */
char *review_without_names(const char *text, const struct student *student)
{
    char *shown = g_strdup(text);
    for (guint i = 0; i < student->members->len; i++) {
        const struct member *member = student->members->pdata[i];
        const char *const names[] = {member->email, member->name, member->id};
        const bool is_name[] = {true, member->name && strchr(member->name, ' '),
                                strpbrk(member->id, G_CSET_DIGITS) != NULL};
        for (guint n = 0; n < G_N_ELEMENTS(names); n++) {
            g_autofree char *before = shown;
            shown = without(before, names[n], is_name[n]);
        }
    }
    return shown;
}
