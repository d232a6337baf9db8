/* The pages of a review; see review_pages.h. */
#include "class/review/review_pages.h"

#include "grader/report/report_html.h"

#include <math.h>

#define KEYS 10 /* comments that a digit stands for: 1 … 9, 0 */

static void begin_page(GString *html, const char *title, const char *base)
{
    g_string_append(html, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                          "<meta name=\"viewport\" content=\"width=device-width, "
                          "initial-scale=1\">\n<title>");
    report_html_text(html, title);
    g_string_append_printf(html,
                           "</title>\n<link rel=\"stylesheet\" href=\"%sreview.css\">\n<script "
                           "src=\"%sreview.js\" defer></script>\n</head>\n",
                           base, base);
}

/* ---- the list of questions ------------------------------------------------------------------------------------- */

static void append_question(GString *html, const struct review_session *session,
                            const struct review_check *check, const char *base)
{
    const int done = review_session_done(session, check),
              all = (int)review_answers_of(session->answers, check->name)->len;
    g_string_append_printf(html, "<tr><th scope=\"row\"><a href=\"%scheck/%s\">", base,
                           check->name);
    report_html_text(html, check->title);
    g_string_append_printf(html,
                           "</a></th><td>%g%s</td><td><progress max=\"%d\" value=\"%d\" "
                           "aria-label=\"answers with points\"></progress> %d of %d</td></tr>\n",
                           check->max_points, check->bonus ? " (bonus)" : "", MAX(all, 1), done,
                           done, all);
}

void review_page_index(GString *html, const struct review_session *session, const char *base)
{
    g_autofree char *title = g_strdup_printf("Review of %s", session->assignment);
    begin_page(html, title, base);
    g_string_append_printf(html, "<body data-base=\"%s\">\n<header><h1>%s</h1><p>Reviewer: ", base,
                           title);
    report_html_text(html, session->reviewer);
    g_string_append(html,
                    "</p></header>\n<main id=\"main\">\n<div class=\"wide\"><table><caption>"
                    "Questions</caption>\n<thead><tr><th scope=\"col\">question</th>"
                    "<th scope=\"col\">points</th><th scope=\"col\">answers with points</th></tr>"
                    "</thead>\n<tbody>\n");
    for (guint i = 0; i < session->questions->checks->len; i++)
        append_question(html, session, session->questions->checks->pdata[i], base);
    g_string_append(html, "</tbody></table></div>\n<p>A question opens with its first answer that "
                          "has no points yet. All that you enter is saved at once, in ");
    report_html_text(html, session->table->path);
    g_string_append_printf(html, ".</p>\n");
    g_string_append(html, "<p>Who wrote nothing is not asked for: the grader has decided that."
                          "</p>\n");
    g_string_append(html, "<p><button type=\"button\" id=\"stop\">End the review</button></p>\n"
                          "<p id=\"state\" role=\"status\"></p>\n</main>\n"
                          "</body>\n</html>\n");
}

/* ---- where one is ------------------------------------------------------------------------------------------------ */

static void append_link(GString *html, const GPtrArray *of, int place, const char *check,
                        const char *base, const char *id, const char *key, const char *words)
{
    if (place < 0 || place >= (int)of->len) {
        g_string_append_printf(html,
                               "<li><span id=\"%s\" class=\"none\">%s <kbd>%s</kbd></span></li>\n",
                               id, words, key);
        return;
    }
    const struct review_answer *answer = of->pdata[place];
    g_string_append_printf(html,
                           "<li><a id=\"%s\" href=\"%scheck/%s/%s\">%s <kbd>%s</kbd></a></li>\n",
                           id, base, check, answer->handle, words, key);
}

static void append_head(GString *html, const struct review_session *session,
                        const struct review_check *check, int place, const char *base)
{
    const GPtrArray *of = review_answers_of(session->answers, check->name);
    const struct review_answer *answer = of->pdata[place];
    const int next = review_session_next(session, check, place + 1);
    g_string_append(html, "<header><h1>");
    report_html_text(html, check->title);
    g_string_append_printf(html,
                           "</h1><p>Answer %d of %u: <strong>%s</strong> · <span id=\"done\">%d"
                           "</span> have points</p></header>\n<nav aria-label=\"Answers\"><ul>\n",
                           place + 1, of->len, answer->pseudonym,
                           review_session_done(session, check));
    append_link(html, of, place + 1, check->name, base, "next", "j", "Next");
    append_link(html, of, place - 1, check->name, base, "previous", "k", "Previous");
    append_link(html, of, next == place ? -1 : next, check->name, base, "open", "u",
                "Next without points");
    g_string_append_printf(html,
                           "<li><a id=\"all\" href=\"%s\">All questions <kbd>q</kbd></a></li>\n"
                           "</ul></nav>\n",
                           base);
}

/* ---- the question and the answer --------------------------------------------------------------------------------- */

static void append_texts(GString *html, const struct review_session *session,
                         const struct review_check *check, const struct review_answer *answer,
                         const struct review_judgement *judgement)
{
    g_autofree char *question = review_question_source(session->answers, check),
                    *source = review_answer_source(session->answers, answer, check);
    g_autofree char *fingerprint = review_fingerprint(source ? source : "");
    if (question) {
        g_string_append(html, "<details id=\"question\"><summary>The question</summary>\n");
        report_html_markdown(html, question, "/dev/null", 3);
        g_string_append(html, "</details>\n");
    }
    if (judgement && *judgement->answer && !g_str_equal(judgement->answer, fingerprint))
        g_string_append(html, "<p class=\"warning\">This answer has changed since you gave points "
                              "for it: look again.</p>\n");
    g_string_append(html, "<article id=\"answer\" tabindex=\"-1\" aria-labelledby=\"of\">"
                          "<h2 id=\"of\">The answer</h2>\n<p class=\"quiet\">");
    report_html_text(html, answer->words);
    g_string_append(html, "</p>\n");
    if (source)
        report_html_markdown(html, source, "/dev/null", 3); /* no picture is in there */
    g_string_append(html, "</article>\n");
}

/* For whoever settles: what the others gave, and said. */
static void append_others(GString *html, const struct review_session *session,
                          const struct review_check *check, const char *student)
{
    const struct review_opinions *others = session->others;
    for (guint i = 0; others && i < others->all->len; i++) {
        const struct review_opinion *opinion = others->all->pdata[i];
        const struct review_judgement *judgement =
            review_table_find(opinion->table, student, check->name);
        if (!judgement)
            continue;
        g_string_append_printf(html, "<li>%s:", opinion->reviewer);
        for (guint k = 0; k < check->items->len; k++) {
            const double points = review_judgement_points(judgement, REVIEW_PARTS(check, k)->name);
            g_string_append_printf(html, isnan(points) ? " –" : " %g", points);
        }
        g_autoptr(GPtrArray) said = review_opinions_of(opinion, student, check->name);
        for (guint k = 0; k < said->len; k++) {
            g_string_append(html, k == 0 ? " – " : "; ");
            report_html_text(html, said->pdata[k]);
        }
        g_string_append(html, "</li>\n");
    }
}

/* ---- what is decided --------------------------------------------------------------------------------------------- */

static void append_item(GString *html, const struct review_part *part,
                        const struct review_judgement *judgement)
{
    const double points = judgement ? review_judgement_points(judgement, part->name) : NAN;
    g_string_append_printf(html, "<li><label for=\"item-%s\">", part->name);
    report_html_text(html, part->title);
    g_string_append_printf(html,
                           " <span class=\"quiet\">(0 to %g)</span></label> <input "
                           "type=\"number\" inputmode=\"decimal\" id=\"item-%s\" data-item=\"%s\" "
                           "min=\"0\" max=\"%g\" step=\"any\" autocomplete=\"off\"",
                           part->max_points, part->name, part->name, part->max_points);
    if (!isnan(points))
        g_string_append_printf(html, " value=\"%g\"", points);
    g_string_append(html, "></li>\n");
}

static bool is_chosen(const struct review_judgement *judgement, int number)
{
    for (guint i = 0; judgement && i < judgement->comments->len; i++)
        if (g_array_index(judgement->comments, int, i) == number)
            return true;
    return false;
}

static void append_comments(GString *html, const struct review_session *session,
                            const struct review_check *check,
                            const struct review_judgement *judgement)
{
    int key = 0;
    g_string_append(html, "<fieldset><legend>Comments</legend>\n<ul id=\"comments\">\n");
    for (guint i = 0; i < session->comments->all->len; i++) {
        const struct review_comment *comment = session->comments->all->pdata[i];
        if (!g_str_equal(comment->check, check->name))
            continue;
        g_string_append_printf(html,
                               "<li><input type=\"checkbox\" id=\"comment-%d\" data-comment=\"%d\""
                               "%s> <label for=\"comment-%d\">",
                               comment->number, comment->number,
                               is_chosen(judgement, comment->number) ? " checked" : "",
                               comment->number);
        if (++key <= KEYS)
            g_string_append_printf(html, "<kbd>%d</kbd> ", key % KEYS);
        report_html_text(html, comment->text);
        g_string_append(html, "</label></li>\n");
    }
    g_string_append_printf(
        html,
        "</ul>\n<p><label for=\"new\">New comment, to use again <kbd>c</kbd></label> <input "
        "id=\"new\" maxlength=\"%d\" autocomplete=\"off\"> <button type=\"button\" "
        "id=\"add\">Add it to this answer</button></p>\n</fieldset>\n",
        REVIEW_MOST_COMMENT / 4);
}

static void append_form(GString *html, const struct review_session *session,
                        const struct review_check *check, const char *student,
                        const struct review_judgement *judgement)
{
    g_string_append(html, "<section id=\"judgement\" aria-labelledby=\"decide\"><h2 id=\"decide\">"
                          "Your judgement</h2>\n");
    if (session->others) {
        g_string_append(html, "<p>What others gave and said, and where you settle it:</p><ul>\n");
        append_others(html, session, check, student);
        g_string_append(html, "</ul>\n");
    }
    g_string_append(html, "<fieldset><legend>Points <kbd>p</kbd></legend>"
                          "<ul id=\"items\">\n");
    for (guint i = 0; i < check->items->len; i++)
        append_item(html, REVIEW_PARTS(check, i), judgement);
    g_string_append(html, "</ul>\n<p><button type=\"button\" id=\"full\">Full points <kbd>f</kbd>"
                          "</button> <button type=\"button\" id=\"zero\">No points <kbd>z</kbd>"
                          "</button></p></fieldset>\n");
    append_comments(html, session, check, judgement);
    g_string_append_printf(html,
                           "<p><label for=\"note\">For this answer alone <kbd>n</kbd></label>"
                           "<textarea id=\"note\" rows=\"3\" maxlength=\"%d\">\n",
                           REVIEW_MOST_NOTE / 4);
    report_html_text(html, judgement ? judgement->note : "");
    g_string_append(html, "</textarea></p>\n<p id=\"state\" role=\"status\"></p>\n</section>\n");
}

static void append_help(GString *html)
{
    static const char *const keys[][2] = {
        {"j, k", "the next, the previous answer"},
        {"u", "the next answer without points"},
        {"p", "points: type, Enter goes to the next item and behind the last back to the answer"},
        {"f, z", "full points, no points"},
        {"1 … 9, 0", "the first ten comments: put on, or take off"},
        {"c", "a new comment: Enter adds it, to this answer and to the list"},
        {"n", "a note for this answer alone"},
        {"Escape", "out of a field"},
        {"a, q", "to the text of the answer, to all questions"},
        {"?", "this list"},
    };
    g_string_append(html,
                    "<footer><details id=\"help\"><summary>Keys <kbd>?</kbd></summary><dl>\n");
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        g_string_append_printf(html, "<div><dt>%s</dt><dd>%s</dd></div>\n", keys[i][0], keys[i][1]);
    g_string_append(html, "</dl><p><input type=\"checkbox\" id=\"keys\" checked> <label "
                          "for=\"keys\">Keys work; without them, all is in links, buttons and "
                          "fields</label></p></details></footer>\n");
}

void review_page_answer(GString *html, const struct review_session *session,
                        const struct review_check *check, int place, const char *base)
{
    const struct review_answer *answer =
        review_answers_of(session->answers, check->name)->pdata[place];
    const struct review_judgement *judgement =
        review_table_find(session->table, answer->student->id, check->name);
    g_autofree char *title = g_strdup_printf("%s: %s", answer->pseudonym, check->title);
    begin_page(html, title, base);
    g_string_append_printf(html,
                           "<body data-base=\"%s\" data-check=\"%s\" data-answer=\"%s\">\n"
                           "<a class=\"skip\" href=\"#judgement\">To your judgement</a>\n",
                           base, check->name, answer->handle);
    append_head(html, session, check, place, base);
    g_string_append(html, "<main id=\"main\">\n<div>\n");
    append_texts(html, session, check, answer, judgement);
    g_string_append(html, "</div>\n");
    append_form(html, session, check, answer->student->id, judgement);
    g_string_append(html, "</main>\n");
    append_help(html);
    g_string_append(html, "</body>\n</html>\n");
}
