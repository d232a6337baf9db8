/* Names in a folder of submissions; see layout.h. */
#include "class/intake/layout.h"

#include "grader/submission/unpack.h"
#include "grader/text/text.h"

#include <stdlib.h>
#include <string.h>

#define MOST_FOLDED 56 /* characters, so that something may be added to make an ID unique */

/* ---- text ------------------------------------------------------------------------------------ */

/* Appends one letter in ASCII; what has none is written as its number, so that names in other scripts stay apart. */
static void fold_letter(GString *to, gunichar letter)
{
    static const struct {
        gunichar letter;
        const char *ascii;
    } others[] = {{0xdf, "ss"},  {0xe6, "ae"},  {0xc6, "AE"}, {0xf8, "o"},  {0xd8, "O"},
                  {0x111, "d"},  {0x110, "D"},  {0x142, "l"}, {0x141, "L"}, {0x131, "i"},
                  {0x153, "oe"}, {0x152, "OE"}, {0xfe, "th"}, {0xde, "Th"}, {0xf0, "d"}};
    if (letter < 128) {
        const char character = (char)letter;
        const bool plain = g_ascii_isalnum(character) || strchr("._", character);
        if (plain && character)
            g_string_append_c(to, character);
        else if (to->len > 0 && to->str[to->len - 1] != '-')
            g_string_append_c(to, '-');
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        if (others[i].letter == letter) {
            g_string_append(to, others[i].ascii);
            return;
        }
    if (g_unichar_isalpha(letter) || g_unichar_isdigit(letter))
        g_string_append_printf(to, "u%x", letter);
}

char *intake_fold(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autofree char *apart = g_utf8_normalize(valid, -1, G_NORMALIZE_ALL);
    GString *folded = g_string_new(NULL);
    for (const char *at = apart ? apart : ""; *at; at = g_utf8_next_char(at))
        if (!g_unichar_ismark(g_utf8_get_char(at)))
            fold_letter(folded, g_utf8_get_char(at));
    while (folded->len > 0 && strchr(".-_", folded->str[folded->len - 1]))
        g_string_truncate(folded, folded->len - 1);
    while (folded->len > 0 && !g_ascii_isalnum(folded->str[0]))
        g_string_erase(folded, 0, 1);
    if (folded->len > MOST_FOLDED)
        g_string_truncate(folded, MOST_FOLDED);
    if (folded->len == 0)
        g_string_append(folded, "nameless");
    return g_string_free(folded, FALSE);
}

char *intake_stem(const char *name)
{
    static const char *const ends[] = {".tar.gz",  ".tar.bz2", ".tar.xz", ".tar.zst",
                                       ".tar.lz4", ".tgz",     ".txz",    ".tbz2"};
    g_autofree char *lower = g_ascii_strdown(name, -1);
    for (guint i = 0; i < G_N_ELEMENTS(ends); i++)
        if (g_str_has_suffix(lower, ends[i]) && strlen(name) > strlen(ends[i]))
            return g_strndup(name, strlen(name) - strlen(ends[i]));
    const char *dot = strrchr(name, '.');
    return dot && dot != name && strlen(dot) <= 5 ? g_strndup(name, (gsize)(dot - name))
                                                  : g_strdup(name);
}

bool intake_is_litter(const char *name)
{
    static const char *const names[] = {
        "__MACOSX",    "Thumbs.db",  "ehthumbs.db", "desktop.ini", "submission_metadata.yml",
        "times.csv",   "roster.csv", "policy.cfg",  "lost+found",  "extensions.csv",
        "$RECYCLE.BIN"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_ascii_strcasecmp(name, names[i]) == 0)
            return true;
    return name[0] == '.';
}

/* ---- patterns -------------------------------------------------------------------------------- */

static GMatchInfo *match(const char *pattern, const char *text)
{
    GMatchInfo *found = NULL;
    g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_DOTALL, 0, NULL);
    if (regex && g_regex_match(regex, text, 0, &found))
        return found;
    if (found)
        g_match_info_unref(found);
    return NULL;
}

static char *part(const GMatchInfo *found, const char *name)
{
    char *text = g_match_info_fetch_named(found, name);
    if (text && *text)
        return text;
    g_free(text);
    return NULL;
}

static int number(const GMatchInfo *found)
{
    g_autofree char *text = part(found, "number");
    return text ? (int)CLAMP(strtol(text, NULL, 10), 0, 9999) : 0;
}

int intake_try_of(const char *name)
{
    g_autofree char *valid = g_utf8_make_valid(name, -1);
    g_autoptr(GMatchInfo) found = match(
        "^(?i:attempt|try|submission|version|versuch|abgabe|v)[-_ ]?(?<number>\\d{1,4})$", valid);
    return found ? number(found) : -1;
}

/* Takes all its texts over. */
static struct intake_label *label_new(char *key, char *name, char *id, char *wanted)
{
    struct intake_label *label = g_new0(struct intake_label, 1);
    label->key = key;
    label->name = text_clean_name(name);
    label->id = text_clean_name(id);
    label->wanted = wanted;
    g_free(name);
    g_free(id);
    return label;
}

static struct intake_label *of_moodle(const char *text)
{
    g_autoptr(GMatchInfo) found = match(
        "^(?<name>.+)_(?<number>\\d+)_assignsubmission_(?<kind>file|onlinetext)_?(?<file>.*)$",
        text);
    if (!found)
        return NULL;
    g_autofree char *id = part(found, "number"), *name = part(found, "name");
    g_autofree char *kind = part(found, "kind");
    struct intake_label *label = label_new(g_strdup_printf("moodle:%s", id), g_strdup(name),
                                           g_strdup(id), g_strdup_printf("%s_%s", name, id));
    label->file = part(found, "file");
    label->part = true;
    label->unused = strcmp(kind, "onlinetext") == 0;
    return label;
}

static struct intake_label *of_canvas(const char *text)
{
    g_autoptr(GMatchInfo) found = match(
        "^(?<name>[^_]+(?:_[^_]*[^_0-9][^_]*)*?)_(?<late>(?i:late)_)?(?<id>\\d+|(?<=anon_)"
        "[A-Za-z0-9]{5}|(?<=anon_LATE_)[A-Za-z0-9]{5})_(?<upload>\\d+)_(?<stem>.+?)(?:-(?<number>"
        "\\d{1,3}))?(?<end>\\.tar\\.[a-z0-9]+|\\.[A-Za-z0-9]+)?$",
        text);
    if (!found)
        return NULL;
    g_autofree char *id = part(found, "id"), *name = part(found, "name");
    g_autofree char *stem = part(found, "stem"), *end = part(found, "end");
    g_autofree char *late = part(found, "late");
    struct intake_label *label = label_new(g_strdup_printf("canvas:%s", id), g_strdup(name),
                                           g_strdup(id), g_strdup_printf("%s_%s", name, id));
    label->file = g_strconcat(stem, end, NULL);
    label->try_number = number(found);
    label->part = true;
    label->late = late != NULL;
    return label;
}

/* Takes off what says which try it is, or when it was handed in. */
static char *take_off_try(const char *stem, struct intake_label *label)
{
    g_autoptr(GMatchInfo) again =
        match("^(?<name>.*[^-_ ])(?:[-_ ]+(?i:attempt|try|resubmission|resubmit|versuch)[-_ ]?| "
              "?\\((?=\\d+\\)$))(?<number>\\d{1,3})\\)?$",
              stem);
    if (again) {
        label->try_number = number(again);
        return part(again, "name");
    }
    g_autoptr(GMatchInfo) timed =
        match("^(?<name>.*[^-_ ])[-_ ]+(?<date>20\\d\\d-?\\d\\d-?\\d\\d)[-_ "
              "T](?<hour>\\d\\d)[-:.h_]?(?<minute>\\d\\d)(?:[-:._]?"
              "(?<second>\\d\\d))?(?<zone>Z)?$",
              stem);
    if (!timed)
        return g_strdup(stem);
    g_autofree char *date = part(timed, "date"), *hour = part(timed, "hour");
    g_autofree char *minute = part(timed, "minute"), *second = part(timed, "second");
    g_autofree char *zone = part(timed, "zone");
    g_autoptr(GString) digits = g_string_new(NULL);
    for (const char *at = date; *at; at++)
        if (*at != '-')
            g_string_append_c(digits, *at);
    label->time =
        g_strdup_printf("%.4s-%.2s-%.2sT%s:%s:%s%s", digits->str, digits->str + 4, digits->str + 6,
                        hour, minute, second ? second : "00", zone ? zone : "");
    return part(timed, "name");
}

static struct intake_label *of_plain(const char *text, bool is_folder, const char *prefix)
{
    g_autofree char *stem = is_folder ? g_strdup(text) : intake_stem(text);
    const char *own = prefix && g_str_has_prefix(stem, prefix) ? stem + strlen(prefix) : stem;
    struct intake_label scratch = {.try_number = 0};
    g_autofree char *name = take_off_try(own, &scratch);
    struct intake_label *label =
        label_new(g_strdup_printf("name:%s", name), g_strdup(name), g_strdup(name), g_strdup(name));
    label->try_number = scratch.try_number;
    label->time = scratch.time;
    return label;
}

struct intake_label *intake_label_of(const char *name, bool is_folder,
                                     const char *repository_prefix)
{
    g_autofree char *valid = g_utf8_make_valid(name, -1);
    struct intake_label *label = of_moodle(valid);
    if (!label && !is_folder)
        label = of_canvas(valid);
    if (!label)
        label = of_plain(valid, is_folder, repository_prefix);
    /* Two names that differ in bytes which are no text must not become one person. */
    if (strcmp(valid, name) != 0) {
        g_autofree char *bytes = g_compute_checksum_for_string(G_CHECKSUM_SHA256, name, -1);
        char *key = g_strdup_printf("%s#%.8s", label->key, bytes);
        g_free(label->key);
        label->key = key;
    }
    return label;
}

void intake_label_free(struct intake_label *label)
{
    if (!label)
        return;
    g_free(label->key);
    g_free(label->name);
    g_free(label->id);
    g_free(label->wanted);
    g_free(label->file);
    g_free(label->time);
    g_free(label);
}
