/* class page; see page.h. */
#include "class/page/page.h"

#include "class/students/records.h"

#include <stdio.h>

static bool write_page(const char *out, GString *problems)
{
    struct gathered *gathered = gathered_read(out, problems);
    if (!gathered)
        return false;
    g_autofree char *html = page_html(gathered), *path = g_build_filename(out, "class.html", NULL);
    const bool written = record_write_text(path, html, -1, problems);
    if (written)
        printf("%s: %u students\n", path, gathered->students->len);
    gathered_free(gathered);
    return written;
}

int page_command(int argc, char **argv)
{
    g_autofree char *out = NULL;
    GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &out, "the folder of the class", "FOLDER"},
        {NULL, 0, 0, 0, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context =
        g_option_context_new("- makes class.html, about everybody's work");
    g_autoptr(GError) wrong = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &wrong) || !out || argc > 1) {
        fprintf(stderr, "class page: %s\n",
                wrong  ? wrong->message
                : !out ? "which class? --out FOLDER"
                       : "too many words");
        return COMMAND_USAGE;
    }
    g_autoptr(GString) problems = g_string_new(NULL);
    const bool written = write_page(out, problems);
    fputs(problems->str, stderr);
    return written && problems->len == 0 ? COMMAND_DONE : COMMAND_FAILED;
}
