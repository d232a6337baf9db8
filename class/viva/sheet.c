/* The questions as a page and as Markdown; see sheet.h. */
#include "class/viva/sheet.h"

#include "grader/report/report_html.h"
#include "grader/text/text.h"

enum { AROUND = 4 };

static char *place_of(const struct viva_question *question)
{
    return *question->file ? g_strdup_printf("%s:%d", question->file, question->line)
                           : g_strdup("");
}

static char *title_of(const struct student *student, const struct viva_run *run)
{
    return g_strdup_printf("Viva: %s, %s", student->id, run->assignment);
}

static char *about(const struct viva_run *run)
{
    if (!run->check)
        return g_strdup("No run of this program left a trace that can be used: the questions are "
                        "from its failures and its code.");
    return g_strdup_printf("The questions are from this student's own code, and from the trace of "
                           "one of its runs: check %s, run "
                           "%d, %d ranks%s. Time is charged FLOPs, messages are free. Answers say "
                           "what replay found; talk about "
                           "why.",
                           run->check, run->number, run->ranks,
                           run->complete ? "" : ", which did not come to its end");
}

char *viva_sheet(const struct student *student, const struct viva_run *run,
                 const GPtrArray *questions)
{
    GString *text = g_string_new("# ");
    g_autofree char *title = title_of(student, run), *words = about(run);
    text_append_plain(text, title);
    g_string_append_printf(text, "\n\n%s\n", words);
    for (guint i = 0; i < questions->len; i++) {
        const struct viva_question *question = questions->pdata[i];
        g_autofree char *place = place_of(question),
                        *excerpt = viva_excerpt(run, question->file, question->line, AROUND);
        g_string_append_printf(text, "\n## %u. %s%s%s\n\n%s\n", i + 1, question->kind,
                               *place ? ": " : "", place, question->ask);
        if (excerpt) {
            g_string_append_c(text, '\n');
            text_append_code_in(text, "c", excerpt);
        }
        g_string_append_printf(text, "\n**Answer.** %s\n\n*How it was found:* %s\n",
                               question->answer, question->how);
    }
    return g_string_free(text, FALSE);
}

static void add_question(const struct viva_run *run, const struct viva_question *question,
                         guint number, GString *html)
{
    g_autofree char *place = place_of(question),
                    *excerpt = viva_excerpt(run, question->file, question->line, AROUND);
    g_string_append_printf(html, "<h2>%u. ", number);
    report_html_text(html, question->kind);
    if (*place) {
        g_string_append(html, ": ");
        report_html_text(html, place);
    }
    g_string_append(html, "</h2>\n");
    report_html_markdown(html, question->ask, ".", 3);
    if (excerpt) {
        g_string_append(html, "<pre class=\"columns\" tabindex=\"0\"><code>");
        report_html_text(html, excerpt);
        g_string_append(html, "</code></pre>\n");
    }
    g_string_append(html, "<details><summary>Answer</summary>\n");
    report_html_markdown(html, question->answer, ".", 3);
    g_string_append(html, "<p class=\"worth\">How it was found: ");
    report_html_text(html, question->how);
    g_string_append(html, "</p></details>\n");
}

char *viva_page(const struct student *student, const struct viva_run *run,
                const GPtrArray *questions)
{
    GString *html = g_string_new(report_html_head);
    g_string_append(html, "<title>");
    g_autofree char *title = title_of(student, run), *words = about(run);
    report_html_text(html, title);
    g_string_append_printf(html, "</title>\n<style>%s</style></head>\n<body><main>\n<h1>",
                           report_html_style);
    report_html_text(html, title);
    g_string_append(html, "</h1>\n<p>");
    report_html_text(html, student->name ? student->name : "");
    g_string_append(html, "</p>\n<p>");
    report_html_text(html, words);
    g_string_append(html, "</p>\n");
    for (guint i = 0; i < questions->len; i++)
        add_question(run, questions->pdata[i], i + 1, html);
    g_string_append(html, "</main></body></html>\n");
    return g_string_free(html, FALSE);
}
